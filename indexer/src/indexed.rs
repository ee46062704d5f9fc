//! Documents as Tantivy takes them.

use tantivy::TantivyDocument;
use views::{Document, Language, number_of, values_at};

use crate::schema::ViewSchema;

/// A document as an index takes it.
#[derive(Debug, Clone)]
pub struct Indexed {
    /// Its fields, digest included.
    pub fields: TantivyDocument,
    /// See [`Document::digest`].
    pub digest: [u64; 2],
}

impl Indexed {
    /// Returns the document as an index of this schema takes it.
    pub fn new(document: &Document, schema: &ViewSchema) -> Self {
        let mut to = TantivyDocument::with_capacity(8 << 10);
        to.add_text(schema.id, document.asset.id.as_str());
        to.add_u64(schema.seq, document.seq.get());
        let [first, second] = schema.digest;
        let digest = document.digest();
        let [high, low] = digest;
        to.add_u64(first, high);
        to.add_u64(second, low);
        let language = document.language();
        to.add_text(schema.language, language.tag());
        let mut marked = String::new();
        let mut found = Vec::new();
        for field in &schema.fields {
            found.clear();
            values_at(&document.json, field.spec.name, &mut found);
            for value in &found {
                if let (Some(number), Some(value)) = (field.number, number_of(field.spec.kind, value)) {
                    to.add_i64(number, value);
                }
                let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { continue };
                if let Some(analysed) = field.text {
                    if field.spec.is_stemmed() {
                        marked.clear();
                        marked.push(language.mark());
                        marked.push_str(text);
                        to.add_text(analysed, &marked);
                        if let Some(forms) = field.forms.filter(|_| language != Language::Other) {
                            to.add_text(forms, &marked);
                        }
                    } else {
                        to.add_text(analysed, text);
                    }
                }
                if let Some(keyword) = field.keyword {
                    to.add_text(keyword, cut(text));
                }
            }
        }
        Self { fields: to, digest }
    }
}

/// The longest whole value in bytes; tantivy takes terms of 65,530 at most.
const MAX_KEYWORD_BYTES: usize = 8 << 10;

fn cut(text: &str) -> &str {
    (MAX_KEYWORD_BYTES - 3..=MAX_KEYWORD_BYTES).rev().find_map(|end| text.get(..end)).unwrap_or(text)
}
