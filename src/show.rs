//! `morgue show`: one asset whole, now or as it stood, with where it comes from.

use ::search::{Search, SearchError};
use anyhow::{Result, bail};
use query::Hit;
use search_api::HitAnswer;
use serde_json::{Value, json};
use store::{AsOf, AssetId, AssetKind, AssetRef, Fact, Payload, Reader};

use crate::{
    archive::Archive,
    search,
    terminal::{Outcome, Terminal},
    view,
};

const EXAMPLES: &str = "\
Examples:
  morgue show article a/1912-04-16-titanic
  morgue show article a/1912-04-16-titanic --as-of 1912-04-16   the first edition, and its evidence
  morgue show article a/7 --json | jq '.data.section = \"Shipping\"' | morgue publish article a/7 -
  morgue log history article a/1912-04-16-titanic               all events about it";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What it is.
    #[arg(value_name = "KIND", value_parser = view::kind())]
    kind: AssetKind,
    /// Which one: a search prints it with each hit.
    id: AssetId,
    /// As readers saw it then: a date (1912, 1912-04, 1912-04-15), a time, or seq:N.
    #[arg(long, value_name = "WHEN", visible_alias = "at")]
    as_of: Option<AsOf>,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let search = Search::new(archive.existing_indexes()?);
    let asset = AssetRef::new(args.kind, args.id.clone());
    let found = search.document(&asset, args.as_of, Reader::KEEPER);
    let snapshot = search.log().snapshot()?;
    let hit = match found {
        Err(SearchError::NoSuchAsset(_) | SearchError::Gone(..)) => {
            let AssetRef { kind, id } = &asset;
            let then = args.as_of.map(|as_of| format!(" as of {as_of}")).unwrap_or_default();
            bail!(match snapshot.state(&asset)? {
                Some(_) => {
                    format!("readers see no {asset}{then}: `morgue log history {kind} {id}` says why")
                }
                None => format!("there is no {asset} in the archive: a search prints the id of each hit"),
            })
        }
        found => found?,
    };
    let event = snapshot.event(hit.seq)?;
    if terminal.is_json() {
        let mut value = serde_json::to_value(HitAnswer::from(hit))?;
        if let Some(fields) = value.as_object_mut() {
            fields.remove("score");
            fields.insert(
                "evidence".to_owned(),
                json!({"recorded": event.recorded, "time": event.time, "digest": event.digest}),
            );
            // The revision as it was published, for `morgue publish`.
            if let Payload::Kept { fact: Fact::Published(content), .. } = &event.payload {
                fields.insert("data".to_owned(), serde_json::to_value(content)?);
            }
        }
        terminal.json(&value)?;
        return Ok(Outcome::Done);
    }
    search::show_title(&hit, terminal)?;
    tell(&hit, terminal)?;
    let Hit { kind, id, seq, revision, source, .. } = &hit;
    terminal
        .say(terminal.faint(&format!("\n{kind} {id} · event {seq}, revision {revision} · {}", event.time)))?;
    terminal.say(terminal.faint(&format!("recorded {} from {source}", event.recorded)))?;
    terminal.say(terminal.faint(&format!("digest {}", event.digest)))?;
    Ok(Outcome::Done)
}

/// The texts of a document in the order in which they are read, and what stands beside them.
fn tell(hit: &Hit, terminal: &Terminal) -> Result<()> {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let document = Value::Object(hit.document.clone());
    let paragraph = |text: String| match text.is_empty() {
        true => Ok(()),
        false => terminal.say(format!("\n{text}")),
    };
    for name in ["subheadline", "summary", "dateline", "body", "bio"] {
        paragraph(text(&document, name))?;
    }
    let list = |name: &str| document.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for image in list("images") {
        let credit = text(&image, "credit");
        let credit = if credit.is_empty() { credit } else { format!(" ({credit})") };
        paragraph(format!("[image {}] {}{credit}", text(&image, "id"), text(&image, "caption")))?;
    }
    for correction in list("corrections") {
        paragraph(format!("[correction {}] {}", text(&correction, "date"), text(&correction, "text")))?;
    }
    for article in list("used_in") {
        paragraph(format!("[article {}] {}", text(&article, "id"), text(&article, "headline")))?;
    }
    Ok(())
}
