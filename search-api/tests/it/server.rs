//! The accept loop, with real sockets.

use std::time::Duration;

use axum::{Router, routing::get};
use search_api::{ApiState, ServerLimits, app, pages::PagesConfig, serve_router};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::archive::Archive;

const LIMITS: ServerLimits = ServerLimits {
    connections: 300,
    headers: Duration::from_millis(400),
    stalled: Duration::from_millis(400),
    ending: Duration::from_secs(5),
};

async fn ask(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A story: two thousand sockets send a byte now and then and never come to the end of their headers. With
/// `axum::serve` they would be held for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dribbling_sockets_are_closed_and_others_answered() {
    // Both ends are here.
    let sockets = (files_allowed() / 2 - 200).min(2_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().route("/", get(|| async { "ok" }));
    let limits = ServerLimits { connections: 4_096, headers: Duration::from_secs(3), ..LIMITS };
    let server = tokio::spawn(serve_router(listener, router, limits, async { drop(stopped.await) }));
    let mut dribbling = many_of(address, sockets).await;
    let mut good = 0;
    for byte in b"GET / HTTP/1.1\r\nx: " {
        for stream in &mut dribbling {
            // One that was closed already takes no more.
            let _ = stream.write_all(&[*byte]).await;
        }
        for _ in 0..10 {
            assert!(ask(address).await.ends_with("ok"), "a good request is answered beside them");
            good += 1;
        }
    }
    for stream in &mut dribbling {
        let mut rest = Vec::new();
        // The end comes: with or without an answer, but in time.
        let ended = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a socket that sends no headers is closed");
    }
    println!("{sockets} dribbling sockets were closed, {good} of {good} good requests answered beside them");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

/// A story: seven hundred bodies are announced as large and come a byte now and then. Who asks beside them is answered
/// all the same: room is taken by what has come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dribbling_bodies_keep_nobody_out() {
    let bodies = (files_allowed() / 2 - 200).min(700);
    assert!(bodies > 515, "{bodies}");
    let archive = Archive::small();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let limits = ServerLimits { connections: 4_096, ..ServerLimits::default() };
    let server =
        tokio::spawn(serve_router(listener, archive.router(), limits, async { drop(stopped.await) }));
    let mut dribbling = many_of(address, bodies).await;
    for stream in &mut dribbling {
        let head = "POST /es/articles/_search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\
                    expect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
    }
    for stream in &mut dribbling {
        // It is said when the body is waited for.
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 100");
        stream.write_all(b" ").await.unwrap();
    }
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let good = "POST /es/articles/_search HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(good.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    drop(dribbling);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

/// How many files this process may have open, after asking for more.
fn files_allowed() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(8_192, |maximum| maximum.min(8_192));
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
    usize::try_from(getrlimit(Resource::Nofile).current.unwrap_or(wanted)).unwrap()
}

/// A story: a crowd connects and says nothing, ten times as many as there is room for, and stays. Whoever has something to
/// ask is answered at once: he takes the place of one that has been idle for longest.
#[tokio::test]
async fn an_idle_crowd_keeps_nobody_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().route("/", get(|| async { "ok" }));
    let limits = ServerLimits { connections: 30, headers: Duration::from_secs(600), ..LIMITS };
    let server = tokio::spawn(serve_router(listener, router, limits, async { drop(stopped.await) }));
    let mut crowd = many_of(address, 300).await;
    for _ in 0..10 {
        assert!(ask(address).await.ends_with("ok"));
    }
    let closed =
        crowd.iter_mut().filter(|stream| stream.try_read(&mut [0; 1]).is_ok_and(|read| read == 0)).count();
    assert!(closed >= 270, "{closed} of the crowd gave way");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

/// A story: forty readers ask for a picture of sixteen megabytes and take nothing of it. The server holds a little of it
/// for each, not all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_nobody_takes_are_not_held() {
    const READERS: usize = 40;
    const BYTES: usize = 16 << 20;
    let archive = Archive::small();
    let media = tempfile::tempdir().unwrap();
    let whole: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
    std::fs::write(media.path().join("large.png"), &whole).unwrap();
    let picture = json!({"caption": "A large one", "renditions": [{"href": "large.png"}]});
    archive.append(&[json!({"type": "image.published", "id": "i/large", "data": picture})]);
    archive.index();
    let pages = PagesConfig { media: vec![media.path().to_owned()], ..PagesConfig::default() };
    let app = app(ApiState::new(archive.search.clone()).unwrap(), pages);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let limits = ServerLimits { ending: Duration::from_millis(100), ..ServerLimits::default() };
    let server = tokio::spawn(serve_router(listener, app, limits, async { drop(stopped.await) }));
    let before = resident();
    let mut readers = many_of(address, READERS).await;
    for stream in &mut readers {
        stream.write_all(b"GET /media/large.png HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
    }
    let held = resident().saturating_sub(before);
    assert!(held < READERS * BYTES / 4, "{held} bytes are held for {READERS} readers");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /media/large.png HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&whole), "{} bytes came", answer.len());
    drop(readers);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

/// Bytes of memory that this process holds, see proc_pid_statm(5).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// A story: more connections come than there is room for. They are served all the same.
#[tokio::test]
async fn more_connections_than_the_cap_are_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().route("/", get(|| async { "ok" }));
    let server = tokio::spawn(serve_router(listener, router, LIMITS, async { drop(stopped.await) }));
    let crowd = many_of(address, 600).await;
    drop(crowd);
    assert!(ask(address).await.ends_with("ok"));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

async fn many_of(address: std::net::SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    streams
}

/// A story: the machine is told to restart while somebody waits for a slow answer. The answer still comes, whole.
#[tokio::test]
async fn requests_under_way_end_well_when_the_server_stops() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (begun, has_begun) = oneshot::channel::<()>();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let signals = std::sync::Arc::new(std::sync::Mutex::new(Some((begun, may_go_on))));
    let slow = get(move || async move {
        let taken = signals.lock().unwrap().take();
        if let Some((begun, may_go_on)) = taken {
            begun.send(()).unwrap();
            may_go_on.await.unwrap();
        }
        "ok"
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().route("/", slow);
    let server = tokio::spawn(serve_router(listener, router, LIMITS, async { drop(stopped.await) }));
    let asked = tokio::spawn(ask(address));
    has_begun.await.unwrap();
    stop.send(()).unwrap();
    go_on.send(()).unwrap();
    assert!(asked.await.unwrap().ends_with("ok"));
    server.await.unwrap().unwrap();
}
