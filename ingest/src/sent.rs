//! Documents that are sent one by one, as over HTTP, and become assets by a mapping: the language of files, for what comes
//! without a file.
//!
//! A document is one record. Its sender may name the id; what the mapping states is the id otherwise. Whoever sends a document
//! says how it is now, so that its event happened when it was sent, and one that readers may not see any more is withdrawn.

use serde_json::Value;
use store::{AssetId, AssetKind, AssetRef, Fact, NewEvent, Order, OrderedBy, ReadError, Snapshot, Timestamp};

use crate::{
    append::{Admitted, Assets, NotAdmitted, Terms, admit},
    dates::DayOrder,
    load::{is_shown_elsewhere, with_former},
    mapping::{About, ByKey, Mapping, Mappings, Tables},
    notes::Notes,
    publicity::Hidden,
    record::{Found, Reason},
};

/// A document, and what its sender says of it.
#[derive(Debug, Clone)]
pub struct Sent<'a> {
    /// The mapping, by its name.
    pub mapping: &'a str,
    /// The document: an object of JSON.
    pub document: Value,
    /// The id of its asset, where the sender names one.
    pub id: Option<AssetId>,
    /// The name that it has at its sender, which templates call `{$name}`, and by which its asset is called where neither the
    /// sender nor the mapping gives an id; `None` where such a document is refused.
    pub name: Option<&'a str>,
    /// The source that is noted in its events.
    pub source: &'a str,
}

/// The reason why a document has no events.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// The document is wrong: its sender's to mend.
    #[error(transparent)]
    Document(#[from] NotAdmitted),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
}

impl From<Reason> for NotRead {
    fn from(reason: Reason) -> Self {
        Self::Document(match reason {
            Reason::NotAdmitted(why) => why,
            Reason::Invalid(why) => why.into(),
            other => NotAdmitted::NotMapped(other.to_string()),
        })
    }
}

impl Mappings {
    /// Returns the kind of the assets that the mapping of this name makes; `None` where there is none of this name.
    pub fn kind_of(&self, name: &str) -> Option<AssetKind> {
        self.called(name).map(Mapping::kind)
    }

    /// Reads a document by its mapping, as of `now`.
    ///
    /// # Errors
    /// [`NotRead`]: there is no such mapping, it needs files, the document says nothing that an archive holds; or the log
    /// fails.
    pub fn read(
        &self,
        sent: Sent<'_>,
        terms: Terms,
        now: Timestamp,
        snapshot: &Snapshot,
    ) -> Result<Assets, NotRead> {
        let mapping = self.for_documents(sent.mapping)?;
        let notes = Notes::default();
        // The name is a path, so that what is relative in it lies beside it, and has an ending as a file's has.
        let stem = sent.name.map(|name| format!("{}/{name}.json", mapping.name)).unwrap_or_default();
        let about = About {
            stem: &stem,
            row: None,
            id: sent.id.as_ref(),
            dates: DayOrder::Unknown,
            place: "the document",
            notes: &notes,
        };
        let mut found = mapping.read_json(sent.document, &NoFiles, &about)?;
        #[expect(
            clippy::expect_used,
            reason = "what a mapping makes of a record ends with the record's own asset"
        )]
        let own = found.pop().expect("a record that is read is something");
        let of_own = AssetRef::new(mapping.kind(), own.event.id.clone());
        let reading = Reading { source: sent.source, terms, now, snapshot };
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        for one in found {
            let mention = one.mention;
            match reading.admitted(one) {
                Ok((other, None)) => before.extend(reading.unless_known(other, mention)?),
                // It came with the document, and goes with it, unless something else shows it.
                Ok((other, Some(why))) => {
                    let asset = other.event.asset().filter(|_| !mention);
                    behind.extend(reading.taken_back(asset, &why, Some(&of_own))?);
                }
                // A picture of which is said only that it is there takes nothing from the article.
                Err(NotRead::Document(empty @ NotAdmitted::NothingToShow { .. })) => {
                    notes.tell(about.place.to_owned(), format!("left out: {empty}"));
                }
                Err(error) => return Err(error),
            }
        }
        let (mut own, hidden) = reading.admitted(own)?;
        own.remarks.extend(notes.take().into_iter().map(|note| note.reason));
        if let Some(why) = hidden {
            own.remarks.push(format!("readers do not see it: {why}"));
            behind.extend(reading.taken_back(Some(of_own), &why, None)?);
        }
        Ok(Assets { own, before, behind })
    }

    fn for_documents(&self, name: &str) -> Result<&Mapping, NotAdmitted> {
        self.called(name).ok_or_else(|| NotAdmitted::NotMapped(self.no_such(name)))
    }

    /// Returns that there is no mapping of this name, and which there are, in words.
    pub fn no_such(&self, name: &str) -> String {
        let all: Vec<String> = self.all_names().map(|name| format!("`{name}`")).collect();
        let there = match all.as_slice() {
            [] => "the server was given none: start it with --map FILE".to_owned(),
            all => format!("there is {}", all.join(", ")),
        };
        let name: String = name.chars().take(80).collect();
        format!("there is no mapping `{name}`: {there}")
    }
}

/// The tables beside a document: none.
struct NoFiles;

impl Tables for NoFiles {
    fn by_key(&self, table: &str, _: &str) -> Result<ByKey, Reason> {
        Err(Reason::Content(format!(
            "the mapping joins the table `{table}`, which lies beside files: a document that is sent has no file, so send it whole"
        )))
    }
}

/// The tools and terms with which the events of one document are made.
struct Reading<'a> {
    source: &'a str,
    terms: Terms,
    now: Timestamp,
    snapshot: &'a Snapshot,
}

impl Reading<'_> {
    /// Returns the event of what was found, and why readers may not see it.
    fn admitted(&self, mut one: Found) -> Result<(Admitted, Option<Hidden>), NotRead> {
        let hidden = one.decide(self.now);
        with_former(self.snapshot, &mut one)?;
        // The last that is sent counts, whatever its dates are.
        let event = NewEvent { time: None, source: self.source.to_owned(), ..one.event };
        Ok((admit(event, self.terms)?, hidden))
    }

    /// Returns an event unless it only mentions what the log knows already.
    fn unless_known(&self, admitted: Admitted, is_mention: bool) -> Result<Option<Admitted>, ReadError> {
        let asset = admitted.event.asset().filter(|_| is_mention);
        let is_known =
            asset.map_or(Ok(false), |asset| Ok::<_, ReadError>(self.snapshot.state(&asset)?.is_some()))?;
        Ok((!is_known).then_some(Admitted { is_mention, ..admitted }))
    }

    /// Returns the event that takes an asset from readers, where they see it; `with` is the document's own asset, if this is
    /// another that came with it from here and that nothing else shows.
    fn taken_back(
        &self,
        asset: Option<AssetRef>,
        why: &Hidden,
        with: Option<&AssetRef>,
    ) -> Result<Option<Admitted>, NotRead> {
        let Some(asset) = asset else { return Ok(None) };
        let Some(live) = self.snapshot.live(&asset)? else { return Ok(None) };
        let is_others = with.is_some() && live.source != self.source;
        if is_others || with.is_some() && is_shown_elsewhere(self.snapshot, &asset, with)? {
            return Ok(None);
        }
        let order = Order { reason: why.reason(), ordered_by: OrderedBy::Source, ..Order::default() };
        let event = NewEvent::new(asset.id, Fact::Withdrawn(asset.kind, order));
        Ok(Some(admit(NewEvent { source: self.source.to_owned(), ..event }, self.terms)?))
    }
}
