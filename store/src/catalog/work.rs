//! The work that names an asset, counted: the assets that readers see, their dates and sections.
//! Kept in the catalog, so that a byline with a million articles is told of by reading some rows.
//!
//! The rows lie beside the edges of the asset that is named:
//!
//! ```text
//! key   = key of the asset, a one byte, what is counted     (an edge has a zero byte there)
//! what  = 'a'                                articles
//!       | 'd', start of the date in milliseconds, offset by 2^63 so that it sorts:8 bytes, the date as it was stated
//!       | 'i'                                images
//!       | 's', section
//! value = count:varint, [the section in full if it is so long that the key ends in its digest]
//! ```
//!
//! Of an image only the articles are counted. A row whose count comes to nothing is taken away.

use std::collections::BTreeMap;

use heed::{RoTxn, RwTxn};

use crate::{
    asset::{AssetKind, AssetRef},
    catalog::{Brief, MAX_EDGE_PART, damaged, shorten_into},
    date::ArchiveDate,
    error::ReadError,
    log::{
        encoding::{Cursor, put_varint},
        record::Malformed,
        tables::CatalogTables,
    },
};

const SEPARATOR: u8 = 1;
const ARTICLES: u8 = b'a';
const DATE: u8 = b'd';
const IMAGES: u8 = b'i';
const SECTION: u8 = b's';

/// The assets that name one and that readers see, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// The number of articles.
    pub articles: u64,
    /// The number of images.
    pub images: u64,
    /// The earliest date of an article; of several that begin together the least by its text. Of an image it is not
    /// known.
    pub first: Option<ArchiveDate>,
    /// The latest, in the same order.
    pub last: Option<ArchiveDate>,
    /// The number of articles in each section. Of an image it is not known.
    pub sections: BTreeMap<String, u64>,
}

impl Work {
    /// Counts one more asset that readers see.
    pub fn add(&mut self, kind: AssetKind, brief: &Brief) {
        match kind {
            AssetKind::Article => {
                self.articles += 1;
                if let Ok(date) = brief.published.parse::<ArchiveDate>() {
                    if self.first.as_ref().is_none_or(|first| order(&date) < order(first)) {
                        self.first = Some(date.clone());
                    }
                    if self.last.as_ref().is_none_or(|last| order(&date) > order(last)) {
                        self.last = Some(date);
                    }
                }
                if !brief.section.is_empty() {
                    match self.sections.get_mut(&brief.section) {
                        Some(count) => *count += 1,
                        None => drop(self.sections.insert(brief.section.clone(), 1)),
                    }
                }
            }
            AssetKind::Image => self.images += 1,
            AssetKind::Byline => {}
        }
    }
}

/// Returns the key of a total order, so that the first and the last do not depend on the order in which articles are
/// read.
fn order(date: &ArchiveDate) -> (i64, &str) {
    (date.start().as_millis(), date.as_str())
}

/// By how much the rows of some assets change.
#[derive(Default)]
pub(crate) struct WorkChanges {
    /// Key of a row → by how much its count changes, and the end of its value.
    rows: BTreeMap<Vec<u8>, (i64, Vec<u8>)>,
}

impl WorkChanges {
    /// Counts that readers begin (1) or cease (-1) to see an asset of this kind that names these.
    pub(crate) fn count(&mut self, by: i64, kind: Option<AssetKind>, named: &[AssetRef], brief: &Brief) {
        for target in named {
            let start = start_of(&target.to_key());
            let mut row = |what: &[u8], full: &[u8]| {
                let key = [start.as_slice(), what].concat();
                self.rows.entry(key).or_insert_with(|| (0, full.to_vec())).0 += by;
            };
            match kind {
                Some(AssetKind::Article) => row(&[ARTICLES], &[]),
                Some(AssetKind::Image) => row(&[IMAGES], &[]),
                _ => continue,
            }
            if kind != Some(AssetKind::Article) || target.kind != AssetKind::Byline {
                continue;
            }
            if let Ok(date) = brief.published.parse::<ArchiveDate>() {
                row(&date_row(&date), &[]);
            }
            if !brief.section.is_empty() {
                let (what, full) = section_row(&brief.section);
                row(&what, full);
            }
        }
    }

    /// Writes them.
    pub(crate) fn write(&mut self, tables: CatalogTables, txn: &mut RwTxn<'_>) -> Result<(), ReadError> {
        let mut value = Vec::new();
        for (key, (by, full)) in std::mem::take(&mut self.rows) {
            if by == 0 {
                continue;
            }
            let before = match tables.referrers.get(txn, &key)? {
                Some(stored) => count_of(stored).map_err(|_| damaged(&key))?.0,
                None => 0,
            };
            match before.checked_add_signed(by).ok_or_else(|| damaged(&key))? {
                0 => _ = tables.referrers.delete(txn, &key)?,
                after => {
                    value.clear();
                    put_varint(&mut value, after);
                    value.extend(full);
                    tables.referrers.put(txn, &key, &value)?;
                }
            }
        }
        Ok(())
    }
}

impl CatalogTables {
    /// Returns what those who name an asset add up to.
    pub(crate) fn work(&self, txn: &RoTxn<'_>, asset: &AssetRef) -> Result<Work, ReadError> {
        let start = start_of(&asset.to_key());
        let row = |what: u8| [start.as_slice(), &[what]].concat();
        let counted = |what| {
            let key = row(what);
            match self.referrers.get(txn, &key)? {
                Some(stored) => Ok(count_of(stored).map_err(|_| damaged(&key))?.0),
                None => Ok::<_, ReadError>(0),
            }
        };
        let dates = row(DATE);
        let date = |found: Option<heed::Result<(&[u8], &[u8])>>| {
            let Some((key, _)) = found.transpose()? else { return Ok(None) };
            let text = key.get(dates.len() + 8..).and_then(|text| std::str::from_utf8(text).ok());
            let date = text.and_then(|text| text.parse::<ArchiveDate>().ok());
            date.map(Some).ok_or_else(|| damaged(key))
        };
        let mut work = Work {
            articles: counted(ARTICLES)?,
            images: counted(IMAGES)?,
            first: date(self.referrers.prefix_iter(txn, &dates)?.next())?,
            last: date(self.referrers.rev_prefix_iter(txn, &dates)?.next())?,
            sections: BTreeMap::new(),
        };
        let sections = row(SECTION);
        for entry in self.referrers.prefix_iter(txn, &sections)? {
            let (key, stored) = entry?;
            let (count, full) = count_of(stored).map_err(|_| damaged(key))?;
            let short = key.strip_prefix(sections.as_slice()).ok_or_else(|| damaged(key))?;
            let section = if full.is_empty() { short } else { full };
            let section = std::str::from_utf8(section).map_err(|_| damaged(key))?;
            work.sections.insert(section.to_owned(), count);
        }
        Ok(work)
    }
}

/// Returns the key of the asset that a row is of, and what the row counts of it; `None` for an edge.
pub(crate) fn row_of(key: &[u8]) -> Option<(&[u8], &'static str)> {
    let separator = key.iter().position(|byte| matches!(byte, 0 | &SEPARATOR))?;
    let (asset, row) = key.split_at_checked(separator)?;
    let what = match *row.get(1)? {
        ARTICLES => "articles",
        DATE => "dates",
        IMAGES => "images",
        _ => "sections",
    };
    (row.first() == Some(&SEPARATOR)).then_some((asset, what))
}

/// Returns what the keys of all rows of one asset begin with.
fn start_of(asset: &[u8]) -> Vec<u8> {
    let mut start = Vec::with_capacity(asset.len() + 32);
    shorten_into(&mut start, asset);
    start.push(SEPARATOR);
    start
}

fn date_row(date: &ArchiveDate) -> Vec<u8> {
    let sortable = date.start().as_millis().cast_unsigned() ^ (1 << 63);
    [&[DATE], sortable.to_be_bytes().as_slice(), date.as_str().as_bytes()].concat()
}

/// Returns the end of a section's key, and of its value.
fn section_row(section: &str) -> (Vec<u8>, &[u8]) {
    let mut row = vec![SECTION];
    shorten_into(&mut row, section.as_bytes());
    (row, if section.len() > MAX_EDGE_PART { section.as_bytes() } else { &[] })
}

fn count_of(stored: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut from = Cursor { rest: stored };
    let count = from.varint()?;
    Ok((count, from.rest))
}

#[cfg(test)]
mod tests {
    use crate::{Article, AssetId, AssetKind, AssetRef, Batch, Log, NewEvent, Work, catalog::work::row_of};

    /// A byline with a million articles was once counted by looking at each of them, for every new one.
    #[test]
    fn what_a_byline_has_made_is_told_without_looking_at_any_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path()).unwrap();
        let byline = AssetRef::new(AssetKind::Byline, AssetId::new("b/1").unwrap());
        let events = (1..=40).map(|day| {
            let published = format!("1931-{:02}-{:02}", 1 + day % 2, 1 + day / 2).parse().ok();
            let (bylines, section) = (vec![byline.id.clone()], "City".to_owned());
            let article = Article { published, bylines, section, ..Article::default() };
            log.prepare(&NewEvent::published(AssetId::new(format!("a/{day}")).unwrap(), article)).unwrap()
        });
        log.append(Batch { events: events.collect(), ..Batch::default() }).unwrap();

        let (tables, txn) = log.read().unwrap();
        let edges = tables.catalog.referrers.iter(&txn).unwrap().map(|entry| entry.unwrap().0.to_vec());
        let edges: Vec<_> = edges.filter(|key| row_of(key).is_none()).collect();
        drop(txn);
        assert_eq!(edges.len(), 40);
        let mut txn = tables.env.write_txn().unwrap();
        for edge in edges {
            tables.catalog.referrers.delete(&mut txn, &edge).unwrap();
        }
        txn.commit().unwrap();

        let expected = Work {
            articles: 40,
            images: 0,
            first: "1931-01-02".parse().ok(),
            last: "1931-02-20".parse().ok(),
            sections: [("City".to_owned(), 40)].into(),
        };
        assert_eq!(log.snapshot().unwrap().work(&byline).unwrap(), expected);
    }
}
