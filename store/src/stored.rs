//! Stored records as the events that they are of.

use heed::RoTxn;
use serde_json::{Map, Value};

use crate::{
    digest::Digest,
    error::{Damage, ReadError},
    event::{Event, Fact, Payload, Seq},
    log::Log,
    record::{Encoded, Record},
    tables::Tables,
};

/// The event before this one on its asset; a damaged record must not lead a reader in a circle.
pub(crate) fn earlier(seq: Seq, prev: Seq) -> Result<Seq, ReadError> {
    if prev < seq { Ok(prev) } else { Err(damaged(seq, Damage::Order)) }
}

/// Reads one event and checks its digest.
pub(crate) fn read_event(
    log: &Log,
    tables: &Tables,
    txn: &RoTxn<'_>,
    seq: Seq,
    before: &Digest,
) -> Result<Event, ReadError> {
    let record = tables.record(txn, seq)?;
    let mut bytes = Vec::new();
    log.payload_of(tables, txn, seq, &record, &mut bytes)?;
    let digest = record.payload.digest(&bytes);
    if record.expected_link(seq, before, &digest) != record.link {
        return Err(ReadError::Damaged { seq, damage: Damage::Digest });
    }
    as_event(seq, record, &bytes)
}

/// A record and its payload as an event.
pub(crate) fn as_event(seq: Seq, record: Record<'_>, bytes: &[u8]) -> Result<Event, ReadError> {
    let payload = match (record.payload, decode_payload(seq, &record, bytes)?) {
        (Encoded::Plain(salt, _) | Encoded::Zstd { salt, .. }, Some((fact, source, unknown))) => {
            Payload::Kept { fact, source, unknown, salt }
        }
        (encoded, _) => Payload::Erased { digest: encoded.digest(bytes) },
    };
    Ok(Event {
        seq,
        recorded: record.recorded,
        time: record.happened(),
        time_stated: record.time.is_some(),
        revision: (record.revision.get() > 0).then_some(record.revision),
        digest: record.link,
        event_type: record.event_type,
        id: record.id,
        payload,
    })
}

/// A payload: its fact, its source, and what this version does not know.
type Said = (Fact, String, Map<String, Value>);

/// What a payload says; `None` for an erased one.
pub(crate) fn decode_payload(
    seq: Seq,
    record: &Record<'_>,
    payload: &[u8],
) -> Result<Option<Said>, ReadError> {
    if matches!(record.payload, Encoded::Erased(_)) {
        return Ok(None);
    }
    let broken =
        |why: &dyn std::fmt::Display| ReadError::Damaged { seq, damage: Damage::Payload(why.to_string()) };
    let text = std::str::from_utf8(payload).map_err(|error| broken(&error))?;
    let (extras, data) = text.split_once('\n').ok_or_else(|| broken(&"it has no line of extras"))?;
    let mut unknown: Map<String, Value> = match extras {
        "" => Map::new(),
        extras => serde_json::from_str(extras).map_err(|error| broken(&error))?,
    };
    let source = match unknown.remove("source") {
        Some(Value::String(source)) => source,
        _ => String::new(),
    };
    let fact = Fact::from_stored(&record.event_type, record.schema, data).map_err(|error| broken(&error))?;
    Ok(Some((fact, source, unknown)))
}

pub(crate) fn damaged(seq: Seq, found: impl Into<Damage>) -> ReadError {
    ReadError::Damaged { seq, damage: found.into() }
}
