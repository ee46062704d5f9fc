//! The accept loop: a cap on connections, a limit on the time that a header takes to come, and a clean end.
//!
//! `axum::serve` waits for ever for headers, so two thousand sockets that send a byte a minute would hold it. Here
//! a connection that has not sent its headers in time is closed. Beyond the cap, which leaves the archive the files
//! that it needs, a new one takes the place of the one that has been idle for longest; where all are busy, it waits in the
//! system's queue until one ends.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::connect_info::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, Sleep, sleep_until, timeout},
};
use tower::ServiceExt;

use crate::door::connections::Connections;

/// The bounds of connections.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// The most connections at once.
    pub connections: usize,
    /// The longest time for the headers of a request, and for which a connection may be idle.
    pub headers: Duration,
    /// The longest time for which a reader may take nothing of an answer.
    pub stalled: Duration,
    /// The time that requests under way have when the server stops.
    pub ending: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: MOST_CONNECTIONS,
            headers: Duration::from_secs(10),
            stalled: Duration::from_secs(30),
            ending: Duration::from_secs(10),
        }
    }
}

/// More connections serve nobody sooner.
const MOST_CONNECTIONS: usize = 4_096;
/// Files that log and indexes need beside the connections, also while three views are built at once.
const FILES_OF_ARCHIVE: u64 = 384;
/// Fewer connections than this are no server: then the archive has to do with less.
const FEWEST_CONNECTIONS: u64 = 64;

impl ServerLimits {
    /// Raises the number of files that this process may have open as far as it may be raised, and returns limits with
    /// as many connections as that leaves beside the archive's own files.
    pub fn of_this_process() -> Self {
        let limit = raise_files();
        let connections = limit.map_or(MOST_CONNECTIONS, connections_within);
        match limit {
            Some(files) if connections < MOST_CONNECTIONS => tracing::warn!(
                files,
                connections,
                "the limit on open files leaves room for few connections: raise it with `ulimit -n` or LimitNOFILE"
            ),
            files => tracing::info!(files, connections, "connections that can be open at once"),
        }
        Self { connections, ..Self::default() }
    }
}

/// Returns how many files may be open now; `None` for any number.
fn raise_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit on open files cannot be raised");
        return current;
    }
    maximum
}

fn connections_within(files: u64) -> usize {
    let connections = files.saturating_sub(FILES_OF_ARCHIVE).max(FEWEST_CONNECTIONS.min(files / 2));
    usize::try_from(connections).map_or(MOST_CONNECTIONS, |connections| connections.min(MOST_CONNECTIONS))
}

/// Serves a router until `shutdown` comes, then lets the requests end that are under way.
///
/// # Errors
/// The system's, when the socket fails.
pub async fn serve_router(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let connections = Connections::new(limits.connections);
    let (stop, stopping) = watch::channel(false);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or a connection that ended before we took it: neither ends the server.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let connection = tokio::select! {
            connection = connections.enter() => connection,
            () = &mut shutdown => break,
        };
        let Some(open) = connection else { break };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let mut stopping = stopping.clone();
        tokio::spawn(async move {
            let asked = Arc::clone(&open);
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let mut request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                let (router, asked) = (router.clone(), asked.asked());
                async move {
                    let answer = router.oneshot(request).await?;
                    Ok::<_, Infallible>(answer.map(|body| asked.until_sent(body)))
                }
            });
            let io = TokioIo::new(Unstalled::new(stream, limits.stalled));
            let mut connection = std::pin::pin!(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(limits.headers)
                    .max_buf_size(64 << 10)
                    .serve_connection(io, service)
            );
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, %peer, "a connection ended early");
                    }
                }
                () = open.closed() => tracing::debug!(%peer, "an idle connection gave its place to another"),
                () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => {
                    connection.as_mut().graceful_shutdown();
                    let _ = timeout(limits.ending, connection).await;
                }
            }
        });
    }
    drop(listener);
    let _ = stop.send(true);
    let _ = timeout(limits.ending + Duration::from_secs(1), connections.end()).await;
    Ok(())
}

/// A stream whose reader must take something now and then.
struct Unstalled {
    stream: TcpStream,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Unstalled {
    fn new(stream: TcpStream, limit: Duration) -> Self {
        Self { stream, limit, timer: None }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.timer = None;
            return written;
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Unstalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl AsyncWrite for Unstalled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_archive_its_files() {
        let check = |files: u64, expected: usize| assert_eq!(connections_within(files), expected, "{files}");
        check(1_024, 640);
        check(4_096, 3_712);
        check(1 << 20, 4_096);
        check(u64::MAX, 4_096);
        check(400, 64);
        check(64, 32);
    }
}
