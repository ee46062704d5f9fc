//! A disk that forgets: bits flip, the file is cut, pages are swapped. Whoever verifies the log is told; the process that
//! verifies may die, which is an answer too. What no reader can see (free pages, gaps) may differ.

use std::{fs, path::Path, process::Stdio, thread};

use store::{Log, LogHead};

use crate::{Form, child, plan};

const EVENTS: u64 = 100;
const PAGE: usize = 4_096;

#[derive(Default)]
struct Counts {
    told: usize,
    died: usize,
    unseen: usize,
}

pub(crate) fn damages(form: Form) -> String {
    let home = tempfile::tempdir().unwrap();
    let whole = home.path().join("whole");
    let log = Log::open(&whole).unwrap();
    for seq in 1..=EVENTS {
        log.append_one(&plan::event(seq)).unwrap();
    }
    let position = store::SourcePosition { source: "plan".into(), position: "somewhere".into() };
    log.append(store::Batch { position: Some(position), ..Default::default() }).unwrap();
    let head = log.head().unwrap();
    let expected = child::dump(&log, &head);
    drop(log);
    let volume = fs::read_to_string(whole.join("CURRENT")).unwrap();
    let file = Path::new(volume.trim_end()).join("data.mdb");
    let bytes = fs::read(whole.join(&file)).unwrap();
    let count = form.pick(500, 5_000);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let counts: Vec<Counts> = thread::scope(|scope| {
        let run = |worker: usize| {
            let dir = home.path().join(format!("damaged-{worker}"));
            fs::create_dir_all(dir.join(&file).parent().unwrap()).unwrap();
            fs::write(dir.join("CURRENT"), &volume).unwrap();
            let mut counts = Counts::default();
            for case in (worker..count).step_by(workers) {
                let (what, damaged) = damage(&bytes, case as u64);
                fs::write(dir.join(&file), damaged).unwrap();
                judge(&dir, &head, &expected, &what, &mut counts);
            }
            counts
        };
        let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || run(worker))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    let sum = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    format!(
        "{count} damages: {} told, {} killed the verifying process, {} where no reader sees it, 0 silent",
        sum(|counts| counts.told),
        sum(|counts| counts.died),
        sum(|counts| counts.unseen)
    )
}

/// Returns the file with one damage, and what it is: mostly flipped bits, every fifth something larger.
fn damage(bytes: &[u8], case: u64) -> (String, Vec<u8>) {
    let mut random = (case + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    let mut damaged = bytes.to_vec();
    let pages = bytes.len() / PAGE;
    let what = match case % 10 {
        4 => {
            let end = below(bytes.len());
            damaged.truncate(end);
            format!("cut to {end} bytes")
        }
        9 => {
            let (one, other) = (below(pages), below(pages));
            for at in 0..PAGE {
                damaged.swap(one * PAGE + at, other * PAGE + at);
            }
            format!("pages {one} and {other} swapped")
        }
        8 => {
            let page = below(pages);
            damaged[page * PAGE..][..PAGE].fill(0);
            format!("page {page} zeroed")
        }
        _ => {
            let (at, bit) = (below(bytes.len()), below(8));
            damaged[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} flipped")
        }
    };
    (what, damaged)
}

fn judge(dir: &Path, head: &LogHead, expected: &str, what: &str, counts: &mut Counts) {
    let output = child::command(&["dump", dir.to_str().unwrap(), &head.to_string()])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        let found = String::from_utf8_lossy(&output.stdout);
        assert_eq!(found.trim_end(), expected, "{what}: nobody was told");
        counts.unseen += 1;
    } else if output.status.code().is_some() {
        counts.told += 1;
    } else {
        counts.died += 1;
    }
}
