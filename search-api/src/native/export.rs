//! All hits of a search in one body, page after page: the archive as it is when the first is looked for, so that none is lost
//! and none comes twice while it grows. What is taken from readers meanwhile is left out; an erasure breaks the body off.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use indexer::{Pin, PinnedAt};
use query::{Hit, IndexName, SearchRequest, SearchResponse};
use search::Pinned;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use views::ViewId;

use super::{answer::HitAnswer, table};
use crate::{
    door::{error::RequestError, written::Written},
    state::ApiState,
};

/// The form of all hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Ndjson,
}

/// So many hits are looked for at once.
const PAGE: usize = 250;
/// The most bodies that are made at the same time: each keeps files that a merge would free.
static BODIES: Semaphore = Semaphore::const_new(16);
/// Whoever takes nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(60);
/// The number of times that a page is looked for again while the server is busy, and the time between them.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// All hits of a search, and the commit of the index that they are of.
pub(super) struct Export {
    pub(super) response: Response,
    pub(super) generation: String,
    pub(super) state: String,
}

/// Returns all hits of a search, `most` of them at most.
pub(super) async fn all(
    state: &ApiState,
    mut request: SearchRequest,
    form: Form,
    most: Option<usize>,
) -> Result<Export, RequestError> {
    let permit = BODIES.try_acquire().map_err(|_| RequestError::Busy)?;
    let view = request.view;
    let name = IndexName { view, as_of: request.as_of.clone() };
    (request.from, request.min_seq, request.ends_early) = (0, None, true);
    request.aggregations.clear();
    if form == Form::Csv {
        request.highlight = None;
    }
    let (engine, past) = (state.search.clone(), name.as_of.is_some());
    let kept = state.pool_for(past).run(move || {
        let views = engine.pin(std::slice::from_ref(&name)).map_err(|error| error.at("as_of"))?;
        Ok(engine.keep(&views))
    });
    let left = most.unwrap_or(usize::MAX);
    let mut pages = Pages { state: state.clone(), request, kept: kept.await?, left };
    // What is wrong with the search is told before there is a body.
    let first = pages.next().await?;
    let total = first.as_ref().map_or(0, |page| page.total);
    let of = |name: fn(&SearchResponse) -> &String| first.as_ref().map(|page| name(page).clone());
    let generation = of(|page| &page.generation).unwrap_or_default();
    let commit = of(|page| &page.state).unwrap_or_default();
    let (sender, body) = mpsc::channel::<Result<Bytes, RequestError>>(2);
    tokio::spawn(async move {
        let _permit = permit;
        let (mut page, mut is_first) = (Ok(first), true);
        loop {
            let written = match page {
                Ok(None) if is_first && form == Form::Csv => Ok(table::csv(view, &[])),
                Ok(None) => break,
                Ok(Some(found)) => written(found.hits, view, form, is_first),
                Err(error) => Err(error),
            };
            let is_over = written.is_err();
            let sent = timeout(PATIENCE, sender.send(written.map(Bytes::from))).await;
            if is_over || !matches!(sent, Ok(Ok(()))) {
                break;
            }
            is_first = false;
            page = pages.next().await;
        }
    });
    let media = match form {
        Form::Csv => "text/csv; charset=utf-8; header=present",
        Form::Ndjson => "application/x-ndjson",
    };
    let mut response = Body::from_stream(ReceiverStream::new(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert("x-total-count", HeaderValue::from(total));
    if form == Form::Csv {
        let name = HeaderValue::from_static("attachment; filename=\"search.csv\"");
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(Export { response, generation, state: commit })
}

fn written(hits: Vec<Hit>, view: ViewId, form: Form, is_first: bool) -> Result<Vec<u8>, RequestError> {
    match form {
        Form::Csv if is_first => Ok(table::csv(view, &hits)),
        Form::Csv => Ok(table::rows(view, &hits)),
        Form::Ndjson => {
            let mut written = Written::default();
            for hit in hits {
                written.add(&HitAnswer::from(hit))?;
                written.add_text("\n");
            }
            Ok(written.into_bytes())
        }
    }
}

/// The pages that are left to be found.
struct Pages {
    state: ApiState,
    request: SearchRequest,
    kept: Vec<(IndexName, Arc<Pin>)>,
    left: usize,
}

impl Pages {
    /// The next page; `None` behind the last.
    async fn next(&mut self) -> Result<Option<SearchResponse>, RequestError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.request.size = PAGE.min(self.left);
        let mut tries = 0;
        let found = loop {
            let (engine, request, kept) =
                (self.state.search.clone(), self.request.clone(), self.kept.clone());
            let work = move || Ok(engine.begin().search_at(&request, &pinned(kept)?)?);
            match self.state.pool_for(self.request.as_of.is_some()).run(work).await {
                Err(RequestError::Busy) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                found => break found?,
            }
        };
        self.left -= found.hits.len().min(self.left);
        match &found.next {
            Some(next) => self.request.after = Some(next.clone()),
            None => self.left = 0,
        }
        // The total is that of the first page: the others need not count.
        self.request.count_all = false;
        Ok(Some(found))
    }
}

/// Returns what is searched now of views that are kept.
fn pinned(kept: Vec<(IndexName, Arc<Pin>)>) -> Result<Vec<Pinned>, RequestError> {
    let mut views = Vec::with_capacity(kept.len());
    for (name, pin) in kept {
        match pin.at()? {
            Ok(PinnedAt { generation, index, hidden }) => {
                views.push(Pinned { name, generation, index, hidden });
            }
            Err(_) => {
                let why = "something was taken from the archive for good while it was written out: ask again";
                return Err(RequestError::Conflict(why.to_owned()));
            }
        }
    }
    Ok(views)
}
