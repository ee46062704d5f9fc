//! The figures that searching promises, as ratios within one run: absolute ones say more of the machine.
//!
//! ```text
//! cargo bench -p search-api
//! ```
//!
//! `MORGUE_BENCH_ONLY` names one part: speed (beside bare tantivy), http (over loopback, beside in process), hostile
//! (what each request of the hostile corpus takes, and a neighbour beside them). Text is read from `senate_press` and
//! `chronam` in `MORGUE_CORPORA` (default target/corpora); without them, `MORGUE_BENCH_ARTICLES` (default 50,000)
//! articles are made up.

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
    if wanted("hostile") {
        hostile::what_each_takes(&archive, &queries);
    }
}

/// The value below which this share of them lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
