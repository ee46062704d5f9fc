//! Cutting an export of WordPress: its authors and its items, and what an item needs of the rest of the file.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, BufRead},
    sync::Arc,
};

use memchr::memmem;

use super::company::Company;
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    record::{MAX_RECORD_BYTES, Raw},
};

/// The bytes that may stand before the first item: a blog of a century has thousands of authors and terms.
const MAX_HEAD: usize = 8 << 20;
/// The bytes that are kept of the channel's own fields.
const MAX_CHANNEL: usize = 64 << 10;

/// Authors and items are records. An item comes with the channel's fields and its authors as its head.
///
/// `[gallery]` shows the pictures that were uploaded for its post, and only they know for which: such a post is held
/// back to the end of the file.
pub(super) struct Items {
    inner: XmlElements,
    head: Option<Arc<[u8]>>,
    ready: VecDeque<Raw>,
    held: Vec<Raw>,
    held_bytes: usize,
    /// The numbers of the pictures that were uploaded for a post, by its number.
    uploads: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    /// Records that were cut from the head.
    authors: u64,
    company: Company,
}

impl Items {
    pub(super) fn new() -> Self {
        Self {
            inner: XmlElements::named(&["item"]).with_head(MAX_HEAD),
            head: None,
            ready: VecDeque::new(),
            held: Vec::new(),
            held_bytes: 0,
            uploads: HashMap::new(),
            authors: 0,
            company: Company::default(),
        }
    }

    /// Makes the records of what stands before the first item, and the head of all items.
    fn begin(&mut self, before: &Arc<[u8]>) -> io::Result<()> {
        let mut input: &[u8] = before;
        let mut cutter = XmlElements::named(&["author", "category", "tag", "term"]);
        let mut head = Vec::new();
        let mut channel = Arc::<[u8]>::default();
        while let Some(raw) = cutter.next(&mut input)? {
            if channel.is_empty() {
                channel = raw.head.get(..raw.head.len().min(MAX_CHANNEL)).unwrap_or_default().into();
                head.extend_from_slice(&channel);
            }
            let author = has_name(&raw.bytes, b"author");
            // The plugins that give a post several authors keep them as terms.
            let co_author = has_name(&raw.bytes, b"term") && memmem::find(&raw.bytes, b"author").is_some();
            if author || co_author {
                head.extend_from_slice(&raw.bytes);
            }
            if author {
                self.authors += 1;
                let place = crate::record::Place { record: self.authors, ..raw.place };
                self.company.author(Raw { place, head: Arc::clone(&channel), ..raw });
            }
        }
        self.head = Some(if head.is_empty() { Arc::clone(before) } else { head.into() });
        Ok(())
    }

    /// Notes an upload, or holds a post back that shows its uploads.
    fn item(&mut self, mut raw: Raw) {
        raw.place.record += self.authors;
        raw.head = self.head.clone().unwrap_or_default();
        let number = value_of(&raw.bytes, b"wp:post_id");
        if value_of(&raw.bytes, b"wp:post_type") == Some(b"attachment") {
            let parent = value_of(&raw.bytes, b"wp:post_parent").filter(|parent| *parent != b"0");
            if let (Some(parent), Some(number)) = (parent, number) {
                self.uploads.entry(parent.to_vec()).or_default().push(number.to_vec());
            }
            self.ready.extend(self.company.upload(raw));
            return;
        }
        self.ready.extend(self.company.post(&raw));
        if shows_uploads(&raw.bytes) && self.held_bytes + raw.bytes.len() <= MAX_RECORD_BYTES {
            self.held_bytes += raw.bytes.len();
            self.held.push(raw);
            return;
        }
        self.ready.push_back(raw);
    }

    /// Releases what was held back: authors and uploads with what is said of them, each post with the numbers of its
    /// uploads in its head.
    fn release(&mut self) {
        self.ready.extend(self.company.end());
        for mut raw in std::mem::take(&mut self.held) {
            let numbers = value_of(&raw.bytes, b"wp:post_id").and_then(|number| self.uploads.get(number));
            if let Some(numbers) = numbers {
                let mut head = raw.head.to_vec();
                head.extend(b"<uploads>");
                head.extend(numbers.join(&b','));
                head.extend(b"</uploads>");
                raw.head = head.into();
            }
            self.ready.push_back(raw);
        }
    }
}

impl Cutter for Items {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        loop {
            if let Some(raw) = self.ready.pop_front() {
                return Ok(Some(raw));
            }
            let next = self.inner.next(input)?;
            if self.head.is_none() {
                self.begin(&self.inner.head())?;
            }
            match next {
                Some(raw) => self.item(raw),
                None => {
                    self.release();
                    return Ok(self.ready.pop_front());
                }
            }
        }
    }
}

/// Returns true if an element, with a prefix or without, is called so.
fn has_name(element: &[u8], name: &[u8]) -> bool {
    let tag = element.get(1..).unwrap_or_default();
    let end = tag.iter().position(|byte| b" \t\r\n/>".contains(byte)).unwrap_or(tag.len());
    let found = tag.get(..end).unwrap_or_default();
    found.rsplit(|byte| *byte == b':').next() == Some(name)
}

/// Returns the characters of a simple element, which may stand in CDATA.
pub(super) fn value_of<'r>(record: &'r [u8], name: &[u8]) -> Option<&'r [u8]> {
    let open = [b"<", name, b">"].concat();
    let rest = record.get(memmem::find(record, &open)? + open.len()..)?;
    let rest = rest.get(..memmem::find(rest, b"</")?)?.trim_ascii();
    let inner = rest.strip_prefix(b"<![CDATA[").and_then(|rest| rest.strip_suffix(b"]]>"));
    Some(inner.unwrap_or(rest).trim_ascii())
}

/// Returns true if there is a gallery that names no pictures.
fn shows_uploads(record: &[u8]) -> bool {
    memmem::find_iter(record, b"[gallery").any(|at| {
        let rest = record.get(at..).unwrap_or_default();
        let tag = rest.get(..memchr::memchr(b']', rest).unwrap_or(0)).unwrap_or_default();
        [&b"ids="[..], b"include="].iter().all(|name| memmem::find(tag, name).is_none())
    })
}
