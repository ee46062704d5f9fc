//! The language of an archive, told by what its records state and by its long texts, for those of its texts that are too
//! short to tell their own.
//!
//! A record that states no language and has few words gets it as `extra.site_language`; the record itself comes first: a
//! picture of an article has the language of its article. It is looked for in a sample of the files at the beginning of each
//! load. Where it comes out otherwise than before, that alone is no news: see [`settle`].

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use store::{AssetRef, Content, Fact, NewEvent, ReadError, Seq, Snapshot};
use whichlang::Lang;

use crate::{
    open::{self, Source},
    reader::format::{Detected, Format, detect},
    reader::{Readers, entry::Says},
    record::Found,
    walk::{Visit, What, walk},
};

/// The field of `extra` that holds it.
const FIELD: &str = "site_language";
/// Of so many files the sample is taken, evenly over all of them …
const FILES: usize = 100;
/// … or, of what is packed, the first; and of each so many records …
const RECORDS: usize = 8;
/// … that are no larger than this.
const RECORD_BYTES: usize = 256 << 10;
/// A text of so many words tells its language.
const LONG: usize = 40;
/// One of fewer words does not for certain.
const SHORT: usize = 16;
/// The bytes of a text that are looked at.
const LOOK_AT_BYTES: usize = 2_000;
/// The number of votes that decide …
const ENOUGH: u32 = 3;
/// … if nine of ten agree.
const AGREE: u32 = 9;

/// The languages of what is loaded, by the paths that were given.
#[derive(Debug, Default)]
pub(super) struct SiteLanguages(Vec<(String, &'static str)>);

impl SiteLanguages {
    /// Takes the sample.
    pub(super) fn of(paths: &[impl AsRef<Path>], readers: &Readers) -> Self {
        let of_path = |path: &Path| Some((path.display().to_string(), of_path(path, readers)?));
        Self(paths.iter().filter_map(|path| of_path(path.as_ref())).collect())
    }

    /// States the language of what a record says where it neither states nor tells it.
    pub(super) fn state(&self, format: Format, path: &str, found: &mut [Found]) {
        let is_silent =
            |one: &Found| matches!(&one.event.fact, Fact::Published(content) if is_short(content));
        // To tell the language of a text is a fifth of what a load costs: it is done for those that need it.
        if format.entry().says == Says::Keeper || !found.iter().any(is_silent) {
            return;
        }
        let article = found.iter().find_map(|one| match &one.event.fact {
            Fact::Published(Content::Article(article)) => Some(article),
            _ => None,
        });
        let of_record = article.and_then(|article| match short_tag(&article.language) {
            "" => told_by(&article.body).map(str::to_owned),
            stated => Some(stated.to_owned()),
        });
        let of_site =
            || self.0.iter().filter(|(root, _)| path.starts_with(root)).max_by_key(|one| one.0.len());
        let language = of_record.or_else(|| of_site().map(|(_, tag)| (*tag).to_owned()));
        for one in found {
            if let Fact::Published(content) = &mut one.event.fact
                && is_short(content)
                && let Some(extra) = extra_of(content)
            {
                one.is_short = true;
                language.iter().for_each(|tag| {
                    extra.insert(FIELD.to_owned(), tag.as_str().into());
                });
            }
        }
    }
}

/// Gives an event what the asset's head says where only the language of the site differs: such a guess is no news, however
/// it comes out. Returns true if they are the same then.
pub(super) fn settle(snapshot: &Snapshot, asset: &AssetRef, event: &mut NewEvent) -> Result<bool, ReadError> {
    let Fact::Published(content) = &mut event.fact else { return Ok(false) };
    let Some(before) = head(snapshot, asset)?.filter(|before| is_same(content, before)) else {
        return Ok(false);
    };
    *content = before;
    Ok(true)
}

/// Returns true if an event says what the asset's head says, but for the language of the site.
pub(super) fn is_head(snapshot: &Snapshot, asset: &AssetRef, event: &NewEvent) -> Result<bool, ReadError> {
    let Fact::Published(content) = &event.fact else { return Ok(false) };
    Ok(head(snapshot, asset)?.is_some_and(|before| is_same(content, &before)))
}

/// Returns the content of the latest published revision of an asset.
fn head(snapshot: &Snapshot, asset: &AssetRef) -> Result<Option<Content>, ReadError> {
    let Some(state) = snapshot.state(asset)?.filter(|state| state.published != Seq::ZERO) else {
        return Ok(None);
    };
    Ok(match snapshot.event(state.published)?.fact() {
        Some(Fact::Published(content)) => Some(content.clone()),
        _ => None,
    })
}

/// Returns true for contents that differ in nothing but the language of the site.
pub(super) fn is_same(one: &Content, other: &Content) -> bool {
    let bare = |content: &Content| {
        let mut content = content.clone();
        extra_of(&mut content).map(|extra| extra.remove(FIELD));
        content
    };
    one == other || bare(one) == bare(other)
}

fn extra_of(content: &mut Content) -> Option<&mut serde_json::Map<String, Value>> {
    match content {
        Content::Article(article) => Some(&mut article.extra),
        Content::Image(image) => Some(&mut image.extra),
        Content::Byline(_) => None,
    }
}

/// Returns true for what states no language and has too few words to tell one.
fn is_short(content: &Content) -> bool {
    let short = |texts: &[&str]| {
        let longest = texts.iter().map(|text| words(text, SHORT)).max();
        longest.is_some_and(|words| (1..SHORT).contains(&words))
    };
    match content {
        Content::Article(article) => {
            article.language.is_empty() && short(&[&article.body, &article.summary, &article.headline])
        }
        Content::Image(image) => {
            !image.unknown.contains_key("language") && short(&[&image.caption, &image.alt])
        }
        Content::Byline(_) => false,
    }
}

/// Counts the words of a text, up to so many.
fn words(text: &str, most: usize) -> usize {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(most).count()
}

fn of_path(path: &Path, readers: &Readers) -> Option<&'static str> {
    // A stream cannot be read twice.
    if path == Path::new("-") {
        return None;
    }
    let files: Vec<Visit> =
        walk(path).filter(|visit| matches!(visit.what, What::File { bytes: 1.., .. })).collect();
    let mut votes: BTreeMap<&'static str, u32> = BTreeMap::new();
    for visit in files.iter().step_by((files.len() / FILES).max(1)) {
        vote(visit, readers, &mut votes);
    }
    let all: u32 = votes.values().sum();
    let (language, most) = votes.into_iter().max_by_key(|(_, count)| *count)?;
    (all >= ENOUGH && most * 10 >= all * AGREE).then_some(language)
}

/// Reads the first records of a file. One that cannot be read does not vote; the load itself tells of it.
fn vote(visit: &Visit, readers: &Readers, votes: &mut BTreeMap<&'static str, u32>) {
    let Ok(mut file) = fs::File::open(&visit.path) else { return };
    let origin = crate::record::Origin { path: visit.shown.clone(), stem: visit.stem.clone(), changed: None };
    let mut files = 0;
    open::open(Source::File(&mut file), origin, readers.hints.charset, &mut |stream| {
        let Ok(stream) = stream else { return true };
        let Detected::Known(format) = detect(&stream.head, &stream.origin, &readers.hints) else {
            return true;
        };
        let mut cutter = readers.of(format).cutter_at(&stream.head, &stream.origin);
        files += 1;
        for _ in 0..RECORDS {
            let Ok(Some(raw)) = cutter.next(stream.input) else { break };
            if raw.broken.is_some() || raw.bytes.len() > RECORD_BYTES {
                continue;
            }
            let Ok(found) = readers.read(format, &raw, &stream.origin) else { continue };
            for one in found {
                if let Fact::Published(Content::Article(article)) = &one.event.fact {
                    let stated = Some(known(short_tag(&article.language))).flatten();
                    let told = stated.or_else(|| told_by(&article.body));
                    told.into_iter().for_each(|tag| *votes.entry(tag).or_default() += 1);
                }
            }
        }
        files < FILES
    });
}

/// Returns the first subtag of a tag.
fn short_tag(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

/// Returns the language that a text of many words is in.
fn told_by(text: &str) -> Option<&'static str> {
    let end = (0..=LOOK_AT_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    let head = text.get(..end)?;
    (words(head, LONG) == LONG).then(|| tag_of(whichlang::detect_language(head)))
}

/// Returns a tag in the letters in which it is written here; `None` where its language is not known.
fn known(tag: &str) -> Option<&'static str> {
    whichlang::LANGUAGES
        .iter()
        .map(|language| tag_of(*language))
        .find(|known| known.eq_ignore_ascii_case(tag))
}

const fn tag_of(language: Lang) -> &'static str {
    match language {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}
