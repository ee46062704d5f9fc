//! Questions of the pages to the search: the hits of an address with facets and timeline, and what is like or by something.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use search::Inquiry;
use store::{AssetId, AssetKind, AssetRef};

use super::{
    address::{Address, Cursor, Facet, Order, facets_of},
    error::PageError,
    timeline::{self, Timeline, Unit, bound},
};
use crate::door::error::RequestError;
use query::{
    Aggregation, AggregationKind, Bool, Bucket, BucketKey, DateFormat, HighlightField, HighlightOptions,
    Histogram, Hit, PlainOrder, PlainSearch, Query, Scalar, SearchRequest, SearchResponse, Sort, Terms,
    limits::MAX_WINDOW, names,
};
use views::{ARTICLES, IMAGES, VIEWS, ViewId};

/// Hits on one page: a grid of images has whole rows of four and of three.
pub(super) fn page_size(view: ViewId) -> usize {
    match view.kind() {
        AssetKind::Image => 24,
        _ => 20,
    }
}
/// So many values of a facet are shown at first.
const FACET_VALUES: usize = 7;
/// So many when all are asked for.
const ALL_FACET_VALUES: usize = 200;

/// Everything that a search page shows.
pub(super) struct Results {
    pub(super) response: SearchResponse,
    /// In each view, how many match.
    pub(super) totals: Vec<(ViewId, u64)>,
    pub(super) facets: Vec<Values>,
    pub(super) timeline: Option<Timeline>,
    /// The cursor of the first hit, where there is a page before.
    pub(super) before: Option<String>,
    /// The cursor of the last hit, where there is a page after.
    pub(super) after: Option<String>,
}

/// The values that a facet counted.
pub(super) struct Values {
    pub(super) facet: &'static Facet,
    /// The most frequent values with how many hits have each.
    pub(super) counts: Vec<(String, u64)>,
    /// True if there are more than these.
    pub(super) goes_on: bool,
}

/// Runs the search of an address.
pub(super) fn find(inquiry: &Inquiry<'_>, address: &Address) -> Result<Results, RequestError> {
    let mut request = request_of(address)?;
    let size = page_size(address.view);
    // One more than is shown tells whether there are others.
    request.size = size + 1;
    into_total_order(&mut request.sort);
    match &address.cursor {
        None => request.from = (address.page - 1).saturating_mul(size).min(MAX_WINDOW - request.size),
        Some(Cursor::After(cursor)) => request.after = Some(cursor.parse()?),
        Some(Cursor::Before(cursor)) => {
            request.after = Some(cursor.parse()?);
            request.sort.iter_mut().for_each(Sort::turn);
        }
    }
    request.aggregations =
        facets_of(address.view).iter().map(|facet| terms(facet, shown_of(address, facet) + 1)).collect();
    request.aggregations.push(dates(address.view, Unit::Year));
    let mut response = inquiry.search(&request)?;
    let goes_on = response.next.is_some();
    response.hits.truncate(size);
    let (has_before, has_after) = match &address.cursor {
        Some(Cursor::Before(_)) => {
            response.hits.reverse();
            (goes_on, true)
        }
        _ => (address.page > 1, goes_on),
    };
    let place = |hit: Option<&Hit>| hit.map(|hit| response.cursor(hit).to_string());
    let before = place(response.hits.first().filter(|_| has_before));
    let after = place(response.hits.last().filter(|_| has_after));
    let years = counts_of(&response, Unit::Year);
    let timeline = timeline_of(inquiry, address, &request, &years)?;
    let mut totals = Vec::new();
    for view in VIEWS {
        let total = if view == address.view {
            response.total
        } else {
            // A field that the other view lacks (`headline:…`) finds nothing there; it is no mistake here.
            request_of(&address.in_view(view)).and_then(|request| total_of(inquiry, request)).unwrap_or(0)
        };
        totals.push((view, total));
    }
    let mut facets = Vec::new();
    for facet in facets_of(address.view) {
        let mut counts = values_of(&response, facet.name);
        let goes_on = counts.len() > shown_of(address, facet);
        counts.truncate(shown_of(address, facet));
        // What was chosen is shown even if nothing else has it.
        for (_, value) in address.facets.iter().filter(|(name, _)| name == facet.name) {
            if !counts.iter().any(|(other, _)| other == value) {
                counts.push((value.clone(), 0));
            }
        }
        if !counts.is_empty() {
            facets.push(Values { facet, counts, goes_on });
        }
    }
    Ok(Results { response, totals, facets, timeline, before, after })
}

fn shown_of(address: &Address, facet: &Facet) -> usize {
    if address.unfolded == facet.name { ALL_FACET_VALUES } else { FACET_VALUES }
}

/// No two hits in one place, so that the order can be walked in both directions.
fn into_total_order(sort: &mut Vec<Sort>) {
    if sort.is_empty() {
        sort.push(Sort::by("_score", true));
    }
    sort.push(Sort::by("_seq", false));
}

/// Returns how many match.
fn total_of(inquiry: &Inquiry<'_>, request: SearchRequest) -> Result<u64, RequestError> {
    let request = SearchRequest { size: 0, highlight: None, lenient: true, sort: Vec::new(), ..request };
    Ok(inquiry.search(&request)?.total)
}

/// The search that an address names, from its first hit.
pub(super) fn request_of(address: &Address) -> Result<SearchRequest, RequestError> {
    let order = address.order();
    let plain = PlainSearch {
        q: address.q.clone(),
        exact: address.exact,
        from: address.from.clone(),
        to: address.to.clone(),
        as_of: Some(address.as_of.clone()).filter(|name| !name.is_empty()),
        order: match order {
            Order::Relevance | Order::Most => PlainOrder::Relevance,
            Order::Newest => PlainOrder::Newest,
            Order::Oldest => PlainOrder::Oldest,
        },
        ..PlainSearch::new(address.view)
    };
    let mut request = plain.request()?;
    if order == Order::Most {
        request.sort =
            vec![Sort::by("article_count", true), Sort::by(names::date_field(address.view), false)];
    }
    let mut filter = Vec::new();
    for facet in facets_of(address.view) {
        let values: Vec<Scalar> = address
            .facets
            .iter()
            .filter(|(name, _)| name == facet.name)
            .map(|(_, value)| Scalar::from(value.as_str()))
            .collect();
        if !values.is_empty() {
            filter.push(Query::Terms { field: facet.field.to_owned(), values, any_case: false });
        }
    }
    if !filter.is_empty() {
        request.query = Query::Bool(Bool { must: vec![request.query], filter, ..Bool::default() });
    }
    request.highlight = Some(highlights());
    Ok(request)
}

/// Whole headlines and names, and of longer texts the parts around the words.
fn highlights() -> HighlightOptions {
    let whole = |name| HighlightField { count: 0, ..HighlightField::new(name) };
    let part = |name| HighlightField { size: 180, count: 2, ..HighlightField::new(name) };
    let fields = vec![
        whole("headline"),
        whole("name"),
        whole("bylines.name"),
        whole("also_known_as"),
        whole("keywords.value"),
        part("subheadline"),
        part("summary"),
        part("body"),
        part("caption"),
        part("bio"),
        part("images.caption"),
        part("images.alt"),
        part("images.credit"),
        part("corrections.text"),
    ];
    HighlightOptions { fields, ..HighlightOptions::default() }
}

fn terms(facet: &Facet, size: usize) -> Aggregation {
    let kind = AggregationKind::Terms(Terms::of(facet.field, size));
    Aggregation { name: facet.name.to_owned(), kind, nested: Vec::new() }
}

fn dates(view: ViewId, unit: Unit) -> Aggregation {
    let field = names::day_field(view);
    let kind = AggregationKind::Histogram(Histogram::of_dates(field, unit.interval(), DateFormat::date()));
    Aggregation { name: unit.name().to_owned(), kind, nested: Vec::new() }
}

fn buckets_of<'a>(response: &'a SearchResponse, name: &str) -> &'a [Bucket] {
    let answer = response.aggregations.iter().find(|answer| answer.name == name);
    answer.map_or(&[], |answer| answer.result.buckets())
}

fn values_of(response: &SearchResponse, name: &str) -> Vec<(String, u64)> {
    let value = |bucket: &Bucket| match &bucket.key {
        BucketKey::Text(value) if !value.is_empty() => Some((value.clone(), bucket.count)),
        _ => None,
    };
    buckets_of(response, name).iter().filter_map(value).collect()
}

fn counts_of(response: &SearchResponse, unit: Unit) -> Vec<(Date, u64)> {
    let begins = |bucket: &Bucket| match bucket.key {
        BucketKey::Date { millis, .. } => {
            let date = Timestamp::from_millisecond(millis).ok()?.to_zoned(TimeZone::UTC).date();
            Some((unit.floor(date), bucket.count))
        }
        _ => None,
    };
    buckets_of(response, unit.name()).iter().filter_map(begins).collect()
}

fn timeline_of(
    inquiry: &Inquiry<'_>,
    address: &Address,
    request: &SearchRequest,
    years: &[(Date, u64)],
) -> Result<Option<Timeline>, RequestError> {
    let (from, to) = (bound(&address.from, false), bound(&address.to, true));
    let (first_year, last_year) = timeline::without_strays(years);
    let first = from.or(first_year);
    let last = to.or_else(|| Unit::Year.next(last_year?)?.yesterday().ok());
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    if last < first {
        return Ok(None);
    }
    let unit = Timeline::fine_unit(first, last);
    if matches!(unit, Unit::Year | Unit::Decade | Unit::Century) {
        return Ok(Timeline::new(unit, years, Some(first), Some(last)));
    }
    let finer = SearchRequest {
        size: 0,
        from: 0,
        after: None,
        highlight: None,
        aggregations: vec![dates(address.view, unit)],
        sort: Vec::new(),
        ..request.clone()
    };
    let counts = counts_of(&inquiry.search(&finer)?, unit);
    Ok(Timeline::new(unit, &counts, Some(first), Some(last)))
}

/// The text of an article with the words marked that a search looked for, as the highlighter writes it; nothing where
/// it has none of them.
pub(super) fn marked(inquiry: &Inquiry<'_>, id: &AssetId, address: &Address) -> Option<String> {
    if address.q.is_empty() || address.view != ARTICLES {
        return None;
    }
    let asked = request_of(address).ok()?;
    let this =
        Query::Terms { field: "_id".to_owned(), values: vec![Scalar::from(id.as_str())], any_case: false };
    let whole = HighlightField { count: 0, ..HighlightField::new("body") };
    let request = SearchRequest {
        query: Query::Bool(Bool { must: vec![asked.query], filter: vec![this], ..Bool::default() }),
        size: 1,
        count_all: false,
        highlight: Some(HighlightOptions { fields: vec![whole], ..HighlightOptions::default() }),
        ..SearchRequest::new(ARTICLES)
    };
    let hit = inquiry.search(&request).ok()?.hits.pop()?;
    hit.highlights.get("body")?.first().cloned()
}

/// Articles like this one; none is no reason to show no page.
pub(super) fn similar(inquiry: &Inquiry<'_>, id: &AssetId) -> Vec<Hit> {
    let request = SearchRequest::similar_to(&AssetRef::new(AssetKind::Article, id.clone()), 4);
    match inquiry.search(&request) {
        Ok(response) => response.hits,
        Err(error) => {
            tracing::warn!(%error, "similar articles cannot be found");
            Vec::new()
        }
    }
}

/// The work of a byline.
pub(super) struct Work {
    pub(super) total: u64,
    pub(super) hits: Vec<Hit>,
    pub(super) years: Vec<(i32, u64)>,
    pub(super) images: Vec<Hit>,
    pub(super) image_total: u64,
}

/// Articles of a byline that its page lists.
const MAX_WORKS: usize = 50;

/// Everything by a byline, from its first article on.
pub(super) fn work_of(inquiry: &Inquiry<'_>, id: &AssetId) -> Result<Work, PageError> {
    let by = |view, field: &str| SearchRequest {
        query: Query::Terms {
            field: field.to_owned(),
            values: vec![Scalar::from(id.as_str())],
            any_case: false,
        },
        sort: vec![Sort::by(names::date_field(view), false)],
        ..SearchRequest::new(view)
    };
    let articles = SearchRequest {
        size: MAX_WORKS,
        aggregations: vec![dates(ARTICLES, Unit::Year)],
        ..by(ARTICLES, "bylines.id")
    };
    let articles = inquiry.search(&articles)?;
    let images = SearchRequest { size: 12, ..by(IMAGES, "photographer.id") };
    let images = inquiry.search(&images)?;
    let years = counts_of(&articles, Unit::Year);
    Ok(Work {
        total: articles.total,
        years: years.into_iter().map(|(date, count)| (i32::from(date.year()), count)).collect(),
        hits: articles.hits,
        image_total: images.total,
        images: images.hits,
    })
}
