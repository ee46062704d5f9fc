//! Query strings: what people type, Elasticsearch's `query_string`, and its `simple_query_string`.
//!
//! ```text
//! sequence = either {either}              joined by the default operator; + - NOT say otherwise for one
//! either   = both {OR both}
//! both     = one {AND one}
//! one      = [+ | - | NOT | !] [field:] [=] (group | leaf)
//! group    = "(" sequence ")"
//! leaf     = word | "phrase"[~slop] | word~[edits] | wild*card | /regexp/ | [a TO b] | a..b | >=a
//! ```
//!
//! A leaf or group may end in `^boost`. `=` means the words as they are written, in typed queries. Typed queries are
//! never refused for their syntax; a `query_string` is.

mod leaf;
mod lexer;
mod options;

use views::EXACT;

use self::lexer::{Token, lex};
pub use self::options::{Syntax, TextOptions};
use super::{
    Bool, FieldBoost, Need, Query, QueryError,
    limits::{Clauses, MAX_DEPTH, check_text},
};

/// All fields that a plain search looks at, with their words as they are written.
pub const ALL_EXACT: &str = "_all.exact";

/// Reads a query string.
///
/// # Errors
/// [`QueryError`]: too long, too deep, too many clauses; for [`Syntax::QueryString`] also wrong syntax.
pub fn parse_text(text: &str, options: &TextOptions<'_>, clauses: &mut Clauses) -> Result<Query, QueryError> {
    check_text(text)?;
    let tokens = lex(text, options)?;
    let mut parser =
        Parser { tokens: tokens.into_iter().peekable(), options, clauses, depth: 0, fields: Vec::new() };
    let mut parts = Vec::new();
    loop {
        parser.sequence(&mut parts)?;
        match parser.tokens.next() {
            None => break,
            Some(_) if options.syntax == Syntax::QueryString => {
                return Err(QueryError::new("the query has a `)` without a `(`"));
            }
            Some(_) => {}
        }
    }
    Ok(joined(parts, &options.need, options.syntax))
}

/// Returns the words before a colon in a typed query that look like the name of a field and are none, each once: they
/// are looked for as words, and whoever typed them should know.
pub(crate) fn unknown_names(text: &str, is_field: &dyn Fn(&str) -> bool) -> Vec<String> {
    let field = |name: &str| is_field(name).then(|| vec![FieldBoost::new(name)]);
    let Ok(tokens) = lex(text, &TextOptions::new(Syntax::Plain, &field)) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word { text, .. } = token else { continue };
        let Some((name, rest)) = text.split_once(':') else { continue };
        let is_name = name.chars().count() > 1
            && name.starts_with(char::is_alphabetic)
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let is_for_more =
            matches!(tokens.get(at + 1), Some(Token::Phrase { .. } | Token::Open | Token::Exact));
        let stands_before = if rest.is_empty() { is_for_more } else { !rest.starts_with("//") };
        if is_name && stands_before && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// The sign of a part of a sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Must,
    Not,
}

struct Parser<'a, 'o> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    options: &'o TextOptions<'a>,
    clauses: &'o mut Clauses,
    depth: usize,
    /// The fields of the groups that we are in.
    fields: Vec<Vec<FieldBoost>>,
}

impl Parser<'_, '_> {
    fn strict(&self) -> bool {
        self.options.syntax == Syntax::QueryString
    }

    fn sequence(&mut self, parts: &mut Vec<(Sign, Query)>) -> Result<(), QueryError> {
        loop {
            match self.tokens.peek() {
                None | Some(Token::Close) => return Ok(()),
                Some(Token::And | Token::Or) => {
                    let at_an_end = parts.is_empty();
                    self.tokens.next();
                    if self.strict() && (at_an_end || matches!(self.tokens.peek(), None | Some(Token::Close)))
                    {
                        return Err(QueryError::new("AND and OR need something on both sides"));
                    }
                }
                Some(_) => {
                    if let Some(part) = self.either()? {
                        parts.push(part);
                    }
                }
            }
        }
    }

    fn either(&mut self) -> Result<Option<(Sign, Query)>, QueryError> {
        let Some(first) = self.both()? else { return Ok(None) };
        let mut all = vec![first];
        while self.tokens.next_if(|token| *token == Token::Or).is_some() {
            match self.both()? {
                Some(part) => all.push(part),
                None if self.strict() => return Err(QueryError::new("nothing follows the last OR")),
                None => break,
            }
        }
        if all.len() == 1 {
            return Ok(all.pop());
        }
        let should = all.into_iter().map(|(sign, query)| signed(sign, query)).collect();
        Ok(Some((Sign::Plain, Query::Bool(Bool { should, ..Bool::default() }))))
    }

    fn both(&mut self) -> Result<Option<(Sign, Query)>, QueryError> {
        let Some(first) = self.one()? else { return Ok(None) };
        let mut all = vec![first];
        while self.tokens.next_if(|token| *token == Token::And).is_some() {
            match self.one()? {
                Some(part) => all.push(part),
                None if self.strict() => return Err(QueryError::new("nothing follows the last AND")),
                None => break,
            }
        }
        if all.len() == 1 {
            return Ok(all.pop());
        }
        Ok(Some((Sign::Plain, joined(all, &Need::All, self.options.syntax))))
    }

    fn one(&mut self) -> Result<Option<(Sign, Query)>, QueryError> {
        let mut sign = Sign::Plain;
        while let Some(token) = self.tokens.next_if(|token| matches!(token, Token::Not | Token::Plus)) {
            sign = match (token, sign) {
                (Token::Not, Sign::Not) => Sign::Plain,
                (Token::Not, _) => Sign::Not,
                (_, Sign::Not) => Sign::Not,
                _ => Sign::Must,
            };
        }
        let (mut field, mut exact) = (None, false);
        while let Some(token) = self.tokens.next_if(|token| matches!(token, Token::Field(_) | Token::Exact)) {
            match token {
                Token::Field(name) => field = Some(name),
                _ => exact = true,
            }
        }
        if matches!(self.tokens.peek(), None | Some(Token::Close | Token::And | Token::Or)) {
            if self.strict() && (sign != Sign::Plain || field.is_some()) {
                return Err(QueryError::new("nothing follows an operator or a field's name"));
            }
            return Ok(None);
        }
        let Some(token) = self.tokens.next() else { return Ok(None) };
        if let (Some(name), Token::Word { text, .. }) = (&field, &token)
            && name == "_exists_"
        {
            self.clauses.one()?;
            return Ok(Some((sign, Query::Exists { field: text.clone() })));
        }
        let fields = match &field {
            Some(name) => self.named(name)?,
            None => self.fields.last().unwrap_or(&self.options.fields).clone(),
        };
        exact |= self.options.exact_phrases && matches!(token, Token::Phrase { .. });
        let fields = if exact { self.as_written(fields) } else { fields };
        let query = match token {
            Token::Open => self.group(fields)?,
            token => {
                self.clauses.one()?;
                Some(self.leaf(token, fields, field.is_some() || !self.fields.is_empty())?)
            }
        };
        let boost = match self.tokens.next_if(|token| matches!(token, Token::Boost(_))) {
            Some(Token::Boost(boost)) => boost,
            _ => 1.0,
        };
        Ok(query.map(|query| (sign, query.boosted(boost))))
    }

    /// Returns these fields with their words as they are written, as far as they have those.
    fn as_written(&self, fields: Vec<FieldBoost>) -> Vec<FieldBoost> {
        if fields.is_empty() {
            return vec![FieldBoost::new(ALL_EXACT)];
        }
        let as_written = |field: FieldBoost| match (self.options.field)(&(field.name.clone() + EXACT)) {
            Some(exact) => {
                exact.into_iter().map(|exact| FieldBoost { boost: field.boost, ..exact }).collect()
            }
            None => vec![field],
        };
        fields.into_iter().flat_map(as_written).collect()
    }

    fn named(&self, name: &str) -> Result<Vec<FieldBoost>, QueryError> {
        (self.options.field)(name).ok_or_else(|| {
            QueryError::new(format!("there is no field `{}`", name.chars().take(80).collect::<String>()))
        })
    }

    fn group(&mut self, fields: Vec<FieldBoost>) -> Result<Option<Query>, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::illegal(format!("the query is nested deeper than {MAX_DEPTH}")));
        }
        self.fields.push(fields);
        let mut parts = Vec::new();
        self.sequence(&mut parts)?;
        self.fields.pop();
        self.depth -= 1;
        if self.tokens.next_if(|token| *token == Token::Close).is_none() && self.strict() {
            return Err(QueryError::new("the query has a `(` without a `)`"));
        }
        Ok((!parts.is_empty()).then(|| joined(parts, &self.options.need, self.options.syntax)))
    }
}

fn signed(sign: Sign, query: Query) -> Query {
    match sign {
        Sign::Not => Query::Bool(Bool { must_not: vec![query], ..Bool::default() }),
        _ => query,
    }
}

/// Joins the parts of a sequence. In a `simple_query_string` whose words are alternatives, what must not be there is
/// one of them, as it is in Elasticsearch.
fn joined(mut parts: Vec<(Sign, Query)>, need: &Need, syntax: Syntax) -> Query {
    if syntax == Syntax::Simple && *need != Need::All {
        parts = parts.into_iter().map(|(sign, query)| (Sign::Plain, signed(sign, query))).collect();
    }
    match parts.as_slice() {
        [] => return Query::Nothing,
        [(Sign::Plain | Sign::Must, _)] => return parts.pop().map_or(Query::Nothing, |(_, query)| query),
        _ => {}
    }
    let mut bool = Bool::default();
    for (sign, query) in parts {
        match (sign, need) {
            (Sign::Not, _) => bool.must_not.push(query),
            (Sign::Must, _) | (Sign::Plain, Need::All) => bool.must.push(query),
            (Sign::Plain, _) => bool.should.push(query),
        }
    }
    if let Need::Minimum(minimum) = need {
        bool.need = Some(minimum.clone());
    }
    Query::Bool(bool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PatternKind, Scalar};

    fn parse(text: &str, syntax: Syntax) -> Result<Query, QueryError> {
        let known = |name: &str| {
            ["headline", "headline.exact", "body", "published", "section", "date"]
                .contains(&name)
                .then(|| vec![FieldBoost::new(if name == "date" { "published.local" } else { name })])
        };
        let need = if syntax == Syntax::Plain { Need::All } else { Need::Any };
        let options = TextOptions { need, ..TextOptions::new(syntax, &known) };
        parse_text(text, &options, &mut Clauses::default())
    }

    /// Returns a query in a few signs, for reading.
    fn show(query: &Query) -> String {
        let fields =
            |fields: &[FieldBoost]| fields.iter().map(|f| format!("{}:", f.name)).collect::<String>();
        let all = |sign: &str, queries: &[Query]| {
            queries.iter().map(|query| format!("{sign}{}", show(query))).collect::<Vec<_>>()
        };
        let bound = |bound: &Option<(Scalar, bool)>| match bound {
            Some((Scalar::Text(text), included)) => format!("{text}{}", if *included { "" } else { "!" }),
            _ => "*".to_owned(),
        };
        match query {
            Query::All => "all".to_owned(),
            Query::Nothing => "nothing".to_owned(),
            Query::Words(words) => format!("{}{}", fields(&words.fields), words.text),
            Query::Phrase(phrase) => format!("{}\"{}\"~{}", fields(&phrase.fields), phrase.text, phrase.slop),
            Query::Range(range) => format!("{}:[{} {}]", range.field, bound(&range.from), bound(&range.to)),
            Query::Pattern { fields: of, pattern: PatternKind::Prefix(text), .. } => {
                format!("{}{text}>", fields(of))
            }
            Query::Pattern { fields: of, pattern, .. } => format!("{}<{}>", fields(of), pattern.text()),
            Query::Fuzzy(fuzzy) => format!("{}{}~", fields(&fuzzy.fields), fuzzy.value),
            Query::Exists { field } => format!("{field}:*"),
            Query::Boosted(query, boost) => format!("{}^{boost}", show(query)),
            Query::Bool(bool) => {
                let parts = [all("+", &bool.must), all("", &bool.should), all("-", &bool.must_not)].concat();
                format!("({})", parts.join(" "))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_people_type() {
        let check = |text: &str, expected: &str| {
            assert_eq!(show(&parse(text, Syntax::Plain).unwrap()), expected, "{text}");
        };
        check("ferry", "ferry");
        check("ferry harbour", "(+ferry +harbour)");
        check("\"golden gate\" bridge", "(+\"golden gate\"~0 +bridge)");
        check("\"golden gate\"~3", "\"golden gate\"~3");
        check("ferry -fire", "(+ferry -fire)");
        check("-fire", "(-fire)");
        check("ferry OR tram fire", "(+(ferry tram) +fire)");
        check("a AND b OR c", "((+a +b) c)");
        check("ferry NOT fire", "(+ferry -fire)");
        check("headline:ferry", "headline:ferry");
        check("headline:(ferry tram)", "(+headline:ferry +headline:tram)");
        check("date:1963-11..1964", "published.local:[1963-11||/M 1964||/y]");
        check("date:..1900", "published.local:[* 1900||/y]");
        check("date:>=1900", "published.local:[1900||/y *]");
        check("date:1931-05", "published.local:[1931-05||/M 1931-05||/M]");
        check("date:\"1931\"", "published.local:[1931||/y 1931||/y]");
        check("date:[1900 TO 1910}", "published.local:[1900||/y 1910||/y!]");
        check("harb*", "harb>");
        check("h*r?bour", "<h*r?bour>");
        check("ferry~", "ferry~");
        check("section:*", "section:*");
        check("ferry^2", "ferry^2");
        check("what is it?", "(+what +is +it)");
        check("http://example.org/a", "http://example.org/a");
        for address in [
            "https://pier.example/what?no=7&page=2",
            "https://pier.example/a*b~2?c^3",
            "https://pier.example/tide_(1931)?x",
            "pier.example/what?no=7",
            "www.pier.example/search?q=tide*",
        ] {
            check(address, address);
            check(&format!("({address}) tide"), &format!("(+{address} +tide)"));
            check(&format!("-{address}"), &format!("(-{address})"));
        }
        check("section:https://pier.example/?a=b", "section:https://pier.example/?a=b");
        check("h*r/b?ur", "<h*r/b?ur>");
        check("10:30", "10:30");
        check("\"never closed", "\"never closed\"~0");
        check("(never closed", "(+never +closed)");
        check(") OR AND", "nothing");
        check("", "nothing");
        check("  \t ", "nothing");
        check("a - b", "(+a +b)");
        check("wi-fi", "wi-fi");
        check("“curly quotes”", "\"curly quotes\"~0");
        check("=running men", "(+_all.exact:running +men)");
        check("=\"running men\"~2", "_all.exact:\"running men\"~2");
        check(
            "-=running headline:=run =headline:runs",
            "(+headline.exact:run +headline.exact:runs -_all.exact:running)",
        );
        check("=(run OR ran)", "(_all.exact:run _all.exact:ran)");
        check(
            "=runn* =ruin~ date:=1900..",
            "(+_all.exact:runn> +_all.exact:ruin~ +published.local:[1900||/y *])",
        );
        check("a = b == c ==d x=y", "(+a +b +c +_all.exact:d +x=y)");
        check("=(1900..1910)", "nothing");
        check("ferry~abc", "ferry~abc");
    }

    #[test]
    fn names_of_no_field_are_told() {
        let check = |text: &str, expected: &[&str]| {
            let found = unknown_names(text, &|name| ["headline", "date"].contains(&name));
            assert_eq!(found, expected, "{text}");
        };
        check("heading:oil", &["heading"]);
        check("heading:oil heading:gas tittle:\"a b\" by.line:(x y)", &["heading", "tittle", "by.line"]);
        check("headline:oil date:1931", &[]);
        check("http://pier.example/a", &[]);
        check("10:30 a:b note: this", &[]);
        check("\"heading:oil\"", &[]);
    }

    #[test]
    fn query_strings() {
        let check = |text: &str, expected: &str| {
            assert_eq!(show(&parse(text, Syntax::QueryString).unwrap()), expected, "{text}");
        };
        check("ferry harbour", "(ferry harbour)");
        check("+ferry -fire harbour", "(+ferry harbour -fire)");
        check("ferry && harbour || fire", "((+ferry +harbour) fire)");
        check("!fire", "(-fire)");
        check("/fer.*/", "<fer.*>");
        check("a\\:b \\(c\\)", "(a:b (c))");
        check("_exists_:section", "section:*");
        check("published:[1900 TO *]", "published:[1900 *]");
        check("*", "all");
        let refuse = |text: &str, expected: &str| {
            assert_eq!(parse(text, Syntax::QueryString).unwrap_err().reason, expected, "{text}");
        };
        refuse("(a", "the query has a `(` without a `)`");
        refuse("a)", "the query has a `)` without a `(`");
        refuse("a OR", "nothing follows the last OR");
        refuse("AND", "AND and OR need something on both sides");
        refuse("\"a", "a quotation mark is not closed");
        refuse("nofield:a", "there is no field `nofield`");
        refuse("headline:", "nothing follows an operator or a field's name");
    }

    #[test]
    fn simple_query_strings() {
        let check = |text: &str, expected: &str| {
            assert_eq!(show(&parse(text, Syntax::Simple).unwrap()), expected, "{text}");
        };
        check("ferry + harbour", "(+ferry +harbour)");
        check("ferry | harbour -fire", "((ferry harbour) (-fire))");
        check("\"golden gate\"~2", "\"golden gate\"~2");
        check("harb*", "harb>");
        check("fery~1", "fery~");
        // There are no names of fields in it: a colon is a sign between words as any other.
        for text in ["headline:ferry", "headline:\"ferry\"", "published:>=1900"] {
            let Query::Bool(bool) = parse(text, Syntax::Simple).unwrap() else {
                assert!(show(&parse(text, Syntax::Simple).unwrap()).contains(':'), "{text}");
                continue;
            };
            assert_eq!(bool.should.len(), 2, "{text}");
        }
        check("((((", "nothing");
    }

    #[test]
    fn bounds_hold() {
        assert!(parse(&"(".repeat(1_000), Syntax::Plain).is_err());
        assert!(parse(&"a ".repeat(300), Syntax::Plain).is_err());
        assert!(parse(&"a".repeat(2_049), Syntax::Plain).is_err());
        assert!(parse(&"(a OR (b AND ".repeat(100), Syntax::QueryString).is_err());
    }
}
