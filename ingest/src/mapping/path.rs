//! Paths into a record: `metadata.authors[0].name`, `head/title`, `date[@type=issued]`.
//!
//! One syntax for JSON, XML and rows. A step is a name; `.` and `/` part steps. Where a step meets a list, or several elements of
//! a name, all of them are meant; `[0]` is the first, `[-1]` the last, `[*]` says that there are several, `[name=value]` takes
//! those that have it. `@name` is an attribute, `*` any name; a name with other signs stands in quotes. A path alone is `.`,
//! and one that begins with `/` begins at the root of what
//! the record lies in, also inside a list.

use super::node::{Node, Record};

/// A path as it was written, and its steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Path {
    from_root: bool,
    steps: Vec<PathStep>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PathStep {
    Name(String),
    /// Any name.
    Any,
    /// One of several, from 0; below it from the end.
    At(i64),
    /// All of several.
    Each,
    /// The ones of several of which something at this name has this text.
    With {
        name: String,
        value: String,
    },
}

impl Path {
    /// Reads a path; what is wrong with it otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let from_root = rest.starts_with('/');
        rest = rest.strip_prefix('/').unwrap_or(rest);
        let mut steps = Vec::new();
        if rest == "." || (from_root && rest.is_empty()) {
            return Ok(Self { from_root, steps });
        }
        if rest.is_empty() {
            return Err("a path has at least one name; the record itself is `.`".to_owned());
        }
        loop {
            if !rest.starts_with('[') {
                let (name, after) = name(rest)?;
                steps.push(if name == "*" { PathStep::Any } else { PathStep::Name(name) });
                rest = after;
            }
            while let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = bracket(inside)?;
                steps.push(step);
                rest = after;
            }
            match rest.strip_prefix(['.', '/']) {
                Some(after) if !after.is_empty() => rest = after,
                Some(_) => return Err(format!("`{text}` ends in the middle: a name is missing")),
                None if rest.is_empty() => return Ok(Self { from_root, steps }),
                None => return Err(format!("`{rest}` cannot follow here: `.` or `/` parts names")),
            }
        }
    }

    pub(crate) fn steps(&self) -> &[PathStep] {
        &self.steps
    }

    /// Returns the path of these steps, from the record that is looked at.
    pub(crate) fn of(steps: &[PathStep]) -> Self {
        Self { from_root: false, steps: steps.to_vec() }
    }

    /// Returns the name of its last step that is one.
    pub(crate) fn last_name(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            PathStep::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the values that it leads to from here, in their order; lists are their entries.
    pub(crate) fn find<'t>(&self, record: &Record<'t>, here: Node<'t>) -> Vec<Node<'t>> {
        let mut found = vec![if self.from_root { record.outer } else { here }];
        for step in &self.steps {
            found = step.take(found);
        }
        found.into_iter().flat_map(Node::entries).collect()
    }
}

impl PathStep {
    fn take<'t>(&self, from: Vec<Node<'t>>) -> Vec<Node<'t>> {
        let entries = |from: Vec<Node<'t>>| from.into_iter().flat_map(Node::entries);
        match self {
            Self::Name(name) => entries(from).flat_map(|node| node.children(Some(name))).collect(),
            Self::Any => entries(from).flat_map(|node| node.children(None)).collect(),
            Self::Each => entries(from).collect(),
            Self::At(at) => {
                let all: Vec<_> = entries(from).collect();
                let at = if *at < 0 { all.len() as i64 + at } else { *at };
                usize::try_from(at).ok().and_then(|at| all.get(at).copied()).into_iter().collect()
            }
            Self::With { name, value } => {
                let has = |node: &Node<'t>| node.children(Some(name)).iter().any(|one| one.line() == *value);
                entries(from).filter(has).collect()
            }
        }
    }
}

/// Returns the name that a text begins with, in quotes or not, and what follows it.
fn name(text: &str) -> Result<(String, &str), String> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let inside = text.get(1..).unwrap_or_default();
        let end = inside.find(quote).ok_or_else(|| format!("the quote before `{inside}` is never closed"))?;
        let (name, after) = inside.split_at(end);
        return Ok((name.to_owned(), after.get(1..).unwrap_or_default()));
    }
    let end = text.find(['.', '/', '[', ']']).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    match name.trim() {
        "" => Err(format!("a name is missing before `{text}`")),
        name => Ok((name.to_owned(), after)),
    }
}

/// Returns what stands in brackets, and what follows them.
fn bracket(inside: &str) -> Result<(PathStep, &str), String> {
    let end = inside.find(']').ok_or_else(|| format!("the bracket before `{inside}` is never closed"))?;
    let (text, after) = inside.split_at(end);
    let after = after.get(1..).unwrap_or_default();
    let step = match (text.trim(), text.split_once('=')) {
        ("*", _) => PathStep::Each,
        (_, Some((name, value))) => {
            let plain = |text: &str| text.trim().trim_matches(['\'', '"']).to_owned();
            PathStep::With { name: plain(name), value: plain(value) }
        }
        (number, None) => PathStep::At(
            number
                .parse()
                .map_err(|_| format!("`[{text}]` is neither a number from 0, `[*]`, nor `[name=value]`"))?,
        ),
    };
    Ok((step, after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::xml;

    #[test]
    fn paths_lead_into_json() {
        let value = json!({
            "id": 7, "Pub./Date": "1931", "metadata": {"title": "A", "authors": [{"n": "X", "role": "by"}, {"n": "Y"}]},
            "deep": [[{"n": 1}], [{"n": 2}]]
        });
        let check = |path: &str, expected: &[&str]| {
            let record = Record::new(Node::Json(&value));
            let found = Path::parse(path).unwrap().find(&record, record.root);
            assert_eq!(found.iter().map(|node| node.line()).collect::<Vec<_>>(), expected, "{path}");
        };
        check("id", &["7"]);
        check("metadata.title", &["A"]);
        check("/metadata/title", &["A"]);
        check("'Pub./Date'", &["1931"]);
        check("metadata.authors.n", &["X", "Y"]);
        check("metadata.authors[*].n", &["X", "Y"]);
        check("metadata.authors[-1].n", &["Y"]);
        check("metadata.authors[1].n", &["Y"]);
        check("metadata.authors[2].n", &[]);
        check("metadata.authors[role=by].n", &["X"]);
        check("deep.n", &["1", "2"]);
        check("*.title", &["A"]);
        check("nothing.at.all", &[]);
    }

    #[test]
    fn paths_lead_into_xml() {
        let root = xml::parse_text(
            "<story ref='9'><head><title>A &amp; B</title><date kind='issued'>1931</date><date kind='seen'>1932</date></head>\
             <by>X</by><by>Y</by></story>",
        )
        .unwrap();
        let check = |path: &str, expected: &[&str]| {
            let record = Record::new(Node::Element(&root));
            let found = Path::parse(path).unwrap().find(&record, record.root);
            assert_eq!(found.iter().map(|node| node.line()).collect::<Vec<_>>(), expected, "{path}");
        };
        check("@ref", &["9"]);
        check("head/title", &["A & B"]);
        check("head/date[@kind=issued]", &["1931"]);
        check("head/date/@kind", &["issued", "seen"]);
        check("by", &["X", "Y"]);
        check("by[1]", &["Y"]);
    }

    #[test]
    fn a_path_that_cannot_be_read_says_why() {
        let check = |path: &str, expected: &str| {
            let why = Path::parse(path).unwrap_err();
            assert!(why.contains(expected), "{path}: {why}");
        };
        check("", "at least one name");
        check("a..b", "a name is missing");
        check("a.", "ends in the middle");
        check("a[x]", "neither a number");
        check("a[0", "never closed");
        check("'a", "never closed");
        check("a[0]b", "cannot follow");
    }
}
