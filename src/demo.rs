//! `morgue demo`: the sample archive, loaded, indexed and served.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use ingest::{LoadOptions, Quarantine};
use store::Seq;

use crate::{
    archive::Archive,
    load, serve, stop,
    terminal::{Outcome, Terminal},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", env = "MORGUE_LISTEN", default_value = "127.0.0.1:7700")]
    listen: serve::Listen,
}

/// The sample archive's files lie here, in the data directory.
const SAMPLES: &str = "samples";

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let samples = archive.dir().join(SAMPLES);
    if archive.exists() && !samples.exists() && archive.open_log()?.head()?.seq > Seq::ZERO {
        bail!(
            "the archive in {} is not the demo's: name another directory for its invented news with --data-dir",
            archive.dir().display()
        );
    }
    data_samples::write_archive(&samples)
        .with_context(|| format!("the sample archive cannot be written to {}", samples.display()))?;
    let log = archive.open_log()?;
    let options = LoadOptions::new(vec![samples.clone()], Quarantine::at(archive.quarantine_dir()));
    let stop = stop::on_signal()?;
    let report = ingest::load(&log, &options, &(), &stop)?;
    let indexes = archive.open_indexes(log)?;
    load::make_searchable(&indexes, report.last_seq, &stop, terminal)?;
    load::tell(&report, terminal)?;
    let serving = serve::Args {
        maps: Vec::new(),
        listen: args.listen.clone(),
        es_listen: None,
        title: "The Harbour Ledger".to_owned(),
        media: vec![samples],
        keys: None,
        cors_origin: Vec::new(),
        public_url: None,
        access_log: None,
        access_log_queries: false,
        host: Vec::new(),
    };
    serve::serve(archive, indexes, &serving, |address| {
        for line in greeting(address) {
            // Whoever has closed the output still has the server.
            let _ = terminal.say(line);
        }
    })
}

/// The address, and three searches that show what this is about.
fn greeting(address: SocketAddr) -> Vec<String> {
    let searches = [
        ("q=gutta-percha", "a word that only a picture's caption has"),
        ("q=titanic&sort=oldest", "a report, with its correction"),
        ("q=byline:hallam+ferry", "by the name that the author took later"),
    ];
    let mut lines = vec![
        String::new(),
        "The Harbour Ledger of Port Merrow, 1851 to 2026: an invented paper with true news.".to_owned(),
        format!("Read it at http://{address}/ until Ctrl-C, or ask the API:"),
        String::new(),
    ];
    lines.extend(searches.map(|(query, why)| {
        let command = format!("curl 'http://{address}/api/v1/search?{query}'");
        format!("  {command:72} # {why}")
    }));
    lines
}
