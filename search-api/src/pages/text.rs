//! Text of the archive as HTML.

use maud::{Markup, PreEscaped, html};
use search::cite::TITLE_WORDS;

/// A fragment of the highlighter, which has escaped everything but its own `<em>`. Anything else that looks like
/// markup is escaped here a second time: should the highlighter ever fail to, a page must not.
pub(super) fn fragment(fragment: &str) -> Markup {
    let mut clean = String::with_capacity(fragment.len());
    let mut rest = fragment;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        clean.push_str(before);
        let known = ["<em>", "</em>"].into_iter().find(|known| tag.starts_with(known));
        clean.push_str(known.unwrap_or("&lt;"));
        rest = tag.get(known.map_or(1, str::len)..).unwrap_or_default();
    }
    clean.push_str(rest);
    // An <em> that a fragment's end has cut off must not reach into the page.
    let open = clean.matches("<em>").count();
    let closed = clean.matches("</em>").count();
    (closed..open).for_each(|_| clean.push_str("</em>"));
    html! { (PreEscaped(clean)) }
}

/// The first fragments of a field, parted by an ellipsis.
pub(super) fn fragments(of_field: Option<&Vec<String>>) -> Option<Markup> {
    let list = of_field.filter(|list| !list.is_empty())?;
    Some(html! {
        @for (number, one) in list.iter().take(2).enumerate() {
            @if number > 0 { " " span.gap { "…" } " " }
            (fragment(one))
        }
    })
}

/// The paragraphs of a body: parted by an empty line.
pub(super) fn paragraphs(body: &str) -> impl Iterator<Item = &str> {
    body.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
}

/// The beginning of a text, cut at a word.
pub(super) fn beginning(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let cut: String = text.chars().take(characters).collect();
    let at = cut.rfind(char::is_whitespace).unwrap_or(cut.len());
    format!("{}…", cut.get(..at).unwrap_or(&cut).trim_end_matches([',', ';', ':', '.', ' ']))
}

/// The words after those that stand for a headline, as many as a list shows.
pub(super) fn after_title(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().skip(TITLE_WORDS).take(SNIPPET_WORDS).collect();
    if words.is_empty() { String::new() } else { format!("… {}", words.join(" ")) }
}

const SNIPPET_WORDS: usize = 35;

/// Returns true if a paragraph has its line breaks from print, as a machine that reads a page leaves them: shown line
/// by line it can be held against the page, and its headings stand out. A text that was wrapped for a screen has longer
/// lines.
pub(super) fn is_in_lines(paragraph: &str) -> bool {
    let lines = paragraph.lines().count();
    lines >= 4 && paragraph.chars().count() < lines * PRINTED_LINE
}

/// Lines of a newspaper's column are shorter than this, in characters.
const PRINTED_LINE: usize = 56;

/// Returns true if a paragraph may begin with a large capital: it does begin with one, and is long enough to stand
/// beside it.
pub(super) fn takes_initial(paragraph: &str) -> bool {
    paragraph.starts_with(char::is_uppercase)
        && paragraph.chars().take(260).count() == 260
        && !is_in_lines(paragraph)
}

/// A language tag for `lang`; nothing when it could not be one.
pub(super) fn lang(tag: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!tag.is_empty() && tag.len() <= 35 && tag.chars().all(fits)).then_some(tag)
}

/// The name of a language by its tag, as far as archives usually have it; otherwise the tag.
pub(super) fn language_name(tag: &str) -> &str {
    static NAMES: [(&str, &str); 24] = [
        ("en", "English"),
        ("fr", "French"),
        ("de", "German"),
        ("es", "Spanish"),
        ("it", "Italian"),
        ("pt", "Portuguese"),
        ("nl", "Dutch"),
        ("ru", "Russian"),
        ("ja", "Japanese"),
        ("zh", "Chinese"),
        ("ko", "Korean"),
        ("ar", "Arabic"),
        ("he", "Hebrew"),
        ("pl", "Polish"),
        ("uk", "Ukrainian"),
        ("sv", "Swedish"),
        ("da", "Danish"),
        ("nb", "Norwegian"),
        ("fi", "Finnish"),
        ("el", "Greek"),
        ("tr", "Turkish"),
        ("hi", "Hindi"),
        ("ga", "Irish"),
        ("cy", "Welsh"),
    ];
    NAMES.iter().find(|(known, _)| *known == tag).map_or(tag, |(_, name)| *name)
}

/// A count with thin spaces between thousands, as tables in print have it.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 article`, `2 articles`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// With a capital.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_em_gets_through() {
        let check = |text: &str, expected: &str| assert_eq!(fragment(text).into_string(), expected);
        check("a <em>b</em> c", "a <em>b</em> c");
        check("a &lt;b&gt; <em>c", "a &lt;b&gt; <em>c</em>");
        check("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>");
        check("<em onclick=x>", "&lt;em onclick=x>");
        check("5 < 6", "5 &lt; 6");
    }

    #[test]
    fn what_comes_behind_a_title_begins_with_dots() {
        assert_eq!(after_title("1 2 3 4 5 6 7 8 9 10\n11"), "… 10 11");
        assert_eq!(after_title("1 2"), "");
    }

    #[test]
    fn columns_of_print_are_told_from_prose() {
        assert!(is_in_lines(
            "In the meantime the\nmayor of the town had\nbeen told that all was\nwell with the ferry."
        ));
        let line = "a line of some sixty characters, as mail and terminals wrap them;\n";
        assert!(!is_in_lines(&line.repeat(9)));
        assert!(!is_in_lines("one\ntwo"));
        assert!(takes_initial(&format!("It{}", " was a long day".repeat(20))));
        assert!(!takes_initial("It was.") && !takes_initial(&"it was ".repeat(80)));
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(beginning("one two three", 9), "one two…");
    }
}
