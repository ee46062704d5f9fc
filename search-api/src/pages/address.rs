//! Addresses: what a search page's URL says, and the URLs of everything else.
//!
//! A search is nothing but its address, so every state of it can be shared, bookmarked and gone back to.

use maud::{Markup, html};
use store::{AsOf, AssetId, AssetKind};
use views::{ARTICLES, BYLINES, ViewId};

use crate::links;

/// A search, as the address of its page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) view: ViewId,
    pub(super) q: String,
    /// True if its words are meant as they are written, not in all their forms.
    pub(super) exact: bool,
    /// The facets that narrow it: a facet's name and one of its values.
    pub(super) facets: Vec<(String, String)>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) sort: Order,
    /// From 1. With a cursor it only says where the reader is; without, it is so many pages from the first.
    pub(super) page: usize,
    /// The hit behind which, or before which, the page begins: a cursor, so that what is new does not move the page.
    pub(super) cursor: Option<Cursor>,
    /// The name of an index of the archive as it stood.
    pub(super) as_of: String,
    /// The facet of which all values are shown, by its name; empty for none.
    pub(super) unfolded: String,
}

/// A place between two hits, as the text that the request reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cursor {
    After(String),
    Before(String),
}

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Relevance,
    Newest,
    Oldest,
    /// Of bylines: those who wrote most first.
    Most,
}

impl Order {
    const ALL: [Self; 4] = [Self::Relevance, Self::Most, Self::Newest, Self::Oldest];

    /// Those in which an address can be shown, the one first that is meant when it says none.
    pub(super) fn of(address: &Address) -> Vec<Self> {
        let fits = |order: &Self| match order {
            // Without words there is no relevance.
            Self::Relevance => !address.q.is_empty(),
            Self::Most => address.view == BYLINES,
            Self::Newest | Self::Oldest => true,
        };
        Self::ALL.into_iter().filter(fits).collect()
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Most => "most",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Relevance => "Relevance",
            Self::Newest => "Newest",
            Self::Oldest => "Oldest",
            Self::Most => "Most articles",
        }
    }
}

/// A facet that a view has: its name in addresses, its field, and its heading.
pub(super) struct Facet {
    pub(super) name: &'static str,
    pub(super) field: &'static str,
    pub(super) label: &'static str,
}

const fn facet(name: &'static str, field: &'static str, label: &'static str) -> Facet {
    Facet { name, field, label }
}

static ARTICLE_FACETS: [Facet; 6] = [
    facet("section", "section", "Section"),
    facet("byline", "bylines.name.keyword", "Byline"),
    facet("keyword", "keywords.value.keyword", "Keyword"),
    facet("type", "type", "Type"),
    facet("language", "language", "Language"),
    facet("source", "source", "Source"),
];
static IMAGE_FACETS: [Facet; 2] = [
    facet("byline", "photographer.name.keyword", "By"),
    facet("section", "used_in.section", "Used in section"),
];
static BYLINE_FACETS: [Facet; 2] = [
    facet("section", "sections.name", "Section"),
    facet("organization", "organization.keyword", "Organization"),
];

/// The facets of a view, in the order in which they are shown.
pub(super) fn facets_of(view: ViewId) -> &'static [Facet] {
    match view.kind() {
        AssetKind::Article => &ARTICLE_FACETS,
        AssetKind::Image => &IMAGE_FACETS,
        AssetKind::Byline => &BYLINE_FACETS,
    }
}

impl Default for Address {
    fn default() -> Self {
        Self {
            view: ARTICLES,
            q: String::new(),
            exact: false,
            facets: Vec::new(),
            from: String::new(),
            to: String::new(),
            sort: Order::Relevance,
            page: 1,
            cursor: None,
            as_of: String::new(),
            unfolded: String::new(),
        }
    }
}

/// More values in one address are passed over.
const MAX_FACETS: usize = 40;

impl Address {
    /// Reads the parameters of a search page. What it does not know it passes over: an address that somebody
    /// shortened or extended still leads somewhere.
    pub(super) fn parse(params: &[(String, String)]) -> Self {
        let mut address = Self::default();
        if let Some((_, view)) = params.iter().find(|(name, _)| name == "view") {
            address.view = view.parse().unwrap_or(ARTICLES);
        }
        for (name, value) in params {
            let value = value.trim();
            match name.as_str() {
                "q" => value.clone_into(&mut address.q),
                "exact" => address.exact = matches!(value, "true" | "1"),
                "from" => value.clone_into(&mut address.from),
                "to" => value.clone_into(&mut address.to),
                "as_of" => value.clone_into(&mut address.as_of),
                "all" => value.clone_into(&mut address.unfolded),
                "after" if !value.is_empty() => address.cursor = Some(Cursor::After(value.to_owned())),
                "before" if !value.is_empty() => address.cursor = Some(Cursor::Before(value.to_owned())),
                "page" => address.page = value.parse().unwrap_or(1).max(1),
                "sort" => {
                    let known = Order::ALL.into_iter().find(|order| order.name() == value);
                    address.sort = known.unwrap_or(Order::Relevance);
                }
                name if address.facets.len() < MAX_FACETS && !value.is_empty() => {
                    let known = facets_of(address.view).iter().any(|facet| facet.name == name);
                    if known && !address.has(name, value) {
                        address.facets.push((name.to_owned(), value.to_owned()));
                    }
                }
                _ => {}
            }
        }
        address
    }

    /// Returns true if it asks for anything but the whole archive.
    pub(super) fn is_front_page(&self) -> bool {
        *self == Self { view: self.view, ..Self::default() }
    }

    /// The order in which it is shown.
    pub(super) fn order(&self) -> Order {
        let orders = Order::of(self);
        if orders.contains(&self.sort) { self.sort } else { orders.first().copied().unwrap_or(self.sort) }
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.facets.iter().any(|(n, v)| n == name && v == value)
    }

    /// Its parameters, those left out that say nothing.
    pub(super) fn params(&self) -> Vec<(&str, String)> {
        let mut params = Vec::new();
        let mut add = |name, value: &str| {
            if !value.is_empty() {
                params.push((name, value.to_owned()));
            }
        };
        add("q", &self.q);
        add("exact", if self.exact { "true" } else { "" });
        add("view", if self.view == ARTICLES { "" } else { self.view.name() });
        for (name, value) in &self.facets {
            add(name, value);
        }
        add("from", &self.from);
        add("to", &self.to);
        add("sort", if self.sort == Order::Relevance { "" } else { self.sort.name() });
        add("as_of", &self.as_of);
        add("all", &self.unfolded);
        match &self.cursor {
            Some(Cursor::After(cursor)) => add("after", cursor),
            Some(Cursor::Before(cursor)) => add("before", cursor),
            None => {}
        }
        if self.page > 1 {
            add("page", &self.page.to_string());
        }
        params
    }

    /// For a form that asks for some of the parameters itself: the others, from the first page.
    pub(super) fn hidden_inputs(&self, asked: &[&str]) -> Markup {
        html! {
            @for (name, value) in self.but(|_| ()).params().iter().filter(|(name, _)| !asked.contains(name)) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }

    pub(super) fn href(&self) -> String {
        links::with_params("/", &self.params())
    }

    /// Returns the address of the search from its first hit, in another form than a page.
    pub(super) fn href_at(&self, path: &str) -> String {
        links::with_params(path, &self.but(|_| ()).params())
    }

    /// The page of a hit. With words, it says which, and where to go back to. A search of the archive as it stood on a
    /// date leads to how the hit stood then.
    pub(super) fn hit(&self, kind: AssetKind, id: &AssetId) -> String {
        let is_date = self.as_of.parse::<AsOf>().is_ok();
        let href = if is_date { links::asset_at(kind, id, &self.as_of) } else { links::asset(kind, id) };
        if self.q.is_empty() { href } else { links::with_params(&href, &self.params()) }
    }

    /// Returns the address from its first page, changed.
    pub(super) fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self { page: 1, cursor: None, unfolded: String::new(), ..self.clone() };
        change(&mut other);
        other
    }

    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        self.but(|it| it.facets.push((name.to_owned(), value.to_owned())))
    }

    pub(super) fn without(&self, name: &str, value: &str) -> Self {
        self.but(|it| it.facets.retain(|(n, v)| n != name || v != value))
    }

    pub(super) fn between(&self, from: &str, to: &str) -> Self {
        self.but(|it| (it.from, it.to) = (from.to_owned(), to.to_owned()))
    }

    /// Returns the address with its words in another view, which has other facets.
    pub(super) fn in_view(&self, view: ViewId) -> Self {
        self.but(|it| {
            it.view = view;
            it.facets.retain(|(name, _)| facets_of(view).iter().any(|facet| facet.name == name));
        })
    }

    pub(super) fn on_page(&self, page: usize, cursor: Option<Cursor>) -> Self {
        Self { page, cursor, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(params: &[(&str, &str)]) -> Address {
        let params: Vec<(String, String)> =
            params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Address::parse(&params)
    }

    #[test]
    fn an_address_comes_back_from_its_own_parameters() {
        let address = parse(&[
            ("q", "\"painted pink\" & more"),
            ("section", "Local"),
            ("section", "World"),
            ("nonsense", "1"),
            ("exact", "true"),
            ("from", "1912"),
            ("sort", "oldest"),
            ("after", "5b5d"),
            ("page", "3"),
        ]);
        let again: Vec<(String, String)> =
            address.params().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(Address::parse(&again), address);
        assert_eq!(
            address.href(),
            "/?q=%22painted%20pink%22%20%26%20more&exact=true&section=Local&section=World&from=1912&sort=oldest&after=5b5d&page=3"
        );
        assert_eq!(address.without("section", "World").in_view(BYLINES).page, 1);
    }
}
