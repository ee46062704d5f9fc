//! The events that the processes append: one after the other the same in each run, so that whoever looks later knows what must be
//! there.

use store::{Article, AssetId, AssetKind, AssetRef, Fact, Log, LogHead, NewEvent, Order, Seq};

/// A name that must be in no file once its article was erased.
pub(crate) const CANARY: &str = "Xanthippe Quicksilver of Canary Wharf";

/// One event in so many erases an article from some way back.
const ERASURE_EVERY: u64 = 40;
const ERASED_BACK: u64 = 15;

/// Returns the event of this seq.
pub(crate) fn event(seq: u64) -> NewEvent {
    if let Some(victim) = victim(seq) {
        return NewEvent::new(id(victim), Fact::Erased(AssetKind::Article, Order::default()));
    }
    let mut body = String::new();
    if is_victim(seq) {
        body.push_str(&format!("{CANARY} "));
    }
    // From 40 bytes to 7 KB, of words that do not compress to nothing: inline values and overflow pages.
    let mut random = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..(seq * seq * 7 % 350) + 2 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        body.push_str(&format!("{random:x} "));
    }
    let bylines = vec![AssetId::new(format!("b/{}", seq % 5)).unwrap()];
    NewEvent::published(id(seq), Article { body, bylines, ..Article::default() })
}

fn id(seq: u64) -> AssetId {
    AssetId::new(format!("a/{seq}")).unwrap()
}

fn victim(seq: u64) -> Option<u64> {
    (seq % ERASURE_EVERY == ERASURE_EVERY / 2).then(|| seq - ERASED_BACK)
}

fn is_victim(seq: u64) -> bool {
    victim(seq + ERASED_BACK).is_some()
}

/// Returns the fact as the log holds it: an erasure with what its asset named until then.
fn recorded(seq: u64, mut fact: Fact) -> Fact {
    if let (Fact::Erased(_, order), Some(victim)) = (&mut fact, victim(seq)) {
        let byline = AssetId::new(format!("b/{}", victim % 5)).unwrap();
        order.named = vec![AssetRef::new(AssetKind::Byline, byline)];
    }
    fact
}

/// The log is whole, holds the plan's events up to its head, and at least up to `acknowledged`. Returns its head.
pub(crate) fn check(log: &Log, acknowledged: u64, what: &str) -> LogHead {
    let report = log.verify(None, &mut |_| {}).unwrap();
    assert_eq!(report.problems, [], "{what}");
    let head = report.head.seq.get();
    assert!(head >= acknowledged, "{what}: {acknowledged} was acknowledged, the log ends at {head}");
    let snapshot = log.snapshot().unwrap();
    for found in snapshot.events(Seq::new(1), usize::MAX).unwrap() {
        let seq = found.seq.get();
        let planned = event(seq);
        assert_eq!(found.id, planned.id, "{what}: event {seq}");
        match found.fact() {
            Some(fact) => assert_eq!(*fact, recorded(seq, planned.fact), "{what}: event {seq}"),
            None => assert!(is_victim(seq) && seq + ERASED_BACK <= head, "{what}: event {seq} is gone"),
        }
        if is_victim(seq) && seq + ERASED_BACK <= head {
            assert!(found.fact().is_none(), "{what}: event {seq} was erased");
            assert_eq!(snapshot.live(&AssetRef::new(AssetKind::Article, id(seq))).unwrap(), None);
        }
    }
    report.head
}
