//! The rules that an event must satisfy before the log takes it. Files, HTTP and every other source meet this same check.

use std::fmt::Display;

use crate::{
    content::Content,
    event::{ENVELOPE, EventType, Fact, InvalidEvent, NewEvent, UNPUBLISHED, Visibility},
};

/// The largest payload in bytes of JSON.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// The longest short text (headline, caption, name …) in bytes.
pub(crate) const MAX_SHORT_TEXT_BYTES: usize = 64 << 10;
/// The largest number of assets that one asset may name.
pub const MAX_REFERENCES: usize = 2_000;
/// The largest number of keywords, of corrections, of renditions or of other names of one asset.
pub const MAX_LIST: usize = 10_000;

/// Checks what the types alone do not.
pub(crate) fn check(event: &NewEvent) -> Result<(), InvalidEvent> {
    short("source", &event.source)?;
    if event.source.contains('\n') {
        return Err(invalid("source", "must be one line"));
    }
    if let Some(name) = event.unknown.keys().find(|name| ENVELOPE.contains(&name.as_str())) {
        return Err(invalid(name, "is a field of the envelope: it cannot be an unknown one"));
    }
    match (&event.visibility, &event.fact) {
        (Visibility::Public { until: None }, _) => {}
        (visibility, Fact::Published(_)) => {
            if let Visibility::Unpublished { reason } = visibility {
                short(UNPUBLISHED, reason)?;
                if reason.trim().is_empty() || reason.contains('\n') {
                    return Err(invalid(UNPUBLISHED, "must be a reason in one line, such as draft"));
                }
            }
        }
        _ => return Err(invalid(UNPUBLISHED, "and `until` are for published events only")),
    }
    match &event.fact {
        Fact::Published(content) => check_content(content),
        Fact::Withdrawn(_, order)
        | Fact::Restored(_, order)
        | Fact::Erased(_, order)
        | Fact::Unmerged(order) => {
            short("data.notice", &order.notice)?;
            short("data.reason", &order.reason)?;
            short("data.by", &order.by)
        }
        Fact::Merged(merge) if merge.into == event.id => {
            Err(invalid("data.into", "a byline cannot be merged into itself"))
        }
        Fact::Merged(merge) => short("data.reason", &merge.reason),
        Fact::Other(name, _) => {
            let no_type = name.is_empty()
                || name.len() > 100
                || name.chars().any(|c| c.is_control() || c.is_whitespace())
                || !matches!(EventType::from(name.as_str()), EventType::Other(_));
            if no_type { Err(InvalidEvent::Type) } else { Ok(()) }
        }
    }
}

fn check_content(content: &Content) -> Result<(), InvalidEvent> {
    match content {
        Content::Article(article) => {
            for (name, text) in [
                ("headline", &article.headline),
                ("kicker", &article.kicker),
                ("subheadline", &article.subheadline),
                ("section", &article.section),
                ("desk", &article.desk),
                ("edition", &article.edition),
                ("page", &article.page),
                ("type", &article.genre),
                ("source", &article.source),
                ("url", &article.url),
                ("dateline", &article.dateline),
                ("credit", &article.credit),
            ] {
                short(format_args!("data.{name}"), text)?;
            }
            language(&article.language)?;
            at_most("data.bylines", article.bylines.len(), MAX_REFERENCES)?;
            at_most("data.images", article.images.len(), MAX_REFERENCES)?;
            at_most("data.keywords", article.keywords.len(), MAX_LIST)?;
            at_most("data.corrections", article.corrections.len(), MAX_LIST)?;
            article.keywords.iter().enumerate().try_for_each(|(at, keyword)| {
                short(format_args!("data.keywords[{at}].name"), &keyword.name)?;
                short(format_args!("data.keywords[{at}].value"), &keyword.value)
            })
        }
        Content::Image(image) => {
            for (name, text) in [("caption", &image.caption), ("alt", &image.alt), ("credit", &image.credit)]
            {
                short(format_args!("data.{name}"), text)?;
            }
            at_most("data.renditions", image.renditions.len(), MAX_LIST)
        }
        Content::Byline(byline) => {
            for (name, text) in [
                ("name", &byline.name),
                ("given", &byline.given),
                ("family", &byline.family),
                ("title", &byline.title),
                ("organization", &byline.organization),
                ("bio", &byline.bio),
            ] {
                short(format_args!("data.{name}"), text)?;
            }
            at_most("data.also_known_as", byline.also_known_as.len(), MAX_LIST)
        }
    }
}

/// Checks the shape of a BCP 47 tag (RFC 5646, section 2.1): subtags of 1 to 8 letters and digits.
fn language(tag: &str) -> Result<(), InvalidEvent> {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.is_empty() || (tag.len() <= 35 && tag.split('-').all(subtag)) {
        return Ok(());
    }
    Err(invalid("data.language", "is no language tag: use BCP 47, such as en or pt-BR"))
}

/// Checks the length of a text. The path is written out only where it is needed: an article has a dozen of them.
fn short(path: impl Display, text: &str) -> Result<(), InvalidEvent> {
    if text.len() <= MAX_SHORT_TEXT_BYTES {
        return Ok(());
    }
    Err(invalid(
        &path.to_string(),
        &format!("{} bytes are too long: at most {MAX_SHORT_TEXT_BYTES} are taken", text.len()),
    ))
}

fn at_most(path: &str, found: usize, max: usize) -> Result<(), InvalidEvent> {
    if found <= max {
        return Ok(());
    }
    Err(invalid(path, &format!("{found} entries are too many: at most {max} are taken")))
}

fn invalid(path: &str, why: &str) -> InvalidEvent {
    InvalidEvent::Data { path: path.to_owned(), why: why.to_owned() }
}
