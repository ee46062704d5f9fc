//! ALTO, versions 1 to 4: the text of one page as a recogniser read it.

use std::sync::Arc;

use serde_json::Map;

use super::{Reader, beside::Archives};
use crate::{
    cut::{Cutter, Whole},
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

/// A page without the METS of its issue.
pub(crate) struct Alto {
    pub(super) archives: Arc<Archives>,
}

impl Reader for Alto {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        if self.archives.has_issue(origin) {
            return Err(Reason::NoAsset("ALTO page, read with the METS of its issue".to_owned()));
        }
        let root = xml::parse(raw)?;
        let mut nested = Nested::default();
        let page = Page::of(&root);
        nested.article.body = page.text(None);
        nested.article.genre = "page".to_owned();
        if let Some(page) = root.deep("Page").first() {
            let number = [page.attribute("PRINTED_IMG_NR"), page.attribute("PHYSICAL_IMG_NR")];
            nested.article.page =
                number.into_iter().find(|number| !number.is_empty()).unwrap_or("").to_owned();
        }
        let tag = root
            .deep("TextBlock")
            .into_iter()
            .map(|block| block.attribute("LANG").to_owned() + block.attribute("language"));
        nested.article.language =
            tag.map(|tag| language(&tag)).find(|tag| !tag.is_empty()).unwrap_or_default();
        let file = root.text_at("Description/sourceImageInformation/fileName");
        if !file.is_empty() {
            nested.article.extra.insert("scan".to_owned(), file.into());
        }
        nested.article.extra.extend(page.confidence());
        let stem = origin.stem.rsplit_once('.').map_or(origin.stem.as_str(), |(stem, _)| stem);
        nested.article.headline = stem.rsplit('/').next().unwrap_or(stem).to_owned();
        Ok(nested.finish(id_or("", || stem.to_owned())?))
    }
}

/// The words of a page in reading order.
pub(super) struct Page {
    words: Vec<Word>,
}

struct Word {
    /// Ids of the word, its line, its blocks.
    ids: Vec<String>,
    text: String,
    /// Of the recogniser, 0 to 1.
    confidence: Option<f64>,
    line: usize,
    block: usize,
    /// It is broken at the line's end, and goes on in the next.
    hyphen: bool,
}

impl Page {
    pub(super) fn of(root: &Element) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let (mut line_number, mut block_number) = (0, 0);
        let mut waiting: Vec<(&Element, Vec<String>)> = vec![(root, Vec::new())];
        while let Some((element, mut ids)) = waiting.pop() {
            let id = element.attribute("ID");
            if !id.is_empty() {
                ids.push(id.to_owned());
            }
            match element.local() {
                "TextBlock" | "ComposedBlock" => block_number += 1,
                "TextLine" => line_number += 1,
                "String" => {
                    // The second half of a broken word is in the first one's SUBS_CONTENT.
                    let whole = element.attribute("SUBS_CONTENT");
                    let text = match element.attribute("SUBS_TYPE") {
                        "HypPart1" if !whole.is_empty() => whole,
                        "HypPart2" if !whole.is_empty() => "",
                        _ => element.attribute("CONTENT"),
                    };
                    words.push(Word {
                        ids,
                        text: text.to_owned(),
                        confidence: element.attribute("WC").parse().ok(),
                        line: line_number,
                        block: block_number,
                        hyphen: false,
                    });
                    continue;
                }
                "HYP" => {
                    if let Some(last) = words.last_mut() {
                        last.hyphen = true;
                    }
                }
                _ => {}
            }
            let children: Vec<&Element> = element.elements().collect();
            waiting.extend(children.into_iter().rev().map(|child| (child, ids.clone())));
        }
        Self { words }
    }

    /// The text between the elements of two ids, or of one, or of the page.
    pub(super) fn text(&self, between: Option<(&str, &str)>) -> String {
        let (first, last) = match between {
            None => (0, self.words.len()),
            Some((begin, end)) => {
                let has = |id: &str, word: &Word| word.ids.iter().any(|own| own == id);
                let end = if end.is_empty() { begin } else { end };
                let Some(first) = self.words.iter().position(|word| has(begin, word)) else {
                    return String::new();
                };
                let last =
                    self.words.iter().rposition(|word| has(end, word)).map_or(first, |last| last.max(first));
                (first, last + 1)
            }
        };
        let mut out = String::new();
        let mut before: Option<&Word> = None;
        for word in self.words.get(first..last).unwrap_or_default() {
            match before {
                Some(last) if last.block != word.block && !out.is_empty() => out.push_str("\n\n"),
                Some(last) if last.hyphen && last.line != word.line => {
                    // Without SUBS_CONTENT the halves are simply put together.
                    out.truncate(out.trim_end_matches(['-', '¬', '\u{ad}']).len());
                }
                Some(_) if !word.text.is_empty() && !out.is_empty() => out.push(' '),
                _ => {}
            }
            out.push_str(&word.text);
            before = Some(word);
        }
        out.trim().to_owned()
    }

    /// How sure the recogniser was, on average.
    pub(super) fn confidence(&self) -> Map<String, serde_json::Value> {
        let known: Vec<f64> = self.words.iter().filter_map(|word| word.confidence).collect();
        let mut map = Map::new();
        if !known.is_empty() {
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            map.insert("word_confidence".to_owned(), ((mean * 1_000.0).round() / 1_000.0).into());
        }
        map
    }
}
