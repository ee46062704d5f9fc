//! The company of the posts of a blog, public with one of them: their authors and their uploads.
//!
//! An upload has the status `inherit`: it is what its post is, and public, too, where any public post shows it. An author
//! of drafts alone is known to nobody. Both are told by other items of the file, and wait for these.

use std::collections::{HashMap, HashSet};

use memchr::memmem;

use super::{NO_TEXTS, cutter::value_of};
use crate::{
    html,
    publicity::{self, Publicity},
    record::{MAX_RECORD_BYTES, Raw},
    xml,
};

/// Keeps authors and uploads until it is known whether they are public.
#[derive(Default)]
pub(super) struct Company {
    /// In the order of the file, until a public post names them.
    authors: Vec<Option<Author>>,
    /// Their places, by login in lower case.
    places: HashMap<Vec<u8>, usize>,
    /// The publicity that posts state of themselves, by their numbers.
    posts: HashMap<Vec<u8>, Publicity>,
    /// The numbers of the uploads that public posts show.
    shown: HashSet<Vec<u8>>,
    uploads: Vec<Raw>,
    upload_bytes: usize,
}

struct Author {
    raw: Raw,
    /// The publicity of the posts that name this author, where none of them is public.
    hidden: Option<Publicity>,
}

impl Company {
    /// Keeps an author.
    pub(super) fn author(&mut self, raw: Raw) {
        let login = value_of(&raw.bytes, b"wp:author_login").unwrap_or_default().to_ascii_lowercase();
        self.places.insert(login, self.authors.len());
        self.authors.push(Some(Author { raw, hidden: None }));
    }

    /// Takes note of an item that is no upload. Returns the authors that are public with it.
    pub(super) fn post(&mut self, raw: &Raw) -> Vec<Raw> {
        let kind = value_of(&raw.bytes, b"wp:post_type").map(String::from_utf8_lossy).unwrap_or_default();
        if NO_TEXTS.contains(&kind.as_ref()) {
            return Vec::new();
        }
        let said = publicity_of(raw, &kind);
        let is_public = said == Publicity::default();
        let mut public = Vec::new();
        for login in logins(&raw.bytes) {
            let Some(place) = self.places.get(&login).and_then(|at| self.authors.get_mut(*at)) else {
                continue;
            };
            match place {
                Some(_) if is_public => public.extend(place.take().map(|author| author.raw)),
                Some(author) => {
                    let before = author.hidden.take();
                    author.hidden = Some(before.map_or(said.clone(), |before| before.or(said.clone())));
                }
                None => {}
            }
        }
        if is_public {
            self.shown.extend(uploads_in(&raw.bytes));
        }
        if let Some(number) = value_of(&raw.bytes, b"wp:post_id") {
            self.posts.insert(number.to_vec(), said);
        }
        public
    }

    /// Gives an upload back if its post is public or it has none, and keeps it otherwise.
    pub(super) fn upload(&mut self, raw: Raw) -> Option<Raw> {
        let Some(parent) = parent_of(&raw) else { return Some(raw) };
        if self.posts.get(parent).is_some_and(|said| *said == Publicity::default()) {
            return Some(raw);
        }
        if self.upload_bytes + raw.bytes.len() > MAX_RECORD_BYTES {
            // More than is kept in memory: one whose post was not met yet is not shown before the next export.
            let said = self.posts.get(parent).cloned();
            let publicity = said.unwrap_or(Publicity::hidden(publicity::Hidden::Companion)).of_companions();
            return Some(Raw { publicity, ..raw });
        }
        self.upload_bytes += raw.bytes.len();
        self.uploads.push(raw);
        None
    }

    /// Gives back at the end of the file what was kept, each with what it came with says.
    pub(super) fn end(&mut self) -> Vec<Raw> {
        let authors = std::mem::take(&mut self.authors).into_iter().flatten();
        let mut left: Vec<Raw> = authors
            .map(|author| {
                let publicity = author.hidden.unwrap_or_default().of_companions();
                Raw { publicity, ..author.raw }
            })
            .collect();
        for raw in std::mem::take(&mut self.uploads) {
            let number = value_of(&raw.bytes, b"wp:post_id").unwrap_or_default();
            let said = parent_of(&raw).filter(|_| !self.shown.contains(number));
            let said = said.and_then(|parent| self.posts.get(parent)).cloned().unwrap_or_default();
            left.push(Raw { publicity: said.of_companions(), ..raw });
        }
        left
    }
}

/// Returns what an item says of itself; most are posts that are published, which is told without taking them apart.
fn publicity_of(raw: &Raw, kind: &str) -> Publicity {
    let empty = |name: &[u8]| value_of(&raw.bytes, name).is_none_or(<[u8]>::is_empty);
    let status = value_of(&raw.bytes, b"wp:status");
    let is_open = empty(b"wp:post_password");
    if status == Some(b"publish") && is_open && matches!(kind, "post" | "page") {
        return Publicity::default();
    }
    match xml::parse(raw) {
        Ok(item) => publicity::wordpress(&item),
        // The reader tells what is wrong with it. Of one that was cut off before its status nothing is known.
        Err(_) if is_open && status.is_none_or(|status| status == b"publish") => Publicity::default(),
        Err(_) => Publicity::hidden(publicity::Hidden::Companion),
    }
}

fn parent_of(raw: &Raw) -> Option<&[u8]> {
    value_of(&raw.bytes, b"wp:post_parent").filter(|parent| !matches!(*parent, b"0" | b""))
}

/// Returns the logins of who made an item: its creator, and the authors that a plugin lists as terms.
fn logins(item: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> =
        value_of(item, b"dc:creator").into_iter().map(<[u8]>::to_ascii_lowercase).collect();
    for at in memmem::find_iter(item, b"<category") {
        let tag = item.get(at..).unwrap_or_default();
        let tag =
            String::from_utf8_lossy(tag.get(..memchr::memchr(b'>', tag).unwrap_or(0)).unwrap_or_default());
        if html::attribute(&tag, "domain").as_deref() == Some("author")
            && let Some(slug) = html::attribute(&tag, "nicename")
        {
            let slug = slug.strip_prefix("cap-").unwrap_or(&slug).to_lowercase();
            found.push(slug.into_bytes());
        }
    }
    found
}

/// Returns the numbers of the uploads that a post shows: in its text, in a gallery, over its text.
fn uploads_in(item: &[u8]) -> Vec<Vec<u8>> {
    let digits = |from: usize| {
        let rest = item.get(from..).unwrap_or_default();
        rest.get(..rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()))
            .unwrap_or_default()
    };
    let mut found = Vec::new();
    for mark in [&b"wp-image-"[..], b"attachment_"] {
        found.extend(memmem::find_iter(item, mark).map(|at| digits(at + mark.len()).to_vec()));
    }
    for mark in [&b" ids="[..], b" include="] {
        for at in memmem::find_iter(item, mark) {
            let rest = item.get(at + mark.len()..).unwrap_or_default();
            let list = rest.get(..memchr::memchr(b']', rest).unwrap_or(0)).unwrap_or_default();
            let numbers = list.split(|byte| !byte.is_ascii_digit());
            found.extend(numbers.filter(|number| !number.is_empty()).map(<[u8]>::to_vec));
        }
    }
    for at in memmem::find_iter(item, b"_thumbnail_id") {
        let value = item.get(at..).and_then(|rest| value_of(rest, b"wp:meta_value"));
        found.extend(value.map(<[u8]>::to_vec));
    }
    found
}
