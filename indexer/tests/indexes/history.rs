//! Random histories: few ids, so that things meet.

use proptest::prelude::*;
use store::{
    Article, AssetId, AssetKind, Byline, Fact, Image, Merge, NewEvent, Order, OrderedBy, Visibility,
};

use crate::id;

/// One step of a history.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Every seventh word is that of a draft.
    Article {
        id: u8,
        word: u8,
        bylines: Vec<u8>,
        images: Vec<u8>,
        year: u16,
    },
    Image {
        id: u8,
        word: u8,
        photographer: Option<u8>,
    },
    Byline {
        id: u8,
        word: u8,
    },
    Withdraw {
        kind: AssetKind,
        id: u8,
        by: OrderedBy,
    },
    Restore {
        kind: AssetKind,
        id: u8,
    },
    Erase {
        kind: AssetKind,
        id: u8,
    },
    Merge {
        id: u8,
        into: u8,
    },
    Unmerge {
        id: u8,
    },
    Index,
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(AssetKind::Article), Just(AssetKind::Image), Just(AssetKind::Byline)];
    let few = || proptest::collection::vec(0..4_u8, 0..3);
    prop_oneof![
        6 => (0..5_u8, any::<u8>(), few(), few(), 1851..2026_u16)
            .prop_map(|(id, word, bylines, images, year)| Step::Article { id, word, bylines, images, year }),
        3 => (0..4_u8, any::<u8>(), proptest::option::of(0..4_u8))
            .prop_map(|(id, word, photographer)| Step::Image { id, word, photographer }),
        3 => (0..4_u8, any::<u8>()).prop_map(|(id, word)| Step::Byline { id, word }),
        2 => (kind.clone(), 0..5_u8, prop_oneof![Just(OrderedBy::Person), Just(OrderedBy::Source)])
            .prop_map(|(kind, id, by)| Step::Withdraw { kind, id, by }),
        1 => (kind.clone(), 0..5_u8).prop_map(|(kind, id)| Step::Restore { kind, id }),
        1 => (kind, 0..5_u8).prop_map(|(kind, id)| Step::Erase { kind, id }),
        1 => (0..4_u8, 0..4_u8).prop_filter("itself", |(id, into)| id != into)
            .prop_map(|(id, into)| Step::Merge { id, into }),
        1 => (0..4_u8).prop_map(|id| Step::Unmerge { id }),
        2 => Just(Step::Index),
    ]
}

/// Returns the event of a step; `None` for one that is not about the log.
pub(crate) fn event(step: &Step) -> Option<NewEvent> {
    let letter = |kind: AssetKind| match kind {
        AssetKind::Article => "a",
        AssetKind::Image => "i",
        AssetKind::Byline => "b",
    };
    let ids = |letter: &str, ids: &[u8]| -> Vec<AssetId> {
        ids.iter().map(|n| id(format!("{letter}/{n}"))).collect()
    };
    Some(match step {
        Step::Article { id: n, word, bylines, images, year } => {
            let article = Article {
                headline: format!("word{word}"),
                published: Some(year.to_string().parse().unwrap()),
                section: format!("section{}", word % 3),
                bylines: ids("b", bylines),
                images: ids("i", images),
                ..Article::default()
            };
            let is_draft = word.is_multiple_of(7);
            let visibility = if is_draft { Visibility::unpublished("draft") } else { Visibility::PUBLIC };
            NewEvent { visibility, ..NewEvent::published(id(format!("a/{n}")), article) }
        }
        Step::Image { id: n, word, photographer } => NewEvent::published(
            id(format!("i/{n}")),
            Image {
                caption: format!("caption{word}"),
                photographer: photographer.map(|n| id(format!("b/{n}"))),
                ..Image::default()
            },
        ),
        Step::Byline { id: n, word } => NewEvent::published(
            id(format!("b/{n}")),
            Byline { name: format!("Name{word}"), ..Byline::default() },
        ),
        Step::Withdraw { kind, id: n, by } => {
            let order = Order { ordered_by: *by, ..Order::default() };
            NewEvent::new(id(format!("{}/{n}", letter(*kind))), Fact::Withdrawn(*kind, order))
        }
        Step::Restore { kind, id: n } => {
            NewEvent::new(id(format!("{}/{n}", letter(*kind))), Fact::Restored(*kind, Order::default()))
        }
        Step::Erase { kind, id: n } => {
            NewEvent::new(id(format!("{}/{n}", letter(*kind))), Fact::Erased(*kind, Order::default()))
        }
        Step::Merge { id: n, into } => {
            let merge = Merge {
                into: id(format!("b/{into}")),
                reason: String::new(),
                by: String::new(),
                unknown: serde_json::Map::new(),
            };
            NewEvent::new(id(format!("b/{n}")), Fact::Merged(merge))
        }
        Step::Unmerge { id: n } => NewEvent::new(id(format!("b/{n}")), Fact::Unmerged(Order::default())),
        Step::Index => return None,
    })
}

/// A row of random numbers that a seed repeats (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    /// One event of a small town's paper, of articles `0..articles`: some are very prolific authors' work.
    pub(crate) fn event(&mut self, articles: u64) -> NewEvent {
        let one = |dice: &mut Self, end: u64| u8::try_from(dice.below(end)).unwrap();
        let word = one(self, 250);
        match self.below(20) {
            0 => event(&Step::Byline { id: one(self, 3), word }).unwrap(),
            1 => event(&Step::Image { id: one(self, 5), word, photographer: Some(one(self, 3)) }).unwrap(),
            2 => NewEvent::new(
                id(format!("a/{}", self.below(articles))),
                Fact::Withdrawn(AssetKind::Article, Order::default()),
            ),
            _ => NewEvent::published(
                id(format!("a/{}", self.below(articles))),
                Article {
                    headline: format!("word{word}"),
                    body: format!("the tide table of day {}", self.below(1_000)),
                    bylines: vec![id("b/0"), id(format!("b/{}", self.below(3)))],
                    images: vec![id(format!("i/{}", self.below(5)))],
                    ..Article::default()
                },
            ),
        }
    }
}
