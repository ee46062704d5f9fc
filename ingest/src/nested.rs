//! Assets that an article nests: its persons and its pictures, each referred to by id.

use serde_json::Value;
use store::{Article, AssetId, AssetKind, Content, Fact, Image, Rendition, Timestamp};

use crate::{
    credits,
    html::Picture,
    link, names,
    publicity::Publicity,
    record::{Former, Found, Reason, time_of},
};

/// An article under way, and the assets that were found in it.
#[derive(Default)]
pub(crate) struct Nested {
    pub(crate) article: Article,
    found: Vec<Found>,
    former: Vec<Former>,
}

impl Nested {
    /// Returns an article of which something is known already.
    pub(crate) fn of(article: Article) -> Self {
        Self { article, ..Self::default() }
    }

    /// Returns when the article's event happened.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        time_of(self.article.updated.as_ref(), self.article.published.as_ref())
    }

    /// States the id that an older rule gave to what this article refers to.
    pub(crate) fn former(&mut self, kind: AssetKind, now: &AssetId, then: Option<AssetId>) {
        self.former.extend(Former::new(kind, now, then));
    }

    /// Adds an author whom the source names alone, as one person or organisation.
    pub(crate) fn person(&mut self, name: &str) {
        self.person_with(name, |_| {});
    }

    /// Adds an author whom the source names alone, with what else it says of them.
    pub(crate) fn person_with(&mut self, name: &str, says: impl FnOnce(&mut store::Byline)) {
        let mut byline = credits::one(name);
        if let Some(id) = names::byline_id(&byline.name) {
            says(&mut byline);
            self.byline(id, byline);
        }
    }

    /// Adds an author whom a list names, whichever part of the name stands first. Returns the name as it is shown.
    pub(crate) fn listed_person(&mut self, name: &str) -> String {
        let byline = credits::listed(name);
        let shown = byline.name.clone();
        if let Some(id) = names::byline_id(&byline.name) {
            self.byline(id, byline);
        }
        shown
    }

    /// Refers to an author who is described elsewhere.
    pub(crate) fn refer_byline(&mut self, id: AssetId) {
        if !self.article.bylines.contains(&id) && self.article.bylines.len() < store::MAX_REFERENCES {
            self.article.bylines.push(id);
        }
    }

    /// Adds an author whose id is known.
    pub(crate) fn byline(&mut self, id: AssetId, byline: store::Byline) {
        if !self.article.bylines.contains(&id) && self.article.bylines.len() < store::MAX_REFERENCES {
            self.former(AssetKind::Byline, &id, names::former_byline_id(&byline.name));
            self.article.bylines.push(id.clone());
            self.found.push(Found::mentioned(id, byline, None));
        }
    }

    /// Takes back all authors, whom something else than the credit names.
    pub(crate) fn clear_people(&mut self) {
        self.article.credit.clear();
        self.article.bylines.clear();
        self.found.retain(|one| one.event.asset().is_none_or(|asset| asset.kind != AssetKind::Byline));
    }

    /// Says who someone is without making them an author.
    pub(crate) fn mention(&mut self, id: AssetId, byline: store::Byline) {
        self.found.push(Found::mentioned(id, byline, None));
    }

    /// Takes the printed credit apart where no authors are known otherwise.
    pub(crate) fn people_of_credit(&mut self) {
        if self.article.bylines.is_empty() {
            let credit = self.article.credit.clone();
            self.people_of(&credit);
        }
    }

    /// Adds the authors whom a printed credit names.
    pub(crate) fn people_of(&mut self, credit: &str) {
        for byline in credits::parse(credit) {
            if let Some(id) = names::byline_id(&byline.name) {
                self.byline(id, byline);
            }
        }
    }

    /// Does something, and states this of what it adds.
    pub(crate) fn within(&mut self, publicity: Publicity, add: impl FnOnce(&mut Self)) {
        let before = self.found.len();
        add(self);
        let added = self.found.split_off(before);
        self.found.extend(publicity.on(added));
    }

    /// Adds a picture that the source describes.
    pub(crate) fn image(&mut self, id: AssetId, image: Image) {
        self.add_image(id, image, false);
    }

    /// Adds a picture that is shown in a text.
    pub(crate) fn picture(&mut self, shown: Picture) {
        if let Ok(id) = link::asset_id(shown.href.trim()) {
            self.picture_as(id, shown);
        }
    }

    /// Adds a picture that is shown in a text, and has an id of its own there.
    pub(crate) fn picture_as(&mut self, id: AssetId, shown: Picture) {
        let rendition =
            Rendition { href: shown.href, width: shown.width, height: shown.height, ..Rendition::default() };
        let image = Image {
            caption: shown.caption,
            alt: shown.alt,
            credit: shown.credit,
            renditions: vec![rendition],
            ..Image::default()
        };
        self.add_image(id, image, true);
    }

    /// Refers to a picture that is described elsewhere.
    pub(crate) fn refer(&mut self, id: AssetId) {
        if !self.article.images.contains(&id) && self.article.images.len() < store::MAX_REFERENCES {
            self.article.images.push(id);
        }
    }

    /// Refers to a picture that is described elsewhere, before all others.
    pub(crate) fn show_first(&mut self, id: AssetId) {
        self.article.images.retain(|other| *other != id);
        if self.article.images.len() < store::MAX_REFERENCES {
            self.article.images.insert(0, id);
        }
    }

    /// Adds a picture. Of one that is there already, what it did not say yet.
    fn add_image(&mut self, id: AssetId, image: Image, mention: bool) {
        let same = self.found.iter_mut().find(|one| one.event.id == id);
        if let Some(Fact::Published(Content::Image(known))) = same.map(|one| &mut one.event.fact) {
            complete(known, image);
            return;
        }
        if !self.article.images.contains(&id) && self.article.images.len() < store::MAX_REFERENCES {
            self.article.images.push(id.clone());
            self.found.push(Found { mention, ..Found::published(id, image, None) });
        }
    }

    /// Keeps where the links of its text lead, after those that are there.
    pub(crate) fn links(&mut self, links: impl IntoIterator<Item = String>) {
        let mut links: Vec<Value> = links.into_iter().map(Value::from).collect();
        if links.is_empty() {
            return;
        }
        match self.article.extra.entry("links").or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(known) => {
                links.retain(|link| !known.contains(link));
                known.append(&mut links);
            }
            known => {
                links.insert(0, known.take());
                *known = links.into();
            }
        }
    }

    /// Returns the events of what was found beside the article.
    pub(crate) fn others(self) -> Vec<Found> {
        self.found
    }

    /// Returns the events: what is referred to comes before the article.
    pub(crate) fn finish(self, id: AssetId) -> Vec<Found> {
        let time = self.time();
        let mut found = self.found;
        for one in &mut found {
            one.event.time = time;
        }
        found.push(Found::published(id, self.article, time));
        for one in &mut found {
            one.former.clone_from(&self.former);
        }
        found
    }
}

/// Adds what a second description of a picture says, and the first does not.
fn complete(known: &mut Image, other: Image) {
    for (place, text) in
        [(&mut known.caption, other.caption), (&mut known.alt, other.alt), (&mut known.credit, other.credit)]
    {
        if place.is_empty() {
            *place = text;
        }
    }
    for file in other.renditions {
        match known.renditions.iter_mut().find(|one| one.href == file.href) {
            Some(one) => {
                one.width = one.width.or(file.width);
                one.height = one.height.or(file.height);
            }
            None => known.renditions.push(file),
        }
    }
}

/// Returns the id that a source gives, or one made of the file and the place in it.
pub(crate) fn id_or(given: &str, otherwise: impl FnOnce() -> String) -> Result<AssetId, Reason> {
    let given: String = given.split_whitespace().collect::<Vec<_>>().join(" ");
    let id = if given.is_empty() { otherwise() } else { given };
    link::asset_id(id).map_err(|error| Reason::Content(error.to_string()))
}

/// Returns a tag such as `en-US`; empty for what is none.
pub(crate) fn language(tag: &str) -> String {
    let tag = tag.trim().replace('_', "-");
    let good = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.len() <= 35 && tag.split('-').all(good) { tag } else { String::new() }
}
