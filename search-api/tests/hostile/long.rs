//! Very long articles, and what highlighting them can be made to do.

use serde_json::{Value, json};

use super::corpus::Attack;

/// Articles of many megabytes, each with a word of its own: in sentences, without any, and between what is escaped.
pub(crate) fn long_articles() -> Vec<Value> {
    [("ferry. ", 450_000), ("tram ", 500_000), ("fog&&&&&&&&&&&&", 160_000)]
        .into_iter()
        .map(|(text, times)| {
            let data = json!({"headline": "Long", "body": text.repeat(times), "language": "en"});
            json!({"type": "article.published", "id": format!("a/{}", &text[..3]), "data": data})
        })
        .collect()
}

/// What a search over them can be made to do.
pub(crate) fn on_long_articles() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (word, phrase) in [("ferry", "ferry ferry"), ("tram", "tram tram tram"), ("fog", "fog fog")] {
        let queries = [
            json!({"match": {"body": word}}),
            json!({"prefix": {"body": &word[..2]}}),
            json!({"fuzzy": {"body": format!("{word}x")}}),
            json!({"match_phrase": {"body": phrase}}),
            json!({"match_phrase": {"body": {"query": format!("{word} ").repeat(50), "slop": 50}}}),
        ];
        let tag = "<x>".repeat(85);
        for query in queries {
            for highlight in [
                json!({"fields": {"body": {"fragment_size": 1, "number_of_fragments": 100}}}),
                json!({"fields": {"body": {"fragment_size": 10_000, "order": "score"}}}),
                json!({"fields": {"body": {"number_of_fragments": 0}, "body.exact": {}}, "pre_tags": tag}),
            ] {
                let body = json!({"query": query, "highlight": highlight, "_source": "headline"});
                attacks.push(Attack::Body("/es/articles/_search", body.to_string().into_bytes()));
            }
        }
    }
    attacks
}
