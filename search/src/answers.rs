//! Answers without hits, kept: whoever looks at a page of counts asks for the same again and again.
//!
//! Such an answer hangs on the question, on the commits that it was asked of and on what was withdrawn since, and on nothing else: what hangs
//! on the time or on the log is not kept. It is the same for all who may read.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use query::{AggregationAnswer, SearchRequest, SearchResponse};
use store::AssetId;

/// The most answers.
const MAX_KEPT: usize = 128;
/// The most buckets of all of them together, and of one.
const MAX_BUCKETS: usize = 65_536;
const MAX_BUCKETS_OF_ONE: usize = 8_192;
/// The longest question, in bytes of how it is told.
const MAX_QUESTION: usize = 16 << 10;

/// The answers that were given last, the latest last.
#[derive(Default)]
pub(crate) struct Answers(Mutex<VecDeque<Kept>>);

struct Kept {
    key: Key,
    buckets: usize,
    answer: SearchResponse,
}

/// All that an answer hangs on.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    views: Vec<View>,
    question: String,
}

/// A view at a commit, and what is left out of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) commit: String,
    pub(crate) hidden: Arc<BTreeSet<AssetId>>,
}

impl Key {
    /// Returns the key of a question to these views; `None` if its answer is not to be kept.
    pub(crate) fn of(request: &SearchRequest, views: impl Iterator<Item = View>) -> Option<Self> {
        if request.size > 0 || !request.may_be_kept || request.time_limit.is_some() {
            return None;
        }
        let question = format!("{request:?}");
        // What is relative to now, what is read from the log, and examples, which are.
        let hangs_on_more = ["now", "TopHits", "Like("].iter().any(|word| question.contains(word));
        (!hangs_on_more && question.len() <= MAX_QUESTION).then(|| Self { views: views.collect(), question })
    }
}

impl Answers {
    /// Returns the answer to a question, if it is kept.
    pub(crate) fn find(&self, key: &Key) -> Option<SearchResponse> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|one| one.key == *key)?;
        let one = kept.remove(at)?;
        let answer = one.answer.clone();
        kept.push_back(one);
        Some(answer)
    }

    /// Keeps an answer, if it is whole and not too large. Those of other commits of the same views go: nobody gets them any more.
    pub(crate) fn keep(&self, key: Key, answer: &SearchResponse) {
        let buckets = 1 + buckets_of(&answer.aggregations);
        if answer.timed_out || buckets > MAX_BUCKETS_OF_ONE {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_past = |one: &Kept| {
            let replaced = |old: &View| key.views.iter().any(|new| new.name == old.name && new != old);
            one.key == key || one.key.views.iter().any(replaced)
        };
        kept.retain(|one| !is_past(one));
        kept.push_back(Kept { key, buckets, answer: answer.clone() });
        while kept.len() > MAX_KEPT || kept.iter().map(|one| one.buckets).sum::<usize>() > MAX_BUCKETS {
            kept.pop_front();
        }
    }
}

fn buckets_of(answers: &[AggregationAnswer]) -> usize {
    let of = |answer: &AggregationAnswer| {
        answer.result.buckets().iter().map(|bucket| 1 + buckets_of(&bucket.nested)).sum::<usize>()
    };
    answers.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use indexer::Indexes;
    use query::{Aggregation, AggregationKind, Query, Range, Scalar, Terms};
    use store::{Article, Log, NewEvent};
    use views::ARTICLES;

    use super::*;
    use crate::Search;

    fn counted() -> SearchRequest {
        let by_section = Aggregation {
            name: "s".to_owned(),
            kind: AggregationKind::Terms(Terms::of("section", 10)),
            nested: Vec::new(),
        };
        SearchRequest { size: 0, aggregations: vec![by_section], ..SearchRequest::new(ARTICLES) }
    }

    #[test]
    fn an_answer_is_kept_for_its_commit_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let search = Search::new(Indexes::open(log.clone(), dir.path().join("indexes")).unwrap());
        let index = || {
            let head = log.head().unwrap().seq;
            search.indexes().catch_up(ARTICLES, head, &AtomicBool::new(false), &|_| {}).unwrap();
        };
        let ask = |request: &SearchRequest| {
            let found = search.begin().search_all(request, &[ARTICLES.into()]).unwrap();
            (found.total, found.aggregations.first().map_or(0, |one| one.result.buckets().len()))
        };
        let kept = || search.inner.answers.0.lock().unwrap().len();
        for (id, section) in [("a/1", "City"), ("a/2", "Harbour")] {
            let article = Article { headline: "x".into(), section: section.into(), ..Article::default() };
            log.append_one(&NewEvent::published(AssetId::new(id).unwrap(), article)).unwrap();
        }
        index();
        assert_eq!((ask(&counted()), kept()), ((2, 2), 1));
        assert_eq!((ask(&counted()), kept()), ((2, 2), 1));
        let other = SearchRequest { count_to: 7, ..counted() };
        assert_eq!((ask(&other), kept()), ((2, 2), 2));

        // What hangs on the time is asked anew, and so is what is to be.
        let from = Some((Scalar::from("now-500y"), true));
        let range = Range { field: "published".to_owned(), from, ..Range::default() };
        let of_now = SearchRequest { query: Query::Range(range), ..counted() };
        let fresh = SearchRequest { may_be_kept: false, count_to: 8, ..counted() };
        assert_eq!((ask(&of_now), ask(&fresh), kept()), ((0, 0), (2, 2), 2));

        let gone = r#"{"type": "article.withdrawn", "id": "a/2", "data": {}}"#;
        log.append_one(&NewEvent::from_json(gone).unwrap()).unwrap();
        index();
        assert_eq!((ask(&counted()), kept()), ((1, 1), 1), "those of the commit before are gone");
    }
}
