//! The canaries: assets that readers may not see, with words that stand nowhere else. Every route that there is, taken
//! from the tables of the surfaces, is asked about them in every way that its parameters allow, in each role: no word of
//! theirs comes out to a reader, and nothing is counted that has one.

#![allow(clippy::print_stdout, reason = "a test that says what it asked")]

mod archive;
mod questions;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use serde_json::Value;
use store::Log;
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use self::{
    archive::{Archive, MARK, NOTICE},
    questions::{Question, questions},
};
use crate::door::policy::Entry;

/// Somebody who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// With a key of this role.
    Key(&'static str),
    /// Without keys, from another machine.
    Stranger,
    /// Without keys, on the machine itself.
    Here,
}

const READERS: [Who; 3] = [Who::Key("r"), Who::Stranger, Who::Here];

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: String,
    pub(super) body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// The two servers over one archive: with keys, and without.
pub(super) struct Servers {
    pub(super) keyed: Router,
    pub(super) open: Router,
    /// Things that clients have open: the name by which questions call it, and its id on either server.
    pub(super) kept: Vec<(String, [String; 2])>,
}

impl Servers {
    async fn ask(&self, who: Who, question: &Question) -> Answer {
        let (router, peer, key) = match who {
            Who::Key(key) => (&self.keyed, [192, 0, 2, 7], Some(key)),
            Who::Stranger => (&self.open, [192, 0, 2, 7], None),
            Who::Here => (&self.open, [127, 0, 0, 1], None),
        };
        let server = usize::from(!matches!(who, Who::Key(_)));
        let body = self.kept.iter().fold(question.body.clone(), |body, (name, ids)| {
            body.replace(&format!("{name:?}"), &format!("{:?}", ids[server]))
        });
        let mut request = Request::builder().method(question.method.clone()).uri(&question.address);
        request = request.header("host", "127.0.0.1:7700");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(accept) = question.accept {
            request = request.header("accept", accept);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let mut body = body.into_data_stream();
        let mut bytes = Vec::new();
        // Whoever follows the log is told of what comes later: what is there comes at once.
        let quiet = if question.follows { Duration::from_millis(300) } else { Duration::from_secs(60) };
        while let Ok(Some(part)) = tokio::time::timeout(quiet, body.next()).await {
            bytes.extend(part.unwrap());
        }
        Answer {
            status: parts.status,
            headers: format!("{:?}", parts.headers),
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// The first word of a canary in an answer that the question did not have itself, with what stands around it. What begins
/// with `public` readers see still.
fn told(answer: &Answer, question: &Question, public: &str) -> Option<String> {
    let text = format!("{} {}", answer.headers, answer.body).to_lowercase();
    let is_told = |word: &&str| {
        word.contains(MARK) && !word.starts_with(public) && !question.words.iter().any(|own| own == word)
    };
    let word = text.split(|c: char| !c.is_alphanumeric()).find(is_told)?;
    let at = text.find(word)?;
    let start = (at.saturating_sub(80)..=at).find(|start| text.is_char_boundary(*start))?;
    Some(text[start..].chars().take(200).collect())
}

/// Everything that counts in an answer.
fn counted(answer: &Answer) -> Vec<u64> {
    let json = answer.json();
    let all = json.get("responses").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![json]);
    let mut counts = Vec::new();
    for one in all {
        for pointer in ["/total", "/hits/total/value", "/hits/total", "/count"] {
            counts.extend(one.pointer(pointer).and_then(Value::as_u64));
        }
        counts.extend(one.pointer("/hits").and_then(Value::as_array).map(|hits| hits.len() as u64));
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_a_reader_of_what_is_not_for_him() {
    let archive = Archive::new();
    let mut servers = archive.servers();
    let kept = archive.keep_open(&mut servers).await;
    let entries: Vec<Entry> = super::matrix::entries();
    let questions = questions(&entries, &archive, &kept);
    let mut found = Found::default();
    // An erasure closes what was open: it comes last.
    archive.withdraw();
    let still_public = format!("{MARK}erased");
    let is_of_public =
        |question: &&Question| question.words.iter().any(|word| word.starts_with(&still_public));
    for question in questions.iter().filter(|question| question.is_at_point).filter(|q| !is_of_public(q)) {
        found.ask(&servers, question, &still_public).await;
    }
    assert!(found.answered * 2 > found.asked(), "{} of {} at points", found.answered, found.asked());
    archive.erase();
    for question in questions.iter().filter(|question| !question.is_at_point || question.words.is_empty()) {
        found.ask(&servers, question, "-").await;
    }
    let (total, answered, leaks) = (found.asked(), found.answered, found.leaks);
    println!(
        "{total} questions to {} routes, {answered} of them answered: {} leaks; {:?}",
        entries.len(),
        leaks.len(),
        found.by
    );
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks[..leaks.len().min(40)].join("\n"));
    assert!(total > 50_000 && answered > 20_000, "{answered} of {total}");
}

/// The counts of all questions so far.
#[derive(Default)]
struct Found {
    by: BTreeMap<Who, u64>,
    answered: u64,
    leaks: Vec<String>,
}

impl Found {
    fn asked(&self) -> u64 {
        self.by.values().sum()
    }

    async fn ask(&mut self, servers: &Servers, question: &Question, public: &str) {
        for who in READERS {
            // On the machine itself without keys: whoever may append events may copy them.
            if who == Who::Here && question.is_for_this_machine {
                continue;
            }
            let answer = servers.ask(who, question).await;
            *self.by.entry(who).or_default() += 1;
            self.answered += u64::from(answer.status.is_success());
            let mut leak = |what: String| self.leaks.push(format!("{who:?} {question}: {what}"));
            if let Some(around) = told(&answer, question, public) {
                leak(format!("…{around}…"));
            }
            if question.finds_nothing && counted(&answer).iter().any(|count| *count > 0) {
                leak(format!("counts {:?}: {}", counted(&answer), answer.body));
            }
            if let Some(expected) = question.status
                && answer.status != expected
            {
                leak(format!("{} instead of {expected}: {}", answer.status, answer.body));
            }
        }
    }
}

/// Those who keep the archive are told everything; so the words are there to be told.
#[tokio::test]
async fn whoever_keeps_the_archive_sees_what_was_withdrawn_and_why() {
    let archive = Archive::new();
    let servers = archive.servers();
    archive.withdraw();
    archive.erase();
    let get = |address: &str| Question::get(address);
    for who in [Who::Key("w"), Who::Key("a")] {
        for (asset, words) in archive.canaries() {
            let history = servers.ask(who, &get(&format!("{}/history", asset.address()))).await;
            let gone = servers.ask(who, &get(&asset.address())).await;
            if asset.fate.is_erased() {
                let is_there = words.iter().any(|word| history.body.contains(word));
                assert!(!is_there, "{}: {}", asset.id(), history.body);
                assert_eq!(gone.status, StatusCode::GONE);
                continue;
            }
            for word in words {
                assert!(
                    history.body.contains(&word),
                    "{who:?} {}: no {word} in {}",
                    asset.id(),
                    history.body
                );
            }
            match asset.fate.is_public() {
                true => {
                    assert_eq!(gone.status, StatusCode::GONE, "{}", gone.body);
                    assert!(gone.json()["reason"].is_string(), "{}", gone.body);
                    let then = format!("{}?at={}", asset.address(), archive.when_public());
                    let then = servers.ask(who, &get(&then)).await;
                    assert!(then.status == StatusCode::OK && then.body.contains(MARK), "{}", then.body);
                }
                false => assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.body),
            }
        }
    }
    // Readers are told when, and what was written for them, and no more.
    for (asset, _) in archive.canaries().into_iter().filter(|(asset, _)| asset.fate.has_notice()) {
        let gone = servers.ask(Who::Stranger, &get(&asset.address())).await;
        let problem = gone.json();
        assert_eq!((problem["status"].as_u64(), problem["notice"].as_str()), (Some(410), Some(NOTICE)));
        assert!(
            problem["since"].is_string() && problem["reason"].is_null() && problem["by"].is_null(),
            "{problem}"
        );
        let page = servers.ask(Who::Stranger, &get(&asset.page())).await;
        assert!(page.status == StatusCode::GONE && page.body.contains(NOTICE), "{}", page.body);
    }
}

/// The events that readers get are a chain: each link follows from the one before, over the stubs of what they may not see.
#[tokio::test]
async fn the_chain_of_what_readers_get_checks() {
    let archive = Archive::new();
    let servers = archive.servers();
    archive.withdraw();
    archive.erase();
    let events = servers.ask(Who::Stranger, &Question::get("/api/v1/events")).await;
    assert!(!events.body.contains(MARK) && events.body.lines().count() > 20);
    let copy = tempfile::tempdir().unwrap();
    let copy = Log::open(copy.path()).unwrap();
    let imported = copy.import(&mut events.body.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(imported.head.digest, archive.log.head().unwrap().digest);
    assert_eq!(copy.verify(None, &mut |_| {}).unwrap().problems, []);
    for who in [Who::Key("w"), Who::Here] {
        let exact = servers.ask(who, &Question::get("/api/v1/events")).await;
        assert!(exact.body.contains(MARK), "{who:?}");
    }
}
