//! Smaller answers: gzip (RFC 1952) for who takes it. Pages are text, and a slow line is where an archive is read.

use std::io::Write;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};

/// Returns true if the one who asks takes gzip.
pub(crate) fn is_taken(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The bytes as gzip.
pub(crate) fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), level);
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// An answer whose body is gzip now.
pub(crate) async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Response::default() };
    mark(&mut parts.headers);
    Response::from_parts(parts, Body::from(gzip(&bytes, Compression::fast())))
}

/// A body that is packed part by part: each can be read as soon as it is there.
pub(crate) struct Packing(GzEncoder<Vec<u8>>);

impl Default for Packing {
    fn default() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::fast()))
    }
}

impl Packing {
    /// The next part.
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        // Writing to memory does not fail.
        let _ = self.0.write_all(bytes).and_then(|()| self.0.flush());
        std::mem::take(self.0.get_mut())
    }

    /// Returns what comes behind the last.
    pub(crate) fn end(self) -> Vec<u8> {
        self.0.finish().unwrap_or_default()
    }
}

/// Says that a body is gzip, and that this depends on who asks.
pub(crate) fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    vary(headers);
    headers.remove(header::CONTENT_LENGTH);
}

/// Says that whether a body is gzip depends on who asks.
pub(crate) fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_so_far_can_be_read() {
        use std::io::Read;
        let mut packing = Packing::default();
        let mut packed = packing.pack(b"one\n");
        let mut begun = [0; 4];
        flate2::read::GzDecoder::new(packed.as_slice()).read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"one\n");
        packed.extend(packing.pack(b"two\n"));
        packed.extend(packing.end());
        let mut whole = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut whole).unwrap();
        assert_eq!(whole, "one\ntwo\n");
    }

    #[test]
    fn gzip_is_for_who_takes_it() {
        let check = |accepted: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(is_taken(&headers), expected, "{accepted}");
        };
        check("gzip, deflate, br", true);
        check("br;q=1.0, GZIP;q=0.5", true);
        check("gzip;q=0", false);
        check("gzip; q=0.0, br", false);
        check("identity", false);
        assert!(!is_taken(&HeaderMap::new()));
    }
}
