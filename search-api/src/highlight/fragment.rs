//! Fragments: the sentences around matches, cut to size, escaped and tagged.

use super::{HighlightField, HighlightOptions, find::Span};

/// Adds the fragments of one value.
pub(super) fn render(
    text: &str,
    spans: &[Span],
    field: &HighlightField,
    options: &HighlightOptions,
    fragments: &mut Vec<String>,
) {
    if spans.is_empty() {
        let end = text.char_indices().nth(field.without_match).map_or(text.len(), |(at, _)| at);
        fragments.push(tagged(text, 0..end, &[], field, options));
        return;
    }
    if field.count == 0 || text.len() <= field.size + field.size / 2 {
        fragments.push(tagged(text, 0..text.len(), spans, field, options));
        return;
    }
    let mut windows = windows(text, spans, field.size.max(20));
    windows.sort_by_key(|window| std::cmp::Reverse(window.worth));
    windows.truncate(field.count);
    if !field.best_first {
        windows.sort_by_key(|window| window.range.start);
    }
    for window in windows {
        fragments.push(tagged(text, window.range, spans, field, options));
    }
}

struct Window {
    range: std::ops::Range<usize>,
    /// First how many different things are in it, then how many in all.
    worth: (usize, usize),
}

/// Parts of the text that hold all matches, each beginning and ending with a sentence where that fits the size.
fn windows(text: &str, spans: &[Span], size: usize) -> Vec<Window> {
    let starts = sentence_starts(text);
    let mut windows: Vec<Window> = Vec::new();
    let mut rest = spans;
    let mut taken = 0;
    while let Some(first) = rest.first() {
        let sentence = starts.partition_point(|start| *start <= first.start);
        let begin = sentence.checked_sub(1).and_then(|at| starts.get(at)).copied().unwrap_or(0).max(taken);
        let start = if first.start - begin.min(first.start) > size {
            word_start(text, first.start - size / 3)
        } else {
            begin
        };
        let start = start.max(taken).min(first.start);
        let enough = (start + size).max(first.end);
        let at_sentence = starts.iter().copied().find(|next| *next >= enough).unwrap_or(text.len());
        let end = if at_sentence - start > size * 3 / 2 { word_end(text, enough) } else { at_sentence };
        let inside = rest.iter().take_while(|span| span.end <= end).count().max(1);
        let (here, after) = rest.split_at(inside);
        let end = here.last().map_or(end, |last| end.max(last.end));
        let mut kinds: Vec<usize> = here.iter().map(|span| span.seek).collect();
        kinds.sort_unstable();
        kinds.dedup();
        windows.push(Window { range: start..end, worth: (kinds.len(), here.len()) });
        taken = end;
        rest = after;
    }
    windows
}

/// Where sentences begin: after a full stop, question or exclamation mark and white space, and after a line's end.
fn sentence_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut ended = false;
    let mut waiting = false;
    for (at, c) in text.char_indices() {
        if waiting && !c.is_whitespace() {
            starts.push(at);
            waiting = false;
        }
        match c {
            '\n' | '。' | '！' | '？' => waiting = true,
            c if c.is_whitespace() && ended => waiting = true,
            _ => {}
        }
        ended = matches!(c, '.' | '!' | '?' | '…') || (ended && matches!(c, '"' | '”' | '’' | '\'' | ')'));
    }
    starts
}

/// This place, or the next one where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
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
        .map_or_else(|| if rest.chars().count() <= 40 { text.len() } else { at }, |(gap, _)| at + gap)
}

/// A part of the text with its matches tagged.
fn tagged(
    text: &str,
    range: std::ops::Range<usize>,
    spans: &[Span],
    field: &HighlightField,
    options: &HighlightOptions,
) -> String {
    let (before, after) = match &field.tags {
        Some((before, after)) => (before, after),
        None => (&options.before, &options.after),
    };
    let mut out = String::with_capacity(range.len() + 32);
    let mut at = range.start;
    let push = |out: &mut String, from: usize, to: usize| {
        let part = text.get(from..to).unwrap_or_default();
        if options.escape { escape_into(part, out) } else { out.push_str(part) }
    };
    for span in spans.iter().filter(|span| span.start >= range.start && span.end <= range.end) {
        push(&mut out, at, span.start);
        out.push_str(before);
        push(&mut out, span.start, span.end);
        out.push_str(after);
        at = span.end;
    }
    push(&mut out, at, range.end);
    out.trim().to_owned()
}

/// Escapes what means something in HTML.
fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
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
    use super::*;

    fn fragments(text: &str, words: &[&str], size: usize, count: usize) -> Vec<String> {
        let mut spans: Vec<Span> = Vec::new();
        for (seek, word) in words.iter().enumerate() {
            let places = text.match_indices(word);
            spans.extend(places.map(|(start, word)| Span { start, end: start + word.len(), seek }));
        }
        spans.sort_unstable();
        let field = HighlightField { size, count, ..HighlightField::new("body") };
        let mut out = Vec::new();
        render(text, &spans, &field, &HighlightOptions::default(), &mut out);
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
    fn no_text_is_too_odd() {
        let text = "港".repeat(300);
        assert_eq!(fragments(&text, &["港港"], 20, 2).len(), 2);
        assert_eq!(fragments(&"é".repeat(300), &["é"], 20, 1).len(), 1);
    }
}
