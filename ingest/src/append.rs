//! The check of what comes from a person or a source. Files, HTTP and the command line come through here; an import and a
//! replica do not, since what another log holds was taken once.
//!
//! The log takes what it does not understand, and keeps it for ever. A slip of the pen must not end there: the type of an
//! event must be a known one, what is published must have something to show, and a field that nobody knows is told.

use serde_json::{Map, Value};
use store::{
    Appended, Article, AssetId, AssetRef, Batch, Byline, Content, EventType, Fact, Image, InvalidEvent, Log,
    NewEvent, Outcome, Prepared, Refusal, SourcePosition, event_types, schema,
};

use crate::names;

/// Departures from the usual that were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Events with fields that this version does not know are refused.
    pub strict: bool,
    /// Events of types that this version does not know are taken.
    pub unknown_types: bool,
}

/// An event that may be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The event, its unknown fields moved to `extra` where the asset has one.
    pub event: NewEvent,
    /// Remarks for its sender, a sentence each.
    pub remarks: Vec<String>,
    /// True if it is appended only where the log knows nothing of its asset, whom another one mentions.
    pub is_mention: bool,
}

/// The reason why an event may not be appended: always its sender's to mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotAdmitted {
    /// It is no event.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// A slip of the pen, or of a later version.
    #[error("there is no event type `{name}`: {}", .nearest.as_ref().map_or_else(known_types, |nearest| format!("is `{nearest}` meant?")))]
    UnknownType {
        /// As it was written.
        name: String,
        /// The known one that is spelt most like it.
        nearest: Option<String>,
    },
    /// Readers would see an empty page.
    #[error("{needed}{}", but_has(.remarks))]
    NothingToShow {
        /// The fields that would be enough.
        needed: &'static str,
        /// Its unknown fields, in words.
        remarks: Vec<String>,
    },
    /// By its mapping it is nothing that an archive holds.
    #[error("{0}")]
    NotMapped(String),
    /// It was to have known fields alone.
    #[error("{}", .0.join("; "))]
    UnknownFields(Vec<String>),
}

fn known_types() -> String {
    let names: Vec<String> = event_types().iter().map(ToString::to_string).collect();
    format!("use one of {}", names.join(", "))
}

fn but_has(remarks: &[String]) -> String {
    if remarks.is_empty() { String::new() } else { format!("; {}", remarks.join("; ")) }
}

/// The most unknown fields that are told of one event.
const MAX_REMARKS: usize = 10;
/// A longer name is like no other.
const MAX_NAME: usize = 80;

/// Reads the JSON form of an event, and checks it.
///
/// # Errors
/// [`NotAdmitted`], with the field or the type that is wrong.
pub fn read(line: &str, terms: Terms) -> Result<Admitted, NotAdmitted> {
    admit(NewEvent::from_json(line)?, terms)
}

/// Checks an event.
///
/// # Errors
/// [`NotAdmitted`], with the field or the type that is wrong.
pub fn admit(mut event: NewEvent, terms: Terms) -> Result<Admitted, NotAdmitted> {
    let event_type = event.fact.event_type();
    if let EventType::Other(name) = &event_type
        && !terms.unknown_types
    {
        return Err(NotAdmitted::UnknownType { name: short(name), nearest: nearest_type(name) });
    }
    let mut unknown = Unknown { schema: None, event_type: &event_type, remarks: Vec::new(), count: 0 };
    for name in event.unknown.keys() {
        unknown.tell(name, ENVELOPE.into_iter(), "kept beside `data`");
    }
    let needed = match &mut event.fact {
        Fact::Published(content) => {
            unknown.inside(content);
            unknown.move_to_extra(content);
            needed(content)
        }
        Fact::Withdrawn(_, order)
        | Fact::Restored(_, order)
        | Fact::Erased(_, order)
        | Fact::Unmerged(order) => {
            unknown.tell_all(&order.unknown, "kept as it is");
            None
        }
        Fact::Merged(merge) => {
            unknown.tell_all(&merge.unknown, "kept as it is");
            None
        }
        Fact::Other(..) => None,
    };
    let remarks = unknown.told();
    if let Some(needed) = needed {
        return Err(NotAdmitted::NothingToShow { needed, remarks });
    }
    if terms.strict && !remarks.is_empty() {
        return Err(NotAdmitted::UnknownFields(remarks));
    }
    Ok(Admitted { event, remarks, is_mention: false })
}

/// The events of one thing that was sent: its own, and those of what it names and describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Assets {
    /// The event of its own asset.
    pub own: Admitted,
    /// The events of what it names and describes, which come before its own.
    pub before: Vec<Admitted>,
    /// The events that take from readers what it says they may not see, which come behind its own.
    pub behind: Vec<Admitted>,
}

impl From<Admitted> for Assets {
    fn from(own: Admitted) -> Self {
        Self { own, before: Vec::new(), behind: Vec::new() }
    }
}

impl Assets {
    /// Returns the assets that the events are of, one after another.
    pub fn all(&self) -> impl Iterator<Item = AssetRef> {
        let events = self.before.iter().chain([&self.own]).chain(&self.behind);
        events.filter_map(|one| one.event.asset())
    }

    /// Puts the events at the end of a batch, its own on the terms that `own` adds. Where one cannot be prepared, nothing is
    /// added.
    ///
    /// # Errors
    /// [`InvalidEvent`]: the log would not take one.
    pub fn put(
        self,
        log: &Log,
        batch: &mut Batch,
        own: impl FnOnce(Prepared) -> Prepared,
    ) -> Result<InBatch, InvalidEvent> {
        let on_terms = |one: &Admitted| {
            let prepared = log.prepare(&one.event)?;
            Ok(if one.is_mention { prepared.only_if_absent() } else { prepared })
        };
        let mut events = self.before.iter().map(on_terms).collect::<Result<Vec<_>, InvalidEvent>>()?;
        events.push(own(log.prepare(&self.own.event)?));
        for one in &self.behind {
            events.push(on_terms(one)?);
        }
        batch.events.extend(events);
        let names = |all: Vec<Admitted>| all.into_iter().map(|one| one.event.id).collect();
        Ok(InBatch { remarks: self.own.remarks, before: names(self.before), behind: names(self.behind) })
    }
}

/// The places of one thing's events in a batch.
#[derive(Debug)]
pub struct InBatch {
    remarks: Vec<String>,
    before: Vec<AssetId>,
    behind: Vec<AssetId>,
}

impl InBatch {
    /// Takes the outcomes of its events from the batch's. Returns that of its own, and remarks for its sender.
    pub fn outcome(self, outcomes: &mut impl Iterator<Item = Outcome>) -> (Outcome, Vec<String>) {
        let mut remarks = self.remarks;
        #[expect(clippy::expect_used, reason = "the log answers each event of a batch")]
        let mut next = || outcomes.next().expect("an outcome for each event");
        let mut tell = |id: AssetId, outcome: Outcome| match outcome {
            // Somebody else was faster to say who it is.
            Outcome::Refused(Refusal::Exists { .. }) => {}
            Outcome::Refused(refusal) => {
                remarks.push(format!("`{id}`, which came with it, was not taken: {refusal}"));
            }
            Outcome::Appended(_) | Outcome::Withheld(_) | Outcome::Unchanged(_) => {}
        };
        self.before.into_iter().for_each(|id| tell(id, next()));
        let own = next();
        self.behind.into_iter().for_each(|id| tell(id, next()));
        (own, remarks)
    }
}

/// The outcome of one thing that was sent, with remarks for its sender.
pub type Result1 = Result<(Outcome, Vec<String>), NotAdmitted>;

/// Appends what came together, in one commit: what may be, whatever is wrong with the others. Returns the log's head then, and
/// what became of each.
///
/// # Errors
/// [`store::AppendError`]; nothing is in the log then.
pub fn append(
    log: &Log,
    all: impl IntoIterator<Item = Result<Assets, NotAdmitted>>,
    position: Option<SourcePosition>,
) -> Result<(store::Seq, Vec<Result1>), store::AppendError> {
    let mut batch = Batch { position, ..Batch::default() };
    let taken: Vec<Result<InBatch, NotAdmitted>> =
        all.into_iter().map(|assets| Ok(assets?.put(log, &mut batch, |own| own)?)).collect();
    let Appended { head, outcomes } = log.append(batch)?;
    let mut outcomes = outcomes.into_iter();
    let results = taken.into_iter().map(|taken| Ok(taken?.outcome(&mut outcomes)));
    Ok((head, results.collect()))
}

/// The fields of an event beside its data.
const ENVELOPE: [&str; 7] = ["type", "id", "time", "source", "unpublished", "until", "data"];

/// The fields of one event that nobody knows.
struct Unknown<'a> {
    event_type: &'a EventType,
    /// That of its data, once it is wanted.
    schema: Option<Value>,
    remarks: Vec<String>,
    count: usize,
}

impl Unknown<'_> {
    fn tell<'k>(&mut self, name: &str, known: impl Iterator<Item = &'k str>, kept: &str) {
        self.count += 1;
        if self.remarks.len() < MAX_REMARKS {
            let meant =
                names::nearest(name, known).map(|near| format!(": is `{near}` meant?")).unwrap_or_default();
            self.remarks.push(format!("unknown field `{}`, {kept}{meant}", short(name)));
        }
    }

    fn tell_all(&mut self, unknown: &Map<String, Value>, kept: &str) {
        let known = self.known_fields();
        for name in unknown.keys() {
            self.tell(name, known.iter().map(String::as_str), kept);
        }
    }

    fn known_fields(&mut self) -> Vec<String> {
        let event_type = self.event_type;
        let schema = self.schema.get_or_insert_with(|| schema(event_type));
        let fields = schema.get("properties").and_then(Value::as_object);
        fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// Moves unknown fields to `extra`, which holds what no field has a place for.
    fn move_to_extra(&mut self, content: &mut Content) {
        let (unknown, extra) = match content {
            Content::Article(article) => (&mut article.unknown, &mut article.extra),
            Content::Image(image) => (&mut image.unknown, &mut image.extra),
            Content::Byline(byline) => (&mut byline.unknown, &mut byline.extra),
        };
        if unknown.is_empty() {
            return;
        }
        let known = self.known_fields();
        for (name, value) in std::mem::take(unknown) {
            let is_free = extra.get(&name).is_none_or(|other| *other == value);
            self.tell(
                &name,
                known.iter().map(String::as_str),
                if is_free { "kept in extra" } else { "kept as it is, since extra has another" },
            );
            if is_free {
                extra.insert(name, value)
            } else {
                unknown.insert(name, value)
            };
        }
    }

    /// Tells of fields inside of lists that are spelt nearly like a known one. Sources keep there what they like, so the
    /// others are not told.
    fn inside(&mut self, content: &Content) {
        match content {
            Content::Article(article) => {
                for (at, keyword) in article.keywords.iter().enumerate() {
                    self.near(&format!("keywords[{at}]"), &keyword.unknown, &["name", "value"]);
                }
                for (at, correction) in article.corrections.iter().enumerate() {
                    self.near(&format!("corrections[{at}]"), &correction.unknown, &["date", "text"]);
                }
            }
            Content::Image(image) => {
                for (at, rendition) in image.renditions.iter().enumerate() {
                    let known = ["href", "width", "height", "media_type", "role"];
                    self.near(&format!("renditions[{at}]"), &rendition.unknown, &known);
                }
            }
            Content::Byline(_) => {}
        }
    }

    fn near(&mut self, place: &str, unknown: &Map<String, Value>, known: &[&str]) {
        for name in unknown.keys().filter(|name| names::nearest(name, known.iter().copied()).is_some()) {
            let there: Vec<String> = known.iter().map(|known| format!("{place}.{known}")).collect();
            self.tell(&format!("{place}.{name}"), there.iter().map(String::as_str), "kept as it is");
        }
    }

    fn told(mut self) -> Vec<String> {
        let more = self.count.saturating_sub(self.remarks.len());
        if more > 0 {
            self.remarks.push(format!("and {more} more unknown fields"));
        }
        self.remarks
    }
}

/// Says what an asset needs to be shown; `None` when it has that.
fn needed(content: &Content) -> Option<&'static str> {
    let any = |texts: &[&str]| texts.iter().any(|text| !text.trim().is_empty());
    match content {
        Content::Article(article) => {
            let Article { headline, kicker, subheadline, summary, body, url, images, .. } = &**article;
            let is_shown = any(&[headline, kicker, subheadline, summary, body, url]) || !images.is_empty();
            (!is_shown).then_some(
                "an article must have something to show: a headline, kicker, subheadline, summary or body, \
                 images, or the url where it stands",
            )
        }
        Content::Image(image) => {
            let Image { caption, alt, credit, renditions, .. } = &**image;
            let has_file = renditions.iter().any(|rendition| !rendition.href.trim().is_empty());
            let is_shown = any(&[caption, alt, credit]) || has_file;
            (!is_shown).then_some(
                "an image must have something to show: a caption, alt text or credit, or a rendition with its href",
            )
        }
        Content::Byline(byline) => {
            let Byline { name, .. } = &**byline;
            (!any(&[name])).then_some("a byline must have a name")
        }
    }
}

/// Returns the type of which both the kind and the verb are spelt like those of this one, if any is.
fn nearest_type(name: &str) -> Option<String> {
    let (kind, verb) = name.split_once('.')?;
    let known: Vec<String> = event_types().iter().map(ToString::to_string).collect();
    let parts = || known.iter().filter_map(|known| known.split_once('.'));
    let kind = names::nearest(kind, parts().map(|(kind, _)| kind))?;
    let verb = names::nearest(verb, parts().filter(|(of, _)| *of == kind).map(|(_, verb)| verb))?;
    Some(format!("{kind}.{verb}"))
}

fn short(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_with(event_type: &str, data: &Value, terms: Terms) -> Result<Admitted, NotAdmitted> {
        read(&json!({"type": event_type, "id": "x/1", "data": data}).to_string(), terms)
    }

    #[test]
    fn a_type_that_nobody_knows_is_refused_with_the_nearest() {
        let check = |name: &str, expected: Option<&str>| {
            let found = read_with(name, &json!({"headline": "A"}), Terms::default());
            let nearest = expected.map(str::to_owned);
            assert_eq!(found, Err(NotAdmitted::UnknownType { name: name.to_owned(), nearest }), "{name}");
            let asked_for = Terms { unknown_types: true, ..Terms::default() };
            assert!(read_with(name, &json!({}), asked_for).is_ok(), "{name}");
        };
        check("articel.published", Some("article.published"));
        check("Article.Published", Some("article.published"));
        check("article.publish", Some("article.published"));
        check("image.witdrawn", Some("image.withdrawn"));
        check("byline.unmergd", Some("byline.unmerged"));
        check("video.transcribed", None);
        check("video.published", None);
        check("published", None);
        let told = read_with("video.transcribed", &json!({}), Terms::default()).unwrap_err().to_string();
        assert!(told.contains("article.published") && told.contains("byline.merged"), "{told}");
    }

    #[test]
    fn unknown_fields_are_kept_and_told() {
        let check = |event_type: &str, data: Value, expected: &[&str]| {
            let found = read_with(event_type, &data, Terms::default()).unwrap();
            assert_eq!(found.remarks, expected, "{data}");
            let strict = read_with(event_type, &data, Terms { strict: true, ..Terms::default() });
            assert_eq!(strict.is_err(), !expected.is_empty(), "{data}");
            found.event
        };
        check("article.published", json!({"headline": "A", "extra": {"desk_code": 4}}), &[]);
        let event = check(
            "article.published",
            json!({"headline": "A", "headlin": "B", "wholly": 1.10}),
            &[
                "unknown field `headlin`, kept in extra: is `headline` meant?",
                "unknown field `wholly`, kept in extra",
            ],
        );
        let Fact::Published(Content::Article(article)) = event.fact else { panic!("it is an article") };
        assert_eq!(article.extra, *json!({"headlin": "B", "wholly": 1.10}).as_object().unwrap());
        assert!(article.unknown.is_empty());
        check(
            "article.published",
            json!({"headline": "A", "colour": "red", "extra": {"colour": "blue"}}),
            &["unknown field `colour`, kept as it is, since extra has another"],
        );
        check(
            "article.published",
            json!({"headline": "A", "keywords": [{"name": "place", "valeu": "Harbour", "rank": 2}]}),
            &["unknown field `keywords[0].valeu`, kept as it is: is `keywords[0].value` meant?"],
        );
        check(
            "image.published",
            json!({"captoin": "x", "credit": "y", "renditions": [{"hrf": "a.png"}]}),
            &[
                "unknown field `renditions[0].hrf`, kept as it is: is `renditions[0].href` meant?",
                "unknown field `captoin`, kept in extra: is `caption` meant?",
            ],
        );
        check(
            "article.withdrawn",
            json!({"raeson": "an error"}),
            &["unknown field `raeson`, kept as it is: is `reason` meant?"],
        );
        let line = r#"{"type":"byline.published","id":"b/1","tiem":"1931","data":{"name":"A. Quill"}}"#;
        let remarks = read(line, Terms::default()).unwrap().remarks;
        assert_eq!(remarks, ["unknown field `tiem`, kept beside `data`: is `time` meant?"]);
    }

    #[test]
    fn many_unknown_fields_are_told_in_few_words() {
        let mut data: Map<String, Value> = (0..1_000).map(|n| (format!("strange {n}"), n.into())).collect();
        data.insert("headline".to_owned(), "A".into());
        data.insert("long ".repeat(5_000), 1.into());
        let remarks = read_with("article.published", &Value::Object(data), Terms::default()).unwrap().remarks;
        assert_eq!(remarks.len(), MAX_REMARKS + 1);
        assert_eq!(remarks.last().unwrap(), "and 991 more unknown fields");
        assert!(remarks.iter().all(|remark| remark.len() < 200));
    }

    #[test]
    fn what_is_published_has_something_to_show() {
        let check = |event_type: &str, data: Value, is_shown: bool| {
            let found = read_with(event_type, &data, Terms::default());
            assert_eq!(found.is_ok(), is_shown, "{event_type} {data}: {found:?}");
            found.map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        for data in [
            json!({"headline": "A"}),
            json!({"body": "A"}),
            json!({"images": ["i/1"]}),
            json!({"url": "https://example.org/a"}),
        ] {
            check("article.published", data, true);
        }
        for data in [json!({}), json!({"headline": " \n"}), json!({"section": "City", "published": "1931"})] {
            check("article.published", data, false);
        }
        // What `morgue show --json` prints is no article's data: it must not empty the article.
        let shown = json!({"kind": "article", "id": "a/1", "seq": 4, "revision": 1, "source": "load:a.jsonl",
            "document": {"headline": "A"}, "evidence": {"recorded": "2026-05-02"}});
        let told = check("article.published", shown, false);
        assert!(
            told.contains("unknown field `document`") && told.contains("must have something to show"),
            "{told}"
        );
        check("image.published", json!({"alt": "A ship"}), true);
        check("image.published", json!({"renditions": [{"href": "a.png"}]}), true);
        check("image.published", json!({"renditions": [{"width": 640}], "taken": "1931"}), false);
        check("byline.published", json!({"name": "A. Quill"}), true);
        let told = check("byline.published", json!({"nome": "A. Quill"}), false);
        assert_eq!(told, "a byline must have a name; unknown field `nome`, kept in extra: is `name` meant?");
        check("article.withdrawn", json!({}), true);
        check("article.erased", json!({}), true);
    }
}
