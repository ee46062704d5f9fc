//! Documents as Tantivy takes them.

use tantivy::TantivyDocument;
use views::{Document, Language, local_of, number_of, values_at};

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
        let mut languages = vec![language];
        let (mut marked, mut values, mut texts) = (String::new(), Vec::new(), Vec::new());
        for field in &schema.fields {
            if let Some(number) = field.number {
                values.clear();
                values_at(&document.json, field.spec.name, &mut values);
                for value in &values {
                    let columns =
                        [(Some(number), number_of(field.spec.kind, value)), (field.local, local_of(value))];
                    for (column, value) in columns {
                        if let (Some(column), Some(value)) = (column, value) {
                            to.add_i64(column, value);
                        }
                    }
                }
                continue;
            }
            texts.clear();
            document.texts_at(language, field.spec.name, &mut texts);
            for (language, text) in texts.drain(..).filter(|(_, text)| !text.is_empty()) {
                match field.text {
                    Some(analysed) if field.spec.is_stemmed() => {
                        marked.clear();
                        marked.push(language.mark());
                        marked.push_str(text);
                        to.add_text(analysed, &marked);
                        if let Some(forms) = field.forms.filter(|_| language != Language::Other) {
                            to.add_text(forms, &marked);
                        }
                        if !languages.contains(&language) {
                            languages.push(language);
                        }
                    }
                    Some(analysed) => to.add_text(analysed, text),
                    None => {}
                }
                if let Some(keyword) = field.keyword {
                    to.add_text(keyword, cut(text));
                }
            }
        }
        if let Some(field) = schema.languages {
            languages.iter().for_each(|language| to.add_text(field, language.tag()));
        }
        Self { fields: to, digest }
    }
}

/// The longest whole value in bytes; tantivy takes terms of 65,530 at most.
const MAX_KEYWORD_BYTES: usize = 8 << 10;

fn cut(text: &str) -> &str {
    (MAX_KEYWORD_BYTES - 3..=MAX_KEYWORD_BYTES).rev().find_map(|end| text.get(..end)).unwrap_or(text)
}
