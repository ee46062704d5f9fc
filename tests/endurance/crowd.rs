//! A story: a machine allows 1,024 open files, as most do, and three thousand clients connect and say nothing. Whoever has
//! something to ask is answered, writes are taken, and the indexes follow.

use std::{
    fs,
    net::TcpStream,
    process::{Command, Stdio},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::process::{Server, article, ask};

const CROWD: usize = 3_000;

#[test]
fn an_idle_crowd_stops_nobody_where_few_files_are_allowed() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    // Soft and hard limit alike.
    command
        .args(["-c", "ulimit -n 1024 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_morgue"), "--data-dir"])
        .arg(home.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_remove("MORGUE_LOG")
        .stdin(Stdio::null());
    let server = Server::start(&mut command);
    let crowd = CROWD.min(files_allowed() - 200);
    let mut idle = Vec::with_capacity(crowd);
    for n in 0..crowd {
        idle.push(TcpStream::connect(server.address).unwrap());
        if n % 150 != 149 {
            continue;
        }
        let event = article(&format!("a/{n}"), &format!("Beside {n} others"));
        let written = ask(server.address, "POST /api/v1/events?wait=searchable", &event).unwrap().json();
        assert_eq!(
            (&written["items"][0]["status"], &written["searchable"]),
            (&"appended".into(), &true.into())
        );
        let found = ask(server.address, "GET /api/v1/search?q=beside&limit=0", "").unwrap().json();
        assert_eq!(found["total"], n / 150 + 1, "{found}");
    }
    let said = server.said();
    assert!(said.contains("files=1024") && said.contains("connections=640"), "{said}");
    assert!(!said.contains("ERROR"), "{said}");
    println!("{crowd} idle connections; {} writes and searches beside them", crowd / 150);
    let (ended, said) = server.end();
    assert!(ended.success(), "{said}");
    drop(idle);
}

/// A shell allows fewer files than the machine does. A server asks for all that it may have.
#[test]
fn a_server_takes_as_many_files_as_it_may_have() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let limits = "ulimit -n 1024 && ulimit -S -n 512 && exec \"$0\" \"$@\"";
    command
        .args(["-c", limits, env!("CARGO_BIN_EXE_morgue"), "--data-dir"])
        .arg(home.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_remove("MORGUE_LOG")
        .stdin(Stdio::null());
    let server = Server::start(&mut command);
    // Whoever is answered comes after what it says at its start.
    assert_eq!(ask(server.address, "GET /healthz", "").unwrap().status, 200);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.process.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft = files.split_whitespace().nth(3);
    assert_eq!(soft, Some("1024"), "{files}");
    let (ended, said) = server.end();
    assert!(ended.success(), "{said}");
}

/// Returns how many files this process may have open, after asking for more.
fn files_allowed() -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = maximum.map_or(8_192, |maximum| maximum.min(8_192));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).unwrap();
    usize::try_from(wanted).unwrap()
}
