//! Names by their namespaces (Namespaces in XML 1.0): what a prefix is called is the file's affair.
//!
//! An element of a vocabulary that readers look for has the prefix that is usual there; of others, one of the namespace of
//! its record has none, and any other is called as it is written.

/// Vocabularies, and the prefix that readers know them by; of the first ones, none.
const USUAL: [(&str, &str); 26] = [
    ("http://purl.org/rss/1.0/", ""),
    ("http://my.netscape.com/rdf/simple/0.9/", ""),
    ("http://channel.netscape.com/rdf/simple/0.9/", ""),
    ("http://purl.org/net/rss1.1#", ""),
    ("http://backend.userland.com/rss", ""),
    ("http://backend.userland.com/rss2", ""),
    ("http://blogs.law.harvard.edu/tech/rss", ""),
    ("http://www.w3.org/2005/Atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/elements/1.0/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/rss/1.0/modules/slash/", "slash"),
    ("http://search.yahoo.com/mrss/", "media"),
    ("http://search.yahoo.com/mrss", "media"),
    ("http://wordpress.org/export/1.0/", "wp"),
    ("http://wordpress.org/export/1.1/", "wp"),
    ("http://wordpress.org/export/1.2/", "wp"),
    ("http://wordpress.org/export/1.0/excerpt/", "excerpt"),
    ("http://wordpress.org/export/1.1/excerpt/", "excerpt"),
    ("http://wordpress.org/export/1.2/excerpt/", "excerpt"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("http://www.w3.org/2003/01/geo/wgs84_pos#", "geo"),
];

/// The namespaces that are bound where one stands in a document.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    /// Prefix, namespace, and how deep the element is that binds them.
    bound: Vec<(String, String, usize)>,
    /// The namespace of the record, which is that of its first element.
    own: Option<String>,
}

impl Spaces {
    /// Returns what the head of a file binds for its records.
    pub(super) fn of_head(head: &str) -> Self {
        let mut spaces = Self::default();
        let mut rest = head;
        while let Some(at) = rest.find("xmlns") {
            rest = rest.get(at + 5..).unwrap_or("");
            let Some((prefix, uri, after)) = binding(rest) else { continue };
            // What stands nearest to the root holds for records; further in, it may hold for what has ended.
            if !spaces.bound.iter().any(|(known, _, _)| known == prefix) {
                spaces.bound.push((prefix.to_owned(), uri.to_owned(), 0));
            }
            rest = after;
        }
        spaces
    }

    /// Enters an element at this depth, from 1, and returns its name.
    pub(super) fn enter(&mut self, name: &str, attributes: &[(String, String)], depth: usize) -> String {
        self.leave(depth);
        for (key, uri) in attributes {
            let prefix = match key.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            self.bound.push((prefix.to_owned(), uri.trim().to_owned(), depth));
        }
        if self.bound.is_empty() {
            return name.to_owned();
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let bound = self.bound.iter().rev().find(|(known, _, _)| known == prefix);
        let space = bound.map(|(_, uri, _)| uri.as_str());
        if depth == 1 {
            self.own = space.map(str::to_owned);
        }
        let Some(space) = space else { return name.to_owned() };
        match USUAL.iter().find(|(uri, _)| *uri == space) {
            Some((_, "")) => local.to_owned(),
            // An entry of Atom is a record; Atom inside of another is not.
            Some((_, "atom")) | None if self.own.as_deref() == Some(space) => local.to_owned(),
            Some((_, usual)) => format!("{usual}:{local}"),
            None => name.to_owned(),
        }
    }

    /// Forgets what elements of this depth and deeper ones have bound.
    fn leave(&mut self, depth: usize) {
        while self.bound.last().is_some_and(|(_, _, bound)| *bound >= depth) {
            self.bound.pop();
        }
    }
}

/// Reads `:prefix = "uri"`, or without the prefix, and what follows it.
fn binding(text: &str) -> Option<(&str, &str, &str)> {
    let (prefix, rest) = text.split_once('=')?;
    let prefix = prefix.trim_end();
    let prefix = if prefix.is_empty() { "" } else { prefix.strip_prefix(':')? };
    if prefix.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'')) {
        return None;
    }
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (uri, after) = rest.get(1..)?.split_once(quote)?;
    Some((prefix, uri.trim(), after))
}

#[cfg(test)]
mod tests {
    use super::super::parse_text;

    #[test]
    fn names_are_those_of_namespaces() {
        let check = |text: &str, expected: &[&str]| {
            let root = parse_text(text).unwrap();
            let names: Vec<&str> = root.elements().map(|element| element.name.as_str()).collect();
            assert_eq!(names, expected, "{text}");
        };
        check("<item><dc:date/><x:y/></item>", &["dc:date", "x:y"]);
        check(
            "<item xmlns:d='http://purl.org/dc/elements/1.1/'><d:date/><dc:date/></item>",
            &["dc:date", "dc:date"],
        );
        check(
            "<a:entry xmlns:a='http://www.w3.org/2005/Atom'><a:title/><title/></a:entry>",
            &["title", "title"],
        );
        check("<item xmlns:a='http://www.w3.org/2005/Atom'><a:title/></item>", &["atom:title"]);
        check(
            "<entry xmlns='http://www.w3.org/2005/Atom'><title/><y xmlns='urn:z'/></entry>",
            &["title", "y"],
        );
        check("<item><x xmlns:dc='urn:other'/><dc:date/></item>", &["x", "dc:date"]);
        check("<item xmlns:dc='urn:other'><dc:date/></item>", &["dc:date"]);
        check(
            "<i xmlns:m='http://search.yahoo.com/mrss/'><q><m:w/></q><m:thumbnail/></i>",
            &["q", "media:thumbnail"],
        );
    }
}
