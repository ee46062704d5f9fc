//! Which fields of a view a query means, and what its words are there.

use std::rc::Rc;

use query::{ALL_EXACT, FieldBoost, QueryError};
use tantivy::schema::Field;
use views::{Analyser, EXACT, FieldKind, LOCAL, Language};

use super::expand::Of;
use crate::{
    index::Languages,
    schema::{IndexedField, ViewSchema},
};

/// A field that a query looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) field: &'a IndexedField,
    pub(crate) as_what: AsWhat,
    pub(crate) boost: f32,
}

/// The way a field is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsWhat {
    Text(Analyser, Within),
    Keyword(Field),
    Number(Field),
}

/// The terms that words are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Within {
    /// The field of the index that holds them.
    pub(crate) field: Field,
    /// If those are stems: where the forms of words are; none in an index from before there were forms.
    pub(crate) forms: Option<Field>,
    /// With forms: whether words are meant as they are written, not by their stems.
    pub(crate) as_written: bool,
}

impl Within {
    /// Returns what its terms are.
    pub(super) fn terms(self) -> Of {
        if self.forms.is_some() { Of::Keys } else { Of::Terms }
    }

    /// Returns the place with its words as they are written, if they are not that already.
    pub(crate) fn as_written(self) -> Self {
        Self { as_written: self.forms.is_some(), ..self }
    }
}

impl From<Field> for Within {
    fn from(field: Field) -> Self {
        Self { field, forms: None, as_written: false }
    }
}

impl Target<'_> {
    /// Returns the field with its words as they are written: nothing in an index from before there were forms. One that is
    /// not stemmed is that already.
    fn as_written(self) -> Option<Self> {
        match self.as_what {
            AsWhat::Text(Analyser::Text, within) => {
                self.field.forms?;
                Some(Self { as_what: AsWhat::Text(Analyser::Exact, within.as_written()), ..self })
            }
            _ => Some(self),
        }
    }

    /// The name of its column, for what has one.
    pub(crate) fn column(&self) -> Option<String> {
        match (self.as_what, self.field.spec.kind) {
            (AsWhat::Text(..), FieldKind::Text(_)) => None,
            (AsWhat::Number(field), _) if self.field.local == Some(field) => {
                Some(format!("{}{LOCAL}", self.field.spec.name))
            }
            (AsWhat::Text(..) | AsWhat::Keyword(_), FieldKind::TextAndKeyword(_)) => {
                Some(format!("{}.keyword", self.field.spec.name))
            }
            _ => Some(self.field.spec.name.to_owned()),
        }
    }

    /// Returns true if its values are dates.
    pub(crate) fn is_date(&self) -> bool {
        self.field.spec.kind == FieldKind::Date
    }
}

/// The field of this exact name; `X.keyword` means the exact values of any field that has them, `X.exact` the words of
/// a stemmed one as they are written, `X.local` the dates of a field by the clocks that they were written by.
pub(crate) fn target_of<'a>(schema: &'a ViewSchema, name: &str) -> Option<Target<'a>> {
    if let Some(base) = name.strip_suffix(EXACT) {
        return target_of(schema, base).filter(|target| target.field.spec.is_stemmed())?.as_written();
    }
    if let Some(base) = name.strip_suffix(LOCAL) {
        // An index from before there were such columns has the instants alone.
        let target = target_of(schema, base).filter(Target::is_date)?;
        let as_what = target.field.local.map_or(target.as_what, AsWhat::Number);
        return Some(Target { as_what, ..target });
    }
    let (base, keyword) = match name.strip_suffix(".keyword") {
        Some(base) => (base, true),
        None => (name, false),
    };
    let field = schema.fields.iter().find(|field| field.spec.name == base)?;
    let as_what = match field.spec.kind {
        FieldKind::Text(analyser) | FieldKind::TextAndKeyword(analyser) if !keyword => {
            AsWhat::Text(analyser, Within { forms: field.forms, ..field.text?.into() })
        }
        FieldKind::Keyword | FieldKind::TextAndKeyword(_) => AsWhat::Keyword(field.keyword?),
        FieldKind::Date | FieldKind::Number if !keyword => AsWhat::Number(field.number?),
        _ => return None,
    };
    Some(Target { field, as_what, boost: 1.0 })
}

/// The fields that a list means; an empty one all fields that a plain search looks at, with their weights.
///
/// # Errors
/// [`QueryError`] for a name that no field has.
pub(crate) fn targets<'a>(
    schema: &'a ViewSchema,
    fields: &[FieldBoost],
) -> Result<Vec<Target<'a>>, QueryError> {
    if fields.is_empty() {
        return Ok(plain_targets(schema));
    }
    let mut found: Vec<Target<'a>> = Vec::new();
    for wanted in fields {
        let mut add = |mut target: Target<'a>| {
            target.boost *= wanted.boost;
            if !found.iter().any(|other| other.as_what == target.as_what) {
                found.push(target);
            }
        };
        if wanted.name == "*" || wanted.name == "_all" {
            plain_targets(schema).into_iter().for_each(add);
        } else if wanted.name == ALL_EXACT {
            for target in plain_targets(schema) {
                add(target.as_written().ok_or_else(without_exact_words)?);
            }
        } else if wanted.name.contains('*') {
            let pattern = query::Pattern::wildcard(&wanted.name)
                .map_err(|error| QueryError::illegal(format!("the field name `{}`: {error}", wanted.name)))?;
            // A wildcard that does not end so leaves the words as they are written out: they are found by their stems.
            let suffix = if wanted.name.ends_with(EXACT) { EXACT } else { "" };
            for field in &schema.fields {
                let name = format!("{}{suffix}", field.spec.name);
                if pattern.matches(&name) {
                    target_of(schema, &name).into_iter().for_each(&mut add);
                }
            }
        } else {
            add(target_of(schema, &wanted.name).ok_or_else(|| unknown_field(schema, &wanted.name))?);
        }
    }
    Ok(found)
}

fn plain_targets(schema: &ViewSchema) -> Vec<Target<'_>> {
    let weighted = schema.fields.iter().filter(|field| field.spec.weight > 0.0);
    weighted
        .filter_map(|field| {
            let target = target_of(schema, field.spec.name)?;
            Some(Target { boost: field.spec.weight, ..target })
        })
        .collect()
}

fn without_exact_words() -> QueryError {
    QueryError::illegal("this index was built before exact words could be looked for: build it anew")
}
/// Refuses a name, and says which there are.
pub(crate) fn unknown_field(schema: &ViewSchema, name: &str) -> QueryError {
    let known: Vec<&str> = schema.fields.iter().map(|field| field.spec.name).collect();
    let name: String = name.chars().take(80).collect();
    QueryError::illegal(format!("there is no field `{name}`; there are {}", known.join(", ")))
}

/// A text as words, in the keys of each language that the index has texts of.
pub(crate) struct Analysed {
    /// For each distinct way to analyse it, the keys of all words, in their order.
    variants: Vec<Vec<String>>,
    /// The words as they are written.
    written: Vec<String>,
    /// Those of them that are one character of a script that does not part its words.
    lone: Vec<bool>,
    /// The words that stand together without white space: ranges of places.
    pub(crate) units: Vec<std::ops::Range<usize>>,
}

impl Analysed {
    pub(crate) fn new(analyser: Analyser, languages: &Languages, text: &str) -> Self {
        let (mut written, mut lone) = (Vec::new(), Vec::new());
        let mut units: Vec<std::ops::Range<usize>> = Vec::new();
        let mut end = 0;
        for (at, term) in Analyser::Exact.terms(Language::Other, text).into_iter().enumerate() {
            // Pairs of characters overlap: then nothing is between them.
            let between = text.get(end..term.start).unwrap_or_default();
            let apart = at == 0 || between.contains(char::is_whitespace);
            match units.last_mut() {
                Some(unit) if !apart => unit.end = at + 1,
                _ => units.push(at..at + 1),
            }
            end = term.end;
            lone.push(term.is_lone);
            written.push(term.text);
        }
        let as_written = [Language::Other];
        let languages_of_texts = match analyser {
            Analyser::Text if !languages.all.is_empty() => languages.all.as_slice(),
            _ => &as_written,
        };
        let mut variants: Vec<Vec<String>> = Vec::new();
        for language in languages_of_texts {
            let keys = analyser.terms(*language, text).into_iter();
            let variant: Vec<String> = match languages.have_suffixes {
                true => keys.map(|term| term.text).collect(),
                false => keys.map(|term| term.stem().to_owned()).collect(),
            };
            if !variants.contains(&variant) {
                variants.push(variant);
            }
        }
        Self { variants, written, lone, units }
    }

    /// One word as it is written.
    pub(crate) fn written(&self, at: usize) -> &str {
        self.written.get(at).map_or("", String::as_str)
    }

    /// Returns true if a word is one character of a script that does not part its words, which are indexed in pairs.
    pub(crate) fn is_lone(&self, at: usize) -> bool {
        self.lone.get(at).is_some_and(|is_lone| *is_lone)
    }

    /// Returns how many words it has.
    pub(crate) fn len(&self) -> usize {
        self.variants.first().map_or(0, Vec::len)
    }

    /// The distinct keys of one word.
    pub(crate) fn alternatives(&self, at: usize) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for variant in &self.variants {
            if let Some(term) = variant.get(at)
                && !found.contains(&term.as_str())
            {
                found.push(term);
            }
        }
        found
    }

    /// For each way to analyse it, the keys of several words.
    pub(crate) fn sequences(&self, of: std::ops::Range<usize>) -> impl Iterator<Item = &[String]> {
        self.variants.iter().filter_map(move |variant| variant.get(of.clone()))
    }
}

/// A text, analysed once in each way that it is looked for.
pub(super) struct OneText<'a> {
    text: &'a str,
    languages: &'a Languages,
    analysed: Vec<(Analyser, Rc<Analysed>)>,
}

impl<'a> OneText<'a> {
    pub(super) fn new(languages: &'a Languages, text: &'a str) -> Self {
        Self { text, languages, analysed: Vec::new() }
    }

    /// Returns its words for the fields of an analyser.
    pub(super) fn by(&mut self, analyser: Analyser) -> Rc<Analysed> {
        if let Some((_, known)) = self.analysed.iter().find(|(known, _)| *known == analyser) {
            return Rc::clone(known);
        }
        let analysed = Rc::new(Analysed::new(analyser, self.languages, self.text));
        self.analysed.push((analyser, Rc::clone(&analysed)));
        analysed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &[Language]) -> Languages {
        Languages { all: all.to_vec(), have_suffixes: true }
    }

    #[test]
    fn words_that_stand_together_are_units() {
        let check = |text: &str, units: &[(usize, usize)]| {
            let analysed = Analysed::new(Analyser::Text, &of(&[Language::Other]), text);
            let found: Vec<_> = analysed.units.iter().map(|unit| (unit.start, unit.end)).collect();
            assert_eq!(found, units, "{text}");
        };
        check("ferry harbour", &[(0, 1), (1, 2)]);
        check("O'Hare airport", &[(0, 2), (2, 3)]);
        check("港の船", &[(0, 2)]);
        check("", &[]);
        check("  ferry  ", &[(0, 1)]);
    }

    #[test]
    fn each_language_has_keys_of_its_own() {
        let analysed = Analysed::new(
            Analyser::Text,
            &of(&[Language::Other, Language::English, Language::French]),
            "époques running",
        );
        let key = |stem: &str, language: Language| format!("{stem}{}", language.suffix().unwrap());
        let expected =
            ["running".to_owned(), key("run", Language::English), key("running", Language::French)];
        assert_eq!(analysed.alternatives(1), expected);
        assert_eq!(analysed.len(), 2);
    }
}
