//! The speed at which archives come in: reading alone, appending alone, and both together; their ratio is what counts, for it
//! does not depend on the machine. `cargo bench -p ingest`, or with an archive of one's own:
//! `MORGUE_BENCH_PATHS=dir:dir MORGUE_BENCH_PATTERN='{byline}/{published:%d%b%Y}{_}.txt' cargo bench -p ingest`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and stops when something fails"
)]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use ingest::{Hints, LoadOptions, LoadReport, Quarantine, load};
use store::{Batch, Log, NewEvent, Seq};

fn main() {
    // `cargo test` runs benches too, to see that they build.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    nyt_on_one_core(dir.path());
    quarantining(dir.path());
    let given = env::var_os("MORGUE_BENCH_PATHS").map(|paths| env::split_paths(&paths).collect::<Vec<_>>());
    let paths = given.unwrap_or_else(|| vec![write_texts(&dir.path().join("texts"))]);
    halves_and_whole(dir.path(), paths);
}

/// Writes a month of the Archive API's answers, made up, 40 MB.
fn nyt_on_one_core(dir: &Path) {
    let mut text = String::from("{\"copyright\":\"\",\"response\":{\"meta\":{\"hits\":1},\"docs\":[");
    let mut at = 0;
    while text.len() < 40 << 20 {
        let mark = if at == 0 { "" } else { "," };
        write!(
            text,
            r#"{mark}{{"abstract":"The council met on Monday and spoke of the harbour, the ferry and the price of coal.","web_url":"https://www.example.org/1931/05/02/archives/{at}.html","snippet":"The council met on Monday and spoke of the harbour, the ferry and the price of coal.","lead_paragraph":"The council met on Monday and spoke of the harbour, the ferry and the price of coal; the mayor, who had been ill, was not present, and the vote was put off until the autumn.","print_section":"A","print_page":"{}","source":"The Example","multimedia":[],"headline":{{"main":"Council Speaks of the Harbour, No. {at}","kicker":null,"content_kicker":null,"print_headline":"Council Speaks","name":null,"seo":null,"sub":null}},"keywords":[{{"name":"subject","value":"Harbours","rank":1,"major":"N"}},{{"name":"glocations","value":"Example Bay","rank":2,"major":"N"}}],"pub_date":"1931-05-02T05:00:00+0000","document_type":"article","news_desk":"None","section_name":"Archives","byline":{{"original":"By ELEANOR QUILL","person":[{{"firstname":"Eleanor","middlename":null,"lastname":"QUILL","qualifier":null,"title":null,"role":"reported","organization":"","rank":1}}],"organization":null}},"type_of_material":"Archives","_id":"nyt://article/{at}","word_count":312,"uri":"nyt://article/{at}"}}"#,
            at % 30
        )
        .unwrap();
        at += 1;
    }
    text.push_str("]}}");
    let mb = text.len() as f64 / 1e6;
    let mut articles = 0;
    let started = on_core();
    ingest::read(
        &mut text.as_bytes(),
        "month.json",
        &Hints::default(),
        store::Timestamp::now(),
        &mut |_, said| {
            articles += usize::from(said.is_ok());
        },
    );
    let reading = on_core() - started;
    let path = dir.join("month.json");
    fs::write(&path, &text).unwrap();
    let (report, prepared) = run(&dir.join("nyt"), vec![path], true, 1);
    assert_eq!(report.formats.get("nyt").unwrap().records as usize, articles);
    let started = on_core();
    serde_json::from_str::<serde::de::IgnoredAny>(&text).unwrap();
    let checking = on_core() - started;
    println!(
        "nyt: {articles} articles read on one core at {:.0} MB/s, of the promised 150: {:.2}; serde_json only checks the \
         same text at {:.0} MB/s; checked, digested and compressed for the log too at {:.0} MB/s",
        mb / reading,
        mb / reading / 150.0,
        mb / checking,
        mb / prepared
    );
}

/// Seconds that this thread was on a core: others that want one too are not counted. Where the system does not tell, the clock.
fn on_core() -> f64 {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGUN.get_or_init(Instant::now).elapsed().as_secs_f64(), |time| time / 1e9)
}

/// The number of records that are refused.
const REFUSED: usize = 38_000;

/// As many records that cannot be read as one archive had, beside as many that can: refusing is to be no slower.
fn quarantining(dir: &Path) {
    let body = "The ferry left at noon, and nobody on the pier had seen her go. ".repeat(20);
    let write = |name: &str, id: &str| {
        let mut lines = String::new();
        for at in 0..REFUSED {
            writeln!(lines, r#"{{"type":"article.published","{id}":"q/{at}","time":"1931","data":{{"headline":"No. {at}","body":"{body}{at}"}}}}"#)
                .unwrap();
        }
        let path = dir.join(name);
        fs::write(&path, lines).unwrap();
        path
    };
    let (good, bad) = (write("good.jsonl", "id"), write("bad.jsonl", "name"));
    run(&dir.join("first"), vec![good.clone()], false, 0);
    let (loaded, loading) = run(&dir.join("good"), vec![good], false, 0);
    let (refused, refusing) = run(&dir.join("bad"), vec![bad], false, 0);
    assert_eq!((loaded.events, refused.quarantined), (REFUSED as u64, REFUSED as u64));
    println!(
        "quarantine: {REFUSED} records refused in {refusing:.2} s, as many loaded in {loading:.2} s: ratio {:.2}",
        loading / refusing
    );
}

/// Twenty thousand small texts in files of their own, and a file of as many events.
fn write_texts(root: &Path) -> PathBuf {
    fs::create_dir_all(root).unwrap();
    let body = "The ferry left at noon, and nobody on the pier had seen her go. ".repeat(40);
    let mut lines = String::new();
    for at in 0..20_000 {
        fs::write(
            root.join(format!("{at}.md")),
            format!("---\ntitle: No. {at}\ndate: 1931-05-02\n---\n{body}{at}\n"),
        )
        .unwrap();
        writeln!(lines, r#"{{"type":"article.published","id":"e/{at}","time":"1931","data":{{"headline":"No. {at}","body":"{body}{at}"}}}}"#)
            .unwrap();
    }
    fs::write(root.join("events.jsonl"), lines).unwrap();
    root.to_owned()
}

fn run(data: &Path, paths: Vec<PathBuf>, dry_run: bool, threads: usize) -> (LoadReport, f64) {
    let log = Log::open(data.join("log")).unwrap();
    let mut options = LoadOptions::new(paths, Quarantine::at(data.join("quarantine")));
    options.dry_run = dry_run;
    options.threads = threads;
    options.hints.patterns =
        env::var("MORGUE_BENCH_PATTERN").iter().map(|pattern| pattern.parse().unwrap()).collect();
    let started = Instant::now();
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    (report, started.elapsed().as_secs_f64())
}

fn halves_and_whole(dir: &Path, paths: Vec<PathBuf>) {
    // Once before anything is measured: the files are in memory then.
    run(&dir.join("warm"), paths.clone(), true, 0);
    let (read, reading) = run(&dir.join("read"), paths.clone(), true, 0);
    let (loaded, whole) = run(&dir.join("whole"), paths, false, 0);
    let log = Log::open(dir.join("whole/log")).unwrap();
    let mut lines = Vec::new();
    log.export(Seq::new(1), &mut lines, &mut |_| {}).unwrap();
    drop(log);
    let log = Log::open(dir.join("append/log")).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let prepared: Vec<_> =
        lines.lines().map(|line| log.prepare(&NewEvent::from_json(line).unwrap()).unwrap()).collect();
    let batches: Vec<Vec<_>> = prepared.chunks(1_000).map(<[_]>::to_vec).collect();
    let started = Instant::now();
    for events in batches {
        log.append(Batch { events, ..Batch::default() }).unwrap();
    }
    let appending = started.elapsed().as_secs_f64();
    let rate = |seconds: f64| loaded.events as f64 / seconds;
    let slower = rate(reading).min(rate(appending));
    println!("events: {} read, {} appended", read.events, loaded.events);
    println!("reading alone   {reading:6.2} s  {:8.0} events/s", rate(reading));
    println!("appending alone {appending:6.2} s  {:8.0} events/s", rate(appending));
    println!("both together   {whole:6.2} s  {:8.0} events/s", rate(whole));
    println!("ratio to the slower half: {:.2}", rate(whole) / slower);
}
