//! The catalog against a model that is too simple to be wrong: a list of events, folded anew for each question.
//!
//! Random events go into a log. Then, as of every seq and of many dates, every asset's state, revision, history and
//! referrers must be what the model says of the events up to then, the log must verify, and an export, a
//! backup and a repaired catalog must be equal to it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use store::{
    AppendError, ArchiveDate, Article, AsOf, AssetId, AssetKind, AssetRef, Byline, Content, Fact, Image, Log,
    Merge, NewEvent, Order, OrderedBy, Outcome, Reader, Seq, Shown, Snapshot, Status, Timestamp, Visibility,
    Work,
};

#[derive(Debug, Clone)]
struct Told {
    event: NewEvent,
    time: Timestamp,
}

fn id(kind: AssetKind, number: u8) -> AssetId {
    // Every third id is as long as an id may be, and differs only at its end.
    let padding = if number.is_multiple_of(3) { "/".repeat(390) } else { String::new() };
    AssetId::new(format!("{kind}{padding}{number}")).unwrap()
}

/// None, short ones, and one too long for a key.
fn section(number: u8) -> String {
    ["", "City", "Sport"]
        .get(usize::from(number))
        .map_or_else(|| "Shipping news ".repeat(30), |name| (*name).to_owned())
}

fn any_event() -> impl Strategy<Value = NewEvent> {
    let number = 0..5_u8;
    let numbers = || proptest::collection::vec(0..5_u8, 0..3);
    let ids = |kind, numbers: Vec<u8>| numbers.into_iter().map(|n| id(kind, n)).collect::<Vec<_>>();
    let kind = prop_oneof![Just(AssetKind::Article), Just(AssetKind::Image), Just(AssetKind::Byline)];
    let fact = prop_oneof![
        8 => (number.clone(), numbers(), numbers(), 0..4_u8).prop_map(move |(n, bylines, images, text)| {
            let article = Article {
                headline: format!("Headline {text}"),
                section: section(text),
                published: ["", "1931", "1931-01", "1850-05-02"].get(usize::from(text)).and_then(|date| date.parse().ok()),
                bylines: ids(AssetKind::Byline, bylines),
                images: ids(AssetKind::Image, images),
                ..Article::default()
            };
            (id(AssetKind::Article, n), Fact::Published(article.into()))
        }),
        4 => (number.clone(), proptest::option::of(0..5_u8), 0..3_u8).prop_map(|(n, by, text)| {
            let photographer = by.map(|n| id(AssetKind::Byline, n));
            let image = Image { caption: format!("Caption {text}"), photographer, ..Image::default() };
            (id(AssetKind::Image, n), Fact::Published(image.into()))
        }),
        4 => (number.clone(), 0..3_u8).prop_map(|(n, text)| {
            let byline = Byline { name: format!("Name {text}"), ..Byline::default() };
            (id(AssetKind::Byline, n), Fact::Published(byline.into()))
        }),
        3 => (kind.clone(), number.clone(), any::<bool>()).prop_map(|(kind, n, by_source)| {
            let ordered_by = if by_source { OrderedBy::Source } else { OrderedBy::Person };
            let order = Order { reason: "a reason".into(), notice: "A notice.".into(), ordered_by, ..Order::default() };
            (id(kind, n), Fact::Withdrawn(kind, order))
        }),
        1 => (kind.clone(), number.clone()).prop_map(|(kind, n)| (id(kind, n), Fact::Restored(kind, Order::default()))),
        1 => (kind, number.clone()).prop_map(|(kind, n)| (id(kind, n), Fact::Erased(kind, Order::default()))),
        2 => (number.clone(), number.clone()).prop_map(|(n, into)| {
            let merge =
                Merge { into: id(AssetKind::Byline, into), reason: String::new(), by: String::new(), unknown: Default::default() };
            (id(AssetKind::Byline, n), Fact::Merged(merge))
        }),
        1 => number.clone().prop_map(|n| (id(AssetKind::Byline, n), Fact::Unmerged(Order::default()))),
        1 => number.prop_map(|n| {
            let data = serde_json::json!({"n": n}).as_object().unwrap().clone();
            (id(AssetKind::Article, n), Fact::Other("podcast.aired".into(), data))
        }),
    ];
    let visibility = prop_oneof![
        6 => Just(Visibility::PUBLIC),
        2 => Just(Visibility::unpublished("draft")),
        1 => Just(Visibility::Public { until: Timestamp::from_millis(1) }),
    ];
    (fact, proptest::option::of(-5_i64..5), visibility).prop_map(|((id, fact), year, visibility)| {
        let mut event = NewEvent::new(id, fact);
        if matches!(event.fact, Fact::Published(_)) {
            event.visibility = visibility;
        }
        event.time = year.and_then(|year| Timestamp::from_millis(year * 31_556_952_000));
        event.source = "model".into();
        event
    })
}

/// The state of one asset in the model.
#[derive(Debug, Clone, PartialEq)]
struct State {
    history: Vec<Seq>,
    live: Seq,
    published: Seq,
    revision: u64,
    status: Status,
    until: Option<Timestamp>,
    /// Of the last public revision.
    content: Option<Content>,
}

impl State {
    fn is_seen(&self) -> bool {
        self.status == Status::Published && self.live != Seq::ZERO
    }
}

/// When, and up to which event of the log.
#[derive(Clone, Copy)]
struct Moment(AsOf, Seq);

impl Moment {
    fn takes(self, seq: Seq, time: Timestamp) -> bool {
        self.0.takes(seq, time) && seq <= self.1
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} events", self.0, self.1)
    }
}

/// Returns the model: all assets as of then, and who names whom.
fn fold(told: &[Told], as_of: Moment) -> (BTreeMap<AssetRef, State>, BTreeSet<(AssetRef, AssetRef)>) {
    let erased: BTreeSet<_> = told
        .iter()
        .filter(|told| matches!(told.event.fact, Fact::Erased(..)))
        .filter_map(|told| told.event.asset())
        .collect();
    let mut assets: BTreeMap<AssetRef, State> = BTreeMap::new();
    for (seq, told) in (1..).map(Seq::new).zip(told) {
        let Some(asset) = told.event.asset() else { continue };
        if !as_of.takes(seq, told.time) {
            continue;
        }
        let state = assets.entry(asset.clone()).or_insert(State {
            history: vec![],
            live: Seq::ZERO,
            published: Seq::ZERO,
            revision: 0,
            status: Status::Published,
            until: None,
            content: None,
        });
        state.history.insert(0, seq);
        match &told.event.fact {
            Fact::Published(content) => {
                state.published = seq;
                state.revision += 1;
                // Of an erased revision nobody knows whether it was public.
                if erased.contains(&asset) {
                    state.status = Status::Erased;
                    state.live = seq;
                    state.until = None;
                } else if let Visibility::Public { until } = told.event.visibility {
                    state.live = seq;
                    state.until = until;
                    state.content = Some(content.clone());
                    if state.status == (Status::Withdrawn { by: OrderedBy::Source }) {
                        state.status = Status::Published;
                    }
                }
            }
            Fact::Erased(_, order) => {
                state.status = Status::Erased;
                if order.never_public {
                    state.live = Seq::ZERO;
                }
            }
            _ if state.status == Status::Erased => {}
            // As of a date when it was one with another, whose withdrawal this would be.
            Fact::Withdrawn(..) if matches!(state.status, Status::Merged { .. }) => {}
            Fact::Withdrawn(..) if state.status == (Status::Withdrawn { by: OrderedBy::Person }) => {}
            Fact::Withdrawn(_, order) => state.status = Status::Withdrawn { by: order.ordered_by },
            Fact::Restored(..) if matches!(state.status, Status::Withdrawn { .. }) => {
                state.status = Status::Published;
                state.until = None;
            }
            Fact::Restored(..) => {}
            Fact::Merged(merge) => state.status = Status::Merged { into: merge.into.clone() },
            Fact::Unmerged(_) if matches!(state.status, Status::Merged { .. }) => {
                state.status = Status::Published;
            }
            Fact::Unmerged(_) => {}
            Fact::Other(..) => unreachable!(),
        }
    }
    let mut edges = BTreeSet::new();
    for (asset, state) in &assets {
        if let Status::Merged { into } = &state.status {
            edges.insert((AssetRef::new(AssetKind::Byline, into.clone()), asset.clone()));
        }
        if let (Some(content), false) = (&state.content, state.status == Status::Erased) {
            edges.extend(content.references().into_iter().map(|target| (target, asset.clone())));
        }
    }
    (assets, edges)
}

/// Returns what those assets add up to that name a target and that readers see.
fn work(assets: &BTreeMap<AssetRef, State>, target: &AssetRef) -> Work {
    let mut work = Work::default();
    for state in assets.values().filter(|state| state.is_seen()) {
        let Some(content) = state.content.as_ref().filter(|content| content.references().contains(target))
        else {
            continue;
        };
        let Content::Article(article) = content else {
            work.images += 1;
            continue;
        };
        work.articles += 1;
        if target.kind == AssetKind::Image {
            continue;
        }
        if !article.section.is_empty() {
            *work.sections.entry(article.section.clone()).or_default() += 1;
        }
        let Some(date) = &article.published else { continue };
        let key = |date: &ArchiveDate| (date.start(), date.as_str().to_owned());
        if work.first.as_ref().is_none_or(|first| key(date) < key(first)) {
            work.first = Some(date.clone());
        }
        if work.last.as_ref().is_none_or(|last| key(date) > key(last)) {
            work.last = Some(date.clone());
        }
    }
    work
}

/// Returns the fact as the log holds it: an erasure with what its asset had ever named, the newest first.
fn recorded(told: &[Told], event: &NewEvent) -> Fact {
    let mut fact = event.fact.clone();
    if let (Fact::Erased(_, order), Some(asset)) = (&mut fact, event.asset()) {
        order.never_public = !told.iter().any(|before| {
            let publishes = matches!(before.event.fact, Fact::Published(_));
            before.event.asset().as_ref() == Some(&asset) && publishes && before.event.visibility.is_public()
        });
        for before in told.iter().rev().filter(|before| before.event.asset().as_ref() == Some(&asset)) {
            let Fact::Published(content) = &before.event.fact else { continue };
            for named in content.references() {
                if !order.named.contains(&named) {
                    order.named.push(named);
                }
            }
        }
    }
    fact
}

#[expect(clippy::too_many_lines, reason = "all that a snapshot says, held against the model")]
fn check(snapshot: &Snapshot, told: &[Told], as_of: Moment) {
    let (mut assets, edges) = fold(told, as_of);
    let (now, _) = fold(told, Moment(AsOf::Seq(Seq::MAX), Seq::MAX));
    // What is withdrawn today readers do not see at an older moment either.
    if snapshot.as_of().is_some() && !snapshot.reader().sees_all() {
        for (asset, state) in &mut assets {
            let today = &now[asset];
            let is_hidden = matches!(today.status, Status::Withdrawn { .. }) && today.live != Seq::ZERO;
            if is_hidden && state.is_seen() {
                state.status = Status::Withdrawn { by: OrderedBy::Person };
            }
        }
    }
    let mut found = BTreeMap::new();
    for kind in AssetKind::ALL {
        let mut after = None;
        loop {
            // Pages of two: paging must neither lose nor repeat.
            let page = snapshot.assets(kind, after.as_ref(), 2).unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page.into_iter().map(|(id, state)| (AssetRef::new(kind, id), state)));
        }
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), assets.keys().collect::<Vec<_>>(), "as of {as_of}");
    for (asset, expected) in &assets {
        let state = &found[asset];
        assert_eq!(snapshot.state(asset).unwrap().as_ref(), Some(state));
        assert_eq!(
            (state.latest, state.live, state.published, state.revision.get(), &state.status, state.until),
            (
                expected.history[0],
                expected.live,
                expected.published,
                expected.revision,
                &expected.status,
                expected.until
            ),
            "{asset} as of {as_of}"
        );
        assert_eq!(snapshot.history(asset, usize::MAX).unwrap(), expected.history, "{asset} as of {as_of}");
        let live = snapshot.live(asset).unwrap();
        let today = &now[asset];
        let readers_see = expected.is_seen();
        assert_eq!(
            live.map(|live| live.content),
            expected.content.clone().filter(|_| readers_see),
            "{asset} as of {as_of}"
        );
        let told = match (snapshot.shown(asset).unwrap(), &today.status) {
            (Shown::Unknown, _) => today.live == Seq::ZERO,
            (Shown::Seen, Status::Published | Status::Merged { .. }) => today.live != Seq::ZERO,
            (Shown::Gone(gone), Status::Withdrawn { .. }) => !gone.erased && gone.notice == "A notice.",
            (Shown::Gone(gone), Status::Erased) => gone.erased,
            _ => false,
        };
        assert!(told, "{asset} as of {as_of}");
    }
    for kind in AssetKind::ALL {
        for number in 0..5 {
            let target = AssetRef::new(kind, id(kind, number));
            let mut found = Vec::new();
            loop {
                let page = snapshot.referrers(&target, found.last(), 2).unwrap();
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            let found: BTreeSet<_> = found.into_iter().map(|referrer| (target.clone(), referrer)).collect();
            let expected: BTreeSet<_> = edges.iter().filter(|(to, _)| *to == target).cloned().collect();
            assert_eq!(found, expected, "who names {target} as of {as_of}");
            for (_, referrer) in &found {
                assert!(snapshot.names(referrer, &target).unwrap());
            }
            for kind in AssetKind::ALL {
                let of_kind = snapshot.referrers_of_kind(&target, kind, None, usize::MAX).unwrap();
                // Long ids lie in the order of their digests.
                let count = of_kind.len();
                let of_kind: BTreeSet<_> =
                    of_kind.into_iter().map(|(referrer, _)| (target.clone(), referrer)).collect();
                assert_eq!(of_kind.len(), count);
                assert_eq!(of_kind, found.iter().filter(|edge| edge.1.kind == kind).cloned().collect());
            }
            assert_eq!(
                snapshot.work(&target).unwrap(),
                work(&assets, &target),
                "work of {target} as of {as_of}"
            );
        }
    }
    let events = snapshot.events(Seq::new(1), usize::MAX).unwrap();
    for event in &events {
        let seen = snapshot.as_seen(event.clone()).unwrap();
        assert_eq!((seen.seq, seen.digest), (event.seq, event.digest));
        let public = told[event.seq.get() as usize - 1].event.visibility.is_public();
        let may_be_read = match event.asset() {
            Some(asset) => {
                public && (now[&asset].is_seen() || matches!(now[&asset].status, Status::Merged { .. }))
            }
            None => false,
        };
        if seen.fact().is_some() && !snapshot.reader().sees_all() {
            assert!(may_be_read, "event {} as of {as_of}", event.seq);
            assert!(!matches!(seen.fact(), Some(Fact::Withdrawn(..) | Fact::Restored(..))));
        }
        assert!(seen.fact().is_some() || seen.fact() == event.fact() || !snapshot.reader().sees_all());
    }
    let expected: Vec<_> = (1..)
        .map(Seq::new)
        .zip(told)
        .filter(|(seq, told)| as_of.takes(*seq, told.time))
        .map(|(seq, _)| seq)
        .collect();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), expected);
    let changes = snapshot.changes(Seq::new(1), usize::MAX).unwrap();
    assert_eq!(changes.iter().map(|change| change.0).collect::<Vec<_>>(), expected);
    let mut by_time = Vec::new();
    let mut last = (Timestamp::MIN, Seq::ZERO);
    loop {
        let page = snapshot.by_time_after(last, Timestamp::MAX, 3).unwrap();
        let Some(end) = page.last() else { break };
        last = *end;
        by_time.extend(page.into_iter().map(|(_, seq)| seq));
    }
    let mut sorted = expected;
    sorted.sort_by_key(|seq| told[seq.get() as usize - 1].time);
    assert_eq!(by_time, sorted);
}

/// A snapshot of the past says the same when each asset's history is walked alone, and when the log is folded.
fn check_past(log: &Log, told: &[Told], as_of: AsOf) {
    let (walking, folded) = (log.snapshot_as_of(as_of).unwrap(), log.snapshot_as_of(as_of).unwrap());
    check(&folded, told, Moment(as_of, Seq::MAX));
    check(&log.snapshot_as_of(as_of).unwrap().for_reader(Reader::KEEPER), told, Moment(as_of, Seq::MAX));
    let half = Seq::new(told.len() as u64 / 2);
    check(&log.snapshot_as_of_within(as_of, half).unwrap(), told, Moment(as_of, half));
    for kind in AssetKind::ALL {
        for number in 0..5 {
            let asset = AssetRef::new(kind, id(kind, number));
            assert_eq!(
                walking.state(&asset).unwrap(),
                folded.state(&asset).unwrap(),
                "{asset} as of {as_of}"
            );
            assert_eq!(walking.live(&asset).unwrap(), folded.live(&asset).unwrap(), "{asset} as of {as_of}");
            assert_eq!(walking.resolve(&asset).unwrap(), folded.resolve(&asset).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_catalog_is_the_fold_of_the_log(events in proptest::collection::vec(any_event(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let mut told: Vec<Told> = Vec::new();
        for event in events {
            match log.append_one(&event) {
                Ok(outcome @ (Outcome::Appended(seq) | Outcome::Withheld(seq))) => {
                    assert_eq!(seq.get() as usize, told.len() + 1);
                    let stored = log.snapshot().unwrap().event(seq).unwrap();
                    let event = NewEvent { fact: recorded(&told, &event), ..event };
                    assert_eq!(stored.fact(), Some(&event.fact));
                    told.push(Told { event, time: stored.time });
                    let (now, _) = fold(&told, Moment(AsOf::Seq(seq), seq));
                    let asset = told.last().unwrap().event.asset();
                    let withdrawn = asset.is_some_and(|asset| matches!(now[&asset].status, Status::Withdrawn { .. }));
                    let publishes = stored.revision.is_some() && told.last().unwrap().event.visibility.is_public();
                    assert_eq!(matches!(outcome, Outcome::Withheld(_)), withdrawn && publishes);
                    if told.len().is_multiple_of(7) {
                        // The catalog of this moment is kept, and brought forward the next time.
                        check_past(&log, &told, AsOf::Time(stored.time.min(Timestamp::from_millis(0).unwrap())));
                        check_past(&log, &told, AsOf::Time(Timestamp::from_millis(0).unwrap()));
                    }
                }
                Ok(Outcome::Unchanged(seq)) => {
                    let same = &told[seq.get() as usize - 1].event;
                    assert_eq!(same.asset(), event.asset());
                }
                Ok(Outcome::Refused(_)) | Err(AppendError::Invalid(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let head = log.head().unwrap();
        check(&log.snapshot().unwrap(), &told, Moment(AsOf::Seq(head.seq), head.seq));
        for seq in 0..=told.len() as u64 {
            check_past(&log, &told, AsOf::Seq(Seq::new(seq)));
        }
        for year in -6..6 {
            let as_of = AsOf::Time(Timestamp::from_millis(year * 31_556_952_000).unwrap());
            check_past(&log, &told, as_of);
        }
        let report = log.verify(Some(&head), &mut |_| {}).unwrap();
        assert_eq!(report.problems, []);
        assert_eq!((report.head, report.events), (head, head.seq.get()));

        let mut export = Vec::new();
        log.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
        let imported = Log::open(dir.path().join("imported")).unwrap();
        assert_eq!(imported.import(&mut export.as_slice(), &mut |_| {}).unwrap().head, head);
        check(&imported.snapshot().unwrap(), &told, Moment(AsOf::Seq(head.seq), head.seq));
        assert_eq!(imported.verify(Some(&head), &mut |_| {}).unwrap().problems, []);
        let again = imported.import(&mut export.as_slice(), &mut |_| {}).unwrap();
        assert_eq!((again.events, again.known), (0, head.seq.get()));

        imported.repair_catalog(&mut |_| {}).unwrap();
        assert_eq!(imported.verify(Some(&head), &mut |_| {}).unwrap().problems, []);
        assert_eq!(log.backup(dir.path().join("backup")).unwrap(), head);
        let restored = Log::restore(dir.path().join("backup"), dir.path().join("restored"), &mut |_| {}).unwrap();
        assert_eq!((restored.head, restored.problems), (head, vec![]));
        check(&Log::open(dir.path().join("restored")).unwrap().snapshot().unwrap(), &told, Moment(AsOf::Seq(head.seq), head.seq));
    }
}
