//! The answers that readers get about an asset, after one history and another.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use store::{
    Article, AssetId, AssetKind, AssetRef, Event, Expiries, Fact, Gone, Log, NewEvent, Order, OrderedBy,
    Outcome, Reader, Seq, Shown, Snapshot, Timestamp, Visibility,
};

const KIND: AssetKind = AssetKind::Article;

fn asset() -> AssetRef {
    AssetRef::new(KIND, AssetId::new("a/1").unwrap())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One step of a history: `public A`, `draft A`, `until 1950 A`, `withdrawn`, `withdrawn by source`, `restored`, `erased`.
fn event(step: &str) -> NewEvent {
    let id = asset().id;
    let publish = |headline: &str, visibility| {
        let article = Article { headline: headline.to_owned(), ..Article::default() };
        NewEvent { visibility, ..NewEvent::published(id.clone(), article) }
    };
    let order = |ordered_by| Order {
        reason: "secret".into(),
        notice: "Sorry.".into(),
        ordered_by,
        ..Order::default()
    };
    let fact = match *step.split(' ').collect::<Vec<_>>().as_slice() {
        ["public", text] => return publish(text, Visibility::PUBLIC),
        ["draft", text] => return publish(text, Visibility::unpublished("draft")),
        ["until", until, text] => return publish(text, Visibility::Public { until: Some(time(until)) }),
        ["withdrawn"] => Fact::Withdrawn(KIND, order(OrderedBy::Person)),
        ["withdrawn", "by", "source"] => Fact::Withdrawn(KIND, order(OrderedBy::Source)),
        ["restored"] => Fact::Restored(KIND, Order::default()),
        ["erased"] => Fact::Erased(KIND, Order::default()),
        _ => panic!("{step}"),
    };
    NewEvent::new(id, fact)
}

/// Returns the headline that readers see, or what they are told instead.
fn seen(snapshot: &Snapshot) -> String {
    let live = snapshot.live(&asset()).unwrap();
    match snapshot.shown(&asset()).unwrap() {
        Shown::Seen => match live.unwrap().content {
            store::Content::Article(article) => article.headline,
            other => panic!("{other:?}"),
        },
        Shown::Gone(Gone { erased, notice, .. }) => {
            assert_eq!(live, None);
            assert!(erased || notice == "Sorry." || notice.is_empty());
            if erased { "erased".into() } else { "gone".into() }
        }
        Shown::Unknown => {
            assert_eq!(live, None);
            "unknown".into()
        }
    }
}

#[test]
fn readers_see_the_last_public_revision_of_what_is_not_withdrawn() {
    let check = |steps: &[&str], expected: &str| {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path()).unwrap();
        for step in steps {
            log.append_one(&event(step)).unwrap();
        }
        assert_eq!(seen(&log.snapshot().unwrap()), expected, "{steps:?}");
        assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
    };
    check(&["public A"], "A");
    check(&["draft A"], "unknown");
    check(&["draft A", "public A"], "A");
    check(&["public A", "draft B"], "A");
    check(&["draft A", "withdrawn"], "unknown");
    check(&["draft A", "erased"], "unknown");
    check(&["public A", "draft B", "erased"], "erased");
    check(&["public A", "withdrawn"], "gone");
    check(&["public A", "withdrawn", "public A"], "gone");
    check(&["public A", "withdrawn", "public B"], "gone");
    check(&["public A", "withdrawn", "public B", "restored"], "B");
    check(&["public A", "withdrawn", "draft B", "restored"], "A");
    check(&["public A", "withdrawn by source", "public B"], "B");
    check(&["public A", "withdrawn by source", "public A"], "A");
    check(&["public A", "withdrawn by source", "draft B"], "gone");
    check(&["public A", "withdrawn by source", "withdrawn", "public B"], "gone");
    check(&["public A", "withdrawn", "withdrawn by source", "public B"], "gone");
    check(&["draft A", "withdrawn", "public A"], "gone");
}

#[test]
fn what_says_nothing_new_is_no_event() {
    let check = |steps: &[&str], last: &str, expected: bool| {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path()).unwrap();
        for step in steps {
            log.append_one(&event(step)).unwrap();
        }
        assert_eq!(log.append_one(&event(last)).unwrap().is_new(), expected, "{steps:?}, then {last}");
    };
    check(&["public A"], "public A", false);
    check(&["public A"], "draft A", false);
    check(&["public A"], "draft B", true);
    check(&["public A"], "until 2050 A", true);
    check(&["until 2050 A"], "until 2050 A", false);
    check(&["until 2050 A"], "until 2051 A", true);
    check(&["draft A"], "draft A", false);
    check(&["draft A"], "public A", true);
    check(&["public A", "withdrawn"], "public A", false);
    check(&["public A", "withdrawn"], "withdrawn", false);
    check(&["public A", "withdrawn"], "withdrawn by source", false);
    check(&["public A", "withdrawn by source"], "withdrawn", true);
    check(&["public A"], "restored", false);
}

#[test]
fn a_revision_over_a_persons_withdrawal_is_kept_and_said_to_be_withheld() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path()).unwrap();
    log.append_one(&event("public A")).unwrap();
    log.append_one(&event("withdrawn")).unwrap();
    assert_eq!(log.append_one(&event("public B")).unwrap(), Outcome::Withheld(Seq::new(3)));
    assert_eq!(log.append_one(&event("draft C")).unwrap(), Outcome::Appended(Seq::new(4)));
}

/// Every event as a reader gets it: the words of none that he may not see, and a chain that checks all the same.
#[test]
fn readers_get_stubs_of_what_they_may_not_see() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path()).unwrap();
    for step in ["draft Hidden", "public Shown", "withdrawn", "restored", "draft Hidden-again"] {
        log.append_one(&event(step)).unwrap();
    }
    let words = |reader: Reader| -> Vec<bool> {
        let snapshot = log.snapshot().unwrap().for_reader(reader);
        let events = snapshot.events(Seq::new(1), 10).unwrap();
        events.into_iter().map(|event| snapshot.as_seen(event).unwrap().fact().is_some()).collect()
    };
    assert_eq!(words(Reader::KEEPER), [true; 5]);
    assert_eq!(words(Reader::PUBLIC), [false, true, false, false, false]);
    log.append_one(&event("withdrawn")).unwrap();
    assert_eq!(words(Reader::PUBLIC), [false; 6]);

    let snapshot = log.snapshot().unwrap();
    let mut link = store::Digest::ZERO;
    for event in snapshot.events(Seq::new(1), 10).unwrap() {
        let recorded = event.recorded.as_millis();
        let time = if event.time_stated { event.time.as_millis().to_string() } else { "-".into() };
        let stub: Event = snapshot.as_seen(event).unwrap();
        let store::Payload::Erased { digest } = stub.payload else { panic!("{stub:?}") };
        let envelope = format!("{} {recorded} {time} 2 {} {}", stub.seq, stub.event_type, stub.id);
        link = store::Digest::of(&[link.as_bytes(), digest.as_bytes(), envelope.as_bytes()]);
        assert_eq!(link, stub.digest, "event {}", stub.seq);
    }
}

#[test]
fn as_of_a_day_a_reader_does_not_get_back_what_was_withdrawn_since() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path()).unwrap();
    log.append_one(&event("public A")).unwrap();
    log.append_one(&event("withdrawn")).unwrap();
    let then = || log.snapshot_as_of(store::AsOf::Seq(Seq::new(1))).unwrap();
    assert_eq!(seen(&then()), "gone");
    assert!(then().for_reader(Reader::KEEPER).live(&asset()).unwrap().is_some());
    log.append_one(&event("restored")).unwrap();
    assert_eq!(seen(&then()), "A");
}

#[test]
fn what_expires_is_withdrawn_when_it_is_due_and_once() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path()).unwrap();
    let state = || (log.next_due().unwrap(), seen(&log.snapshot().unwrap()));
    log.append_one(&event("until 1950 A")).unwrap();
    assert_eq!(log.withdraw_due(time("1949")).unwrap(), 0);
    assert_eq!(state(), (Some(time("1950")), "A".into()));
    assert_eq!(log.withdraw_due(time("1950")).unwrap(), 1);
    assert_eq!(log.withdraw_due(time("1951")).unwrap(), 0);
    assert_eq!(state(), (None, "gone".into()));
    // The source gives it a longer life; then a person says that it stays.
    log.append_one(&event("until 1960 A")).unwrap();
    assert_eq!(state(), (Some(time("1960")), "A".into()));
    assert_eq!(log.withdraw_due(time("1970")).unwrap(), 1);
    log.append_one(&event("restored")).unwrap();
    assert_eq!(log.withdraw_due(time("1970")).unwrap(), 0);
    assert_eq!(state(), (None, "A".into()));
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
}

/// In logs of programs of before, any revision ended any withdrawal; and so it stays for what they appended.
#[test]
fn what_older_programs_appended_means_what_it_meant() {
    let home = tempfile::tempdir().unwrap();
    let old = Log::open(home.path().join("old")).unwrap();
    for step in ["public A", "withdrawn", "restored", "public B"] {
        old.append_one(&event(step)).unwrap();
    }
    let mut export = Vec::new();
    old.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
    // The same history as an older program would have written it: no schema, and no third event.
    let mut link = store::Digest::ZERO;
    let mut lines = String::new();
    let events = String::from_utf8(export).unwrap();
    for (seq, line) in (1..).zip(events.lines().filter(|line| !line.contains("restored"))) {
        let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let data = fields["data"].to_string();
        let salt: store::Salt = serde_json::from_value(fields["salt"].clone()).unwrap();
        let payload = store::Digest::of(&[salt.as_bytes(), format!("\n{data}").as_bytes()]);
        let recorded: Timestamp = serde_json::from_value(fields["recorded"].clone()).unwrap();
        let (name, id) = (fields["type"].as_str().unwrap(), fields["id"].as_str().unwrap());
        let envelope = format!("{seq} {} - 1 {name} {id}", recorded.as_millis());
        link = store::Digest::of(&[link.as_bytes(), payload.as_bytes(), envelope.as_bytes()]);
        fields.insert("seq".into(), seq.into());
        fields.insert("digest".into(), link.to_string().into());
        fields.remove("schema");
        lines += &format!("{}\n", serde_json::Value::from(fields));
    }
    let log = Log::open(home.path().join("new")).unwrap();
    log.import(&mut lines.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(seen(&log.snapshot().unwrap()), "B");
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
    log.append_one(&event("withdrawn")).unwrap();
    log.append_one(&event("public C")).unwrap();
    assert_eq!(seen(&log.snapshot().unwrap()), "gone");
}

/// A server that was down for a while, and a clock that goes on while it is up.
#[test]
fn what_fell_due_meanwhile_is_withdrawn_at_the_start_and_the_rest_when_its_time_comes() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    let publish = |id: &str, until: &str| {
        let article = Article { headline: id.to_owned(), ..Article::default() };
        let visibility = Visibility::Public { until: Some(time(until)) };
        let id = AssetId::new(id).unwrap();
        log.append_one(&NewEvent { visibility, ..NewEvent::published(id, article) }).unwrap();
    };
    let seen = || {
        let snapshot = log.snapshot().unwrap();
        let ids = snapshot.assets(KIND, None, 10).unwrap().into_iter();
        ids.filter(|(_, state)| state.is_seen()).map(|(id, _)| id.to_string()).collect::<Vec<_>>()
    };
    let wait_for = |expected: &[&str]| {
        let is_so = || Ok::<_, store::ReadError>(seen() == expected);
        assert!(log.wait_until(std::time::Duration::from_secs(60), is_so).unwrap(), "{:?}", seen());
    };
    publish("a/1940", "1940-01-01");
    publish("a/1960", "1960-01-01");
    let clock = Arc::new(AtomicI64::new(time("1950-01-01").as_millis()));
    let hand = Arc::clone(&clock);
    let now = move || Timestamp::from_millis(hand.load(Ordering::Acquire)).unwrap();
    let expiries = Expiries::start(&log, now).unwrap();
    wait_for(&["a/1960"]);
    // What comes in meanwhile may be due before what is waited for.
    publish("a/1945", "1945-01-01");
    publish("a/1955", "1955-01-01");
    wait_for(&["a/1955", "a/1960"]);
    let set = |to: &str| {
        clock.store(time(to).as_millis(), Ordering::Release);
        log.wake_followers();
    };
    set("1956-01-01");
    wait_for(&["a/1960"]);
    set("1960-01-01");
    wait_for(&[]);
    drop(expiries);
    let withdrawals = log.snapshot().unwrap().events(Seq::new(1), 100).unwrap();
    let times = withdrawals.iter().filter_map(|event| match event.fact() {
        Some(Fact::Withdrawn(_, order)) => {
            Some((event.time.to_string(), order.ordered_by, order.reason.as_str()))
        }
        _ => None,
    });
    let stated = |year: &str| (time(&format!("{year}-01-01")).to_string(), OrderedBy::Source, "expired");
    assert!(
        times.eq(["1940", "1945", "1955", "1960"].map(stated)),
        "each is withdrawn at the time that was stated"
    );
}
