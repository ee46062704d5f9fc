//! Stored records as the events that they are of.

use heed::RoTxn;
use serde_json::{Map, Value};

use crate::{
    asset::AssetRef,
    catalog::Brief,
    error::{Damage, ReadError, damaged},
    event::{Event, EventType, Fact, InvalidEvent, Payload, Seq, Visibility},
    log::{
        digest::Digest,
        handle::Log,
        record::{Encoded, Record},
        tables::Tables,
    },
    schema::upcast,
};

/// Returns the event before this one on its asset; a damaged record must not lead a reader in a circle.
pub(crate) fn earlier(seq: Seq, prev: Seq) -> Result<Seq, ReadError> {
    if prev < seq { Ok(prev) } else { Err(damaged(seq, Damage::Order)) }
}

/// Reads one event's record and its payload, and checks its digest against the link before it.
pub(crate) fn checked_record<'t>(
    log: &Log,
    tables: &Tables,
    txn: &'t RoTxn<'_>,
    (seq, before): (Seq, &Digest),
    payload: &mut Vec<u8>,
) -> Result<Record<'t>, ReadError> {
    let record = tables.record(txn, seq)?;
    log.payload_of(tables, txn, seq, &record, payload)?;
    let digest = record.payload.digest(payload);
    if record.expected_link(seq, before, &digest) != record.link {
        return Err(ReadError::Damaged { seq, damage: Damage::Digest });
    }
    Ok(record)
}

/// Returns a record and its payload as an event.
pub(crate) fn as_event(seq: Seq, record: Record<'_>, bytes: &[u8]) -> Result<Event, ReadError> {
    let payload = match (record.payload, decode_payload(seq, &record, bytes)?) {
        (Encoded::Plain(salt, _) | Encoded::Zstd { salt, .. }, Some(decoded)) => {
            let Decoded { fact, visibility, source, unknown } = decoded;
            Payload::Kept { fact, visibility, source, unknown, salt }
        }
        (encoded, _) => Payload::Erased { digest: encoded.digest(bytes) },
    };
    Ok(Event {
        seq,
        recorded: record.recorded,
        time: record.happened(),
        time_stated: record.time.is_some(),
        revision: (record.revision.get() > 0).then_some(record.revision),
        schema: record.schema,
        digest: record.link,
        event_type: record.event_type,
        id: record.id,
        payload,
    })
}

/// A payload, decoded.
pub(crate) struct Decoded {
    pub(crate) fact: Fact,
    pub(crate) visibility: Visibility,
    pub(crate) source: String,
    /// Fields of the event that this version does not know.
    pub(crate) unknown: Map<String, Value>,
}

/// Decodes a payload; `None` for an erased one.
pub(crate) fn decode_payload(
    seq: Seq,
    record: &Record<'_>,
    payload: &[u8],
) -> Result<Option<Decoded>, ReadError> {
    let Some(stored) = Stored::read(seq, record, payload)? else { return Ok(None) };
    let fact = fact_of(&record.event_type, record.schema, stored.data);
    let fact = fact.map_err(|error| broken(seq, &error))?;
    let Stored { source, visibility, unknown, .. } = stored;
    Ok(Some(Decoded { fact, visibility, source, unknown }))
}

/// Reads the `data` of a stored event, which may be of an older schema.
pub(crate) fn fact_of(event_type: &EventType, schema: u64, data: &str) -> Result<Fact, InvalidEvent> {
    match upcast(event_type, schema, data)? {
        Some(upcast) => Fact::from_json(event_type, &upcast),
        None => Fact::from_json(event_type, data),
    }
}

/// A payload taken apart.
pub(crate) struct Stored<'a> {
    pub(crate) source: String,
    pub(crate) visibility: Visibility,
    unknown: Map<String, Value>,
    data: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads the payload of a record; `None` for an erased one.
    pub(crate) fn read(seq: Seq, record: &Record<'_>, payload: &'a [u8]) -> Result<Option<Self>, ReadError> {
        if matches!(record.payload, Encoded::Erased(_)) {
            return Ok(None);
        }
        let text = std::str::from_utf8(payload).map_err(|error| broken(seq, &error))?;
        let (extras, data) = text.split_once('\n').ok_or_else(|| broken(seq, &"it has no line of extras"))?;
        let mut unknown: Map<String, Value> = match extras {
            "" => Map::new(),
            extras => serde_json::from_str(extras).map_err(|error| broken(seq, &error))?,
        };
        let source = match unknown.remove("source") {
            Some(Value::String(source)) => source,
            _ => String::new(),
        };
        let visibility = Visibility::take(&record.event_type, record.schema, &mut unknown);
        let visibility = visibility.map_err(|error| broken(seq, &error))?;
        Ok(Some(Self { source, visibility, unknown, data }))
    }

    /// Returns its data as JSON of the present schema.
    pub(crate) fn fields(&self, seq: Seq, record: &Record<'_>) -> Result<Map<String, Value>, ReadError> {
        let upcast = upcast(&record.event_type, record.schema, self.data);
        let upcast = upcast.map_err(|error| broken(seq, &error))?;
        serde_json::from_str(upcast.as_deref().unwrap_or(self.data)).map_err(|error| broken(seq, &error))
    }
}

fn broken(seq: Seq, why: &dyn std::fmt::Display) -> ReadError {
    damaged(seq, Damage::Payload(why.to_string()))
}

impl Log {
    /// Returns what the revision of this seq names, and what it says in brief.
    pub(crate) fn named_at(
        &self,
        tables: &Tables,
        txn: &RoTxn<'_>,
        seq: Seq,
    ) -> Result<(Vec<AssetRef>, Brief), ReadError> {
        let record = tables.record(txn, seq)?;
        let mut payload = Vec::new();
        self.payload_of(tables, txn, seq, &record, &mut payload)?;
        Ok(match decode_payload(seq, &record, &payload)? {
            Some(Decoded { fact: Fact::Published(content), .. }) => {
                (content.references(), Brief::of(&content))
            }
            _ => Default::default(),
        })
    }
}

/// Returns the part of a payload that is the event's `data`.
pub(crate) fn data_of(payload: &[u8]) -> &[u8] {
    let behind = payload.iter().position(|byte| *byte == b'\n').and_then(|at| payload.get(at + 1..));
    behind.unwrap_or(payload)
}

/// Returns the extras of a payload, and the line's end after which the data comes.
pub(crate) fn begin_payload(
    source: &str,
    mut extras: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(4_096);
    if !source.is_empty() {
        extras.insert("source".to_owned(), source.into());
    }
    if !extras.is_empty() {
        serde_json::to_writer(&mut payload, &extras)?;
    }
    payload.push(b'\n');
    Ok(payload)
}
