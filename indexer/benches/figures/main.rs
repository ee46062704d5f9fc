//! The figures that the indexer promises, as ratios within one run: absolute ones say more of the machine.
//!
//! `MORGUE_BENCH_ARTICLES` is the size of the synthetic archive (default 100,000; with 1,000,000 the rate there is
//! compared with that at 100,000). `MORGUE_BENCH_ONLY` names one part: rebuild, language, rename, fresh, segments,
//! real. `MORGUE_BENCH_SECONDS=3600` makes `fresh` an hour (default 20 seconds). Real text is read from
//! `senate_press` in `MORGUE_CORPORA` (default target/corpora) where it is there.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench prints, and ends at the first fault"
)]

mod archive;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use archive::{Size, article, id, load, vocabulary};
use indexer::{
    Indexes, RebuildOptions, Workers,
    end::{Indexed, analysers, writers_analysers},
};
use store::{Article, AssetId, Batch, Byline, Log, NewEvent, Seq};
use tantivy::{
    Index, IndexWriter, TantivyDocument,
    schema::{FieldType, Value as _},
    tokenizer::{TokenStream as _, TokenizerManager},
};
use views::{ARTICLES, BYLINES, IMAGES, ViewId};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const VIEW: ViewId = ARTICLES;

fn main() {
    let articles: u64 =
        std::env::var("MORGUE_BENCH_ARTICLES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let only = std::env::var("MORGUE_BENCH_ONLY").ok();
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let words = vocabulary();
    let home = tempfile::tempdir().unwrap();
    let size = Size::of(articles.min(100_000));
    let small = Archive::new(&home.path().join("small"), |log| load(log, size, &words));
    let rate = if wanted("rebuild") { small.rebuilds("synthetic") } else { 0.0 };
    if wanted("other-views") {
        for view in [IMAGES, BYLINES] {
            let (seconds, documents) = small.rebuild(view);
            println!("view {}: {:.0} documents/s", view.name(), documents as f64 / seconds);
        }
    }
    if wanted("language") {
        let few = Size { articles: size.articles.min(30_000), ..size };
        language("synthetic", &|language| {
            (0..few.articles).map(|n| article(n, few, &words, language)).collect()
        });
        let press: Vec<Article> = press().map(|(_, _, article)| article).take(30_000).collect();
        let in_language = |language: &str| {
            let of = |article: &Article| Article { language: language.into(), ..article.clone() };
            press.iter().map(of).collect()
        };
        if !press.is_empty() {
            language("senate_press", &in_language);
        }
    }
    if wanted("rename") {
        rename(&home.path().join("rename"), &words);
    }
    if wanted("fresh") {
        small.freshness(size, &words);
    }
    if wanted("segments") {
        small.segments(size, &words);
    }
    if wanted("real") {
        real(&home.path().join("real"));
    }
    if articles > 100_000 && wanted("rebuild") {
        let size = Size::of(articles);
        let large = Archive::new(&home.path().join("large"), |log| load(log, size, &words));
        let memory = Memory::watch();
        let (seconds, documents) = large.rebuild(VIEW);
        let large_rate = documents as f64 / seconds;
        println!(
            "rebuild of {documents}: {large_rate:.0} documents/s, {:.2} of that of {}; memory at most {} MB",
            large_rate / rate,
            size.articles.min(100_000),
            memory.peak() >> 20,
        );
    }
}

/// A log with its indexes.
struct Archive {
    log: Log,
    indexes: Indexes,
    text_bytes: u64,
}

impl Archive {
    fn new(dir: &Path, fill: impl FnOnce(&Log) -> u64) -> Self {
        let log = Log::open(dir.join("log")).unwrap();
        let began = Instant::now();
        let text_bytes = fill(&log);
        println!(
            "loaded {} events, {} MB of text in {:.0} s",
            log.head().unwrap().seq,
            text_bytes >> 20,
            began.elapsed().as_secs_f64()
        );
        let indexes = Indexes::open(log.clone(), dir.join("indexes")).unwrap();
        Self { log, indexes, text_bytes }
    }

    /// Seconds of the processors' time and documents of one rebuild.
    fn rebuild(&self, view: ViewId) -> (f64, u64) {
        let began = Work::begin();
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        let built = self.indexes.rebuild(view, &options, &AtomicBool::new(false), &|_| {}).unwrap();
        (began.seconds(), built.digest.documents)
    }

    /// Indexes documents as a program does that only hands them to tantivy.
    fn bare(&self, documents: Vec<TantivyDocument>, dir: &Path, tokenizers: TokenizerManager) -> (f64, f64) {
        let live = self.indexes.live(VIEW).unwrap();
        std::fs::create_dir_all(dir).unwrap();
        let index = Index::builder()
            .schema(live.index().schema().schema.clone())
            .tokenizers(tokenizers)
            .create_in_dir(dir)
            .unwrap();
        let began = Work::begin();
        let mut writer: IndexWriter = index.writer_with_num_threads(2, 256 << 20).unwrap();
        for document in documents {
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        let spent = (began.seconds(), began.clock());
        drop(writer);
        std::fs::remove_dir_all(dir).unwrap();
        spent
    }

    /// Rebuilds beside bare tantivy, by turns; prints the medians' ratio and returns the rate.
    fn rebuilds(&self, name: &str) -> f64 {
        let home = tempfile::tempdir().unwrap();
        let (mut ours, mut bare, mut keeping) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_the_clock = Vec::new();
        let (mut count, memory) = (0, Memory::watch());
        for turn in 0..3 {
            let began = Instant::now();
            let (seconds, documents) = self.rebuild(VIEW);
            let clock = began.elapsed().as_secs_f64();
            ours.push(seconds);
            count = documents;
            if turn == 0 {
                println!("rebuild ({name}): memory at most {} MB", memory.peak() >> 20);
            }
            let (seconds, its_clock) =
                self.bare(joined(&self.indexes), &home.path().join("bare"), analysers());
            bare.push(seconds);
            by_the_clock.push(its_clock / clock);
            let (seconds, _) =
                self.bare(joined(&self.indexes), &home.path().join("bare"), writers_analysers());
            keeping.push(seconds);
        }
        let rate = count as f64 / median(&mut ours);
        let bare = count as f64 / median(&mut bare);
        let keeping = count as f64 / median(&mut keeping);
        let status = self.indexes.status().unwrap().remove(0);
        println!(
            "rebuild ({name}): {rate:.0} documents/s from the log, {:.2} of bare tantivy's {bare:.0} (by the clock \
             {:.2}), {:.2} of its {keeping:.0} with analysers that keep forms as ours do; {} segments; index {:.2} of \
             the text",
            rate / bare,
            median(&mut by_the_clock),
            rate / keeping,
            status.segments,
            status.bytes as f64 / self.text_bytes as f64,
        );
        let dir = self.indexes.live(VIEW).unwrap().dir().to_owned();
        let mut by_sort = std::collections::BTreeMap::<String, u64>::new();
        for file in std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()) {
            let sort = file.extension().map(|sort| sort.to_string_lossy().into_owned()).unwrap_or_default();
            *by_sort.entry(sort).or_default() += std::fs::metadata(&file).unwrap().len();
        }
        let share = |bytes: u64| format!("{:.3}", bytes as f64 / self.text_bytes as f64);
        let shares: Vec<String> =
            by_sort.into_iter().map(|(sort, bytes)| format!("{sort} {}", share(bytes))).collect();
        println!("  of the text: {}", shares.join(", "));
        rate
    }

    /// From an event's acknowledgement to its being searchable, at 100 events a second.
    fn freshness(&self, size: Size, words: &[String]) {
        let asked = std::env::var("MORGUE_BENCH_SECONDS").ok().and_then(|n| n.parse().ok());
        let seconds: u32 = asked.unwrap_or(20);
        let workers = self.all_workers();
        let waiting = Mutex::new(std::collections::VecDeque::<(Seq, Instant)>::new());
        let (done, last) = (AtomicBool::new(false), AtomicU64::new(0));
        let (mut delays, mut most) = (Vec::new(), 0);
        let say = |delays: &[f64], most: usize| {
            let mut delays = delays.to_vec();
            delays.sort_by(f64::total_cmp);
            let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize];
            let (median, p99) = (at(0.5), at(0.99));
            print!(
                "freshness at 100 events/s, {} events: median {median:.0} ms, p99 {p99:.0} ms, ",
                delays.len()
            );
            println!("{most} segments at most");
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let began = Instant::now();
                for n in 0..seconds * 100 {
                    let at = began + Duration::from_millis(10) * n;
                    std::thread::sleep(at.saturating_duration_since(Instant::now()));
                    let new = article(size.articles + u64::from(n), size, words, "en");
                    let event = NewEvent::published(id('a', u64::from(n) * 7 % size.articles), new);
                    self.log.append_one(&event).unwrap();
                    let seq = self.log.head().unwrap().seq;
                    waiting.lock().unwrap().push_back((seq, Instant::now()));
                    last.store(seq.get(), Ordering::Release);
                }
                done.store(true, Ordering::Release);
            });
            loop {
                let (_, searcher) = self.indexes.searcher(VIEW).unwrap();
                let now = Instant::now();
                most = most.max(searcher.searcher.tantivy().segment_readers().len());
                let mut waiting = waiting.lock().unwrap();
                while waiting.front().is_some_and(|(seq, _)| *seq <= searcher.checkpoint) {
                    let (_, acknowledged) = waiting.pop_front().unwrap();
                    delays.push(now.saturating_duration_since(acknowledged).as_secs_f64() * 1e3);
                    if delays.len() % 30_000 == 0 {
                        say(&delays, most);
                    }
                }
                if done.load(Ordering::Acquire) && waiting.is_empty() {
                    break;
                }
                drop(waiting);
                let seen = searcher.checkpoint;
                self.log
                    .wait_until(Duration::from_millis(100), || {
                        Ok::<_, indexer::IndexError>(self.indexes.live(VIEW)?.checkpoint()? > seen)
                    })
                    .unwrap();
            }
        });
        workers.stop();
        say(&delays, most);
        println!("a bare commit of one document takes {:.0} ms", self.bare_commit());
    }

    fn all_workers(&self) -> Workers {
        for view in [IMAGES, BYLINES] {
            let _ = self.rebuild(view);
        }
        let head = self.log.head().unwrap().seq;
        self.indexes.catch_up(VIEW, head, &AtomicBool::new(false), &|_| {}).unwrap();
        Workers::start(&self.indexes).unwrap()
    }

    fn bare_commit(&self) -> f64 {
        let home = tempfile::tempdir().unwrap();
        let live = self.indexes.live(VIEW).unwrap();
        let index = Index::builder().schema(live.index().schema().schema.clone()).tokenizers(analysers());
        let index = index.create_in_dir(home.path()).unwrap();
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 64 << 20).unwrap();
        let snapshot = self.log.snapshot().unwrap();
        let mut times = Vec::new();
        for (id, _) in snapshot.assets(VIEW.kind(), None, 50).unwrap() {
            let document = VIEW.document(&id, &snapshot).unwrap().unwrap();
            let began = Instant::now();
            writer.add_document(Indexed::new(&document, live.index().schema()).fields).unwrap();
            writer.commit().unwrap();
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        median(&mut times)
    }

    /// Prints the number of segments while many small commits come, faster than in life.
    fn segments(&self, size: Size, words: &[String]) {
        let workers = self.all_workers();
        let commits: u64 = if size.articles >= 100_000 { 3_000 } else { 300 };
        let (mut most, mut sum) = (0, 0);
        for n in 0..commits {
            let event = |k: u64| {
                let number = (n * 10 + k) * 13 % size.articles;
                let new = article(number + n, size, words, "en");
                self.log.prepare(&NewEvent::published(id('a', number), new)).unwrap()
            };
            self.log.append(Batch { events: (0..10).map(event).collect(), ..Batch::default() }).unwrap();
            let head = self.log.head().unwrap().seq;
            self.indexes.wait_for(VIEW, &[head], Duration::from_secs(60)).unwrap();
            let segments = self.indexes.searcher(VIEW).unwrap().1.searcher.segments();
            most = most.max(segments);
            sum += segments as u64;
        }
        workers.stop();
        println!(
            "segments over {commits} commits of 10 events: at most {most}, {:.1} on average",
            sum as f64 / commits as f64
        );
    }
}

/// Returns the articles' documents, joined already, as tantivy takes them.
fn joined(indexes: &Indexes) -> Vec<TantivyDocument> {
    let schema = indexes.live(VIEW).unwrap().index().schema().clone();
    let snapshot = indexes.log().snapshot().unwrap();
    let ids = snapshot.assets(VIEW.kind(), None, usize::MAX).unwrap();
    let document = |id| VIEW.document(id, &snapshot).unwrap();
    ids.iter().filter_map(|(id, _)| Some(Indexed::new(&document(id)?, &schema).fields)).collect()
}

/// Returns the time that the analysers alone take for all text of the articles, as [`Work::seconds`] has it.
fn analysis(indexes: &Indexes) -> f64 {
    let schema = indexes.live(VIEW).unwrap().index().schema().schema.clone();
    let tokenizers = writers_analysers();
    let documents = joined(indexes);
    let began = Work::begin();
    for (field, value) in documents.iter().flat_map(TantivyDocument::field_values) {
        let FieldType::Str(options) = schema.get_field_entry(field).field_type() else { continue };
        let (Some(text), Some(indexing)) = (value.as_str(), options.get_indexing_options()) else { continue };
        let mut tokenizer = tokenizers.get(indexing.tokenizer()).unwrap();
        let mut stream = tokenizer.token_stream(text);
        while stream.advance() {}
    }
    began.seconds()
}

/// A byline with 100,000 articles gets another name.
fn rename(dir: &Path, words: &[String]) {
    let size = Size::of(100_000);
    let archive = Archive::new(dir, |log| {
        let prolific = vec![id('b', 0)];
        log.append_one(&NewEvent::published(
            id('b', 0),
            Byline { name: "Nora Vance".into(), ..Byline::default() },
        ))
        .unwrap();
        let mut bytes = 0;
        for page in 0..20 {
            let event = |n: u64| {
                let new = Article {
                    bylines: prolific.clone(),
                    images: Vec::new(),
                    ..article(n, size, words, "en")
                };
                bytes += new.body.len() as u64;
                log.prepare(&NewEvent::published(id('a', n), new)).unwrap()
            };
            let events = (page * 5_000..(page + 1) * 5_000).map(event).collect();
            log.append(Batch { events, ..Batch::default() }).unwrap();
        }
        bytes
    });
    let (seconds, documents) = archive.rebuild(VIEW);
    let rate = documents as f64 / seconds;
    let (byline_seconds, _) = archive.rebuild(BYLINES);
    let mut ratios = Vec::new();
    let memory = Memory::watch();
    for name in ["Nora Hallam", "Nora Vance", "Nora Quill"] {
        archive
            .log
            .append_one(&NewEvent::published(id('b', 0), Byline { name: name.into(), ..Byline::default() }))
            .unwrap();
        let head = archive.log.head().unwrap().seq;
        let began = Work::begin();
        archive.indexes.catch_up(VIEW, head, &AtomicBool::new(false), &|_| {}).unwrap();
        ratios.push(documents as f64 / began.seconds() / rate);
    }
    println!(
        "rename of a byline with {documents} articles: {:.2} of a rebuild's {rate:.0} documents/s; memory at most {} MB",
        median(&mut ratios),
        memory.peak() >> 20
    );
    let snapshot = archive.log.snapshot().unwrap();
    let began = Instant::now();
    BYLINES.document(&id('b', 0), &snapshot).unwrap();
    println!(
        "the document of that byline: {:.0} ms; the view built from zero: {byline_seconds:.1} s",
        began.elapsed().as_secs_f64() * 1e3
    );
}

/// Prints the cost of analysis by English rules: by itself; and with indexing words as they are written beside their
/// stems, which is the time that articles take more as English than as of no known language.
fn language(name: &str, articles: &dyn Fn(&str) -> Vec<Article>) {
    let home = tempfile::tempdir().unwrap();
    let mut seconds = [Vec::new(), Vec::new(), Vec::new()];
    let mut alone = [Vec::new(), Vec::new(), Vec::new()];
    for turn in 0..3 {
        for ((language, seconds), alone) in ["en", "und", ""].into_iter().zip(&mut seconds).zip(&mut alone) {
            let dir = home.path().join(format!("{language}-{turn}"));
            let log = Log::open(dir.join("log")).unwrap();
            for (page, articles) in articles(language).chunks(5_000).enumerate() {
                let event = |(n, article): (usize, &Article)| {
                    let id = id('a', (page * 5_000 + n) as u64);
                    log.prepare(&NewEvent::published(id, article.clone())).unwrap()
                };
                let events = articles.iter().enumerate().map(event).collect();
                log.append(Batch { events, ..Batch::default() }).unwrap();
            }
            let indexes = Indexes::open(log, dir.join("indexes")).unwrap();
            let began = Work::begin();
            indexes.rebuild(VIEW, &RebuildOptions::default(), &AtomicBool::new(false), &|_| {}).unwrap();
            seconds.push(began.seconds());
            alone.push(analysis(&indexes));
        }
    }
    let [english, plain, detected] = seconds.map(|mut seconds| median(&mut seconds));
    let [of_english, of_plain, _] = alone.map(|mut seconds| median(&mut seconds));
    println!(
        "English analysis takes {:.2} of a rebuild's time ({name}), {:.2} more than cutting words alone; with indexing \
         words as they are written {:.2}; detecting the language {:.2}",
        of_english / english,
        (of_english - of_plain) / english,
        (english - plain) / english,
        (detected - english) / detected,
    );
}

/// Real text: press releases of senators, each with its senator and an id; none where they are not there.
fn press() -> impl Iterator<Item = (String, AssetId, Article)> {
    let corpora =
        std::env::var_os("MORGUE_CORPORA").map_or_else(|| PathBuf::from("target/corpora"), PathBuf::from);
    let entries = |dir: &Path| {
        let entries =
            std::fs::read_dir(dir).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
        entries.unwrap_or_else(|_| Vec::new())
    };
    let senators = entries(&corpora.join("senate_press/raw")).into_iter().filter(|path| path.is_dir());
    senators.flat_map(move |senator| {
        let name = senator.file_name().unwrap().to_string_lossy().into_owned();
        entries(&senator).into_iter().map(move |release| {
            let body = String::from_utf8_lossy(&std::fs::read(&release).unwrap()).into_owned();
            let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
            let headline: String = body.chars().take(80).collect();
            let release = release.file_stem().unwrap().to_string_lossy().into_owned();
            let id = AssetId::new(format!("a/{name}/{release}")).unwrap();
            (name.clone(), id, Article { headline, body, ..Article::default() })
        })
    })
}

fn real(dir: &Path) {
    if press().next().is_none() {
        println!("real text: target/corpora/senate_press is not there");
        return;
    }
    let archive = Archive::new(dir, |log| {
        let (mut bytes, mut last) = (0, String::new());
        let mut events = Vec::new();
        for (senator, id, article) in press() {
            let byline = AssetId::new(format!("b/{senator}")).unwrap();
            if senator != last {
                let who = Byline { name: senator.clone(), ..Byline::default() };
                events.push(log.prepare(&NewEvent::published(byline.clone(), who)).unwrap());
                last = senator;
            }
            bytes += article.body.len() as u64;
            let article = Article { bylines: vec![byline], ..article };
            events.push(log.prepare(&NewEvent::published(id, article)).unwrap());
            if events.len() >= 5_000 {
                log.append(Batch { events: std::mem::take(&mut events), ..Batch::default() }).unwrap();
            }
        }
        log.append(Batch { events, ..Batch::default() }).unwrap();
        bytes
    });
    archive.rebuilds("senate_press");
}

/// The most memory of its own that the process has held; what is mapped from files is the system's to take back.
struct Memory {
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Memory {
    fn watch() -> Self {
        let (peak, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (peak_there, stop_there) = (Arc::clone(&peak), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop_there.load(Ordering::Acquire) {
                let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
                let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
                let kilobytes =
                    anonymous.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
                peak_there.fetch_max(kilobytes.unwrap_or(0) << 10, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { peak, stop }
    }

    /// So far, in bytes.
    fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// The cost of a piece of work that is being done. With all cores at work, seconds by the clock are the processors' time
/// divided by the cores; the processors' time is the measure here because it does not depend on what else the machine does.
struct Work {
    spent: f64,
    began: Instant,
}

impl Work {
    fn begin() -> Self {
        Self { spent: Self::spent(), began: Instant::now() }
    }

    /// By the clock.
    fn clock(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Processor time of all threads since, divided by the number of cores.
    fn seconds(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (Self::spent() - self.spent) / cores as f64
    }

    /// In seconds: user and system time of the process, which Linux counts in hundredths.
    fn spent() -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / 100.0
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
