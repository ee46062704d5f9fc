//! Queries as people ask them, chosen from the archive's own words by rules.

use query::{
    Aggregation, AggregationKind, Bool, FieldBoost, HighlightField, HighlightOptions, Need, Phrase, Query,
    Range, Scalar, SearchRequest, Terms, Words,
};
use serde_json::{Value, json};
use store::AssetKind;
use views::ARTICLES;

use crate::archive::{Archive, Span};

/// What is asked in one query.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) sort: Sort,
    pub(crate) text: String,
    /// When what is filtered was published.
    pub(crate) span: Span,
}

/// What sort of query it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Term,
    And2,
    Or2,
    And3,
    Or3,
    Phrase,
    Filtered,
    Faceted,
}

impl Sort {
    pub(crate) const ALL: [Self; 8] = [
        Self::Term,
        Self::And2,
        Self::Or2,
        Self::And3,
        Self::Or3,
        Self::Phrase,
        Self::Filtered,
        Self::Faceted,
    ];
}

/// All that are measured.
pub(crate) struct Queries(pub(crate) Vec<Asked>);

const OF_EACH: usize = 40;

impl Queries {
    /// Words that are neither in every document nor in hardly any, each with others out of the same documents.
    pub(crate) fn of(archive: &Archive) -> Self {
        let generation = archive.indexes.live(ARTICLES).unwrap();
        let index = generation.searcher().unwrap();
        let snapshot = archive.search.log().snapshot().unwrap();
        let ids = snapshot.assets(AssetKind::Article, None, usize::MAX).unwrap();
        let field = generation.index().schema().schema.get_field("body").unwrap();
        let total = index.searcher.tantivy().num_docs();
        let count = |word: &str| {
            let stem = views::Analyser::Text.terms(views::Language::English, word);
            let [stem] = stem.as_slice() else { return 0 };
            let term = tantivy::Term::from_field_text(field, &stem.text);
            index.searcher.tantivy().doc_freq(&term).unwrap_or(0)
        };
        let mut asked = Vec::new();
        let mut at = 0;
        for sort in Sort::ALL {
            let words = match sort {
                Sort::Term => 1,
                Sort::And3 | Sort::Or3 => 3,
                _ => 2,
            };
            while asked.len() % OF_EACH != 0 || asked.last().is_none_or(|last: &Asked| last.sort != sort) {
                at += 1;
                let (id, _) = &ids[(at * 7_919) % ids.len()];
                let document = generation.view().document(id, &snapshot).unwrap().unwrap();
                let body = document.json["body"].as_str().unwrap_or_default().to_owned();
                let all: Vec<&str> = body.split_whitespace().collect();
                let good = |word: &&&str| {
                    word.chars().all(char::is_alphabetic) && (total / 2_000..total / 5).contains(&count(word))
                };
                let text = if sort == Sort::Phrase {
                    let pair = all.windows(2).skip(at % 50).find(|pair| pair.iter().all(|word| good(&word)));
                    pair.map(|pair| pair.join(" "))
                } else {
                    let step = 1 + all.len() / 40;
                    let picked: Vec<&str> =
                        all.iter().step_by(step).skip(at % 7).filter(good).take(words).copied().collect();
                    (picked.len() == words).then(|| picked.join(" "))
                };
                asked.extend(text.map(|text| Asked { sort, text, span: archive.span }));
                if asked.len().is_multiple_of(OF_EACH) && asked.last().is_some_and(|last| last.sort == sort) {
                    break;
                }
            }
        }
        Self(asked)
    }
}

impl Asked {
    /// In process, with documents and highlights.
    pub(crate) fn request(&self) -> SearchRequest {
        let body = || vec![FieldBoost::new("body")];
        let need = match self.sort {
            Sort::And2 | Sort::And3 | Sort::Filtered | Sort::Faceted => Need::All,
            _ => Need::Any,
        };
        let words = Query::Words(Words { need, ..Words::new(body(), &self.text) });
        let query = match self.sort {
            Sort::Phrase => Query::Phrase(Phrase::new(body(), &self.text)),
            Sort::Filtered => Query::Bool(Bool {
                must: vec![words],
                filter: vec![Query::Range(Range {
                    field: "published".to_owned(),
                    from: Some((Scalar::from(self.span.0), true)),
                    to: Some((Scalar::from(self.span.1), true)),
                    ..Range::default()
                })],
                ..Bool::default()
            }),
            _ => words,
        };
        let field = HighlightField { count: 1, best_first: true, ..HighlightField::new("body") };
        let mut request = SearchRequest {
            query,
            count_all: false,
            highlight: Some(HighlightOptions { fields: vec![field], ..HighlightOptions::default() }),
            ..SearchRequest::new(ARTICLES)
        };
        if self.sort == Sort::Faceted {
            request.aggregations.push(Aggregation {
                name: "sections".to_owned(),
                kind: AggregationKind::Terms(Terms::of("section", 10)),
                nested: Vec::new(),
            });
        }
        request
    }

    /// The same as a body for the Elasticsearch routes.
    pub(crate) fn body(&self) -> Value {
        let operator = match self.sort {
            Sort::And2 | Sort::And3 | Sort::Filtered | Sort::Faceted => "and",
            _ => "or",
        };
        let words = json!({"match": {"body": {"query": self.text, "operator": operator}}});
        let query = match self.sort {
            Sort::Phrase => json!({"match_phrase": {"body": self.text}}),
            Sort::Filtered => json!({"bool": {"must": words,
                "filter": {"range": {"published": {"gte": self.span.0, "lte": self.span.1}}}}}),
            _ => words,
        };
        let mut body = json!({"query": query, "track_total_hits": false,
            "highlight": {"fields": {"body": {"number_of_fragments": 1, "fragment_size": 160, "order": "score"}}}});
        if self.sort == Sort::Faceted {
            body["aggs"] = json!({"sections": {"terms": {"field": "section"}}});
        }
        body
    }
}
