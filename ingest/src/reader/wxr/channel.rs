//! The channel of an export of WordPress, which is stated once: its blog and its authors.

use std::collections::HashMap;

use store::{AssetId, AssetKind, Byline};

use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    html, link, names,
    nested::Nested,
    reader::feed::Feed,
    record::Raw,
    xml::{self, Element},
};

/// The statements that the items of one file have in common.
#[derive(Default)]
pub(super) struct Channel {
    pub(super) feed: Feed,
    /// By login, in lower case.
    authors: HashMap<String, Author>,
    /// The numbers of the pictures that were uploaded for the post whose head this is.
    pub(super) uploads: Vec<String>,
}

/// A user of the blog. The login joins a post to its author; it is a part of what opens the blog, and is not kept.
#[derive(Clone)]
pub(super) struct Author {
    pub(super) id: AssetId,
    pub(super) byline: Byline,
    /// The id that older rules made of the login.
    pub(super) former: Option<AssetId>,
}

impl Channel {
    pub(super) fn of(raw: &Raw) -> Self {
        let mut channel = Self { feed: Feed::of(raw), ..Self::default() };
        let mut input: &[u8] = &raw.head;
        let mut cutter = XmlElements::named(&["author", "term", "uploads"]);
        while let Ok(Some(mut found)) = cutter.next(&mut input) {
            found.head = raw.head.clone();
            let Ok(element) = xml::parse(&found) else { continue };
            match element.local() {
                "author" => {
                    let login = element.text_at("wp:author_login").to_lowercase();
                    if let Some(author) = Author::of(&element, &channel.feed.blog) {
                        channel.authors.insert(login, author);
                    }
                }
                "uploads" => channel.uploads = element.text().split(',').map(str::to_owned).collect(),
                _ => channel.co_author(&element),
            }
        }
        channel
    }

    /// Takes a term by which a plugin names an author who may be no user: its slug, and the name to be shown.
    fn co_author(&mut self, term: &Element) {
        let slug = term.text_at("wp:term_slug");
        let slug = slug.strip_prefix("cap-").unwrap_or(&slug).to_lowercase();
        let name = shown(&html::unescape(&term.text_at("wp:term_name")));
        if term.text_at("wp:term_taxonomy") == "author"
            && !self.authors.contains_key(&slug)
            && let Some(author) = guest(&slug, &name)
        {
            self.authors.insert(slug, author);
        }
    }

    /// Gives a post its authors: those that a plugin lists, or else its creator.
    pub(super) fn credit(&self, nested: &mut Nested, item: &Element) {
        let listed = item.all("category").filter(|term| term.attribute("domain") == "author");
        let mut authors: Vec<Author> = listed.filter_map(|term| self.listed(term)).collect();
        if authors.is_empty() {
            authors.extend(self.creator(&item.text_at("dc:creator")));
        }
        let names: Vec<&str> = authors.iter().map(|author| author.byline.name.as_str()).collect();
        nested.article.credit = names.join(", ");
        for author in authors {
            nested.former(AssetKind::Byline, &author.id, author.former);
            nested.byline(author.id, author.byline);
        }
    }

    /// Returns an author of Co-Authors Plus or PublishPress: a user by login, or a guest by name and slug.
    fn listed(&self, term: &Element) -> Option<Author> {
        let (name, slug) = (html::unescape(&term.text()), term.attribute("nicename"));
        let slug = slug.strip_prefix("cap-").unwrap_or(slug).to_lowercase();
        let known = self.authors.get(&name.to_lowercase()).or_else(|| self.authors.get(&slug));
        known.cloned().or_else(|| guest(&slug, &shown(&name)))
    }

    /// Returns the user of this login. What no author of the file has as a login is the name, as exports before 1.1
    /// have it.
    fn creator(&self, creator: &str) -> Option<Author> {
        let known = self.authors.get(&creator.to_lowercase());
        known.cloned().or_else(|| guest("", &names::cased(&shown(creator))))
    }
}

impl Author {
    /// Returns the author that a `wp:author` describes; `None` for one with neither name nor login.
    pub(super) fn of(element: &Element, blog: &str) -> Option<Self> {
        let login = element.text_at("wp:author_login");
        let number = element.text_at("wp:author_id");
        // The blog keeps names as its pages have them.
        let text = |name: &str| html::unescape(&element.text_at(name));
        let (given, family) = (text("wp:author_first_name"), text("wp:author_last_name"));
        let full = format!("{given} {family}").trim().to_owned();
        let displayed = text("wp:author_display_name");
        let name = match displayed.as_str() {
            "" if full.is_empty() => shown(&login),
            name if (name.is_empty() || name.contains('@')) && !full.is_empty() => full,
            name => shown(name),
        };
        let numbered = !blog.is_empty() && !number.is_empty();
        let id = if numbered { link::asset_id(format!("{blog}/?author={number}")).ok() } else { None };
        let id = id.or_else(|| names::byline_id(&name))?;
        let structured = !given.is_empty() || !family.is_empty();
        let person = names::person(&name);
        let byline = if structured { Byline { given, family, ..person } } else { person };
        Some(Self { id, byline, former: names::byline_id(&login) })
    }
}

/// Returns an author who is no user of the blog.
fn guest(slug: &str, name: &str) -> Option<Author> {
    let is_slug = !name.contains(char::is_whitespace) && !name.chars().any(char::is_uppercase);
    let name = if is_slug { names::cased(&name.replace(['-', '_', '.'], " ")) } else { name.to_owned() };
    let id = names::byline_id(if slug.is_empty() { &name } else { slug })?;
    Some(Author { id, byline: names::person(&name), former: None })
}

/// Returns a name that may be shown: of an address of mail the part before the `@`, as words.
fn shown(name: &str) -> String {
    match name.split_once('@') {
        Some((local, _)) if !local.contains(char::is_whitespace) => {
            names::cased(&local.replace(['.', '-', '_', '+'], " "))
        }
        _ => name.to_owned(),
    }
}
