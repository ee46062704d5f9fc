//! Highlighting finds what searching finds: of random texts and random queries, something is marked in a text exactly where
//! the query finds it. The two are different code over the same rules; each is held against the other.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::atomic::AtomicBool};

use indexer::Indexes;
use proptest::{prelude::*, sample::select};
use query::{
    FieldBoost, Fuzziness, Fuzzy, HighlightField, HighlightOptions, PatternKind, Phrase, Query, Scalar,
    SearchRequest, Words,
};
use search::{Search, SearchLimits};
use serde_json::json;
use store::{Log, NewEvent};
use views::ARTICLES;

/// Words of one stem, with diacritics, of several parts, small ones, of scripts that do not part them.
const WORDS: [&str; 34] = [
    "run",
    "runs",
    "running",
    "Runner",
    "ferry",
    "Ferries",
    "ferry's",
    "harbour",
    "harbours",
    "golden",
    "gate",
    "gates",
    "gâteau",
    "naïve",
    "naive",
    "café",
    "cafes",
    "O'Hare",
    "wi-fi",
    "the",
    "of",
    "to",
    "be",
    "oil",
    "Oil",
    "1931",
    "Öl",
    "chanter",
    "chantons",
    "Häuser",
    "Haus",
    "東京都",
    "京都",
    "港",
];
const LANGUAGES: [&str; 4] = ["en", "fr", "de", ""];
const GAPS: [&str; 5] = [" ", " ", ", ", ". ", "-"];

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let word = (select(&WORDS[..]), select(&GAPS[..]));
    prop::collection::vec(word, words).prop_map(|words| {
        let text: String = words.iter().flat_map(|(word, gap)| [*word, *gap]).collect();
        text.trim_end_matches([' ', ',', '.', '-']).to_owned()
    })
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![4 => text(1..4), 1 => "[a-z]{1,5}", 1 => "[a-z]{2,4} [a-z]{2,6}"]
}

fn fields() -> impl Strategy<Value = Vec<FieldBoost>> {
    select(&["headline", "headline.exact"][..]).prop_map(|name| vec![FieldBoost::new(name)])
}

/// One that is one word to the index, too: several must all be found, and each is marked.
fn one_word() -> impl Strategy<Value = &'static str> {
    let is_one = |word: &&str| word.chars().all(|c| c.is_alphanumeric() && c < '\u{3000}');
    select(&WORDS[..]).prop_filter("several words", is_one)
}

fn queries() -> impl Strategy<Value = Query> {
    let words = (fields(), typed(), any::<bool>(), any::<bool>()).prop_map(|(fields, text, near, starts)| {
        let fuzziness = near.then_some(Fuzziness::AUTO);
        Query::Words(Words { fuzziness, last_is_prefix: starts, ..Words::new(fields, text) })
    });
    let phrase = (fields(), typed(), 0_u32..5, any::<bool>()).prop_map(|(fields, text, slop, starts)| {
        Query::Phrase(Phrase { slop, last_is_prefix: starts, ..Phrase::new(fields, text) })
    });
    let pattern = prop_oneof![
        "[A-Za-zéö]{1,4}".prop_map(PatternKind::Prefix),
        "[a-z]{0,2}[*?][a-z]{0,2}[*?]?".prop_map(PatternKind::Wildcard),
        "[a-z]{1,3}(\\.\\*|s\\?)[a-z]{0,2}".prop_map(PatternKind::Regexp),
    ];
    let pattern = (fields(), pattern).prop_map(|(fields, pattern)| Query::Pattern {
        fields,
        pattern,
        folds: true,
        any_case: false,
    });
    let fuzzy = (fields(), one_word(), 0_u8..3, 0_usize..2).prop_map(|(fields, word, edits, start)| {
        Query::Fuzzy(Fuzzy {
            fields,
            value: word.to_owned(),
            fuzziness: Fuzziness::Edits(edits),
            exact_start: start,
            swaps: true,
            max_expansions: None,
        })
    });
    let terms = (fields(), select(&WORDS[..])).prop_map(|(fields, word)| Query::Terms {
        field: fields[0].name.clone(),
        values: vec![Scalar::from(word)],
        any_case: false,
    });
    prop_oneof![4 => words, 4 => phrase, 2 => pattern, 1 => fuzzy, 1 => terms]
}

/// Returns true if a query finds all forms of the words that are near one, of which only those are marked that are near
/// it themselves: `café`, which is a form of `cafés`, for `gates`.
fn is_near_by_stems(query: &Query) -> bool {
    let (is_near, fields) = match query {
        Query::Fuzzy(fuzzy) => (true, &fuzzy.fields),
        Query::Words(words) => (words.fuzziness.is_some(), &words.fields),
        _ => return false,
    };
    is_near && fields.iter().any(|field| !field.name.ends_with(".exact"))
}

/// The ids of what a query finds.
fn found(search: &Search, query: &Query) -> BTreeSet<String> {
    let request = SearchRequest { query: query.clone(), size: 100, ..SearchRequest::new(ARTICLES) };
    search.begin().ids(&request).unwrap().into_iter().map(|id| id.to_string()).collect()
}

/// The ids of what something is marked in for a query, each with its text as it is marked.
fn marked(search: &Search, query: &Query) -> (BTreeSet<String>, Vec<String>) {
    let headline = HighlightField { count: 0, ..HighlightField::new("headline") };
    let options = HighlightOptions {
        fields: vec![headline],
        query: Some(query.clone()),
        ..HighlightOptions::default()
    };
    let request = SearchRequest {
        query: Query::All,
        size: 100,
        highlight: Some(options),
        ..SearchRequest::new(ARTICLES)
    };
    let hits = search.begin().search(&request).unwrap().hits;
    let marked = hits
        .into_iter()
        .filter_map(|hit| Some((hit.id.to_string(), hit.highlights.get("headline")?.concat())));
    marked.unzip()
}

/// How many archives are tried; more in the long form, with `MORGUE_LONG=1`.
fn cases() -> u32 {
    if std::env::var_os("MORGUE_LONG").is_some_and(|long| long == "1") { 400 } else { 12 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_marked_exactly_where_a_query_finds_it(
        texts in prop::collection::vec((text(1..9), select(&LANGUAGES[..])), 1..30),
        queries in prop::collection::vec(queries(), 60),
    ) {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        for (number, (headline, language)) in texts.iter().enumerate() {
            let data = json!({"headline": headline, "language": language});
            let event = json!({"type": "article.published", "id": format!("a/{number}"), "data": data});
            log.append_one(&NewEvent::from_json(&event.to_string()).unwrap()).unwrap();
        }
        let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
        indexes.catch_up(ARTICLES, log.head().unwrap().seq, &AtomicBool::new(false), &|_| {}).unwrap();
        let hour = std::time::Duration::from_secs(3_600);
        let search = Search::with_limits(indexes, SearchLimits { time: hour, cpu: hour });
        for query in queries {
            let (marked, texts) = marked(&search, &query);
            let mut found = found(&search, &query);
            if is_near_by_stems(&query) {
                found.retain(|id| marked.contains(id));
            }
            prop_assert_eq!(found, marked, "{:?} {:?}", query, texts);
        }
    }
}
