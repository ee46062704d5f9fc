//! Load: connections that ask and wait for the answer, as fast as they can or at a rate.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What to do.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) connections: usize,
    /// Requests a second over all connections; as many as they can if left out.
    pub(super) rate: Option<f64>,
    pub(super) length: Duration,
}

/// What came of it; latencies in milliseconds, sorted.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) accepted: Vec<f64>,
    pub(super) refused: Vec<f64>,
    /// Neither: other statuses, connections that broke.
    pub(super) failed: usize,
    took: Duration,
}

impl Measured {
    /// Answered a second.
    pub(super) fn rate(&self) -> f64 {
        self.accepted.len() as f64 / self.took.as_secs_f64()
    }

    pub(super) fn sent_rate(&self) -> f64 {
        (self.accepted.len() + self.refused.len() + self.failed) as f64 / self.took.as_secs_f64()
    }

    pub(super) fn accepted_at(&self, part: f64) -> f64 {
        at(&self.accepted, part)
    }

    pub(super) fn refused_at(&self, part: f64) -> f64 {
        at(&self.refused, part)
    }
}

fn at(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// Words of three frequencies, alone, together, as a phrase, filtered and counted.
const QUERIES: [&str; 8] = [
    "q=w3",
    "q=w40",
    "q=w5+w60",
    "q=w7+OR+w90+OR+w200",
    "q=%22w1+w2%22",
    "q=w12&section=City",
    "q=w25&facets=section",
    "q=w30+w31&sort=newest",
];

impl Load {
    pub(super) async fn run(self) -> Measured {
        let began = Instant::now();
        let tasks: Vec<_> =
            (0..self.connections).map(|number| tokio::spawn(self.connection(number, began))).collect();
        let mut all = Measured::default();
        for task in tasks {
            let one = task.await.unwrap();
            all.accepted.extend(one.accepted);
            all.refused.extend(one.refused);
            all.failed += one.failed;
        }
        all.took = began.elapsed();
        all.accepted.sort_unstable_by(f64::total_cmp);
        all.refused.sort_unstable_by(f64::total_cmp);
        all
    }

    async fn connection(self, number: usize, began: Instant) -> Measured {
        let mut measured = Measured::default();
        let mut stream: Option<TcpStream> = None;
        let mut buffer = vec![0; 256 << 10];
        let each = self.rate.map(|rate| Duration::from_secs_f64(self.connections as f64 / rate));
        let mut due =
            began + each.map_or(Duration::ZERO, |each| each.mul_f64(number as f64 / self.connections as f64));
        let mut turn = number;
        while began.elapsed() < self.length {
            if let Some(each) = each {
                tokio::time::sleep_until(due.into()).await;
                // Who is late does not ask for what was missed: the server has had its rest by then.
                due = (due + each).max(Instant::now());
            }
            turn += 1;
            let connected = match stream.take() {
                Some(stream) => Ok(stream),
                None => TcpStream::connect(self.address).await,
            };
            let Ok(mut connected) = connected else {
                measured.failed += 1;
                continue;
            };
            let query = QUERIES[turn % QUERIES.len()];
            let request = format!("GET /api/v1/search?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            let asked = Instant::now();
            let status = match connected.write_all(request.as_bytes()).await {
                Ok(()) => answer(&mut connected, &mut buffer).await,
                Err(_) => None,
            };
            let took = asked.elapsed().as_secs_f64() * 1_000.0;
            match status {
                Some(200) => measured.accepted.push(took),
                Some(429) => measured.refused.push(took),
                _ => {
                    measured.failed += 1;
                    continue;
                }
            }
            stream = Some(connected);
        }
        measured
    }
}

/// Reads one answer to its end; its status.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<u16> {
    let mut have = 0;
    loop {
        let read = stream.read(buffer.get_mut(have..)?).await.ok().filter(|read| *read > 0)?;
        have += read;
        let text = buffer.get(..have)?;
        let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(text.get(..end)?).ok()?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        })?;
        if have >= end + 4 + length {
            return head.split(' ').nth(1)?.parse().ok();
        }
    }
}
