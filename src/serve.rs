//! `morgue serve`: API, pages and indexer in one process.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Result};
use indexer::{Indexes, Workers};
use search::Search;
use search_api::{Access, AccessLog, ApiState, LineForm, Listeners, Origins, PublicUrl, pages::PagesConfig};
use store::{Expiries, Seq};
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

Pages are at /, the machine room at /status, the native API under /api/v1, Elasticsearch's under /es (and with --es-listen
at a root of its own).";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[group(skip)]
pub(crate) struct Args {
    /// Where to listen; 0.0.0.0:7700 for whoever reaches this machine.
    #[arg(long, value_name = "ADDRESS:PORT", env = "MORGUE_LISTEN", default_value = "127.0.0.1:7700")]
    pub(crate) listen: Listen,

    /// Where to listen besides, for Elasticsearch's API alone: there it is not under /es, for tools that cannot be told a path.
    #[arg(long, value_name = "ADDRESS:PORT", env = "MORGUE_ES_LISTEN")]
    pub(crate) es_listen: Option<Listen>,

    /// A file of mappings, by which documents of another shape may be written over HTTP: `?mapping=NAME` names one, and over
    /// Elasticsearch's API `pipeline=NAME`, or the index NAME. May be given several times.
    #[arg(long = "map", value_name = "FILE")]
    pub(crate) maps: Vec<PathBuf>,

    /// The name at the head of every page.
    #[arg(long, default_value = "The Morgue")]
    pub(crate) title: String,

    /// Where the pictures lie that renditions name by a relative path; several are looked into in turn.
    #[arg(long, value_name = "DIR")]
    pub(crate) media: Vec<PathBuf>,

    /// Who may do what: a file of lines that `morgue key` prints. Without one everybody who reaches the address may
    /// read, and only this machine may write.
    #[arg(long, value_name = "FILE", env = "MORGUE_KEYS")]
    pub(crate) keys: Option<PathBuf>,

    /// A site whose pages may read what this server answers, and with a key write, as in `https://example.org`; may be
    /// given several times. Without one, browsers let no other site's pages do either. `*` lets all read, where there are
    /// no keys, and none write.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors_origin: Vec<String>,

    /// Where readers find the archive: `https://archive.example.org`. Citations and feeds say it, only its pages count as
    /// this server's own, and under https the cookie of who signs in goes over TLS alone.
    #[arg(long, alias = "base-url", value_name = "URL", env = "MORGUE_PUBLIC_URL")]
    pub(crate) public_url: Option<PublicUrl>,

    /// A file that gets a line for each request: when, by whom, for which address, with what answer; in the Common Log Format, or as
    /// JSON if its name ends in .json or .jsonl. It is made again when it was moved. What was searched for is not in it.
    #[arg(long, value_name = "FILE", env = "MORGUE_ACCESS_LOG")]
    pub(crate) access_log: Option<PathBuf>,

    /// Write what was searched for to the access log, too.
    #[arg(long, requires = "access_log")]
    pub(crate) access_log_queries: bool,

    /// A name by which this server is asked, beside its addresses, localhost and the public URL's; may be given several
    /// times. Without keys, it answers to no other.
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    pub(crate) host: Vec<String>,
}

/// Where a server listens: the address or name of a machine, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen(String);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
        match port.parse::<u16>() {
            Ok(port) if !host.is_empty() => Ok(Self(format!("{host}:{port}"))),
            _ => Err(
                "write ADDRESS:PORT, as in localhost:7700 or 0.0.0.0:7700, or a port of this machine alone"
                    .to_owned(),
            ),
        }
    }
}

/// A name as a browser asks for it, without scheme and port.
fn host_name(text: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match !text.is_empty() && text.chars().all(is_name) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(
            "write the name alone, without scheme and port, as in archive.lan; others than ASCII as xn--…"
                .to_owned(),
        ),
    }
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let log = archive.open_log()?;
    if log.head()?.seq == Seq::ZERO {
        terminal
            .note("there is nothing in this archive yet: `morgue load PATH` fills it, while this goes on");
    }
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
        public_url: args.public_url.clone(),
        quarantine: Some(archive.quarantine_dir()),
    };
    let mappings = crate::map::read(archive.mappings(), &args.maps)?;
    let access = match &args.keys {
        None => Access::default(),
        Some(path) => Access::open(path)?,
    };
    let origins = Origins::parse(&args.cors_origin, access.has_keys()).context("--cors-origin")?;
    let runtime = tokio::runtime::Runtime::new().context("no threads can be started")?;
    let served = runtime.block_on(async {
        let all = bind(&args.listen, "--listen").await?;
        let es = match &args.es_listen {
            Some(listen) => Some(bind(listen, "--es-listen").await?),
            None => None,
        };
        let address = all.local_addr().context("the address is not known")?;
        let of_es = es.as_ref().map(TcpListener::local_addr).transpose().context("the address is not known")?;
        let [mut interrupt, mut terminate, mut hangup] = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        let workers = Workers::start(&indexes).context("the indexers cannot be started")?;
        let clock = indexes.log().clock().clone();
        let expiries =
            Expiries::start(indexes.log(), move || clock.now()).context("no threads can be started")?;
        let open = [Some(address), of_es].into_iter().flatten().find(|address| !address.ip().is_loopback());
        if let Some(address) = open.filter(|_| !access.has_keys()) {
            tracing::warn!("{address} can be reached by others and there are no keys: they may read, only this machine may write");
        }
        let access_log = args.access_log.as_deref().map(|path| open_access_log(path, args.access_log_queries));
        let access_log = access_log.transpose()?;
        let state = ApiState::new(Search::new(indexes))
            .context("no threads can be started")?
            .with_access(access)
            .with_mappings(mappings)
            .with_origins(origins)
            .with_hosts(args.host.clone());
        let state = access_log.into_iter().fold(state, ApiState::with_access_log);
        ready(address);
        if let Some(address) = of_es {
            tracing::info!("Elasticsearch's API alone is at http://{address}");
        }
        let shutdown = async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => break,
                    _ = terminate.recv() => break,
                    // As rotating logs and closed terminals send it. Keys and the access log are looked at anyway.
                    _ = hangup.recv() => tracing::info!("SIGHUP: keys and access log are read and opened anew by themselves"),
                }
            }
        };
        let served = search_api::serve(Listeners { all, es }, state, pages, shutdown).await;
        let ended = move || {
            drop(expiries);
            workers.stop();
        };
        tokio::task::spawn_blocking(ended).await?;
        served.context("serving ended")?;
        Ok(Outcome::Done)
    });
    // A thread that waits for something has nothing to finish.
    runtime.shutdown_timeout(LAST_WAIT);
    served
}

fn open_access_log(path: &Path, queries: bool) -> Result<AccessLog> {
    let is_json = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
    let form = if is_json { LineForm::Json } else { LineForm::Common };
    AccessLog::open(path, form, queries)
        .with_context(|| format!("the access log {} cannot be written", path.display()))
}

async fn bind(listen: &Listen, option: &str) -> Result<TcpListener> {
    let Listen(address) = listen;
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: stop who listens there, or choose another with {option}")
    })
}

/// The time that threads have which are still at something when everything else has ended.
const LAST_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::{Listen, host_name};

    #[test]
    fn hosts_are_names_alone() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(host_name(text).ok().as_deref(), expected, "{text}");
        };
        check("archive.lan", Some("archive.lan"));
        check("Ledger", Some("ledger"));
        for wrong in ["", "archive.lan:7700", "http://archive.lan", "archive.lan/", "*", "zürich.example"] {
            check(wrong, None);
        }
    }

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(text.parse::<Listen>().ok(), expected.map(|text| Listen(text.to_owned())), "{text}");
        };
        check("7700", Some("127.0.0.1:7700"));
        check("localhost:7700", Some("localhost:7700"));
        check("[::1]:0", Some("[::1]:0"));
        for wrong in [":7700", "localhost", "localhost:", "localhost:77000", ""] {
            check(wrong, None);
        }
    }
}
