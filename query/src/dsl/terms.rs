//! The queries of exact values and of what terms look like.

use serde_json::Value;

use super::{
    Answer, Parser,
    options::{at_most, expansions, fuzziness, rewrite, scalar},
};
use crate::{
    Bool, FieldBoost, Fuzziness, Need, PatternKind, Query, QueryError, Range,
    json::{Reader, kind_of},
    limits::{MAX_PATTERN, MAX_VALUES, MAX_WORDS},
};

impl Parser<'_, '_> {
    pub(super) fn term(&mut self, field: String, object: &mut Reader) -> Answer {
        let values = vec![scalar(object.need("value")?, object)?];
        let any_case = object.flag("case_insensitive")?.unwrap_or(false);
        Ok(Query::Terms { field, values, any_case })
    }

    pub(super) fn terms_set(&mut self, field: String, object: &mut Reader) -> Answer {
        let need = object.text("minimum_should_match")?.map_or(Need::Any, Need::Minimum);
        let values = object.list("terms");
        at_most("terms", values.len(), MAX_WORDS, object)?;
        let one = move |value| Query::Terms { field: field.clone(), values: vec![value], any_case: false };
        Ok(Query::Bool(Bool {
            should: values.into_iter().map(one).collect(),
            need: Some(need),
            ..Bool::default()
        }))
    }

    pub(super) fn ids(&mut self, object: &mut Reader) -> Answer {
        let ids = object.texts("values")?;
        at_most("values", ids.len(), MAX_VALUES, object)?;
        Ok(Query::Ids(ids))
    }

    pub(super) fn wildcard(&mut self, field: String, object: &mut Reader) -> Answer {
        match object.take("wildcard") {
            Some(pattern) => self.pattern_of(field, pattern, object, PatternKind::Wildcard),
            None => self.pattern(field, object, PatternKind::Wildcard),
        }
    }

    pub(super) fn regexp(&mut self, field: String, object: &mut Reader) -> Answer {
        object.count("max_determinized_states")?; // automata have a narrower bound of their own
        // The operators that ALL adds are refused in the pattern itself.
        if object.text("flags")?.is_some_and(|flags| flags != "NONE" && flags != "ALL") {
            return Err(QueryError::illegal("`flags` must be NONE or ALL").at(object.pointer_to("flags")));
        }
        self.pattern(field, object, PatternKind::Regexp)
    }

    pub(super) fn terms(&mut self, object: &mut Reader) -> Answer {
        let (field, values) =
            object.take_any().ok_or_else(|| QueryError::new("the name of a field is expected here"))?;
        let Value::Array(values) = values else {
            return Err(QueryError::new(format!(
                "a list of values is expected here, not {}",
                kind_of(&values)
            ))
            .at(object.pointer_to(&field)));
        };
        at_most(&field, values.len(), MAX_VALUES, object)?;
        let values = values.into_iter().map(|value| scalar(value, object)).collect::<Result<_, _>>()?;
        Ok(Query::Terms { field, values, any_case: false })
    }

    pub(super) fn range(&mut self, field: String, object: &mut Reader) -> Answer {
        let mut range = Range { field, ..Range::default() };
        for (name, included) in [("gte", true), ("gt", false), ("from", true)] {
            if let Some(value) = object.take(name) {
                range.from = Some((scalar(value, object)?, included));
            }
        }
        for (name, included) in [("lte", true), ("lt", false), ("to", true)] {
            if let Some(value) = object.take(name) {
                range.to = Some((scalar(value, object)?, included));
            }
        }
        for (name, is_from) in [("include_lower", true), ("include_upper", false)] {
            if let Some(included) = object.flag(name)? {
                let bound = if is_from { &mut range.from } else { &mut range.to };
                if let Some(bound) = bound {
                    bound.1 = included;
                }
            }
        }
        range.format = object.text("format")?;
        range.time_zone = object.text("time_zone")?;
        if object.text("relation")?.is_some_and(|relation| !relation.eq_ignore_ascii_case("intersects")) {
            return Err(
                QueryError::illegal("`relation` must be INTERSECTS").at(object.pointer_to("relation"))
            );
        }
        Ok(Query::Range(range))
    }

    pub(super) fn pattern(
        &mut self,
        field: String,
        object: &mut Reader,
        make: fn(String) -> PatternKind,
    ) -> Answer {
        let value = object.need("value")?;
        self.pattern_of(field, value, object, make)
    }

    fn pattern_of(
        &mut self,
        field: String,
        value: Value,
        object: &mut Reader,
        make: fn(String) -> PatternKind,
    ) -> Answer {
        let Value::String(text) = value else { return Err(object.wrong("value", "a text", &value)) };
        at_most("value", text.len(), MAX_PATTERN, object)?;
        rewrite(object, "rewrite")?;
        let any_case = object.flag("case_insensitive")?.unwrap_or(false);
        Ok(Query::Pattern { fields: vec![FieldBoost::new(field)], pattern: make(text), any_case })
    }

    pub(super) fn fuzzy(&mut self, field: String, object: &mut Reader) -> Answer {
        rewrite(object, "rewrite")?;
        Ok(Query::Fuzzy {
            fields: vec![FieldBoost::new(field)],
            value: object.need_text("value")?,
            fuzziness: fuzziness(object, "fuzziness")?.unwrap_or(Fuzziness::AUTO),
            exact_start: object.count("prefix_length")?.unwrap_or(0),
            swaps: object.flag("transpositions")?.unwrap_or(true),
            max_expansions: expansions(object, "max_expansions")?,
        })
    }
}
