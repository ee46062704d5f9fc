//! Reading mappings from TOML, with the line of what is wrong.

use std::{collections::BTreeMap, ops::Range};

use store::AssetKind;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Entries, List, Mapping, fields,
    join::Join,
    path::Path,
    patterns,
    publicity::Public,
    value::{Expr, From},
};
use crate::{dates, dates::DayOrder, names};

/// A fault of a mapping, and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {why}")]
pub struct InvalidMapping {
    file: String,
    line: usize,
    why: String,
}

/// Keys that a mapping may have.
const KEYS: [&str; 9] =
    ["files", "record", "dates", "join", "public", "ignore", "article", "image", "byline"];
/// Keys that a joined table may have.
const OF_JOIN: [&str; 6] = ["file", "key", "equals", "as", "within", "sort"];
/// Keys of the statement of what makes a record public.
const OF_PUBLIC: [&str; 5] = ["field", "is", "not", "from", "until"];
/// Keys of a value that is written as a table.
const OF_VALUE: [&str; 9] =
    ["path", "template", "constant", "first", "form", "split", "join", "html", "values"];

/// The source of a mapping, for its errors.
struct Source<'i> {
    file: &'i str,
    text: &'i str,
}

type Result<T> = std::result::Result<T, InvalidMapping>;
type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// The table of a file that its mappings stand in.
const ROOT: &str = "mapping";

/// Returns the mappings of a text without whatever stands beside them.
pub(super) fn alone(file: &str, text: &str) -> Result<String> {
    let source = Source { file, text };
    let mut table: toml::Table =
        toml::from_str(text).map_err(|error| source.error(error.span().unwrap_or(0..0), error.message()))?;
    table.retain(|name, _| name == ROOT);
    Ok(table.to_string())
}

/// Reads all mappings of a text, which has no tables of other names than those of `beside` (read by others).
pub(super) fn mappings(file: &str, text: &str, beside: &[String]) -> Result<Vec<Mapping>> {
    let source = Source { file, text };
    let root =
        DeTable::parse(text).map_err(|error| source.error(error.span().unwrap_or(0..0), error.message()))?;
    let mut found = Vec::new();
    for (key, value) in root.get_ref() {
        let key = (key.span(), key.get_ref().as_ref());
        if key.1 != ROOT {
            if beside.iter().any(|name| name == key.1) {
                continue;
            }
            return Err(source.unknown(key.0, key.1, "a file of mappings", &[ROOT]));
        }
        for (name, value) in source.table(value)? {
            found.push(source.mapping(name.get_ref(), value)?);
        }
    }
    if found.is_empty() {
        return Err(source.error(0..0, "there is no mapping in it: one begins with [mapping.NAME]"));
    }
    Ok(found)
}

impl<'i> Source<'i> {
    fn error(&self, at: Range<usize>, why: impl Into<String>) -> InvalidMapping {
        let line = self
            .text
            .get(..at.start.min(self.text.len()))
            .map_or(1, |before| before.matches('\n').count() + 1);
        InvalidMapping { file: self.file.to_owned(), line, why: why.into() }
    }

    fn table<'t>(&self, value: &'t Spanned<DeValue<'i>>) -> Result<&'t DeTable<'i>> {
        value.get_ref().as_table().ok_or_else(|| {
            self.error(
                value.span(),
                format!("a table is expected here, not a {}", value.get_ref().type_str()),
            )
        })
    }

    /// Returns the entries of a table, whose names must be known.
    fn known<'t>(
        &self,
        table: &'t DeTable<'i>,
        of: &str,
        names: &[&'static str],
    ) -> Result<Vec<(&'static str, &'t Spanned<DeValue<'i>>)>> {
        let known = |(key, value): Entry<'t, 'i>| {
            let name = names.iter().find(|name| **name == key.get_ref().as_ref());
            name.map(|name| (*name, value)).ok_or_else(|| self.unknown(key.span(), key.get_ref(), of, names))
        };
        table.iter().map(known).collect()
    }

    fn unknown(&self, at: Range<usize>, name: &str, of: &str, names: &[&str]) -> InvalidMapping {
        let nearest = names::nearest(name, names.iter().copied());
        let near = nearest.map_or_else(
            || format!("it may have {}", names.join(", ")),
            |near| format!("do you mean `{near}`?"),
        );
        self.error(at, format!("{of} has no `{name}`: {near}"))
    }

    fn mapping(&self, name: &str, value: &Spanned<DeValue<'i>>) -> Result<Mapping> {
        let mut mapping = Mapping {
            name: name.to_owned(),
            files: None,
            record: None,
            dates: DayOrder::Unknown,
            joins: Vec::new(),
            public: Public::default(),
            kind: AssetKind::Article,
            fields: Vec::new(),
            lists: Vec::new(),
            extra: Vec::new(),
            ignored: Vec::new(),
        };
        let mut assets = 0;
        for (key, value) in self.known(self.table(value)?, "a mapping", &KEYS)? {
            match key {
                "files" => {
                    let set = patterns(&self.texts(value)?);
                    mapping.files = Some(set.map_err(|error| self.error(value.span(), error.to_string()))?);
                }
                "record" => mapping.record = Some(self.path(value)?),
                "dates" => {
                    mapping.dates = match self.text(value)? {
                        "day-first" => DayOrder::DayFirst,
                        "month-first" => DayOrder::MonthFirst,
                        _ => {
                            return Err(
                                self.error(value.span(), "dates are \"day-first\" or \"month-first\"")
                            );
                        }
                    }
                }
                "join" => mapping.joins = self.each(value, |one| self.join(one))?,
                "public" => mapping.public = self.public(value)?,
                "ignore" => mapping.ignored = self.each(value, |one| self.path(one))?,
                kind => {
                    assets += 1;
                    mapping.kind = AssetKind::ALL
                        .into_iter()
                        .find(|one| one.name() == kind)
                        .unwrap_or(AssetKind::Article);
                    self.asset(&mut mapping, value)?;
                }
            }
        }
        if assets != 1 {
            let why = format!(
                "mapping `{name}` says of {assets} kinds of assets what they are: say it of one, as [mapping.{name}.article]"
            );
            return Err(self.error(value.span(), why));
        }
        Ok(mapping)
    }

    fn asset(&self, mapping: &mut Mapping, value: &Spanned<DeValue<'i>>) -> Result<()> {
        let (single, lists) = (fields::of(mapping.kind), fields::lists_of(mapping.kind));
        let names: Vec<&'static str> =
            single.iter().copied().chain(lists.iter().map(|(name, _)| *name)).chain(["extra"]).collect();
        for (key, value) in self.known(self.table(value)?, &format!("an {}", mapping.kind.name()), &names)? {
            let list = lists.iter().find(|(name, _)| *name == key);
            match (key, list) {
                ("extra", _) => {
                    for (name, value) in self.table(value)? {
                        mapping.extra.push((name.get_ref().to_string(), self.value(name.get_ref(), value)?));
                    }
                }
                (field, Some((_, inner))) => {
                    mapping.lists.push(List { field, of: self.entries(field, inner, value)? });
                }
                (field, None) => mapping.fields.push((field, self.value(field, value)?)),
            }
        }
        Ok(())
    }

    fn entries(&self, field: &str, inner: &[&'static str], value: &Spanned<DeValue<'i>>) -> Result<Entries> {
        let Some(table) = value.get_ref().as_table().filter(|table| table.contains_key("each")) else {
            return Ok(Entries::Texts(self.value(field, value)?));
        };
        let names: Vec<&'static str> = inner.iter().copied().chain(["each"]).collect();
        let (mut path, mut fields) = (Path::default(), Vec::new());
        for (key, value) in self.known(table, &format!("each of `{field}`"), &names)? {
            match key {
                "each" => path = self.path(value)?,
                key => fields.push((key, self.value(key, value)?)),
            }
        }
        Ok(Entries::Each { path, fields })
    }

    /// Reads a value: a path or a template as a text, the first of a list, or a table.
    fn value(&self, field: &str, value: &Spanned<DeValue<'i>>) -> Result<Expr> {
        let wrong = |why: String| self.error(value.span(), why);
        match value.get_ref() {
            DeValue::String(text) => Expr::parse(text).map_err(wrong),
            DeValue::Array(_) => Ok(Expr::new(From::First(self.each(value, |one| self.value(field, one))?))),
            DeValue::Table(table) => {
                let mut from = None;
                let mut expr = Expr::new(From::Constant(String::new()));
                for (key, value) in self.known(table, &format!("the value of `{field}`"), &OF_VALUE)? {
                    match key {
                        "constant" => from = Some(From::Constant(self.text(value)?.to_owned())),
                        "path" => from = Some(From::Path(self.path(value)?)),
                        "template" | "first" => from = Some(self.value(field, value)?.from),
                        "form" => expr.form = Some(self.form(field, value)?),
                        "split" => expr.split = Some(self.text(value)?.to_owned()),
                        "join" => expr.join = Some(self.text(value)?.to_owned()),
                        "html" => {
                            let flag = value.get_ref().as_bool();
                            expr.html = Some(
                                flag.ok_or_else(|| self.error(value.span(), "`html` is true or false"))?,
                            );
                        }
                        _ => expr.means = self.meanings(value)?,
                    }
                }
                expr.from = from.ok_or_else(|| {
                    wrong("it says neither path nor template, constant or first".to_owned())
                })?;
                Ok(expr)
            }
            other => Err(wrong(format!(
                "a {} is no value: write a path in quotes, or {{ constant = \"…\" }}",
                other.type_str()
            ))),
        }
    }

    fn form(&self, field: &str, value: &Spanned<DeValue<'i>>) -> Result<String> {
        let form = self.text(value)?;
        if !fields::is_date(field) {
            return Err(self.error(value.span(), format!("only dates have a form, and `{field}` is none")));
        }
        dates::check_form(form).map_err(|why| {
            self.error(
                value.span(),
                format!("`{form}` is no form of a date ({why}): write it as in %d/%m/%Y"),
            )
        })?;
        Ok(form.to_owned())
    }

    fn meanings(&self, value: &Spanned<DeValue<'i>>) -> Result<BTreeMap<String, String>> {
        let pairs = self.table(value)?.iter();
        pairs.map(|(name, value)| Ok((name.get_ref().to_string(), self.text(value)?.to_owned()))).collect()
    }

    fn join(&self, value: &Spanned<DeValue<'i>>) -> Result<Join> {
        let mut join = Join {
            file: String::new(),
            key: String::new(),
            equals: String::new(),
            name: String::new(),
            within: None,
            sort: None,
        };
        for (key, value) in self.known(self.table(value)?, "a join", &OF_JOIN)? {
            let text = self.text(value)?.to_owned();
            match key {
                "file" => join.file = text,
                "key" => join.key = text,
                "equals" => join.equals = text,
                "as" => join.name = text,
                "within" => join.within = Some(text),
                _ => join.sort = Some(text),
            }
        }
        if [&join.file, &join.key, &join.equals, &join.name].iter().any(|text| text.is_empty()) {
            return Err(self.error(
                value.span(),
                "a join needs the file, the key in it, what that equals in the record, and as what its rows are in it",
            ));
        }
        Ok(join)
    }

    fn public(&self, value: &Spanned<DeValue<'i>>) -> Result<Public> {
        let mut public = Public::default();
        for (key, one) in self.known(self.table(value)?, "`public`", &OF_PUBLIC)? {
            match key {
                "field" => public.field = Some(self.path(one)?),
                "is" => public.is = self.texts(one)?,
                "not" => public.not = self.texts(one)?,
                "from" => public.from = Some(self.value(key, one)?),
                _ => public.until = Some(self.value(key, one)?),
            }
        }
        if public.field.is_none() != (public.is.is_empty() && public.not.is_empty()) {
            return Err(self.error(
                value.span(),
                "`public` needs a field, and what is there or not there in a public record",
            ));
        }
        Ok(public)
    }

    fn text<'t>(&self, value: &'t Spanned<DeValue<'i>>) -> Result<&'t str> {
        value.get_ref().as_str().ok_or_else(|| {
            self.error(
                value.span(),
                format!("a text in quotes is expected here, not a {}", value.get_ref().type_str()),
            )
        })
    }

    /// Reads one text, or a list of them.
    fn texts(&self, value: &Spanned<DeValue<'i>>) -> Result<Vec<String>> {
        match value.get_ref() {
            DeValue::Array(_) => self.each(value, |one| self.text(one).map(str::to_owned)),
            _ => Ok(vec![self.text(value)?.to_owned()]),
        }
    }

    fn path(&self, value: &Spanned<DeValue<'i>>) -> Result<Path> {
        Path::parse(self.text(value)?).map_err(|why| self.error(value.span(), why))
    }

    fn each<T>(
        &self,
        value: &Spanned<DeValue<'i>>,
        read: impl Fn(&Spanned<DeValue<'i>>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let list = value.get_ref().as_array().ok_or_else(|| {
            self.error(value.span(), format!("a list is expected here, not a {}", value.get_ref().type_str()))
        })?;
        list.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(fields: &str) -> String {
        format!("[mapping.m.article]\nheadline = \"t\"\n{fields}")
    }

    #[test]
    fn what_is_wrong_has_a_line_and_a_way_out() {
        let check = |text: &str, expected: &str| {
            let error = mappings("m.toml", text, &[]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}\n  {error}\n  {expected}");
        };
        check("", "m.toml:1: there is no mapping in it");
        check("[mapping.m", "m.toml:1: ");
        check("[maping.m]", "m.toml:1: a file of mappings has no `maping`: do you mean `mapping`?");
        check("[mapping.m]\nfile = \"x\"", "m.toml:2: a mapping has no `file`: do you mean `files`?");
        check("[mapping.m]\nfiles = \"x\"", "m.toml:1: mapping `m` says of 0 kinds of assets");
        check(&article("headlin = \"x\""), "m.toml:3: an article has no `headlin`: do you mean `headline`?");
        check(&article("zzz = \"x\""), "m.toml:3: an article has no `zzz`: it may have id, headline,");
        check(&article("body = \"a..b\""), "m.toml:3: a name is missing");
        check(&article("body = 3"), "m.toml:3: a integer is no value: write a path in quotes");
        check(
            &article("body = { pth = \"x\" }"),
            "m.toml:3: the value of `body` has no `pth`: do you mean `path`?",
        );
        check(&article("body = { join = \"x\" }"), "m.toml:3: it says neither path");
        check(&article("body = { path = \"x\", form = \"%Y\" }"), "m.toml:3: only dates have a form");
        check(
            &article("published = { path = \"x\", form = \"%QQ\" }"),
            "m.toml:3: `%QQ` is no form of a date",
        );
        check(
            &article("bylines = { each = \"a\", nam = \"n\" }"),
            "m.toml:3: each of `bylines` has no `nam`: do you mean `name`?",
        );
        check(&article("[mapping.m.public]\nis = [\"x\"]"), "m.toml:3: `public` needs a field");
        check(&article("[[mapping.m.join]]\nfile = \"x\""), "m.toml:3: a join needs");
        check("[mapping.m]\nfiles = \"a[\"\n", "m.toml:2: ");
        check("[mapping.m]\ndates = \"us\"\n", "m.toml:2: dates are \"day-first\"");
    }

    #[test]
    fn a_whole_mapping_is_read() {
        let text = "[mapping.m]\nfiles = [\"a.csv\", \"b/*.csv\"]\nrecord = \"x[*]\"\ndates = \"day-first\"\nignore = [\"thumb\"]\n\
            public = { field = \"state\", not = \"killed\", until = { path = \"gone\", form = \"%Y\" } }\n\
            join = [{ file = \"l.csv\", key = \"a\", equals = \"id\", as = \"l\" }]\n\
            [mapping.m.article]\nid = \"m/{id}\"\nheadline = [\"a\", { constant = \"b\" }]\nkeywords = { path = \"t\", split = \";\" }\n\
            [mapping.m.article.bylines]\neach = \"l\"\nname = \"n\"\n[mapping.m.article.extra]\nvolume = \"vol\"\n\
            [mapping.n.byline]\nname = \"n\"\nalso_known_as = \"o\"\n";
        let found = mappings("m.toml", text, &[]).unwrap();
        assert_eq!(
            found.iter().map(|one| (one.name.as_str(), one.kind)).collect::<Vec<_>>(),
            [("m", AssetKind::Article), ("n", AssetKind::Byline)]
        );
        assert!(found[0].is_of("in/a.csv") && found[0].is_of("b/1.csv") && !found[0].is_of("c/1.csv"));
        assert!(found[1].is_of("anything"));
    }
}
