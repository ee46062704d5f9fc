//! The sample archive behind the pages, in a directory that goes away: `cargo run -p search-api --example pages`.
//!
//! `pages [ADDRESS:PORT] [EVENTS.jsonl …]`: more events are appended after those of the sample archive;
//! `pages ADDRESS:PORT --empty`: an archive that nothing was loaded into;
//! `pages ADDRESS:PORT --keys FILE --cors-origin ORIGIN`: with keys, and with a site whose pages may come in.

use std::{error::Error, sync::atomic::AtomicBool};

use indexer::{Indexes, Workers};
use search::Search;
use search_api::{Access, ApiState, Origins, ServerLimits, pages::PagesConfig};
use store::{ArchiveDate, AsOf, Batch, Content, Fact, Log, NewEvent};
use views::VIEWS;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.drain(at..args.len().min(at + 2)).nth(1)
    };
    let access = match option("--keys") {
        Some(file) => Access::parse(&std::fs::read_to_string(file)?)?,
        None => Access::default(),
    };
    let origins = Origins::parse(option("--cors-origin").as_slice(), access.has_keys())?;
    let mut args = args.into_iter();
    let listen = args.next().unwrap_or_else(|| "127.0.0.1:7710".to_owned());
    let dir = tempfile::tempdir()?;
    let samples = dir.path().join("samples");
    data_samples::write_archive(&samples)?;
    let mut files: Vec<_> = std::fs::read_dir(&samples)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.extend(args.map(Into::into));
    if files.last().is_some_and(|last| last.as_os_str() == "--empty") {
        files.clear();
    }

    let log = Log::open(dir.path().join("log"))?;
    for file in files {
        let mut batch = Batch::default();
        for line in std::fs::read_to_string(&file)?.lines() {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let mut event = NewEvent { source: format!("load:{name}"), ..NewEvent::from_json(line)? };
            if let (None, Fact::Published(Content::Article(article))) = (event.time, &event.fact) {
                event.time = article.published.as_ref().map(ArchiveDate::start);
            }
            batch.events.push(log.prepare(&event)?);
        }
        log.append(batch)?;
    }
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes"))?;
    let head = log.head()?.seq;
    for view in VIEWS {
        indexes.catch_up(view, head, &AtomicBool::new(false), &|_| {})?;
        let as_of: AsOf = "1912-04-16".parse()?;
        indexes.build_as_of(
            view,
            &as_of,
            "1912-04-16",
            &indexer::RebuildOptions::default(),
            &AtomicBool::new(false),
            &|_| {},
        )?;
    }
    let workers = Workers::start(&indexes)?;
    let config = PagesConfig {
        title: "The Harbour Ledger".to_owned(),
        media: vec![samples],
        quarantine: Some(dir.path().join("quarantine")),
        ..PagesConfig::default()
    };
    let state = ApiState::new(Search::new(indexes))?.with_access(access).with_origins(origins);
    let app = search_api::app(state, config);
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    #[expect(clippy::print_stderr, reason = "it tells where to look")]
    {
        eprintln!("http://{}/", listener.local_addr()?);
    }
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    search_api::serve_router(listener, app, ServerLimits::default(), shutdown).await?;
    workers.stop();
    Ok(())
}
