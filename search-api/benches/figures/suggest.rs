//! Suggestions while somebody types: what reading an index ahead takes, and what each key takes before and after it.

use std::time::Instant;

use search::Suggester;

use crate::{archive::Archive, cost::Cost, quantile, queries::Queries};

pub(crate) fn each_key(archive: &Archive, queries: &Queries) {
    let suggester = Suggester::default();
    let (began, cost) = (Instant::now(), Cost::begin());
    suggester.fold(&archive.search).unwrap();
    println!("names read ahead in {:.0} ms, {:.0} MB", began.elapsed().as_secs_f64() * 1e3, cost.grown_mb());
    let mut times = Vec::new();
    for asked in &queries.0 {
        for (end, c) in asked.text.char_indices().take(12) {
            let typed = &asked.text[..end + c.len_utf8()];
            let began = Instant::now();
            std::hint::black_box(suggester.suggest(&archive.search.begin(), typed, 8).unwrap());
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    let first = times[0];
    println!(
        "{} keys: the first {first:.2} ms, median {:.2} ms, p99 {:.2} ms, the slowest {:.2} ms",
        times.len(),
        quantile(&mut times.clone(), 0.5),
        quantile(&mut times.clone(), 0.99),
        quantile(&mut times, 1.0)
    );
}
