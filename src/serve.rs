//! `morgue serve`: API, pages and indexer in one process.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use indexer::{Indexes, Workers};
use search_api::{Access, ApiState, Origins, Search, pages::PagesConfig};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    archive::Archive,
    terminal::{Outcome, Terminal},
};

const EXAMPLES: &str = "\
Examples:
  morgue serve --title 'The Harbour Ledger' --media pictures/
  morgue key admin >> keys && morgue serve --listen 0.0.0.0:7700 --keys keys

Pages are at /, the machine room at /status, the native API under /api/v1, Elasticsearch's under /es.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[group(skip)]
pub(crate) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7700")]
    pub(crate) listen: SocketAddr,

    /// The name at the head of every page.
    #[arg(long, default_value = "The Morgue")]
    pub(crate) title: String,

    /// Where the pictures lie that renditions name by a relative path; several are looked into in turn.
    #[arg(long, value_name = "DIR")]
    pub(crate) media: Vec<PathBuf>,

    /// Who may do what: a file of lines that `morgue key` prints. Without one everybody who reaches the address may
    /// read, and only this machine may write.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,

    /// A site whose pages may read what this server answers, as in `https://example.org`; may be given several times.
    /// Without one, browsers let no other site's pages read. `*` stands for all, where there are no keys.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors_origin: Vec<String>,

    /// The address that citations should say: `https://archive.example.org`
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let log = archive.open_log()?;
    serve(archive, archive.open_indexes(log)?, args, |address| {
        terminal.note(format!("serving {} on http://{address}", archive.dir().display()));
    })
}

/// Serves until SIGINT or SIGTERM; `ready` is told the address that it listens on.
pub(crate) fn serve(
    archive: &Archive,
    indexes: Indexes,
    args: &Args,
    ready: impl FnOnce(SocketAddr),
) -> Result<Outcome> {
    let pages = PagesConfig {
        title: args.title.clone(),
        media: args.media.clone(),
        base_url: args.base_url.clone(),
        quarantine: Some(archive.quarantine_dir()),
    };
    let access = match &args.keys {
        None => Access::default(),
        Some(path) => {
            let lines = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            Access::parse(&lines).with_context(|| format!("{} is no file of keys", path.display()))?
        }
    };
    let origins = Origins::parse(&args.cors_origin, access.has_keys()).context("--cors-origin")?;
    let runtime = tokio::runtime::Runtime::new().context("no threads can be started")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await.with_context(|| {
            format!(
                "cannot listen on {}: stop who listens there, or choose another with --listen",
                args.listen
            )
        })?;
        let address = listener.local_addr().context("the address is not known")?;
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let workers = Workers::start(&indexes).context("the indexers cannot be started")?;
        if !address.ip().is_loopback() && !access.has_keys() {
            tracing::warn!("{address} can be reached by others and there are no keys: they may read, only this machine may write");
        }
        let state = ApiState::new(Search::new(indexes)).context("no threads can be started")?.with_access(access).with_origins(origins);
        ready(address);
        let shutdown = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        let served = search_api::serve(listener, state, pages, shutdown).await;
        tokio::task::spawn_blocking(move || workers.stop()).await?;
        served.context("serving ended")?;
        Ok(Outcome::Done)
    })
}
