//! Queries are read as they were written, whatever they are.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Map, json};
use store::AssetKind;

use super::*;
use crate::{
    Bool, Combine, Curve, Example, FieldBoost, FunctionKind, Fuzziness, Fuzzy, Like, Minimum, Mode, Need,
    PatternKind, Phrase, Range, Scalar, ScoreFunction, Scored, Words,
};

fn read(value: Value) -> Query {
    let shown = value.to_string();
    let read = parse_query(value, "", &DslOptions { field: &|_| true }, &mut Clauses::default());
    read.unwrap_or_else(|error| panic!("{error}: {shown}"))
}

fn field() -> impl Strategy<Value = String> {
    "[a-z]{1,4}(\\.[a-z]{1,4})?"
}

fn boost() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0_f32), Just(0.0), 0.0_f32..1e6, (0_u16..100).prop_map(|n| f32::from(n) / 10.0)]
}

fn share() -> impl Strategy<Value = f32> {
    prop_oneof![Just(0.0_f32), Just(1.0), 0.0_f32..1.0]
}

fn fields() -> impl Strategy<Value = Vec<FieldBoost>> {
    vec((field(), boost()).prop_map(|(name, boost)| FieldBoost { name, boost }), 0..4)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z \"*?~^:/()-]{0,12}", ".{0,8}"]
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        text().prop_map(Scalar::Text),
        any::<bool>().prop_map(Scalar::Flag),
        any::<i64>().prop_map(Scalar::from),
        any::<u64>().prop_map(|number| Scalar::Number(number.into())),
        (-1e12..1e12_f64).prop_filter_map("finite", |f| serde_json::Number::from_f64(f).map(Scalar::Number)),
    ]
}

fn minimum() -> impl Strategy<Value = Minimum> {
    let rule = (option::of(any::<i8>()), any::<i64>(), any::<bool>()).prop_map(|(above, amount, percent)| {
        let above = above.map(|above| format!("{above}<")).unwrap_or_default();
        format!("{above}{amount}{}", if percent { "%" } else { "" })
    });
    vec(rule, 1..4).prop_map(|rules| rules.join(" ").parse().unwrap())
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![Just(Need::Any), Just(Need::All), minimum().prop_map(Need::Minimum)]
}

fn fuzziness() -> impl Strategy<Value = Fuzziness> {
    prop_oneof![
        Just(Fuzziness::AUTO),
        (0_usize..20, 0_usize..20).prop_map(|(one, two)| Fuzziness::Auto(one, two)),
        (0_u8..=2).prop_map(Fuzziness::Edits),
    ]
}

fn words() -> impl Strategy<Value = Query> {
    let combine = select(vec![Combine::BestField, Combine::AllFields, Combine::OneField]);
    let near = (option::of(fuzziness()), 0_usize..9, any::<bool>(), option::of(1_usize..99));
    (fields(), text(), combine, need(), near, share(), any::<[bool; 5]>()).prop_map(
        |(
            fields,
            text,
            combine,
            need,
            (fuzziness, exact_start, swaps, max_expansions),
            tie_breaker,
            flags,
        )| {
            let [compounds, last_is_prefix, empty_matches_all, any_case, lenient] = flags;
            // Only a word that is not exactly this one stands for several.
            let max_expansions = max_expansions.filter(|_| fuzziness.is_some());
            Query::Words(Words {
                fields,
                text,
                combine,
                need,
                fuzziness,
                exact_start,
                swaps,
                max_expansions,
                tie_breaker,
                compounds,
                last_is_prefix,
                empty_matches_all,
                any_case,
                lenient,
            })
        },
    )
}

fn phrase() -> impl Strategy<Value = Query> {
    (fields(), text(), 0_u32..=100, any::<[bool; 4]>(), option::of(1_usize..99), share()).prop_map(
        |(fields, text, slop, [last_is_prefix, empty_matches_all, any_case, lenient], most, tie_breaker)| {
            // Only the start of a word stands for several.
            let max_expansions = most.filter(|_| last_is_prefix);
            Query::Phrase(Phrase {
                fields,
                text,
                slop,
                last_is_prefix,
                max_expansions,
                empty_matches_all,
                tie_breaker,
                any_case,
                lenient,
            })
        },
    )
}

fn range() -> impl Strategy<Value = Query> {
    let bound = || option::of((scalar(), any::<bool>()));
    (field(), bound(), bound(), option::of(text()), option::of(text()), any::<bool>()).prop_map(
        |(field, from, to, format, time_zone, lenient)| {
            Query::Range(Range { field, from, to, format, time_zone, lenient })
        },
    )
}

fn pattern() -> impl Strategy<Value = Query> {
    let kind = (text(), 0..3).prop_map(|(text, kind)| match kind {
        0 => PatternKind::Prefix(text),
        1 => PatternKind::Wildcard(text),
        _ => PatternKind::Regexp(text),
    });
    (fields(), kind, any::<[bool; 2]>()).prop_map(|(fields, pattern, [folds, any_case])| Query::Pattern {
        fields,
        pattern,
        folds,
        any_case,
    })
}

fn fuzzy() -> impl Strategy<Value = Query> {
    (fields(), text(), fuzziness(), 0_usize..9, any::<bool>(), option::of(1_usize..99)).prop_map(
        |(fields, value, fuzziness, exact_start, swaps, max_expansions)| {
            Query::Fuzzy(Fuzzy { fields, value, fuzziness, exact_start, swaps, max_expansions })
        },
    )
}

fn like() -> impl Strategy<Value = Query> {
    let document = json!({"headline": "Ferry", "bylines": [{"name": "Q", "n": null}]});
    let Value::Object(document) = document else { unreachable!() };
    let example = prop_oneof![
        text().prop_map(Example::Text),
        (option::of(select(AssetKind::ALL.to_vec())), text())
            .prop_map(|(kind, id)| Example::Asset { kind, id }),
        Just(Example::Document(document)),
        Just(Example::Document(Map::new())),
    ];
    let examples = vec(example, 0..4);
    let numbers =
        (0_usize..=256, 0_usize..9, 0_u64..9, option::of(0_u64..99), 0_usize..9, option::of(1_usize..99));
    let rest = (vec(text(), 0..3), option::of(0.1_f32..99.0), any::<[bool; 2]>(), minimum());
    (fields(), vec(text().prop_map(Example::Text), 1..2), examples.clone(), examples, numbers, rest).prop_map(
        |(
            fields,
            first,
            rest,
            unlike,
            numbers,
            (stop_words, boost_terms, [with_examples, only_texts], need),
        )| {
            let (max_terms, min_term_freq, min_freq, max_freq, min_length, max_length) = numbers;
            Query::Like(Like {
                fields,
                like: [first, rest].concat(),
                unlike,
                with_examples,
                max_terms,
                min_term_freq,
                doc_freq: min_freq..=max_freq.unwrap_or(u64::MAX),
                length: min_length..=max_length.unwrap_or(usize::MAX),
                stop_words,
                boost_terms,
                only_texts,
                need,
            })
        },
    )
}

fn leaf() -> impl Strategy<Value = Query> {
    let terms = (field(), vec(scalar(), 0..4), any::<bool>())
        .prop_map(|(field, values, any_case)| Query::Terms { field, values, any_case });
    prop_oneof![
        Just(Query::All),
        Just(Query::Nothing),
        words(),
        phrase(),
        terms,
        range(),
        pattern(),
        fuzzy(),
        field().prop_map(|field| Query::Exists { field }),
        vec(text(), 0..4).prop_map(Query::Ids),
        like(),
    ]
}

fn function(filter: impl Strategy<Value = Query>) -> impl Strategy<Value = ScoreFunction> {
    let curve = select(vec![Curve::Gauss, Curve::Exp, Curve::Linear]);
    let modifier = select(super::scored::MODIFIERS.map(|(_, modifier)| modifier).to_vec());
    let kind = prop_oneof![
        Just(FunctionKind::Weight),
        (field(), scalar(), scalar(), option::of(scalar()), 0.0..1.0_f64, curve).prop_map(
            |(field, origin, scale, offset, decay, curve)| FunctionKind::Decay {
                field,
                origin,
                scale,
                offset,
                decay,
                curve
            }
        ),
        (field(), -1e9..1e9_f64, modifier, option::of(-1e9..1e9_f64)).prop_map(
            |(field, factor, modifier, missing)| FunctionKind::FieldValue {
                field,
                factor,
                modifier,
                missing
            }
        ),
    ];
    (option::of(filter), boost(), kind).prop_map(|(filter, weight, kind)| ScoreFunction {
        filter,
        weight,
        kind,
    })
}

fn scored(query: impl Strategy<Value = Query> + Clone) -> impl Strategy<Value = Query> {
    const BOTH: [Mode; 5] = [Mode::Multiply, Mode::Sum, Mode::Avg, Mode::Max, Mode::Min];
    let modes = |own| select([&BOTH[..], &[own]].concat());
    let max = option::of(0.0_f32..1e9);
    let least = option::of(0.0_f32..1e9);
    (query.clone(), vec(function(query), 0..3), modes(Mode::First), modes(Mode::Replace), max, least)
        .prop_map(|(query, functions, score_mode, boost_mode, max_boost, min_score)| {
            Query::Scored(Scored {
                query: Box::new(query),
                functions,
                score_mode,
                boost_mode,
                max_boost: max_boost.unwrap_or(f32::MAX),
                min_score,
            })
        })
}

fn query() -> impl Strategy<Value = Query> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let some = || vec(inner.clone(), 0..3);
        let bool = (some(), some(), some(), some(), option::of(minimum())).prop_map(
            |(must, filter, should, must_not, need)| {
                Query::Bool(Bool { must, filter, should, must_not, need })
            },
        );
        prop_oneof![
            bool,
            inner.clone().prop_map(|query| Query::Constant(Box::new(query))),
            (inner.clone(), boost()).prop_map(|(query, boost)| query.boosted(boost)),
            (inner.clone(), text()).prop_map(|(query, name)| query.named(name)),
            (some(), share()).prop_map(|(queries, tie_breaker)| Query::Best { queries, tie_breaker }),
            scored(inner),
        ]
    })
}

/// Bodies as clients write them, of every kind; those with `?` take another query in its place.
fn bodies() -> Vec<Value> {
    [
        json!({"match_all": {}}),
        json!({"match_all": {"boost": 1.2}}),
        json!({"match_none": {}}),
        json!({"match": {"body": "ferry"}}),
        json!({"match": {"body": {"query": 1912, "operator": "AND", "boost": 2}}}),
        json!({"match": {"body": {"query": "ferry fog", "fuzziness": "auto:4,8", "prefix_length": 1,
            "fuzzy_transpositions": false, "max_expansions": 5, "lenient": true, "zero_terms_query": "all", "minimum_should_match": -1}}}),
        json!({"match": {"body": {"query": "x", "minimum_should_match": "2<-25% 9<-3", "boost": 3}}}),
        json!({"match_bool_prefix": {"body": {"query": "ferry fo", "operator": "or"}}}),
        json!({"match_phrase": {"body": {"query": "golden gate", "slop": 2, "zero_terms_query": "none"}}}),
        json!({"match_phrase_prefix": {"body": {"query": "golden ga", "max_expansions": 7}}}),
        json!({"multi_match": {"query": "x y", "fields": ["headline^3", "body"], "type": "most_fields"}}),
        json!({"multi_match": {"query": "x y", "fields": "body", "tie_breaker": 0.3}}),
        json!({"multi_match": {"query": "x y"}}),
        json!({"match": {"body": {"query": "Fog fog", "analyzer": "whitespace"}}}),
        json!({"multi_match": {"query": "x y", "fields": ["headline", "b*"], "type": "cross_fields", "operator": "and"}}),
        json!({"multi_match": {"query": "x y", "fields": ["headline", "body"], "type": "phrase", "slop": 1}}),
        json!({"multi_match": {"query": "x y", "fields": ["headline", "body"], "type": "phrase_prefix"}}),
        json!({"multi_match": {"query": "x y", "fields": ["headline^2"], "type": "bool_prefix", "boost": 0.5}}),
        json!({"combined_fields": {"query": "x y", "fields": ["headline", "body"], "minimum_should_match": "75%"}}),
        json!({"query_string": {"query": "+ferry -\"fog bank\"~2 section:City published:[1900 TO 1910} OR fer* AND x~1^2",
            "fields": ["headline", "body^2"], "default_operator": "and", "time_zone": "+02:00"}}),
        json!({"query_string": {"query": "a b -c", "minimum_should_match": "60%", "type": "most_fields", "phrase_slop": 1}}),
        json!({"query_string": {"query": "/fer.+y/ OR _exists_:images OR *", "quote_field_suffix": ".exact"}}),
        json!({"simple_query_string": {"query": "ferry + (fog | -tram) \"x y\"~3 wi-fi*", "fields": ["body"]}}),
        json!({"term": {"section": "City"}}),
        json!({"term": {"section": {"value": "City", "_name": "first"}}}),
        json!({"bool": {"should": ["?"], "_name": "second", "boost": 2}}),
        json!({"term": {"section": {"value": true, "case_insensitive": true, "boost": 1.5}}}),
        json!({"terms": {"section": ["City", 7, 1.5], "boost": 2}}),
        json!({"terms_set": {"section": {"terms": ["City", "World"], "minimum_should_match": "50%"}}}),
        json!({"range": {"published": {"gte": "1931", "lt": "now-1d/d", "format": "yyyy", "time_zone": "+01:00"}}}),
        json!({"range": {"published": {"from": 1931, "to": 1935, "include_upper": false, "relation": "intersects"}}}),
        json!({"prefix": {"section": "Ci"}}),
        json!({"wildcard": {"section": {"wildcard": "C*y", "case_insensitive": true}}}),
        json!({"regexp": {"section": {"value": "C.+y", "flags": "ALL", "rewrite": "constant_score"}}}),
        json!({"fuzzy": {"body": {"value": "fery", "fuzziness": 1, "transpositions": false}}}),
        json!({"exists": {"field": "images"}}),
        json!({"ids": {"values": ["a/1", "a/2"]}}),
        json!({"bool": {"must": "?", "should": ["?", {"match": {"body": "x"}}], "minimum_should_match": "1"}}),
        json!({"bool": {"filter": ["?", "?"], "must_not": "?", "boost": 4}}),
        json!({"constant_score": {"filter": "?", "boost": 3}}),
        json!({"dis_max": {"queries": ["?", "?"], "tie_breaker": 0.3}}),
        json!({"distance_feature": {"field": "published", "origin": "1912-04-16", "pivot": "365d", "boost": 2}}),
        json!({"boosting": {"positive": "?", "negative": "?", "negative_boost": 0.5}}),
        json!({"function_score": {"query": "?", "functions": [
            {"gauss": {"published": {"origin": "now", "scale": "3650d", "offset": "5d", "decay": 0.3}}, "weight": 2},
            {"filter": "?", "field_value_factor": {"field": "image_count", "modifier": "log1p", "missing": 1}}],
            "boost_mode": "replace", "score_mode": "first", "max_boost": 12, "min_score": 0.1}}),
        json!({"function_score": {"weight": 3, "boost": 2}}),
        json!({"more_like_this": {"fields": ["body"], "like": ["ferry", {"_id": "a/1"},
            {"_index": "images", "_id": "i/1"}, {"doc": {"body": "fog"}}], "unlike": "tram", "min_term_freq": 1}}),
        json!({"more_like_this": {"like": "ferry", "max_query_terms": 5, "min_doc_freq": 1, "max_doc_freq": 9,
            "min_word_length": 3, "max_word_length": 9, "stop_words": ["the"], "boost_terms": 2, "include": true,
            "fail_on_unsupported_field": false, "minimum_should_match": "2"}}),
    ]
    .into()
}

/// Puts others in the place of every `?`.
fn filled(body: &Value, others: &mut impl Iterator<Item = Value>) -> Value {
    match body {
        Value::String(text) if text == "?" => {
            let other = others.next().unwrap_or(json!({"match_all": {}}));
            if other.to_string().contains("\"?\"") { filled(&other, others) } else { other }
        }
        Value::Array(list) => list.iter().map(|value| filled(value, others)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, others))).collect()
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_query_that_was_written_is_read_as_itself(query in query()) {
        let json = write_query(&query);
        prop_assert_eq!(read(json.clone()), query, "{}", json);
    }

    #[test]
    fn what_was_read_means_the_same_when_it_is_written(picks in vec(any::<Index>(), 1..8)) {
        let bodies = bodies();
        let mut picked = picks.iter().map(|pick| pick.get(&bodies).clone());
        let body = filled(&json!("?"), &mut picked);
        let query = read(body.clone());
        let written = write_query(&query);
        prop_assert_eq!(read(written.clone()), query, "{} as {}", body, written);
    }
}

#[test]
fn every_kind_is_among_the_bodies_and_is_written_plainly() {
    let bodies = bodies();
    for kind in KINDS.iter().copied().flatten() {
        assert!(bodies.iter().any(|body| body.get(kind.name).is_some()), "{}", kind.name);
    }
    let check = |body: Value| assert_eq!(write_query(&read(body.clone())), body);
    check(json!({"match": {"body": {"query": "ferry", "operator": "and", "boost": 0.3}}}));
    check(json!({"multi_match": {"query": "x", "type": "cross_fields", "fields": ["headline^3", "body"]}}));
    check(json!({"match_phrase": {"body": {"query": "golden gate", "slop": 2}}}));
    check(json!({"term": {"section": {"value": "City"}}}));
    check(json!({"distance_feature": {"field": "published", "origin": "1912", "pivot": "365d"}}));
    check(json!({"terms": {"section": ["City", 7]}}));
    check(json!({"range": {"published": {"gte": "1931", "lt": "1935"}}}));
    check(json!({"wildcard": {"section": {"value": "C*y"}}}));
    check(json!({"bool": {"must": [{"match_all": {}}], "minimum_should_match": "2<75%"}}));
    check(json!({"dis_max": {"queries": [{"match_all": {}}], "tie_breaker": 0.3}}));
}

#[test]
fn what_is_not_known_is_refused_by_name_and_place() {
    let check = |query: Value, reason: &str, pointer: &str| {
        let error = parse_query(query, "/query", &DslOptions { field: &|_| true }, &mut Clauses::default())
            .unwrap_err();
        assert!(error.reason.contains(reason), "{error}");
        assert_eq!(error.pointer, pointer, "{error}");
    };
    check(json!({"geo_shape": {}}), "`geo_shape` is not supported", "/query/geo_shape");
    check(json!({"match": {"body": {"query": "x", "mood": 1}}}), "`mood`", "/query/match/body/mood");
    check(json!({"nested": {}}), "looked at directly", "/query/nested");
    check(
        json!({"regexp": {"body": {"value": "x", "flags": "INTERVAL"}}}),
        "`flags`",
        "/query/regexp/body/flags",
    );
    check(json!({"match": {"body": {}}}), "`query` is missing", "/query/match/body");
    check(json!({"match": {"body": [1]}}), "a text", "/query/match/body/query");
    check(json!({"bool": {"must": [{"match_all": {}}, {"x": 1}]}}), "`x`", "/query/bool/must/1/x");
    check(json!({"match_all": {}, "term": {}}), "beside each other", "/query");
    check(json!([]), "an object is expected", "/query");
    check(json!({"term": {"a": {"b": {}}}}), "`value` is missing", "/query/term/a");
    check(json!({"range": {"published": {"gte": {}}}}), "a single value", "/query/range/published");
    check(json!({"terms": {"section": "City"}}), "a list", "/query/terms/section");
    check(json!({"query_string": {"query": "(("}}), "without a `)`", "/query/query_string/query");
}
