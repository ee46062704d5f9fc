//! The publicity that named values state: front matter, rows of tables, JSON.

use serde_json::{Map, Value};
use store::ArchiveDate;

use super::{
    Hidden, Publicity,
    words::{Status, plain, status, truth, untimed},
};
use crate::{
    dates::{self, DayOrder},
    fields::{Fields, is_nothing, text_of},
};

/// The meaning of a field of a known name.
enum Means {
    /// Hidden where it is true.
    If(Hidden),
    /// Hidden where it is false.
    Unless(Hidden),
    /// A word for its state.
    Status,
    /// Hidden where there is one.
    Password,
    /// A time at which it was thrown away, or the statement that it was.
    Thrown,
    /// Not before, or whether it is published at all.
    Starts,
    /// Not before, or that it is embargoed.
    Embargo,
    /// Not from then on.
    Ends,
    /// Hugo's options for making a page of it.
    Build,
}

/// Names in lower case without what parts their words, as Hugo, Jekyll, WordPress, Ghost, Drupal and their like call it.
fn meaning(name: &str) -> Option<Means> {
    Some(match name {
        "draft" | "isdraft" => Means::If(Hidden::Draft),
        "private" | "isprivate" => Means::If(Hidden::Private),
        "unpublished" | "isunpublished" => Means::If(Hidden::Unpublished),
        "hidden" | "ishidden" | "unlisted" | "isunlisted" | "headless" => Means::If(Hidden::Unlisted),
        "expired" | "isexpired" => Means::If(Hidden::Expired(None)),
        "ispublished" => Means::Unless(Hidden::Unpublished),
        "public" | "ispublic" => Means::Unless(Hidden::Private),
        "visible" | "isvisible" => Means::Unless(Hidden::Unlisted),
        "status" | "poststatus" | "articlestatus" | "pubstatus" | "publishstatus" | "publicationstatus"
        | "publishingstatus" | "editorialstatus" | "workflowstatus" | "workflowstate" | "state"
        | "visibility" | "creativeworkstatus" => Means::Status,
        "password" | "postpassword" | "passwordprotected" => Means::Password,
        "deleted" | "isdeleted" | "deletedat" | "trashed" | "istrashed" | "trashedat" => Means::Thrown,
        "published" | "publishdate" | "pubdate" | "publishat" | "publishon" | "publishedat"
        | "publishedon" | "publishafter" | "publicationdate" | "datepublished" | "date" | "postdate"
        | "postdategmt" | "golive" | "goliveat" | "golivedate" | "scheduled" | "scheduledat"
        | "scheduledfor" | "scheduleddate" | "availablefrom" | "visiblefrom" | "validfrom" => Means::Starts,
        "embargo" | "embargoed" | "embargodate" | "embargountil" | "embargoeduntil" | "embargoends" => {
            Means::Embargo
        }
        "expires" | "expiresat" | "expireson" | "expiry" | "expirydate" | "expiredate" | "expiration"
        | "expirationdate" | "expirationtime" | "unpublishdate" | "unpublishat" | "unpublishon"
        | "publishuntil" | "publisheduntil" | "visibleuntil" | "availableuntil" | "validuntil"
        | "validto" => Means::Ends,
        "build" => Means::Build,
        _ => return None,
    })
}

/// The dates of Hugo and Jekyll by which a page is scheduled: the first that is there counts.
pub(crate) const OF_PAGES: [&str; 4] = ["publishdate", "pubdate", "published", "date"];
/// The dates of a row by which it is scheduled. Its `date` is when it was printed, which may be the date of a cover.
pub(crate) const OF_ROWS: [&str; 22] = [
    "publishdate",
    "publishat",
    "publishon",
    "publishafter",
    "scheduledfor",
    "scheduledat",
    "scheduleddate",
    "scheduled",
    "golive",
    "goliveat",
    "golivedate",
    "availablefrom",
    "visiblefrom",
    "validfrom",
    "publishedat",
    "publishedon",
    "published",
    "datepublished",
    "publicationdate",
    "pubdate",
    "postdategmt",
    "postdate",
];

/// Returns what fields say by their names. `scheduling` lists the names of dates by which a text is scheduled, the
/// first first;
/// `order` decides on dates that can be read in two ways.
pub(crate) fn named<'f>(
    fields: impl IntoIterator<Item = (&'f str, &'f Value)>,
    scheduling: &[&str],
    order: DayOrder,
) -> Publicity {
    let date = |value: &Value| dates::read(&text_of(value), order).map(|dated| dated.date);
    let mut said = Publicity::default();
    let (mut starts, mut embargo): (Option<(usize, ArchiveDate)>, Option<ArchiveDate>) = (None, None);
    let (mut scheduled, mut embargoed) = (false, false);
    for (name, value) in fields {
        let name = plain(name);
        let Some(means) = meaning(&name).filter(|_| !is_nothing(value)) else { continue };
        let hidden = match (means, truth(value)) {
            (Means::If(why), Some(true)) | (Means::Unless(why), Some(false)) => Some(why),
            (Means::Password, flag) => (flag != Some(false)).then_some(Hidden::Password),
            (Means::Thrown, flag) => (flag == Some(true) || date(value).is_some()).then_some(Hidden::Trashed),
            (Means::Starts, Some(false)) if name == "published" => Some(Hidden::Unpublished),
            (Means::Starts, flag) => {
                scheduled |= name == "scheduled" && flag == Some(true);
                let rank = scheduling.iter().position(|known| *known == name);
                let found = rank.zip(date(value)).filter(|(_, date)| is_year_written(date, value));
                let better = |(rank, _): &(usize, _)| starts.as_ref().is_none_or(|(known, _)| rank < known);
                if let Some(found) = found.filter(better) {
                    starts = Some(found);
                }
                None
            }
            (Means::Embargo, flag) => {
                embargoed |= flag != Some(false) && !is_no_date(&text_of(value));
                embargo = embargo.or_else(|| date(value));
                None
            }
            (Means::Ends, _) => {
                said = said.until(date(value).as_ref());
                None
            }
            (Means::Status, _) => match status(&text_of(value)) {
                Some(Status::Hidden(why)) => Some(why),
                Some(Status::Scheduled) => {
                    scheduled = true;
                    None
                }
                Some(Status::Embargoed) => {
                    embargoed = true;
                    None
                }
                None => None,
            },
            (Means::Build, _) => is_not_built(value).then_some(Hidden::Unlisted),
            (Means::If(_) | Means::Unless(_), _) => None,
        };
        said = said.and(hidden.map(Publicity::hidden).unwrap_or_default());
    }
    match (starts, scheduled) {
        (Some((_, date)), _) => said = said.scheduled(&date),
        (None, true) => said = said.and(Publicity::hidden(Hidden::Scheduled(None))),
        (None, false) => {}
    }
    if embargoed { said.embargoed(embargo.as_ref()) } else { said }
}

fn date(value: &Value) -> Option<ArchiveDate> {
    dates::parse(&text_of(value))
}

/// Returns true if a text says that there is no date: nothing, `none`, or the `0000-00-00` of a database.
pub(crate) fn is_no_date(text: &str) -> bool {
    let is_zero = |byte: u8| byte == b'0' || !byte.is_ascii_alphanumeric();
    matches!(plain(text).as_str(), "" | "none" | "null" | "na") || text.bytes().all(is_zero)
}

/// Returns true if a date's year is not guessed from two digits of it.
fn is_year_written(date: &ArchiveDate, value: &Value) -> bool {
    let text = text_of(value);
    text.contains(&date.year().to_string()) || text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true for Hugo's build options by which no page is made, or none that lists lead to.
fn is_not_built(options: &Value) -> bool {
    ["render", "list"].iter().any(|name| match options.get(name) {
        Some(Value::String(text)) => text == "never",
        Some(other) => truth(other) == Some(false),
        None => false,
    })
}

/// Returns the publicity of ninjs 1.x to 3.x: `pubstatus`, `embargoed` (3.x: `embargoedUntil`), `expires`.
pub(crate) fn ninjs(fields: &Fields) -> Publicity {
    let first = |names: &[&str]| names.iter().find_map(|name| fields.0.get(*name).filter(|v| !is_nothing(v)));
    let text = |names: &[&str]| first(names).map(text_of).unwrap_or_default();
    let said = match text(&["pubstatus", "pubStatus"]) {
        status if matches!(plain(&status).as_str(), "canceled" | "cancelled") => {
            Publicity::hidden(Hidden::Canceled(text(&["ednote", "edNote"])))
        }
        status => untimed(&status),
    };
    let said = said.until(first(&["expires"]).and_then(date).as_ref());
    match first(&["embargoed", "embargoedUntil", "embargoeduntil"]) {
        Some(embargo) if truth(embargo) != Some(false) => said.embargoed(date(embargo).as_ref()),
        _ => said,
    }
}

/// Returns the publicity of schema.org in a file of its own: `creativeWorkStatus`, `expires`, and `datePublished`, when
/// it is first published.
pub(crate) fn json_ld(article: &Map<String, Value>) -> Publicity {
    let said = page(Some(article), "");
    match article.get("datePublished").and_then(|value| date(&literal(value))) {
        Some(date) => said.scheduled(&date),
        None => said,
    }
}

/// Returns the publicity of a page that was fetched: it is published, whatever date it gives; its `expires` and
/// `article:expiration_time` hold.
pub(crate) fn page(article: Option<&Map<String, Value>>, expiration_time: &str) -> Publicity {
    let said = Publicity::default().until(dates::parse(expiration_time).as_ref());
    let of = |name: &str| article.and_then(|article| article.get(name)).map(literal);
    let said = said.until(of("expires").and_then(|value| date(&value)).as_ref());
    match of("creativeWorkStatus") {
        Some(status) => said.and(untimed(text_of(&status).rsplit('/').next().unwrap_or_default())),
        None => said,
    }
}

/// Returns the value itself, of a list its first, of an object its `@value` or `name`.
fn literal(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.first().map(literal).unwrap_or_default(),
        Value::Object(object) => {
            object.get("@value").or_else(|| object.get("name")).cloned().unwrap_or_default()
        }
        other => other.clone(),
    }
}
