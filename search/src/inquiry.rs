//! The searches of one request.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    time::Instant,
};

use indexer::end::{Allowance, Budget, Question};
use query::{IndexName, SearchRequest, SearchResponse, commit_of};
use store::AssetId;

use crate::{
    answers::{Key, View},
    engine::{Pinned, Search},
    error::SearchError,
    run::{Run, answer},
};

/// The searches of one request, which share what it may spend. Belongs to the thread that makes them.
pub struct Inquiry<'a> {
    pub(crate) search: &'a Search,
    pub(crate) allowance: Allowance,
}

impl Inquiry<'_> {
    /// Returns what is searched.
    pub fn engine(&self) -> &Search {
        self.search
    }

    /// Returns what is left to spend, from now on.
    pub fn budget(&self) -> Budget {
        Budget::begin(self.search.inner.limits, &self.allowance)
    }

    /// Searches.
    ///
    /// # Errors
    /// [`SearchError`]: the request is wrong, it takes too long, or the index or log fails.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchResponse, SearchError> {
        let leafs = request.is_by_score() && request.as_of.is_none();
        let before = request.after.as_ref().map(|after| after.commit.as_str());
        let before = before.filter(|commit| leafs && !commit.is_empty());
        let kept = before.map(|commit| self.search.kept(request, commit)).transpose()?.flatten();
        let is_kept = kept.is_some();
        let view = match kept {
            Some(kept) => kept,
            None => self.search.generation(request)?,
        };
        let commit = commit_of(view.generation.name(), &view.index.state());
        let mut response = self.search_views(request, std::slice::from_ref(&view))?;
        response.moved = !is_kept && before.is_some_and(|before| before != commit);
        if leafs && !is_kept && response.next.is_some() {
            self.search.keep_for_next_page(commit, &view);
        }
        Ok(response)
    }

    /// Searches several views as if they were one. A field that one of them lacks has no value there.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_all(
        &self,
        request: &SearchRequest,
        indices: &[IndexName],
    ) -> Result<SearchResponse, SearchError> {
        self.search_views(request, &self.search.pin(indices)?)
    }

    /// Searches views as they were at one point in time; what readers may not see any more is left out all the same.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_at(
        &self,
        request: &SearchRequest,
        point: &[Pinned],
    ) -> Result<SearchResponse, SearchError> {
        self.search_views(request, point)
    }

    fn search_views(&self, request: &SearchRequest, views: &[Pinned]) -> Result<SearchResponse, SearchError> {
        let started = Instant::now();
        let view = |view: &Pinned| View {
            name: view.name.to_string(),
            commit: commit_of(view.generation.name(), &view.index.state()),
            hidden: Arc::clone(&view.hidden),
        };
        let key = Key::of(request, views.iter().map(view));
        let answers = &self.search.inner.answers;
        if let Some(kept) = key.as_ref().and_then(|key| answers.find(key)) {
            return Ok(SearchResponse { took_ms: 0, ..kept });
        }
        let wider = (!request.rescore.is_empty()).then(|| request.with_all_to_rescore());
        self.with_runs(wider.as_ref().unwrap_or(request), views, |runs, question| {
            let mut response = answer(request, runs, question)?;
            response.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            if let Some(key) = key {
                answers.keep(key, &response);
            }
            Ok(response)
        })
    }

    /// The ids alone of what a search finds, without the documents.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ids(&self, request: &SearchRequest) -> Result<Vec<AssetId>, SearchError> {
        self.with_runs(request, &[self.search.generation(request)?], |runs, question| {
            let Some(run) = runs.first() else { return Ok(Vec::new()) };
            let found = question.rows(&request.query, false)?;
            let mut ids = Vec::with_capacity(found.rows.len());
            for row in found.rows.into_iter().skip(request.from) {
                ids.extend(run.snapshot.changes(row.seq, 1)?.pop().map(|(_, _, id)| id));
            }
            Ok(ids)
        })
    }

    pub(crate) fn with_runs<T>(
        &self,
        request: &SearchRequest,
        views: &[Pinned],
        work: impl FnOnce(&[Run<'_>], &Question<'_>) -> Result<T, SearchError>,
    ) -> Result<T, SearchError> {
        let mut runs = Vec::with_capacity(views.len());
        for view in views {
            let snapshot = view.generation.snapshot(self.search.log())?;
            runs.push(Run { request, view, snapshot });
        }
        let mut limits = self.search.inner.limits;
        limits.time = request.time_limit.map_or(limits.time, |limit| limit.min(limits.time));
        let budget = Arc::new(Budget::begin(limits, &self.allowance));
        let lengths = &self.search.inner.lengths;
        let views_asked = runs.iter().map(Run::asked).collect();
        let question = Question { request, views: views_asked, lengths, budget: &budget };
        // An end fails, or panics, on files that are not what was written: then who asks is told that.
        let done = catch_unwind(AssertUnwindSafe(|| work(&runs, &question)));
        if matches!(done, Err(_) | Ok(Err(SearchError::End(_)))) {
            views.iter().try_for_each(|view| view.generation.find_damage())?;
        }
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }
}
