//! The shelf of a view in a cluster: its indexes by their names, the alias that is live, and the step from one to the next.

use serde_json::{Value, json};
use store::Seq;
use views::ViewId;

use crate::{
    client::{Client, Method},
    document::checkpoint,
    error::EndError,
    mapping::index_body,
    settings::Settings,
};

/// The id of the checkpoint in its index: no asset's, as theirs hold no control character.
const CHECKPOINT_ID: &str = "\u{1}checkpoint";
const CHECKPOINT_PATH: &str = "%01checkpoint";

/// The indexes and aliases of a view in a cluster.
#[derive(Debug, Clone)]
pub struct Shelf {
    client: Client,
    settings: Settings,
    view: ViewId,
}

/// An index of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnShelf {
    /// `g000003`.
    pub generation: String,
    /// Its whole name.
    pub index: String,
    /// True if it is what readers ask.
    pub live: bool,
}

/// The checkpoint of an index, as the index holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last event that it has looked at.
    pub seq: Seq,
    /// The note that was kept with it.
    pub says: Value,
}

impl Shelf {
    /// The shelf of a view. Asks nobody yet.
    ///
    /// # Errors
    /// [`EndError::Settings`] when the settings cannot be used.
    pub fn new(settings: &Settings, view: ViewId) -> Result<Self, EndError> {
        Ok(Self { client: Client::new(settings)?, settings: settings.clone(), view })
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the view.
    pub fn view(&self) -> ViewId {
        self.view
    }

    /// Returns how its indexes are made.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the alias that readers ask.
    pub fn alias(&self) -> String {
        format!("{}-{}", self.settings.prefix, self.view)
    }

    /// Returns the index of a generation.
    pub fn index(&self, generation: &str) -> String {
        format!("{}-{generation}", self.alias())
    }

    /// Returns the alias by which a generation is written: a misspelt one creates nothing.
    pub fn writing(&self, generation: &str) -> String {
        format!("{}.write", self.index(generation))
    }

    /// Makes an empty index for a generation, to be written: it is refreshed and copied only when it is [opened](Self::open_up).
    ///
    /// # Errors
    /// [`EndError`] when the cluster refuses, or has one of this name.
    pub fn create(&self, generation: &str, meta: &Value) -> Result<(), EndError> {
        let mut body = index_body(self.view, &self.settings, meta);
        if let Some(body) = body.as_object_mut() {
            body.insert("aliases".to_owned(), json!({self.writing(generation): {}}));
        }
        self.client.json(Method::Put, &self.index(generation), Some(&body)).map(drop)
    }

    /// Returns the indexes of the view, in the order of their numbers.
    ///
    /// # Errors
    /// [`EndError`] when the cluster cannot be asked.
    pub fn list(&self) -> Result<Vec<OnShelf>, EndError> {
        let alias = self.alias();
        let path = format!("{alias}-g*/_alias?ignore_unavailable=true&allow_no_indices=true");
        let found = self.client.json(Method::Get, &path, None)?;
        let indexes = found.as_object().into_iter().flatten().filter_map(|(index, says)| {
            let generation = index.strip_prefix(&format!("{alias}-"))?.to_owned();
            let is_ours = generation.strip_prefix('g')?.bytes().all(|byte| byte.is_ascii_digit());
            let live = says.get("aliases").is_some_and(|aliases| aliases.get(&alias).is_some());
            is_ours.then(|| OnShelf { generation, index: index.clone(), live })
        });
        let mut indexes: Vec<_> = indexes.collect();
        indexes.sort_by(|a, b| a.index.cmp(&b.index));
        Ok(indexes)
    }

    /// Returns what a generation says that it is made of, given when it was [created](Self::create).
    ///
    /// # Errors
    /// [`EndError`] when the cluster cannot be asked.
    pub fn meta(&self, generation: &str) -> Result<Value, EndError> {
        let index = self.index(generation);
        let found = self.client.json(Method::Get, &format!("{index}/_mapping"), None)?;
        Ok(found.pointer(&format!("/{index}/mappings/_meta/morgue")).cloned().unwrap_or_default())
    }

    /// Returns how far a generation has come; `None` where it has none. It is read from the primary shard, be it refreshed or not.
    ///
    /// # Errors
    /// [`EndError::Gone`] when there is no such index; [`EndError`] when the cluster cannot be asked.
    pub fn checkpoint(&self, generation: &str) -> Result<Option<Checkpoint>, EndError> {
        let index = self.index(generation);
        let path = format!("{index}/_doc/{CHECKPOINT_PATH}?preference=_primary");
        let answer = self.client.call(Method::Get, &path, None)?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 404 {
            return if json.get("error").is_some() { Err(EndError::Gone { index }) } else { Ok(None) };
        }
        if answer.status != 200 {
            return Err(answer.refusal(format!("GET {path}")));
        }
        let ours = json.pointer("/_source/_morgue").unwrap_or(&Value::Null);
        let seq = ours.get("seq").and_then(Value::as_u64).map(Seq::new);
        let unreadable = || EndError::Unreadable {
            call: format!("GET {path}"),
            why: "the checkpoint has no seq".to_owned(),
        };
        Ok(Some(Checkpoint {
            seq: seq.ok_or_else(unreadable)?,
            says: ours.get("says").cloned().unwrap_or_default(),
        }))
    }

    /// Ends the building of a generation: it is refreshed, and as the settings say copied, from now on.
    ///
    /// # Errors
    /// [`EndError`] when the cluster refuses.
    pub fn open_up(&self, generation: &str) -> Result<(), EndError> {
        let body = json!({"index": {"number_of_replicas": self.settings.replicas, "refresh_interval": "1s"}});
        self.client.json(Method::Put, &format!("{}/_settings", self.index(generation)), Some(&body))?;
        self.refresh(generation)
    }

    /// Makes what was written to a generation visible.
    ///
    /// # Errors
    /// [`EndError`] when the cluster refuses.
    pub fn refresh(&self, generation: &str) -> Result<(), EndError> {
        let path = format!("{}/_refresh", self.index(generation));
        let answer = self.client.json(Method::Post, &path, None)?;
        match answer.pointer("/_shards/failed").and_then(Value::as_u64) {
            Some(0) => Ok(()),
            failed => Err(EndError::Unreadable {
                call: format!("POST {path}"),
                why: format!(
                    "{} shards were not refreshed",
                    failed.map_or_else(|| "some".to_owned(), |n| n.to_string())
                ),
            }),
        }
    }

    /// Makes a generation the live one in the place of `from`, in one step that no query notices. Readers see documents alone:
    /// neither markers nor the checkpoint.
    ///
    /// # Errors
    /// [`EndError::Moved`] when `from` is not the live one any more, and nothing is changed.
    pub fn swap(&self, from: Option<&str>, to: &str) -> Result<(), EndError> {
        let alias = self.alias();
        let live: Vec<_> =
            self.list()?.into_iter().filter(|index| index.live).map(|index| index.generation).collect();
        if live.iter().map(String::as_str).ne(from) {
            return Err(EndError::Moved { alias });
        }
        let filter = json!({"term": {"_morgue.kind": "document"}});
        let mut actions = Vec::new();
        if let Some(from) = from.filter(|from| *from != to) {
            actions.push(json!({"remove": {"index": self.index(from), "alias": alias, "must_exist": true}}));
        }
        actions.push(json!({"add": {"index": self.index(to), "alias": alias, "filter": filter}}));
        match self.client.json(Method::Post, "_aliases", Some(&json!({"actions": actions}))) {
            Err(EndError::Refused { status: 404, kind, .. }) if kind == "aliases_not_found_exception" => {
                Err(EndError::Moved { alias })
            }
            done => done.map(drop),
        }
    }

    /// Removes the index of a generation; that there is none is no error.
    ///
    /// # Errors
    /// [`EndError`] when the cluster refuses.
    pub fn remove(&self, generation: &str) -> Result<(), EndError> {
        match self.client.json(Method::Delete, &self.index(generation), None) {
            Err(EndError::Refused { status: 404, .. }) => Ok(()),
            done => done.map(drop),
        }
    }
}

impl Checkpoint {
    /// The lines of a bulk request that write it, unless the index has come further.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let action = json!({"index": {"_id": CHECKPOINT_ID, "version": self.seq.get(), "version_type": "external_gte"}});
        format!("{action}\n{}\n", checkpoint(self.seq, &self.says)).into_bytes()
    }

    pub(crate) fn id() -> String {
        CHECKPOINT_ID.to_owned()
    }
}
