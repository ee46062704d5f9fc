//! A real cluster is written to, disturbed, and afterwards holds what was acknowledged: no less, no more, nothing older.
//!
//! `MORGUE_OPENSEARCH=http://127.0.0.1:9200` names the cluster, which `engines/test opensearch` starts. Each test has indexes of
//! its own and removes them. Without the variable there is no cluster to write to, and the run says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's helpers fail as its test does, and say what they have met"
)]

mod faults;
mod proxy;
mod world;
mod writing;

/// What a test is called, and does.
pub(crate) type Test = (&'static str, fn(&world::World));

fn main() {
    let Some(url) = std::env::var_os("MORGUE_OPENSEARCH") else {
        println!("0 tests of a cluster: MORGUE_OPENSEARCH names none (engines/test opensearch starts one)");
        return;
    };
    let url = url.into_string().expect("an address is text");
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut run = 0;
    for (name, test) in writing::TESTS.iter().chain(faults::TESTS) {
        if only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            let world = world::World::new(&url, name);
            test(&world);
            println!("{name}: ok");
            run += 1;
        }
    }
    println!("{run} tests of a cluster passed");
}
