//! Servers as processes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use store::{AssetId, Byline, Log, NewEvent, Visibility};

use crate::{Archive, text};

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let archive = Archive::new();
    archive.load_samples();
    let mut server =
        archive.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned())).unwrap();

    let taken = archive.run(&["serve", "--listen", &address], 1);
    assert!(taken.contains(&format!("cannot listen on {address}")), "{taken}");

    // Another process appends; the server's index follows.
    let caption = archive.write("caption.json", r#"{"caption":"Drawn by a zymologist"}"#);
    archive.run(&["publish", "image", "i/cable-section", text(&caption)], 0);
    assert_eq!(archive.ids(&["zymologist"]).len(), 5);

    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    drop(TcpListener::bind(&address).unwrap());
}

/// Each line of a server's log is an object, where that is asked for; a level that is none is told.
#[test]
fn logs_are_for_programs_where_that_is_asked_for() {
    let archive = Archive::new();
    let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "info"];
    let mut server = archive.command(&args).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
    let of_log: String = lines.into_iter().find(|line| line.starts_with('{')).unwrap();
    let line: serde_json::Value = serde_json::from_str(&of_log).unwrap();
    assert!(
        line["level"] == "INFO" && line["message"].is_string() && line["timestamp"].is_string(),
        "{of_log}"
    );
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap().success());
    server.wait().unwrap();
    for wrong in ["loud", "info,loud", "indexer=loud"] {
        let told = archive.run(&["status", "--log-level", wrong], 2);
        assert!(told.contains("error, warn, info, debug, trace or off"), "{told}");
    }
}

/// A key is made, used, listed and revoked; the server that runs knows it no more.
#[test]
fn a_key_is_revoked_without_a_restart() {
    let archive = Archive::new();
    archive.load_samples();
    let made = |args: &[&str]| {
        let made = archive.json(&[&["key"], args].concat(), 0);
        (made["key"].as_str().unwrap().to_owned(), made["line"].as_str().unwrap().to_owned())
    };
    let (reader, first) = made(&["read", "--name", "the desk"]);
    let (writer, second) =
        made(&["write", "--name", "import", "--until", "2999-06-30", "--path", "/api/v1/events"]);
    let keys = archive.write("keys", format!("# ours\n{first}\n{second}\n"));
    let server = Serving::start(&archive, &["--keys", text(&keys)]);
    let ask = |key: &str, path: &str| {
        server.ask(&format!("GET {path}"), &["host: localhost", &format!("authorization: Bearer {key}")], "")
    };
    assert_eq!([ask(&reader, "/api/v1/search"), ask(&writer, "/api/v1/search")], [200, 403]);
    let listed = archive.run(&["keys", "--keys", text(&keys)], 0);
    assert!(
        listed.contains("the desk")
            && listed.contains("2999-06-30T23:59:59.999Z  import  for /api/v1/events"),
        "{listed}"
    );
    archive.run(&["keys", "--keys", text(&keys), "--revoke", "nobody"], 1);
    archive.run(&["keys", "--keys", text(&keys), "--revoke", "the desk"], 0);
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), format!("# ours\n{second}\n"));
    let until = Instant::now() + Duration::from_secs(60);
    while ask(&reader, "/api/v1/search") != 401 {
        assert!(Instant::now() < until, "the key is still known");
    }
    assert_eq!(ask(&writer, "/api/v1/events"), 200);
    archive.run(&["keys", "--keys", text(&keys), "--revoke", "import"], 0);
    let empty = archive.run(&["serve", "--listen", "127.0.0.1:0", "--keys", text(&keys)], 1);
    assert!(empty.contains("there is no key in"), "{empty}");
}

/// Each request has its line, without what was searched for; a hangup ends nothing; what waits is written at the end.
#[test]
fn the_access_log_has_a_line_for_each_request() {
    let archive = Archive::new();
    archive.load_samples();
    let (common, json) = (archive.path("access"), archive.path("access.jsonl"));
    let lines = |path: &std::path::Path, args: &[&str]| {
        let mut server = Serving::start(&archive, &[&["--access-log", text(path)], args].concat());
        let signal = |server: &Serving, name: &str| {
            assert!(
                Command::new("kill")
                    .args([name, &server.process.id().to_string()])
                    .status()
                    .unwrap()
                    .success()
            );
        };
        signal(&server, "-HUP");
        assert_eq!(server.ask("GET /api/v1/search?q=sputnik", &["host: localhost"], ""), 200);
        assert_eq!(server.ask("GET /nowhere", &["host: localhost"], ""), 404);
        signal(&server, "-TERM");
        assert_eq!(server.process.wait().unwrap().code(), Some(0));
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let told = lines(&common, &[]);
    let [search, nowhere] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        search.starts_with("127.0.0.1 - - [") && search.contains("\"GET /api/v1/search HTTP/1.1\" 200 "),
        "{search}"
    );
    assert!(nowhere.contains("\"GET /nowhere HTTP/1.1\" 404 "), "{nowhere}");
    let told = lines(&json, &["--access-log-queries"]);
    let search: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!((&search["path"], &search["status"]), (&"/api/v1/search?q=sputnik".into(), &200.into()));
    let refused = archive.run(&["serve", "--access-log", text(&archive.path("no/such/folder/log"))], 1);
    assert!(refused.contains("no/such/folder/log cannot be written"), "{refused}");
}

/// A server of an archive; it ends with the test.
struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    fn start(archive: &Archive, args: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut process = archive.command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned())).unwrap();
        // It must not stop because nobody reads what it says.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, address }
    }

    /// The status of the answer to a request with these headers.
    fn ask(&self, request: &str, headers: &[&str], body: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = format!("content-length: {}", body.len());
        let headers = [headers, &["connection: close", &length]].concat().join("\r\n");
        write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A story: nothing was running when something ceased to be public. The next server withdraws it, unasked.
#[test]
fn a_server_withdraws_what_has_expired() {
    let archive = Archive::new();
    let log = Log::open(archive.path("data/log")).unwrap();
    let byline = Byline { name: "A. Quill".to_owned(), ..Byline::default() };
    let visibility = Visibility::Public { until: Some("2001-01-01".parse().unwrap()) };
    let event = NewEvent { visibility, ..NewEvent::published(AssetId::new("b/1").unwrap(), byline) };
    log.append_one(&event).unwrap();
    let server = Serving::start(&archive, &[]);
    let due = Instant::now() + Duration::from_secs(60);
    while server.ask("GET /api/v1/bylines/b/1", &["host: localhost"], "") != 410 {
        assert!(Instant::now() < due, "readers still see it");
        std::thread::yield_now();
    }
    assert!(archive.run(&["log", "history", "byline", "b/1"], 0).contains("byline.withdrawn"));
}

/// The names and sites that a server is started with are those that it knows.
#[test]
fn a_server_knows_the_names_and_sites_that_it_was_started_with() {
    let archive = Archive::new();
    archive.load_samples();
    let server =
        Serving::start(&archive, &["--host", "ledger.lan", "--cors-origin", "https://named.example"]);
    for (host, expected) in [("localhost", 200), ("ledger.lan", 200), ("rebound.example", 403)] {
        let found = server.ask("GET /api/v1/search?q=ferry", &[&format!("host: {host}")], "");
        assert_eq!(found, expected, "{host}");
    }
    let event = r#"{"type":"byline.published","id":"b/new","data":{"name":"New"}}"#;
    for (origin, expected) in [("https://named.example", 200), ("https://evil.example", 403)] {
        let headers = ["host: localhost", &format!("origin: {origin}"), "content-type: application/json"];
        assert_eq!(server.ask("POST /api/v1/events", &headers, event), expected, "{origin}");
    }
}
