//! Markdown with front matter, as Jekyll, Hugo, Eleventy and their like keep it: posts, author profiles, and
//! the picture records of some sites.

mod body;
mod front;
mod picture;
mod scalars;
mod shortcode;

use serde_json::Value;
use store::{Article, AssetId, AssetKind, Byline, Image, Timestamp};

pub(super) use self::picture::ENTRY as IMAGE_DATA;
use super::{
    common::{Reader, text_of},
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    credits,
    cut::{Cutter, Whole},
    dates::DayOrder,
    fields::{self, Fields, keywords},
    html::{self, Picture},
    link, names,
    publicity::{self, Hidden, Publicity},
    record::{Former, Found, Origin, Raw, Reason, time_of},
};

pub(super) const ENTRY: Entry = Entry {
    name: "markdown",
    called: "Markdown with front matter",
    told: &[
        (Stage::Page, |head| front::has_json_front_matter(head.text)),
        (Stage::Plain, |head| has_front_matter(head.text)),
    ],
    says: Says::Format,
    record: RecordShape::Front,
    again: Again::Another,
    reader: |_| Box::new(Markdown),
    #[cfg(test)]
    sample: "---\ntitle: \"T\ndate\"\nauthors: [a-b, {name: C}]\nimage: {uid: x}\n---\n# H\n{{< img src=\"a\" alt=\"b\" >}} [l](u) ![i](p.png \"t\")\n\n<p>x<img src=y></p>\n\n```\n{{ a }}\n```\n",
};

pub(crate) struct Markdown;

impl Reader for Markdown {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let text = text_of(&raw.bytes);
        let (fields, body) = front::split(&text)?;
        let page = Page { stem: origin.stem.rsplit_once('.').map_or(origin.stem.as_str(), |(stem, _)| stem) };
        let publicity = page.publicity(&fields, &origin.path);
        match page.is_profile(&fields) {
            true => Ok(publicity.at_any_time().on(page.profile(fields, body)?)),
            false => Ok(publicity.on(page.article(fields, body)?)),
        }
    }
}

/// Returns the front matter of a page, or the fields of a picture's record; `None` where they are broken.
pub(super) fn fields_of(text: &str) -> Option<Fields> {
    front::split(text).map(|(fields, _)| fields).or_else(|_| front::yaml(text, 0)).ok()
}

/// Returns true if a text opens with front matter between fences, white space before it passed over.
pub(crate) fn has_front_matter(text: &str) -> bool {
    front::opening(text).is_some()
}

/// One page of a site, by its path from the site's root, without the ending.
struct Page<'a> {
    stem: &'a str,
}

impl Page<'_> {
    /// Returns the name of the site: the first folder.
    fn site(&self) -> &str {
        self.stem.split('/').next().unwrap_or("")
    }

    /// Returns the last part of the path that is a name: `_index` and `index` stand for their folder.
    fn name(&self) -> &str {
        let mut parts = self.stem.rsplit('/').filter(|part| !matches!(*part, "_index" | "index"));
        parts.next().unwrap_or(self.stem)
    }

    /// Returns the publicity of a page. Jekyll's drafts lie in a folder of their own, and its posts have a date in
    /// their names; everything else the front matter says.
    fn publicity(&self, fields: &Fields, path: &str) -> Publicity {
        let of_name = self.date_of_name().map(|date| Value::from(date.as_str()));
        let of_name = of_name.as_ref().filter(|_| !fields.0.contains_key("date"));
        let stated = fields.0.iter().map(|(name, value)| (name.as_str(), value));
        let stated = stated.chain(of_name.map(|date| ("date", date)));
        let said = publicity::named(stated, &publicity::OF_PAGES, DayOrder::Unknown);
        let mut folders = path.split('/').chain(self.stem.split(['/', '~']));
        match folders.any(|folder| folder == "_drafts") {
            true => said.and(Publicity::hidden(Hidden::Draft)),
            false => said,
        }
    }

    /// Returns true for a page about a person: it says so by its fields, or lies where such pages do.
    fn is_profile(&self, fields: &Fields) -> bool {
        let has = |name: &str| fields.0.get(name).is_some_and(Value::is_string);
        let folder = self.stem.split('/').rev().skip(1).any(|part| matches!(part, "authors" | "_authors"));
        has("display_name")
            || (has("first_name") && has("last_name"))
            || (folder && has("name") && !has("date"))
    }

    fn profile(&self, mut fields: Fields, body: &str) -> Result<Vec<Found>, Reason> {
        let given = fields.text("first_name");
        let family = fields.text("last_name");
        let name = fields.first_text(&["display_name", "name", "title"]);
        let name = if name.is_empty() { format!("{given} {family}").trim().to_owned() } else { name };
        let (guessed_given, guessed_family) = names::parts(&name);
        let structured = !given.is_empty() || !family.is_empty();
        let mut text = body::read(body);
        let byline = Byline {
            given: if structured { given } else { guessed_given },
            family: if structured { family } else { guessed_family },
            title: fields.first_text(&["job_title", "role", "position"]),
            organization: fields.first_text(&["agency_full_name", "agency", "organization", "company"]),
            also_known_as: fields.texts("also_known_as"),
            url: fields.first_text(&["url", "website"]),
            bio: match fields.first_text(&["bio", "description"]) {
                bio if bio.is_empty() => std::mem::take(&mut text.text),
                bio => bio,
            },
            name,
            ..Byline::default()
        };
        fields.keep("body", text.text.into());
        if !text.links.is_empty() {
            fields.add("links", text.links.into());
        }
        let id = names::byline_id(self.name())
            .ok_or_else(|| Reason::Content("an author's page needs a name to be known by".to_owned()))?;
        Ok(vec![Found::published(id, Byline { extra: fields.rest(), ..byline }, None)])
    }

    fn article(&self, mut fields: Fields, body: &str) -> Result<Vec<Found>, Reason> {
        let id = link::asset_id(self.stem).map_err(|error| Reason::Content(format!("the path: {error}")))?;
        let mut text = body::read(body);
        let links = std::mem::take(&mut text.links);
        let published = fields.first_date(&["date", "publishDate", "published", "pubDate", "date_published"]);
        let published = published.or_else(|| self.date_of_name());
        let updated =
            fields.first_date(&["lastmod", "updated", "modified", "last_modified_at", "date_modified"]);
        let time = time_of(updated.as_ref(), published.as_ref());
        let mut article = Article {
            // Exporters of other systems left entities there.
            headline: html::unescape(&fields.first_text(&["title", "headline"])),
            kicker: fields.text("kicker"),
            subheadline: fields.first_text(&["deck", "subtitle", "subheadline", "lead"]),
            summary: fields.first_text(&["summary", "description", "excerpt", "abstract"]),
            body: text.text,
            published,
            updated,
            section: fields.text("section"),
            page: fields.text("page"),
            edition: fields.text("edition"),
            genre: fields.first_text(&["type", "layout"]),
            source: fields.text("source"),
            url: fields.first_text(&["canonical_url", "canonical", "permalink", "url", "source_url"]),
            dateline: fields.text("dateline"),
            rights: fields.first_text(&["rights", "license", "copyright"]),
            ..Article::default()
        };
        if article.section.is_empty() {
            article.section = self.section();
        }
        // What says the same once more is no news.
        for name in ["description", "excerpt"] {
            if fields.0.get(name).is_some_and(|text| fields::text_of(text) == article.summary) {
                fields.0.remove(name);
            }
        }
        if article.headline.is_empty() {
            article.headline = text.heading;
        }
        language(&mut article, &mut fields);
        for (name, vocabulary) in [
            ("tags", "tag"),
            ("tag", "tag"),
            ("topics", "topic"),
            ("categories", "category"),
            ("category", "category"),
            ("keywords", "keyword"),
        ] {
            article.keywords.extend(keywords(vocabulary, fields.texts(name)));
        }
        let mut found = authors(&mut article, &mut fields, time);
        let mut named = picture::of_front_matter(&mut fields);
        named.extend(text.named);
        let mut former = Vec::new();
        for (picture, is_link) in named
            .into_iter()
            .map(|picture| (picture, false))
            .chain(text.pictures.into_iter().map(|picture| (picture, true)))
        {
            former.extend(self.show(&mut article, &mut found, picture, is_link, time));
        }
        if !links.is_empty() {
            fields.add("links", links.into());
        }
        article.extra = fields.rest();
        if !text.links.is_empty() {
            article.extra.insert("links".to_owned(), text.links.into());
        }
        if let Some(what) = without_text(&article) {
            return Err(Reason::NoAsset(what.to_owned()));
        }
        found.push(Found::published(id, article, time));
        for one in &mut found {
            one.former.clone_from(&former);
        }
        Ok(found)
    }

    /// Returns the date in the name of a file: Jekyll names its posts `2015-03-24-title.md`.
    fn date_of_name(&self) -> Option<store::ArchiveDate> {
        self.name().get(..10)?.parse().ok()
    }

    /// Returns the section: Hugo's are the folders below `content`.
    fn section(&self) -> String {
        let mut parts = self.stem.split('/').skip_while(|part| *part != "content").skip(1);
        match (parts.next(), parts.next()) {
            (Some(first), Some(_)) if !matches!(first, "posts" | "_posts" | "post") => first.to_owned(),
            _ => String::new(),
        }
    }

    /// Returns the id of a picture. A link is relative to the page; so is the name of a file that lies beside the text
    /// of a bundle.
    fn picture_id(&self, href: &str, is_link: bool) -> Option<AssetId> {
        let bundle = matches!(self.stem.rsplit('/').next(), Some("index" | "_index"));
        if is_link || (bundle && picture::is_file(href) && !href.contains('/')) {
            return link::picture_beside(self.stem, href);
        }
        link::picture_of(self.site(), href)
    }

    /// Adds a picture to the article, and says what the article knows of it. Returns the id that older rules gave it.
    fn show(
        &self,
        article: &mut Article,
        found: &mut Vec<Found>,
        shown: Picture,
        is_link: bool,
        time: Option<Timestamp>,
    ) -> Option<Former> {
        let id = self.picture_id(&shown.href, is_link)?;
        if article.images.contains(&id) || article.images.len() >= store::MAX_REFERENCES {
            return None;
        }
        let former = Former::new(AssetKind::Image, &id, link::picture_of(self.site(), &shown.href));
        article.images.push(id.clone());
        let rendition = picture::is_file(&shown.href).then(|| store::Rendition {
            href: shown.href.clone(),
            width: shown.width,
            height: shown.height,
            ..store::Rendition::default()
        });
        let image = Image {
            caption: shown.caption,
            alt: shown.alt,
            credit: shown.credit,
            renditions: rendition.into_iter().collect(),
            ..Image::default()
        };
        // A bare name without a word about it is a reference to a record of the site, and no more.
        if image != Image::default() {
            found.push(Found::mentioned(id, image, time));
        }
        former
    }
}

/// Returns the name of a page that has nothing of its own to show: one that leads on to another (`redirect_to` of
/// jekyll-redirect-from, `redirectto`), or a layout that is filled from elsewhere; `None` for any other.
fn without_text(article: &Article) -> Option<&'static str> {
    let says = [&article.headline, &article.kicker, &article.subheadline, &article.summary, &article.body];
    if says.iter().any(|text| !text.is_empty()) || !article.images.is_empty() {
        return None;
    }
    let leads_on = |name: &String| name.to_ascii_lowercase().starts_with("redirect");
    if article.extra.keys().any(leads_on) {
        Some("page that only leads on to another")
    } else if !article.genre.is_empty() {
        Some("page of a layout alone")
    } else {
        None
    }
}

/// Takes a tag such as `en` or `en_US` as the language; what is none stays a field of the source.
fn language(article: &mut Article, fields: &mut Fields) {
    for name in ["language", "lang", "locale"] {
        let tag = fields.text(name).replace('_', "-");
        let good =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !tag.is_empty() && tag.len() <= 35 && tag.split('-').all(good) && article.language.is_empty() {
            article.language = tag;
        } else {
            fields.keep(name, tag.into());
        }
    }
}

/// Names and slugs of authors; a record of its own says who they are, or else what the slug tells.
fn authors(article: &mut Article, fields: &mut Fields, time: Option<Timestamp>) -> Vec<Found> {
    let mut found = Vec::new();
    for field in ["authors", "author", "byline"] {
        let mut others = Vec::new();
        for value in fields.list(field) {
            let (name, slug) = match value {
                Value::String(text) => (text, String::new()),
                Value::Object(map) => {
                    let mut person = Fields(map);
                    let slug = person.first_text(&["slug", "id", "uid"]);
                    let name = person.first_text(&["name", "display_name", "title"]);
                    if !person.is_empty() {
                        others.push(Value::Object(person.rest()));
                    }
                    (if name.is_empty() { slug.clone() } else { name }, slug)
                }
                other => {
                    others.push(other);
                    continue;
                }
            };
            for (slug, byline) in people(&name, &slug) {
                let Some(id) = names::byline_id(&slug) else { continue };
                if !article.bylines.contains(&id) && article.bylines.len() < store::MAX_REFERENCES {
                    article.bylines.push(id.clone());
                    found.push(Found::mentioned(id, byline, time));
                }
            }
            if name.contains(' ') && article.credit.is_empty() {
                article.credit = name;
            }
        }
        fields.keep(field, Value::Array(others));
    }
    found
}

/// Returns the people whom an author's entry names: a slug one person, a printed credit several.
fn people(name: &str, slug: &str) -> Vec<(String, Byline)> {
    let name = name.trim();
    if !slug.is_empty() {
        return vec![(slug.to_owned(), names::person(name))];
    }
    let is_slug = !name.contains(char::is_whitespace) && !name.chars().any(char::is_uppercase);
    if is_slug {
        let words = name.replace(['-', '_'], " ");
        let shown = if words == name { words } else { names::cased(&words) };
        return vec![(name.to_owned(), names::person(&shown))];
    }
    credits::parse(name).into_iter().map(|byline| (byline.name.clone(), byline)).collect()
}

#[cfg(test)]
mod tests;
