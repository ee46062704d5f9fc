//! A view's fields in an index: the schema that Tantivy is given, and where each field lies in it.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing, TextOptions,
};
use views::{Analyser, EXACT, FieldKind, FieldSpec, LOCAL};

use crate::write::Tokens;

/// A field of a view, and where it lies in the index.
#[derive(Debug, Clone, Copy)]
pub struct IndexedField {
    /// Its specification in the view.
    pub spec: FieldSpec,
    /// Terms of the analysed text.
    pub text: Option<Field>,
    /// Of a stemmed text the words that are not their own stems, as they are written: see [`views::forms`].
    pub forms: Option<Field>,
    /// Whole values; a fast column too.
    pub keyword: Option<Field>,
    /// Numbers and dates; a fast column too.
    pub number: Option<Field>,
    /// Dates by the clocks that they were written by; a fast column too. None in an index from before there were any.
    pub local: Option<Field>,
}

/// A view's fields and its index's schema.
#[derive(Debug, Clone)]
pub struct ViewSchema {
    /// For tantivy.
    pub schema: Schema,
    /// The view's own fields, in the order of its table.
    pub fields: Vec<IndexedField>,
    /// The asset's id: what a changed document is found by.
    pub id: Field,
    /// The seq of the event that published what the document shows.
    pub seq: Field,
    /// The two halves of the document's digest.
    pub digest: [Field; 2],
    /// The language of the document.
    pub language: Field,
    /// The languages by whose rules its texts were analysed: its own, and those of what is joined to it. None in an index
    /// from before stems were told apart by them.
    pub languages: Option<Field>,
}

impl ViewSchema {
    /// The schema of a view's table, as a new index has it.
    pub fn new(specs: &'static [FieldSpec]) -> Self {
        let mut builder = Schema::builder();
        builder.add_text_field("_id", STRING | FAST);
        builder.add_u64_field("_seq", FAST);
        builder.add_u64_field("_digest_0", FAST);
        builder.add_u64_field("_digest_1", FAST);
        builder.add_text_field("_language", STRING);
        builder.add_text_field("_languages", STRING);
        let number = NumericOptions::default() | INDEXED | FAST;
        let text = |tokens: Tokens| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokens.name())
                .set_index_option(IndexRecordOption::WithFreqsAndPositions)
                .set_fieldnorms(tokens != Tokens::Forms);
            TextOptions::default().set_indexing_options(indexing)
        };
        let analysed = |analyser: Analyser| text(Tokens::Terms(analyser));
        for spec in specs {
            match spec.kind {
                FieldKind::Text(analyser) => builder.add_text_field(spec.name, analysed(analyser)),
                FieldKind::Keyword => builder.add_text_field(spec.name, STRING | FAST),
                FieldKind::TextAndKeyword(analyser) => {
                    builder.add_text_field(spec.name, analysed(analyser));
                    builder.add_text_field(&keyword_name(spec), STRING | FAST)
                }
                FieldKind::Date | FieldKind::Number => builder.add_i64_field(spec.name, number.clone()),
            };
            if spec.is_stemmed() {
                builder.add_text_field(&exact_name(spec), text(Tokens::Forms));
            }
            if spec.kind == FieldKind::Date {
                builder.add_i64_field(&local_name(spec), number.clone());
            }
        }
        let schema = builder.build();
        #[expect(clippy::expect_used, reason = "the fields that are asked for were added above")]
        Self::of(schema, specs).expect("a schema that was just built has all its fields")
    }

    /// The view's table as an index that is there has it: what an older index lacks is left out, and it goes on
    /// serving until the new one is built.
    ///
    /// # Errors
    /// [`tantivy::TantivyError::FieldNotFound`] when it is no index of ours.
    pub fn of(schema: Schema, specs: &'static [FieldSpec]) -> tantivy::Result<Self> {
        let find = |name: &str| schema.get_field(name).ok();
        let fields = specs
            .iter()
            .map(|spec| {
                let (mut text, mut keyword, mut number) = (None, None, None);
                match spec.kind {
                    FieldKind::Text(_) => text = find(spec.name),
                    FieldKind::Keyword => keyword = find(spec.name),
                    FieldKind::TextAndKeyword(_) => {
                        (text, keyword) = (find(spec.name), find(&keyword_name(spec)));
                    }
                    FieldKind::Date | FieldKind::Number => number = find(spec.name),
                }
                let forms = spec.is_stemmed().then(|| find(&exact_name(spec))).flatten();
                let local = (spec.kind == FieldKind::Date).then(|| find(&local_name(spec))).flatten();
                IndexedField { spec: *spec, text, forms, keyword, number, local }
            })
            .collect();
        Ok(Self {
            fields,
            id: schema.get_field("_id")?,
            seq: schema.get_field("_seq")?,
            digest: [schema.get_field("_digest_0")?, schema.get_field("_digest_1")?],
            language: schema.get_field("_language")?,
            languages: find("_languages"),
            schema,
        })
    }

    /// The field of this name. `X.keyword` names the exact values of a field that has both.
    pub fn field(&self, name: &str) -> Option<&IndexedField> {
        let base = name.strip_suffix(".keyword");
        self.fields.iter().find(|field| {
            field.spec.name == name
                || (base == Some(field.spec.name) && matches!(field.spec.kind, FieldKind::TextAndKeyword(_)))
        })
    }
}

fn keyword_name(spec: &FieldSpec) -> String {
    format!("{}.keyword", spec.name)
}

fn local_name(spec: &FieldSpec) -> String {
    format!("{}{LOCAL}", spec.name)
}

fn exact_name(spec: &FieldSpec) -> String {
    format!("{}{EXACT}", spec.name)
}
