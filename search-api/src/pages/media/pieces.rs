//! A picture's file as the body of an answer: a piece at a time, read when the one before it was taken, so that readers who
//! take nothing hold next to nothing. No file stays open between two pieces.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::SystemTime,
};

use axum::body::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_stream::Stream;

/// The most that one reader holds of a file, in bytes.
const PIECE: u64 = 128 << 10;

/// A file, as it was when it was asked for.
#[derive(Debug)]
pub(super) struct Picture {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
}

impl Picture {
    /// The file at this path; `None` for what is no file.
    pub(super) fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let metadata = path.metadata()?;
        let picture = Self { bytes: metadata.len(), changed: metadata.modified().ok(), path };
        Ok(metadata.is_file().then_some(picture))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns a text that changes when the file does.
    pub(super) fn version(&self) -> String {
        format!("{} {} {:?}", self.path.display(), self.bytes, self.changed)
    }

    fn is_still(&self, metadata: &Metadata) -> bool {
        metadata.len() == self.bytes && metadata.modified().ok() == self.changed
    }

    /// The piece that begins there.
    fn piece(&self, at: u64) -> io::Result<Bytes> {
        let mut file = File::open(&self.path)?;
        if !self.is_still(&file.metadata()?) {
            return Err(changed(&self.path));
        }
        file.seek(SeekFrom::Start(at))?;
        let wanted = PIECE.min(self.bytes.saturating_sub(at));
        let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        file.take(wanted).read_to_end(&mut piece)?;
        if piece.len() as u64 == wanted { Ok(piece.into()) } else { Err(changed(&self.path)) }
    }
}

/// Its end would be that of another file: whoever reads it sees that it is not whole.
fn changed(path: &Path) -> io::Error {
    io::Error::other(format!("{} was changed while it was being sent", path.display()))
}

/// The pieces of a picture, in order.
pub(super) struct Pieces {
    picture: Arc<Picture>,
    at: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Pieces {
    pub(super) fn of(picture: Picture) -> Self {
        Self { picture: Arc::new(picture), at: 0, reading: None }
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (picture, at) = (Arc::clone(&self.picture), self.at);
        if at >= picture.bytes {
            return Poll::Ready(None);
        }
        let reading = self.reading.get_or_insert_with(|| spawn_blocking(move || picture.piece(at)));
        let piece = ready!(Pin::new(reading).poll(context)).map_err(io::Error::other).flatten();
        self.reading = None;
        match &piece {
            Ok(piece) => self.at += piece.len() as u64,
            Err(error) => {
                tracing::warn!(%error, "a picture cannot be sent to its end");
                self.at = u64::MAX;
            }
        }
        Poll::Ready(Some(piece))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    fn picture(dir: &Path, bytes: &[u8]) -> Picture {
        let path = dir.join("a.png");
        std::fs::write(&path, bytes).unwrap();
        Picture::at(path).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_picture_comes_in_pieces_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 1, PIECE, PIECE * 3 + 7] {
            let whole: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut pieces = Pieces::of(picture(dir.path(), &whole));
            let mut found = Vec::new();
            while let Some(piece) = pieces.next().await {
                let piece = piece.unwrap();
                assert!(piece.len() as u64 <= PIECE);
                found.extend(piece);
            }
            assert!(found == whole, "{length} bytes");
        }
    }

    /// A story: a picture is replaced while a reader takes it slowly. Nobody is given half of each.
    #[tokio::test]
    async fn a_picture_that_is_replaced_ends_with_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut pieces = Pieces::of(picture(dir.path(), &vec![1; PIECE as usize * 2]));
        assert_eq!(pieces.next().await.unwrap().unwrap().len() as u64, PIECE);
        picture(dir.path(), b"shorter");
        assert!(pieces.next().await.unwrap().is_err());
        assert!(pieces.next().await.is_none());
    }
}
