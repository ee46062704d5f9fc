//! Serves the sample archive from a directory of its own until it is stopped: for the tests with real clients.
//!
//! Prints the address it listens on, on one line. A file of mappings that is named as its argument is given to the server.

use std::{env, error::Error, fs};

use indexer::{Indexes, Workers};
use search::Search;
use search_api::{ApiState, pages::PagesConfig, serve};
use store::{Log, NewEvent};
use tokio::net::TcpListener;
use views::VIEWS;

#[expect(clippy::print_stdout, reason = "the one line that tests wait for")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let home = tempfile::tempdir()?;
    let log = Log::open(home.path().join("log"))?;
    let samples = home.path().join("samples");
    data_samples::write_archive(&samples)?;
    let mut files: Vec<_> = fs::read_dir(&samples)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            log.append_one(&NewEvent::from_json(line)?)?;
        }
    }
    let indexes = Indexes::open(log.clone(), home.path().join("indexes"))?;
    let workers = Workers::start(&indexes)?;
    for view in VIEWS {
        indexes.wait_for(view, &[log.head()?.seq], std::time::Duration::from_secs(60))?;
    }
    let mut state = ApiState::new(Search::new(indexes))?;
    if let Some(file) = env::args().nth(1) {
        state = state.with_mappings(fs::read_to_string(file)?.parse()?);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, state, PagesConfig::default(), async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    workers.stop();
    Ok(())
}
