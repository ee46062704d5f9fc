//! Which documents an index has, with the digests that they were written with.

use serde_json::{Value, json};
use store::Seq;

use crate::{
    client::{Client, Method},
    error::EndError,
};

/// The number of documents that are read at once.
const PAGE: usize = 5_000;
/// The time for which the cluster keeps the moment that is read, between two pages.
const KEPT: &str = "2m";

/// The entry that an index has at one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A document.
    Document {
        /// The asset's id.
        id: String,
        /// The event that published what it shows.
        seq: Seq,
        /// See [`views::Document::digest`].
        digest: [u64; 2],
    },
    /// A marker of one that is gone.
    Gone {
        /// The asset's id.
        id: String,
    },
}

/// Hands all that an index has, but its checkpoint, to `take`, as of one moment, in no order. The index has to be refreshed
/// before.
///
/// # Errors
/// [`EndError`] when the cluster cannot be asked, or a document there is none of ours; what `take` returns.
pub fn holds(
    client: &Client,
    index: &str,
    take: &mut dyn FnMut(Held) -> Result<(), EndError>,
) -> Result<(), EndError> {
    let body = json!({
        "size": PAGE,
        "sort": ["_doc"],
        "_source": false,
        "query": {"bool": {"must_not": {"term": {"_morgue.kind": "checkpoint"}}}},
        "docvalue_fields": ["_morgue.kind", "_morgue.seq", "_morgue.digest"],
    });
    let call = format!("POST {index}/_search");
    let mut page = client.json(Method::Post, &format!("{index}/_search?scroll={KEPT}"), Some(&body))?;
    let result = loop {
        if let Err(error) = whole(&page, &call) {
            break Err(error);
        }
        let hits =
            page.pointer("/hits/hits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if hits.is_empty() {
            break Ok(());
        }
        if let Err(error) = hits.iter().try_for_each(|hit| take(held_of(hit, &call)?)) {
            break Err(error);
        }
        let id = page.get("_scroll_id").cloned().unwrap_or_default();
        match client.json(Method::Post, "_search/scroll", Some(&json!({"scroll": KEPT, "scroll_id": id}))) {
            Ok(next) => page = next,
            Err(error) => break Err(error),
        }
    };
    if let Some(id) = page.get("_scroll_id").and_then(Value::as_str) {
        // What is left of it ends by itself after a while.
        client.json(Method::Delete, &format!("_search/scroll/{id}"), None).ok();
    }
    result
}

/// Refuses an answer that lacks what some shard has.
fn whole(page: &Value, call: &str) -> Result<(), EndError> {
    let failed = page.pointer("/_shards/failed").and_then(Value::as_u64);
    let timed_out = page.get("timed_out").and_then(Value::as_bool);
    match (failed, timed_out) {
        (Some(0), Some(false)) => Ok(()),
        _ => {
            Err(EndError::Unreadable { call: call.to_owned(), why: "some shards did not answer".to_owned() })
        }
    }
}

fn held_of(hit: &Value, call: &str) -> Result<Held, EndError> {
    let id = hit.get("_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let field = |name: &str| hit.pointer(&format!("/fields/_morgue.{name}/0"));
    let unreadable =
        |what: &str| EndError::Unreadable { call: call.to_owned(), why: format!("{id:?} has no {what}") };
    match field("kind").and_then(Value::as_str) {
        Some("gone") => Ok(Held::Gone { id }),
        Some("document") => {
            let seq = field("seq").and_then(Value::as_u64).map(Seq::new).ok_or_else(|| unreadable("seq"))?;
            let digest = field("digest").and_then(Value::as_str).and_then(digest_of);
            let digest = digest.ok_or_else(|| unreadable("digest"))?;
            Ok(Held::Document { id, seq, digest })
        }
        _ => Err(unreadable("kind of ours")),
    }
}

fn digest_of(hex: &str) -> Option<[u64; 2]> {
    let (high, low) = hex.split_at_checked(16).filter(|(_, low)| low.len() == 16)?;
    Some([u64::from_str_radix(high, 16).ok()?, u64::from_str_radix(low, 16).ok()?])
}
