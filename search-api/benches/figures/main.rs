//! The figures that searching promises, as ratios within one run: absolute ones say more of the machine.
//!
//! ```text
//! cargo bench -p search-api
//! ```
//!
//! `MORGUE_BENCH_ONLY` names one part: speed (beside bare tantivy), http (over loopback, beside in process), suggest
//! (what each key takes), hostile (what each request of the hostile corpus takes, and a neighbour beside them). Text is
//! read from `senate_press` and `chronam` in `MORGUE_CORPORA` (default target/corpora). With `MORGUE_BENCH_ARTICLES`, the
//! archive is the synthetic one of the indexer's bench instead, with so many articles: 1,000,000 come with 300,000 images
//! and 50,000 bylines. So it is, with 50,000 articles, where there is no real text.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench prints, and ends at the first fault"
)]

mod archive;
#[path = "../../tests/hostile/corpus.rs"]
mod corpus;
#[path = "../../tests/hostile/cost.rs"]
mod cost;
mod hostile;
mod http;
mod queries;
mod speed;
mod suggest;
#[path = "../../../indexer/benches/figures/archive.rs"]
mod synthetic;

fn main() {
    let only = std::env::var("MORGUE_BENCH_ONLY").ok();
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let archive = archive::Archive::load();
    let queries = queries::Queries::of(&archive);
    if wanted("speed") {
        speed::beside_bare_tantivy(&archive, &queries);
    }
    if wanted("http") {
        http::beside_in_process(&archive, &queries);
    }
    if wanted("suggest") {
        suggest::each_key(&archive, &queries);
    }
    if wanted("hostile") {
        hostile::what_each_takes(&archive, &queries);
    }
}

/// The value below which this share of them lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
