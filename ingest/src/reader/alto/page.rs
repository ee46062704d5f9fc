//! The words of a page, in the order in which they are read.

use std::collections::HashMap;

use serde_json::Map;

use crate::xml::Element;

/// The signs that a recogniser leaves of a hyphen: hyphens, the sign for one that it took out, and the double one of Fraktur.
const HYPHENS: [char; 6] = ['-', '¬', '\u{ad}', '\u{2010}', '⸗', '='];

/// The words of a page in reading order.
pub(in crate::reader) struct Page {
    words: Vec<Word>,
}

struct Word {
    /// Ids of the word, its line, its blocks.
    ids: Vec<String>,
    text: String,
    part: Part,
    /// Of the recogniser, 0 to 1.
    confidence: Option<f64>,
    line: usize,
    block: usize,
}

/// The part of a word that stands in its line.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Whole,
    /// Its beginning: it is broken at the line's end, and only the halves are known.
    Broken,
    /// Its beginning, with all of it known.
    First,
    /// Its end; the whole of it is this.
    Second(String),
}

impl Page {
    pub(in crate::reader) fn of(root: &Element) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let (mut line, mut block) = (0, 0);
        let mut waiting: Vec<(&Element, Vec<String>)> = vec![(root, Vec::new())];
        while let Some((element, mut ids)) = waiting.pop() {
            let id = element.attribute("ID");
            if !id.is_empty() {
                ids.push(id.to_owned());
            }
            match element.local() {
                "TextBlock" | "ComposedBlock" => block += 1,
                "TextLine" => line += 1,
                "String" => {
                    words.push(word(element, ids, (line, block)));
                    continue;
                }
                "HYP" => {
                    if let Some(last) =
                        words.last_mut().filter(|last| last.line == line && last.part == Part::Whole)
                    {
                        last.part = Part::Broken;
                    }
                }
                _ => {}
            }
            let children: Vec<&Element> = element.elements().collect();
            waiting.extend(children.into_iter().rev().map(|child| (child, ids.clone())));
        }
        if let Some(order) = order(root) {
            let place = |word: &Word| word.ids.iter().rev().find_map(|id| order.get(id.as_str())).copied();
            // What the order does not name stays behind what it stood behind.
            let mut last = 0;
            let mut places: Vec<usize> = Vec::with_capacity(words.len());
            for word in &words {
                last = place(word).unwrap_or(last);
                places.push(last);
            }
            let mut placed: Vec<(usize, Word)> = places.into_iter().zip(words).collect();
            placed.sort_by_key(|(place, _)| *place);
            words = placed.into_iter().map(|(_, word)| word).collect();
        }
        Self { words }
    }

    /// Returns the text between the elements of two ids, or of one, or of the page.
    pub(in crate::reader) fn text(&self, between: Option<(&str, &str)>) -> String {
        let words = match between {
            None => self.words.as_slice(),
            Some((begin, end)) => self.between(begin, end),
        };
        let mut out = String::new();
        let mut before: Option<&Word> = None;
        // The whole of a word whose beginning was written.
        let mut begun = "";
        for (at, word) in words.iter().enumerate() {
            if word.part == Part::First {
                begun = &word.text;
            }
            if let Part::Second(whole) = &word.part
                && std::mem::take(&mut begun) == whole
            {
                continue;
            }
            match before {
                _ if out.is_empty() || word.text.is_empty() => {}
                Some(last) if last.line != word.line && goes_on(last, word) => {
                    out.truncate(out.trim_end_matches(HYPHENS).len());
                }
                Some(last) if last.line != word.line && keeps_its_hyphen(last, word) => {}
                Some(last) if last.block != word.block => out.push_str("\n\n"),
                _ => out.push(' '),
            }
            let is_last = words.get(at + 1).is_none_or(|next| next.line != word.line);
            // A soft hyphen shows nothing but at a line's end.
            out.extend(word.text.chars().filter(|c| *c != '\u{ad}'));
            if is_last && word.text.ends_with('\u{ad}') {
                out.push('\u{ad}');
            }
            before = Some(word);
        }
        out.trim_matches(|c: char| c.is_whitespace() || c == '\u{ad}').to_owned()
    }

    /// Returns the words from the first of one id to the last of another.
    fn between(&self, begin: &str, end: &str) -> &[Word] {
        let has = |id: &str, word: &Word| word.ids.iter().any(|own| own == id);
        let end = if end.is_empty() { begin } else { end };
        let Some(first) = self.words.iter().position(|word| has(begin, word)) else { return &[] };
        let last = self.words.iter().rposition(|word| has(end, word)).map_or(first, |last| last.max(first));
        self.words.get(first..=last).unwrap_or_default()
    }

    /// Returns how sure the recogniser was, on average.
    pub(in crate::reader) fn confidence(&self) -> Map<String, serde_json::Value> {
        let known: Vec<f64> = self.words.iter().filter_map(|word| word.confidence).collect();
        let mut map = Map::new();
        if !known.is_empty() {
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            map.insert("word_confidence".to_owned(), ((mean * 1_000.0).round() / 1_000.0).into());
        }
        map
    }
}

fn word(element: &Element, ids: Vec<String>, (line, block): (usize, usize)) -> Word {
    let (whole, own) = (element.attribute("SUBS_CONTENT"), element.attribute("CONTENT"));
    let (text, part) = match element.attribute("SUBS_TYPE") {
        "HypPart1" if !whole.is_empty() => (whole, Part::First),
        "HypPart2" if !whole.is_empty() => (own, Part::Second(whole.to_owned())),
        "HypPart1" => (own, Part::Broken),
        _ => (own, Part::Whole),
    };
    Word { ids, text: text.to_owned(), part, confidence: element.attribute("WC").parse().ok(), line, block }
}

/// Returns true if a word at a line's end goes on at the beginning of the next, be that in another column.
fn goes_on(last: &Word, next: &Word) -> bool {
    let small = next.text.starts_with(char::is_lowercase);
    match &last.part {
        Part::First | Part::Second(_) => false,
        Part::Broken => last.block == next.block || small,
        // Recognisers that know no element for it write it.
        Part::Whole if last.text.ends_with('\u{ad}') || last.text.ends_with('¬') => true,
        Part::Whole => {
            let stem = last.text.trim_end_matches(HYPHENS);
            small
                && stem.len() < last.text.len()
                && stem.ends_with(char::is_alphabetic)
                && stem.chars().count() > 1
        }
    }
}

/// Returns true if a hyphen at a line's end is the word's own: `Saxe-Coburg`, `1840-45`.
fn keeps_its_hyphen(last: &Word, next: &Word) -> bool {
    let is_whole = last.block == next.block && matches!(last.part, Part::Whole);
    let stem = last.text.strip_suffix('-').filter(|stem| stem.ends_with(char::is_alphanumeric));
    is_whole && stem.is_some() && next.text.starts_with(char::is_alphanumeric)
}

/// Returns the place of each block in the order in which it is read, if the page says one: `ReadingOrder` (ALTO 4.3),
/// or `IDNEXT`, which names the block after.
fn order(root: &Element) -> Option<HashMap<&str, usize>> {
    let listed: Vec<&str> = root
        .deep("ReadingOrder")
        .into_iter()
        .flat_map(|order| order.deep("ElementRef"))
        .map(|element| element.attribute("REF"))
        .collect();
    if !listed.is_empty() {
        return Some(listed.into_iter().enumerate().map(|(at, id)| (id, at)).collect());
    }
    let blocks: Vec<&Element> = root.deep("TextBlock");
    let next: HashMap<&str, &str> = blocks
        .iter()
        .map(|block| (block.attribute("ID"), block.attribute("IDNEXT")))
        .filter(|(_, next)| !next.is_empty())
        .collect();
    if next.is_empty() {
        return None;
    }
    let followers: Vec<&str> = next.values().copied().collect();
    let mut order = HashMap::new();
    // Each chain stands where its first block stands; a circle has no first, and stays as it is.
    let firsts = blocks.iter().map(|block| block.attribute("ID")).filter(|id| !followers.contains(id));
    let all = blocks.iter().map(|block| block.attribute("ID"));
    for first in firsts.chain(all) {
        let mut at = first;
        while !at.is_empty() && !order.contains_key(at) {
            order.insert(at, order.len());
            at = next.get(at).copied().unwrap_or("");
        }
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    /// The text of a page of blocks, parted by `|`, of lines, parted by `/`, of words.
    #[track_caller]
    fn check(blocks: &str, expected: &str) {
        let word = |word: &str| match word {
            "HYP" => "<HYP CONTENT='-'/>".to_owned(),
            word => match word.split_once(':') {
                Some((part, rest)) => {
                    let (own, whole) = rest.split_once(':').unwrap();
                    format!("<String CONTENT='{own}' SUBS_TYPE='HypPart{part}' SUBS_CONTENT='{whole}'/>")
                }
                None => format!("<String CONTENT='{word}'/><SP/>"),
            },
        };
        let line =
            |line: &str| format!("<TextLine>{}</TextLine>", line.split(' ').map(word).collect::<String>());
        let block = |(at, block): (usize, &str)| {
            let (attributes, lines) = block.split_once('>').unwrap_or(("", block));
            format!(
                "<TextBlock ID='b{at}' {attributes}>{}</TextBlock>",
                lines.split('/').map(line).collect::<String>()
            )
        };
        let blocks: String = blocks.split('|').enumerate().map(block).collect();
        let page = format!("<alto><Layout><Page><PrintSpace>{blocks}</PrintSpace></Page></Layout></alto>");
        assert_eq!(Page::of(&xml::parse_text(&page).unwrap()).text(None), expected, "{page}");
    }

    #[test]
    fn broken_words_are_put_together() {
        check("the light HYP/house burns", "the lighthouse burns");
        check("the 1:light:lighthouse HYP/2:house:lighthouse burns", "the lighthouse burns");
        check("the 1:light:lighthouse HYP/j. 2:house:lighthouse burns", "the lighthouse j. burns");
        check("2:house:lighthouse burns", "house burns");
        check("the light-/house burns", "the lighthouse burns");
        check("the light¬/House burns", "the lightHouse burns");
        check("the light\u{ad}/house bu\u{ad}rns", "the lighthouse burns");
        check("das Leucht⸗/feuer brennt", "das Leuchtfeuer brennt");
        check("Saxe-/Coburg and -/two", "Saxe-Coburg and - two");
        check("1840-/45 were years", "1840-45 were years");
    }

    #[test]
    fn words_go_on_in_the_next_column() {
        check("the light HYP|house burns", "the lighthouse burns");
        check("the light-|house burns", "the lighthouse burns");
        check("the light HYP|News of the day", "the light\n\nNews of the day");
        check("the end.|next", "the end.\n\nnext");
    }

    #[test]
    fn blocks_are_read_in_their_order() {
        check("IDNEXT='b2'>one|three|two", "one\n\ntwo\n\nthree");
        check("IDNEXT='b1'>one|IDNEXT='b0'>two", "one\n\ntwo");
        let page = "<alto><ReadingOrder><OrderedGroup><ElementRef REF='y'/><ElementRef REF='x'/></OrderedGroup></ReadingOrder>\
             <Layout><TextBlock ID='x'><TextLine><String CONTENT='last'/></TextLine></TextBlock><TextBlock ID='y'><TextLine><String CONTENT='first'/></TextLine></TextBlock></Layout></alto>";
        assert_eq!(Page::of(&xml::parse_text(page).unwrap()).text(None), "first\n\nlast");
    }
}
