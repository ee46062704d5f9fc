//! A story: two servers share an archive. Clients post to both, files are loaded, articles are erased, indexes are built
//! again and as of older moments, the log is compacted, backed up and checked, all at once; and all the while something
//! kills, stops and lets go on whatever runs. Every event that was acknowledged is there at the end, where it was
//! acknowledged, and every text that was erased is gone.

use std::{
    collections::{HashMap, HashSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{Server, article, ask, events, morgue, run, send};

/// The time for which a process stays stopped.
const STOPPED: Duration = Duration::from_millis(700);
/// The pause between two acts of mischief.
const MISCHIEF_EVERY: Duration = Duration::from_millis(400);

/// The archive and all that goes on around it.
struct Chaos {
    dir: PathBuf,
    until: Instant,
    servers: [Mutex<Server>; 2],
    /// Commands that are running.
    commands: Mutex<Vec<Child>>,
    /// The acknowledged articles, by id.
    acknowledged: Mutex<HashMap<String, Acknowledged>>,
    erased: Mutex<HashSet<String>>,
    seed: AtomicU64,
    counts: Counts,
}

struct Acknowledged {
    /// The event; not known of what a file brought.
    seq: Option<u64>,
    headline: String,
}

#[derive(Default)]
struct Counts {
    posts: AtomicUsize,
    refused: AtomicUsize,
    loads: AtomicUsize,
    erasures: AtomicUsize,
    commands: AtomicUsize,
    commands_that_ended_well: AtomicUsize,
    kills: AtomicUsize,
    stops: AtomicUsize,
}

impl Chaos {
    fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// A number below `end`, another each time.
    fn number(&self, end: usize) -> usize {
        let n = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (n ^ (n >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 29)) % end as u64).unwrap()
    }

    fn address(&self, server: usize) -> SocketAddr {
        self.servers[server].lock().unwrap().address
    }

    /// Posts one article after the other.
    fn post(&self, client: usize) {
        let mut n = 0;
        while self.goes_on() {
            let (id, headline) = (format!("post/{client}/{n}"), format!("Post {n} of client {client}"));
            let address = self.address((client + n) % 2);
            match ask(address, "POST /api/v1/events", &article(&id, &headline)) {
                Ok(answer) if answer.status == 200 => {
                    let item = answer.json()["items"][0].clone();
                    assert!(matches!(item["status"].as_str(), Some("appended" | "unchanged")), "{item}");
                    let seq = item["seq"].as_u64();
                    self.acknowledged.lock().unwrap().insert(id, Acknowledged { seq, headline });
                    self.counts.posts.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
                Ok(answer) => {
                    assert!(matches!(answer.status, 429 | 503), "{answer:?}");
                    self.counts.refused.fetch_add(1, Ordering::Relaxed);
                }
                // The server was killed: whether it took the event is not known, and it is sent again.
                Err(_) => thread::yield_now(),
            }
        }
    }

    /// Loads one file after the other; a load that was killed is run again.
    fn load(&self) {
        let mut n = 0;
        while self.goes_on() {
            let file = self.dir.join(format!("load-{n}.jsonl"));
            let all: Vec<(String, String)> =
                (0..200).map(|at| (format!("load/{n}/{at}"), format!("No. {at} of load {n}"))).collect();
            let lines: Vec<String> = all.iter().map(|(id, headline)| article(id, headline)).collect();
            fs::write(&file, lines.join("\n")).unwrap();
            if self.command(&["load", "--async", file.to_str().unwrap()]) {
                let loaded = all.into_iter().map(|(id, headline)| (id, Acknowledged { seq: None, headline }));
                self.acknowledged.lock().unwrap().extend(loaded);
                self.counts.loads.fetch_add(1, Ordering::Relaxed);
                n += 1;
            }
        }
    }

    /// Erases an article now and then.
    fn erase(&self) {
        let mut n = 0;
        while self.goes_on() {
            let id = format!("post/0/{n}");
            if !self.acknowledged.lock().unwrap().contains_key(&id) {
                thread::sleep(Duration::from_millis(20)); // there is none yet
                continue;
            }
            let event = json!({"type": "article.erased", "id": id, "data": {"reason": "chaos"}}).to_string();
            // Sent again until it is known to be in.
            let done = ask(self.address(n % 2), "POST /api/v1/events", &event);
            if done.is_ok_and(|answer| answer.status == 200) {
                self.erased.lock().unwrap().insert(id);
                self.counts.erasures.fetch_add(1, Ordering::Relaxed);
                n += 10;
            }
        }
    }

    /// Does in turn what else is done to an archive.
    fn work(&self) {
        let mut n = 0;
        while self.goes_on() {
            let backup = self.dir.join(format!("backup-{n}"));
            let moment = format!("seq:{}", 1 + self.number(50));
            let name = format!("then-{}", n % 3);
            let jobs: [&[&str]; 5] = [
                &["rebuild", "--threads", "1"],
                &["log", "compact"],
                &["log", "backup", backup.to_str().unwrap()],
                &["rebuild", "--view", "articles", "--as-of", &moment, "--name", &name],
                &["check", "--view", "articles"],
            ];
            let done = self.command(jobs[n % jobs.len()]);
            if done && backup.exists() {
                let restored = self.dir.join(format!("restored-{n}"));
                run(&restored, &["log", "restore", backup.to_str().unwrap()]);
                fs::remove_dir_all(&restored).unwrap();
            }
            drop(fs::remove_dir_all(&backup));
            n += 1;
        }
    }

    /// Runs a command where mischief finds it, and returns whether it ended well. It may fail, since what it works with
    /// is killed under its hands, but not break.
    fn command(&self, args: &[&str]) -> bool {
        let said = tempfile::NamedTempFile::new().unwrap();
        let process: Child =
            morgue(&self.data(), args).stdout(Stdio::null()).stderr(said.reopen().unwrap()).spawn().unwrap();
        let id = process.id();
        self.commands.lock().unwrap().push(process);
        let status = loop {
            let mut commands = self.commands.lock().unwrap();
            let at = commands.iter().position(|process| process.id() == id).unwrap();
            if commands[at].try_wait().unwrap().is_some() {
                break commands.swap_remove(at).wait().unwrap();
            }
            drop(commands);
            thread::sleep(Duration::from_millis(5)); // the process is at work
        };
        let said = fs::read_to_string(said.path()).unwrap();
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        self.counts.commands.fetch_add(1, Ordering::Relaxed);
        if status.success() {
            self.counts.commands_that_ended_well.fetch_add(1, Ordering::Relaxed);
        }
        status.success()
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Kills, stops and lets go on.
    fn mischief(&self) {
        while self.goes_on() {
            thread::sleep(MISCHIEF_EVERY);
            let (kills, is_server) = (self.number(2) == 0, self.number(2) == 0);
            let counted = if kills { &self.counts.kills } else { &self.counts.stops };
            if is_server {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut server = self.servers[self.number(2)].lock().unwrap();
                if kills {
                    server.process.kill().unwrap();
                    server.process.wait().unwrap();
                    assert!(!server.said().contains("panicked"), "{}", server.said());
                    *server = serve(&self.data());
                } else {
                    pause(&server.process);
                }
                continue;
            }
            let mut commands = self.commands.lock().unwrap();
            if commands.is_empty() {
                continue;
            }
            counted.fetch_add(1, Ordering::Relaxed);
            let at = self.number(commands.len());
            if kills {
                commands[at].kill().unwrap();
            } else {
                pause(&commands[at]);
            }
        }
    }
}

/// Stops it for a while.
fn pause(process: &Child) {
    send(process, Signal::STOP);
    thread::sleep(STOPPED);
    send(process, Signal::CONT);
}

fn serve(dir: &Path) -> Server {
    Server::serve(dir, &["--write-wait", "2"])
}

#[test]
fn whatever_befalls_them_nothing_acknowledged_is_lost() {
    let seconds = std::env::var("MORGUE_CHAOS").ok().map_or(8, |seconds| seconds.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let servers = [serve(&data), serve(&data)].map(Mutex::new);
    let chaos = Chaos {
        dir: home.path().to_owned(),
        until: Instant::now() + Duration::from_secs(seconds),
        servers,
        commands: Mutex::default(),
        acknowledged: Mutex::default(),
        erased: Mutex::default(),
        seed: AtomicU64::new(1),
        counts: Counts::default(),
    };
    thread::scope(|scope| {
        let chaos = &chaos;
        for client in 0..2 {
            scope.spawn(move || chaos.post(client));
        }
        scope.spawn(|| chaos.load());
        scope.spawn(|| chaos.erase());
        scope.spawn(|| chaos.work());
        scope.spawn(|| chaos.mischief());
    });
    let Chaos { servers, acknowledged, erased, counts, .. } = chaos;
    for server in servers {
        let (ended, said) = server.into_inner().unwrap().end();
        assert!(ended.success() && !said.contains("panicked"), "{said}");
    }
    let (acknowledged, erased) = (acknowledged.into_inner().unwrap(), erased.into_inner().unwrap());
    assert_kept(&data, &acknowledged, &erased);
    // The indexes catch up, and hold what the log says.
    run(&data, &["log", "verify"]);
    run(&data, &["rebuild"]);
    run(&data, &["check"]);
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    println!(
        "{seconds} s: {} acknowledged ({} posts, {} loads, {} refused), {} erasures, {} of {} commands ended well, \
         {} kills, {} stops: 0 lost",
        acknowledged.len(),
        count(&counts.posts),
        count(&counts.loads),
        count(&counts.refused),
        count(&counts.erasures),
        count(&counts.commands_that_ended_well),
        count(&counts.commands),
        count(&counts.kills),
        count(&counts.stops),
    );
}

/// That the log has what was acknowledged where it was acknowledged, and nothing of what was erased.
fn assert_kept(data: &Path, acknowledged: &HashMap<String, Acknowledged>, erased: &HashSet<String>) {
    let events = events(data);
    let published = |event: &&Value| event["type"] == "article.published";
    let by_id: HashMap<&str, &Value> =
        events.iter().filter(published).map(|event| (event["id"].as_str().unwrap(), event)).collect();
    for (id, Acknowledged { seq, headline }) in acknowledged {
        let event = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
        if let Some(seq) = seq {
            assert_eq!(event["seq"], *seq, "{id}");
        }
        if erased.contains(id) {
            assert!(event["data"].is_null() && event["erased"].is_string(), "{event}");
        } else if event["erased"].is_null() {
            assert_eq!(event["data"]["headline"], *headline, "{id}");
        }
    }
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "no gap and no double");
}
