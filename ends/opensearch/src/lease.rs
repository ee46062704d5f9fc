//! The lease: of several processes that share a cluster, one writes a view.
//!
//! It is a document with the holder's name and a *term* that grows with each holder. Whoever renews it writes only over what he
//! has read (`if_seq_no`, `if_primary_term`), so two cannot hold it in turn without one of them seeing it. It is taken from
//! somebody else when nobody has renewed it for its whole length by the taker's own clock: clocks need not agree.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use views::ViewId;

use crate::{
    client::{Client, Method},
    error::EndError,
    settings::Settings,
};

/// The right to write a view.
#[derive(Debug)]
pub struct Lease {
    client: Client,
    path: String,
    holder: String,
    state: State,
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else writes.
    #[error(
        "{holder} writes this view (term {term}); it is taken over when he has not renewed his lease for {seconds} s"
    )]
    Held {
        /// The node that holds it.
        holder: String,
        /// His term.
        term: u64,
        /// The length of a lease.
        seconds: u64,
    },
    /// Somebody has taken it over.
    #[error(
        "the lease of term {term} was taken over by somebody else: nothing more is written by this process"
    )]
    Lost {
        /// The term that has ended.
        term: u64,
    },
    /// The cluster fails.
    #[error(transparent)]
    End(#[from] EndError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    term: u64,
    holder: String,
    /// The place of the document in the order of its shard's writes: sequence number and primary term.
    at: (u64, u64),
}

impl Lease {
    /// Takes the lease of a view, if it is free or nobody renews it for `length`: that long it waits.
    ///
    /// # Errors
    /// [`LeaseError::Held`] when somebody renews it.
    pub fn take(
        client: &Client,
        settings: &Settings,
        view: ViewId,
        holder: &str,
        length: Duration,
    ) -> Result<Self, LeaseError> {
        let path = format!("{}-lease/_doc/{view}", settings.prefix);
        let seen = read(client, &path)?;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.holder != holder && !seen.holder.is_empty()) {
            let since = Instant::now();
            while since.elapsed() < length {
                std::thread::sleep(length.min(Duration::from_millis(200)));
                if read(client, &path)?.as_ref() != Some(seen) {
                    let (holder, term) = (seen.holder.clone(), seen.term);
                    return Err(LeaseError::Held { holder, term, seconds: length.as_secs() });
                }
            }
        }
        let term = seen.as_ref().map_or(0, |seen| seen.term) + 1;
        let at = write(client, &path, seen.as_ref().map(|seen| seen.at), term, holder)?;
        let at = at.ok_or_else(|| LeaseError::Held {
            holder: "another".to_owned(),
            term,
            seconds: length.as_secs(),
        })?;
        let state = State { term, holder: holder.to_owned(), at };
        Ok(Self { client: client.clone(), path, holder: holder.to_owned(), state })
    }

    /// Returns the term, which no other holder has.
    pub fn term(&self) -> u64 {
        self.state.term
    }

    /// Makes it last on. To be called often within its length, after every pause, and before what cannot be undone.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when somebody has it: then nothing may be written any more.
    pub fn renew(&mut self) -> Result<(), LeaseError> {
        let term = self.state.term;
        match write(&self.client, &self.path, Some(self.state.at), term, &self.holder)? {
            Some(at) => {
                self.state.at = at;
                Ok(())
            }
            // A renewal whose answer was lost has moved it, too.
            None => match read(&self.client, &self.path)? {
                Some(state) if state.term == term && state.holder == self.holder => {
                    self.state = state;
                    Ok(())
                }
                _ => Err(LeaseError::Lost { term }),
            },
        }
    }

    /// Gives it up, so that the next need not wait.
    ///
    /// # Errors
    /// [`LeaseError`] when it is lost already, or the cluster fails.
    pub fn give_up(mut self) -> Result<(), LeaseError> {
        self.holder = String::new();
        let term = self.state.term;
        let given = write(&self.client, &self.path, Some(self.state.at), term, "")?;
        given.map(drop).ok_or(LeaseError::Lost { term })
    }
}

fn read(client: &Client, path: &str) -> Result<Option<State>, EndError> {
    let found = match client.json(Method::Get, &format!("{path}?preference=_primary"), None) {
        Err(EndError::Refused { status: 404, .. }) => return Ok(None),
        found => found?,
    };
    let number = |at: &str| found.pointer(at).and_then(Value::as_u64);
    let holder = found.pointer("/_source/holder").and_then(Value::as_str).map(str::to_owned);
    match (number("/_source/term"), holder, number("/_seq_no"), number("/_primary_term")) {
        (Some(term), Some(holder), Some(seq), Some(primary)) => {
            Ok(Some(State { term, holder, at: (seq, primary) }))
        }
        _ => Err(EndError::Unreadable { call: format!("GET {path}"), why: "it is no lease".to_owned() }),
    }
}

/// Writes over what was read at a place, or what is not there; `None` when it is not so any more.
fn write(
    client: &Client,
    path: &str,
    over: Option<(u64, u64)>,
    term: u64,
    holder: &str,
) -> Result<Option<(u64, u64)>, EndError> {
    let condition = match over {
        Some((seq, primary)) => format!("if_seq_no={seq}&if_primary_term={primary}"),
        None => "op_type=create".to_owned(),
    };
    let body = json!({"term": term, "holder": holder});
    let path = format!("{path}?{condition}");
    let written = match client.json(Method::Put, &path, Some(&body)) {
        Err(EndError::Refused { status: 409, .. }) => return Ok(None),
        written => written?,
    };
    let number = |name: &str| written.get(name).and_then(Value::as_u64);
    match (number("_seq_no"), number("_primary_term")) {
        (Some(seq), Some(primary)) => Ok(Some((seq, primary))),
        _ => Err(EndError::Unreadable {
            call: format!("PUT {path}"),
            why: "it does not say where it is".to_owned(),
        }),
    }
}
