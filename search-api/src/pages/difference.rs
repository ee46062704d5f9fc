//! Differences between two revisions, word by word, with as much around it as one needs to understand it.

use std::time::{Duration, Instant};

use maud::{Markup, html};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use store::{Article, Byline, Content, Image};

/// A comparison that takes longer becomes coarser.
const TIME: Duration = Duration::from_millis(100);
/// So many words that stayed are shown before and after a change.
const AROUND: usize = 12;

/// The fields that differ, each with its difference. `earlier` is none for the first revision, which differs in
/// nothing.
pub(super) fn between(earlier: Option<&Content>, later: &Content) -> Vec<(&'static str, Markup)> {
    let Some(earlier) = earlier else { return Vec::new() };
    let (old, new) = (fields(earlier), fields(later));
    let mut changed = Vec::new();
    for ((name, old), (_, new)) in old.iter().zip(&new) {
        if old != new {
            changed.push((*name, words(old, new)));
        }
    }
    changed
}

/// Returns what a reader would call a change, by the names that a reader would use.
fn fields(content: &Content) -> Vec<(&'static str, String)> {
    match content {
        Content::Article(article) => article_fields(article),
        Content::Image(image) => image_fields(image),
        Content::Byline(byline) => byline_fields(byline),
    }
}

fn article_fields(article: &Article) -> Vec<(&'static str, String)> {
    let date = |date: &Option<store::ArchiveDate>| date.as_ref().map(ToString::to_string).unwrap_or_default();
    let ids = |ids: &[store::AssetId]| ids.iter().map(store::AssetId::as_str).collect::<Vec<_>>().join(" · ");
    let keywords: Vec<&str> = article.keywords.iter().map(|keyword| keyword.value.as_str()).collect();
    let corrections: Vec<&str> =
        article.corrections.iter().map(|correction| correction.text.as_str()).collect();
    vec![
        ("Kicker", article.kicker.clone()),
        ("Headline", article.headline.clone()),
        ("Deck", article.subheadline.clone()),
        ("Summary", article.summary.clone()),
        ("Text", article.body.clone()),
        ("Correction", corrections.join(" · ")),
        ("Byline as printed", article.credit.clone()),
        ("Authors", ids(&article.bylines)),
        ("Images", ids(&article.images)),
        ("Dateline", article.dateline.clone()),
        ("Published", date(&article.published)),
        ("Section", article.section.clone()),
        ("Desk", article.desk.clone()),
        ("Edition", article.edition.clone()),
        ("Page", article.page.clone()),
        ("Type", article.genre.clone()),
        ("Language", article.language.clone()),
        ("Source", article.source.clone()),
        ("Keywords", keywords.join(" · ")),
        ("Address", article.url.clone()),
        ("Rights", article.rights.clone()),
    ]
}

fn image_fields(image: &Image) -> Vec<(&'static str, String)> {
    let renditions: Vec<&str> = image.renditions.iter().map(|rendition| rendition.href.as_str()).collect();
    vec![
        ("Caption", image.caption.clone()),
        ("Description", image.alt.clone()),
        ("Credit", image.credit.clone()),
        ("By", image.photographer.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Taken", image.taken.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Files", renditions.join(" · ")),
        ("Rights", image.rights.clone()),
    ]
}

fn byline_fields(byline: &Byline) -> Vec<(&'static str, String)> {
    vec![
        ("Name", byline.name.clone()),
        ("Given name", byline.given.clone()),
        ("Family name", byline.family.clone()),
        ("Title", byline.title.clone()),
        ("Organization", byline.organization.clone()),
        ("Also known as", byline.also_known_as.join(" · ")),
        ("Biography", byline.bio.clone()),
        ("Address", byline.url.clone()),
    ]
}

/// The difference of two texts: `<del>` and `<ins>`, and an ellipsis for long parts that stayed.
fn words(old: &str, new: &str) -> Markup {
    let (old, new) = (tokens(old), tokens(new));
    let deadline = Instant::now() + TIME;
    let operations = readable(capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline)));
    let last = operations.len().saturating_sub(1);
    html! {
        @for (number, operation) in operations.iter().enumerate() {
            @match *operation {
                DiffOp::Equal { old_index, len, .. } => {
                    (stayed(part(&old, old_index, len), number == 0, number == last))
                }
                DiffOp::Delete { old_index, old_len, .. } => del { (joined(part(&old, old_index, old_len))) }
                DiffOp::Insert { new_index, new_len, .. } => ins { (joined(part(&new, new_index, new_len))) }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    @if old_len > 0 { del { (joined(part(&old, old_index, old_len))) } " " }
                    @if new_len > 0 { ins { (joined(part(&new, new_index, new_len))) } }
                }
            }
            " "
        }
    }
}

/// A word or two that stayed between changes make a difference hard to read: they are counted to the change.
fn readable(operations: Vec<DiffOp>) -> Vec<DiffOp> {
    let last = operations.len().saturating_sub(1);
    let mut merged: Vec<DiffOp> = Vec::with_capacity(operations.len());
    for (number, operation) in operations.into_iter().enumerate() {
        let is_short =
            matches!(operation, DiffOp::Equal { len, .. } if len <= SHORT) && number > 0 && number < last;
        let is_change = !matches!(operation, DiffOp::Equal { .. });
        match merged.last_mut() {
            Some(before) if (is_short || is_change) && !matches!(before, DiffOp::Equal { .. }) => {
                let (old, new) = (before.old_range().start, before.new_range().start);
                *before = DiffOp::Replace {
                    old_index: old,
                    old_len: operation.old_range().end - old,
                    new_index: new,
                    new_len: operation.new_range().end - new,
                };
            }
            _ => merged.push(operation),
        }
    }
    merged
}

/// So few words that stayed do not part two changes.
const SHORT: usize = 3;

fn stayed(words: &[&str], is_first: bool, is_last: bool) -> Markup {
    let before = if is_first { 0 } else { AROUND };
    let after = if is_last { 0 } else { AROUND };
    if words.len() <= before + after + 4 {
        return html! { (joined(words)) };
    }
    let (start, rest) = words.split_at(before);
    let (_, end) = rest.split_at(rest.len().saturating_sub(after));
    html! { (joined(start)) " " span.gap { "…" } " " (joined(end)) }
}

/// Words; a new paragraph is one, too, and is shown as printers write it.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for (number, paragraph) in text.split("\n\n").enumerate() {
        if number > 0 {
            tokens.push("¶");
        }
        tokens.extend(paragraph.split_whitespace());
    }
    tokens
}

fn part<'a, 'b>(words: &'a [&'b str], start: usize, length: usize) -> &'a [&'b str] {
    words.get(start..start + length).unwrap_or_default()
}

fn joined(words: &[&str]) -> String {
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_and_what_is_around_it_is_shown() {
        let check = |old: &str, new: &str, expected: &str| {
            assert_eq!(words(old, new).into_string().trim(), expected);
        };
        check(
            "A Flying Machine Said to Have Flown",
            "A Flying Machine Has Flown",
            "A Flying Machine <del>Said to Have</del> <ins>Has</ins> Flown",
        );
        check("a <b>", "a <i>", "a <del>&lt;b&gt;</del> <ins>&lt;i&gt;</ins>");
        check("one", "one\n\ntwo", "one <ins>¶ two</ins>");
        let long = "word ".repeat(100);
        let html = words(&format!("{long} old"), &format!("{long} new")).into_string();
        assert!(html.len() < 200 && html.contains('…'), "{html}");
    }

    #[test]
    fn unlike_texts_do_not_take_long() {
        let old: String = (0..60_000).map(|number| format!("{number} ")).collect();
        let new: String = (0..60_000).map(|number| format!("{} ", number * 7 % 60_013)).collect();
        let started = Instant::now();
        words(&old, &new);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}
