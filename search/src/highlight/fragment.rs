//! Fragments: the sentences around matches, cut to size, escaped and tagged.

use std::str::CharIndices;

use indexer::end::{Budget, Steps};
use query::{HighlightField, HighlightOptions};

use super::find::Span;

/// The time and memory that the fragments of a document may take.
pub(super) struct Room<'a> {
    budget: &'a Budget,
    steps: Steps,
    /// Bytes that were taken so far, and how many may be. Who has taken more has not been given all.
    taken: usize,
    most: usize,
}

impl<'a> Room<'a> {
    pub(super) fn new(budget: &'a Budget, most: usize) -> Self {
        Self { budget, steps: Steps::default(), taken: 0, most }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// One step more: whether there is no time left.
    fn is_over(&mut self) -> bool {
        self.steps.more(1, self.budget)
    }
}

/// Adds the fragments of one value.
pub(super) fn render(
    text: &str,
    spans: &[Span],
    field: &HighlightField,
    options: &HighlightOptions,
    room: &mut Room<'_>,
    fragments: &mut Vec<String>,
) {
    if spans.is_empty() {
        let end =
            text.char_indices().nth(field.without_match).map_or(text.len(), |(at, _)| word_end(text, at));
        fragments.push(tagged(text, 0..end, &[], field, options, room));
        return;
    }
    if field.count == 0 || text.len() <= field.size + field.size / 2 {
        fragments.push(tagged(text, 0..text.len(), spans, field, options, room));
        return;
    }
    let mut windows = windows(text, spans, field, room);
    if !field.best_first {
        windows.sort_by_key(|window| window.range.start);
    }
    for window in windows {
        fragments.push(tagged(text, window.range, spans, field, options, room));
    }
}

struct Window {
    range: std::ops::Range<usize>,
    /// First how many different things are in it, then how many in all.
    worth: (usize, usize),
}

/// The best parts of the text that hold matches, the best first, each beginning and ending with a sentence where that
/// fits the size. Without time left, the best of those at its beginning.
fn windows(text: &str, spans: &[Span], field: &HighlightField, room: &mut Room<'_>) -> Vec<Window> {
    let size = field.size.max(20);
    let mut sentences = Sentences::of(text);
    let mut windows: Vec<Window> = Vec::new();
    let mut rest = spans;
    let mut taken = 0;
    while let Some(first) = rest.first() {
        if room.is_over() && windows.len() >= field.count {
            break;
        }
        let begin = sentences.at_or_before(first.start, room).max(taken);
        let start = if field.at_words || first.start - begin.min(first.start) > size {
            first_word(text, first.start.saturating_sub(size / 3))
        } else {
            begin
        };
        let start = start.max(taken).min(first.start);
        let enough = (start + size).max(first.end);
        let at_sentence = sentences.at_or_after(enough, room).unwrap_or(text.len());
        let end = if field.at_words || at_sentence - start > size * 3 / 2 {
            word_end(text, enough)
        } else {
            at_sentence
        };
        let inside = rest.iter().take_while(|span| span.end <= end).count().max(1);
        let (here, after) = rest.split_at(inside);
        let end = here.last().map_or(end, |last| end.max(last.end));
        let mut kinds: Vec<usize> = here.iter().map(|span| span.seek).collect();
        kinds.sort_unstable();
        kinds.dedup();
        windows.push(Window { range: start..end, worth: (kinds.len(), here.len()) });
        // A long text has many more than are shown.
        if windows.len() >= MOST_KEPT.max(2 * field.count) {
            keep_best(&mut windows, field.count);
        }
        taken = end;
        rest = after;
    }
    keep_best(&mut windows, field.count);
    windows
}

/// The number of windows that wait until the best of them are taken.
const MOST_KEPT: usize = 256;

/// Of windows that are worth the same, the first.
fn keep_best(windows: &mut Vec<Window>, count: usize) {
    windows.sort_by_key(|window| std::cmp::Reverse(window.worth));
    windows.truncate(count);
}

/// Where sentences begin: after a full stop, question or exclamation mark and white space, and after a line's end. They
/// are looked for as far as they are asked for, and asked for from the beginning to the end.
struct Sentences<'a> {
    chars: CharIndices<'a>,
    ended: bool,
    waiting: bool,
    last: usize,
    next: Option<usize>,
}

impl<'a> Sentences<'a> {
    fn of(text: &'a str) -> Self {
        Self { chars: text.char_indices(), ended: false, waiting: false, last: 0, next: None }
    }

    /// The last at or before this place, of those that nobody has asked beyond.
    fn at_or_before(&mut self, place: usize, room: &mut Room<'_>) -> usize {
        while let Some(next) = self.peek(room).filter(|next| *next <= place) {
            (self.last, self.next) = (next, None);
        }
        self.last
    }

    /// The first at or after this place; none before the text's end, or before the time's.
    fn at_or_after(&mut self, place: usize, room: &mut Room<'_>) -> Option<usize> {
        while let Some(next) = self.peek(room).filter(|next| *next < place) {
            (self.last, self.next) = (next, None);
        }
        self.next
    }

    fn peek(&mut self, room: &mut Room<'_>) -> Option<usize> {
        while self.next.is_none() && !room.is_over() {
            let (at, c) = self.chars.next()?;
            if self.waiting && !c.is_whitespace() {
                self.next = Some(at);
                self.waiting = false;
            }
            match c {
                '\n' | '。' | '！' | '？' => self.waiting = true,
                c if c.is_whitespace() && self.ended => self.waiting = true,
                _ => {}
            }
            self.ended = matches!(c, '.' | '!' | '?' | '…')
                || (self.ended && matches!(c, '"' | '”' | '’' | '\'' | ')'));
        }
        self.next
    }
}

/// This place, or the next one where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// The start of the text, or of the word at or after a place that is not it.
fn first_word(text: &str, at: usize) -> usize {
    if at == 0 { 0 } else { word_start(text, at) }
}

/// The start of the word at or after this place.
fn word_start(text: &str, at: usize) -> usize {
    let at = boundary(text, at);
    let rest = text.get(at..).unwrap_or_default();
    rest.char_indices()
        .take(40)
        .find(|(_, c)| c.is_whitespace())
        .map_or(at, |(gap, c)| at + gap + c.len_utf8())
}

/// The end of the word at or after this place.
fn word_end(text: &str, at: usize) -> usize {
    let at = boundary(text, at);
    let rest = text.get(at..).unwrap_or_default();
    rest.char_indices()
        .take(40)
        .find(|(_, c)| c.is_whitespace())
        .map_or_else(|| if rest.chars().nth(40).is_none() { text.len() } else { at }, |(gap, _)| at + gap)
}

/// A part of the text with its matches tagged, as far as there is room for it.
fn tagged(
    text: &str,
    range: std::ops::Range<usize>,
    spans: &[Span],
    field: &HighlightField,
    options: &HighlightOptions,
    room: &mut Room<'_>,
) -> String {
    let (before, after) = match &field.tags {
        Some((before, after)) => (before, after),
        None => (&options.before, &options.after),
    };
    let most = room.most.saturating_sub(room.taken);
    let mut out = String::with_capacity(range.len().min(most) + 32);
    let mut at = range.start;
    let push = |out: &mut String, from: usize, to: usize| {
        let part = text.get(from..to).unwrap_or_default();
        if options.escape { escape_into(part, most, out) } else { out.push_str(part) }
    };
    let inside = spans.get(spans.partition_point(|span| span.start < range.start)..).unwrap_or_default();
    for span in inside.iter().take_while(|span| span.end <= range.end) {
        if out.len() > most {
            break;
        }
        push(&mut out, at, span.start);
        out.push_str(before);
        push(&mut out, span.start, span.end);
        out.push_str(after);
        at = span.end;
    }
    push(&mut out, at, range.end);
    room.taken = room.taken.saturating_add(out.len());
    out.trim().to_owned()
}

/// Escapes what means something in HTML, until there is more than so much of it.
fn escape_into(text: &str, most: usize, out: &mut String) {
    for c in text.chars() {
        if out.len() > most {
            return;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::endless, *};

    fn fragments(text: &str, words: &[&str], size: usize, count: usize) -> Vec<String> {
        let mut spans: Vec<Span> = Vec::new();
        for (seek, word) in words.iter().enumerate() {
            let places = text.match_indices(word);
            spans.extend(places.map(|(start, word)| Span { start, end: start + word.len(), seek }));
        }
        spans.sort_unstable();
        let field = HighlightField { size, count, ..HighlightField::new("body") };
        let mut out = Vec::new();
        let budget = endless();
        let mut room = Room::new(&budget, 1 << 20);
        render(text, &spans, &field, &HighlightOptions::default(), &mut room, &mut out);
        assert!(room.taken() >= out.iter().map(String::len).sum());
        out
    }

    #[test]
    fn short_values_come_whole() {
        assert_eq!(fragments("The ferry is late", &["ferry"], 160, 3), ["The <em>ferry</em> is late"]);
    }

    #[test]
    fn what_is_not_ours_is_escaped() {
        let text = "<script>alert('ferry')</script> & \"more\"";
        let expected = "&lt;script&gt;alert(&#39;<em>ferry</em>&#39;)&lt;/script&gt; &amp; &quot;more&quot;";
        assert_eq!(fragments(text, &["ferry"], 160, 3), [expected]);
    }

    #[test]
    fn fragments_are_sentences() {
        let text = "It rained. The ferry was late again that day. Nobody minded much, they said. \
                    Trams ran on time in the whole of the city. The harbour was full of people in hats. \
                    Then a ferry and a tram met at the harbour.";
        let found = fragments(text, &["ferry", "harbour"], 40, 2);
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("Then a <em>ferry</em>"), "{found:?}");
        for fragment in &found {
            assert!(fragment.len() < 160, "{fragment}");
        }
    }

    #[test]
    fn endless_sentences_are_cut_at_words() {
        let text = format!("{} ferry {}", "word ".repeat(200), "other ".repeat(200));
        let found = fragments(&text, &["ferry"], 60, 1);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("<em>ferry</em>") && found[0].len() < 160, "{found:?}");
    }

    #[test]
    fn the_best_of_many_are_shown() {
        let text =
            format!("{}A ferry met a tram. {}", "A ferry came. ".repeat(2_000), "It rained. ".repeat(50));
        assert_eq!(fragments(&text, &["ferry", "tram"], 20, 1), ["A <em>ferry</em> met a <em>tram</em>."]);
    }

    #[test]
    fn there_is_never_more_than_there_is_room_for() {
        let text = "<ferry> ".repeat(1_000);
        let spans: Vec<Span> =
            (0..1_000).map(|at| Span { start: at * 8 + 1, end: at * 8 + 6, seek: 0 }).collect();
        let field = HighlightField { count: 0, ..HighlightField::new("body") };
        let budget = endless();
        let check = |most: usize, fits: bool| {
            let (mut room, mut out) = (Room::new(&budget, most), Vec::new());
            render(&text, &spans, &field, &HighlightOptions::default(), &mut room, &mut out);
            assert_eq!(room.taken() <= most, fits, "{most}");
            assert!(out[0].len() < most + 100, "{most}: {}", out[0].len());
        };
        check(100_000, true);
        check(5_000, false);
        check(0, false);
    }

    #[test]
    fn no_text_is_too_odd() {
        let text = "港".repeat(300);
        assert_eq!(fragments(&text, &["港港"], 20, 2).len(), 2);
        assert_eq!(fragments(&"é".repeat(300), &["é"], 20, 1).len(), 1);
    }
}
