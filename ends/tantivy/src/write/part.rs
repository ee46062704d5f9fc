//! Parts of a new index: segments that are written side by side, nothing deleted in them, and put together in the end.

use std::{fs, path::Path, sync::Arc};

use tantivy::{
    Directory as _, Index as TantivyIndex, SegmentMeta, SingleSegmentIndexWriter,
    directory::TerminatingWrite, index::SegmentId,
};

use super::{document::Indexed, tokenizer::writers_analysers, writer::Writer};
use crate::{
    directory::IndexDirectory,
    error::{EndError, failed, io},
    index::{COMPONENTS, Index, open_index},
};

/// Tantivy's hash tables alone take this of a thread, in bytes.
pub const LEAST_PART_BYTES: usize = 3 << 20;
/// So many segments are left alone when parts are put together.
const FEW: usize = 8;

/// Writes one part of a new index: a segment in a directory of its own.
pub struct PartWriter {
    dir: Arc<Path>,
    writer: SingleSegmentIndexWriter,
}

/// The segments that were taken of parts into an index: their number, and those of parts that were small.
pub struct TakenParts {
    count: usize,
    small: Vec<(u32, SegmentId)>,
}

impl PartWriter {
    /// Begins a part of this index in `dir`, with so many bytes of memory.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn create(dir: &Path, of: &Index, memory: usize) -> Result<Self, EndError> {
        fs::create_dir_all(dir).map_err(io(dir))?;
        let directory = IndexDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
        let builder =
            TantivyIndex::builder().schema(of.schema().schema.clone()).tokenizers(writers_analysers());
        let writer = builder.single_segment_index_writer(directory, memory).map_err(failed(dir))?;
        Ok(Self { dir: dir.into(), writer })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn put(&mut self, document: Indexed) -> Result<(), EndError> {
        self.writer.add_document(document.fields).map_err(failed(&self.dir))
    }

    /// Returns how many bytes of memory it holds.
    pub fn memory(&self) -> usize {
        self.writer.mem_usage()
    }

    /// Ends the part; it is on disk when this returns.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn finish(self) -> Result<(), EndError> {
        self.writer.finalize().map(drop).map_err(failed(&self.dir))
    }
}

impl Writer {
    /// Moves the segments of finished parts into the index; the next commit has them. Each part's directory comes with
    /// whether it is as large as parts become.
    ///
    /// # Errors
    /// [`EndError`] when a part cannot be read, or the index written.
    pub fn take_parts<P: AsRef<Path>>(
        &mut self,
        parts: impl IntoIterator<Item = (P, bool)>,
    ) -> Result<TakenParts, EndError> {
        let mut taken = TakenParts { count: 0, small: Vec::new() };
        for (part_dir, is_large) in parts {
            let (part_dir, dir) = (part_dir.as_ref(), self.dir());
            let part = open_index(part_dir)?;
            for segment in part.searchable_segment_metas().map_err(failed(dir))? {
                // Tantivy keeps the files of a segment that somebody holds a meta of: it must be there first.
                let meta = self.tantivy().index().new_segment_meta(segment.id(), segment.max_doc());
                take_segment(&part, part_dir, self.tantivy().index(), dir, &segment).map_err(failed(dir))?;
                self.tantivy().add_segment(meta).map_err(failed(dir))?;
                taken.count += 1;
                taken.small.extend((!is_large).then(|| (segment.max_doc(), segment.id())));
            }
        }
        Ok(taken)
    }

    /// Makes more than a few segments that were parts fewer: of those that are small.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be written.
    pub fn merge_parts(&mut self, taken: TakenParts) -> Result<(), EndError> {
        let TakenParts { count, mut small } = taken;
        if count <= FEW {
            return Ok(());
        }
        small.sort_unstable();
        let smallest = small.into_iter().take(count - FEW + 1).map(|(_, id)| id);
        self.merge(&smallest.collect::<Vec<_>>())
    }
}

/// Gives a segment's files a second name in the index's own directory; where the file system has no such thing, copies
/// them. The part keeps its own until the index is committed.
fn take_segment(
    from: &TantivyIndex,
    from_dir: &Path,
    to: &TantivyIndex,
    to_dir: &Path,
    segment: &SegmentMeta,
) -> tantivy::Result<()> {
    use std::io::Write;

    for component in COMPONENTS {
        let path = segment.relative_path(component);
        if fs::hard_link(from_dir.join(&path), to_dir.join(&path)).is_ok() {
            continue;
        }
        let bytes = from.directory().open_read(&path)?.read_bytes()?;
        let mut file = to.directory().open_write(&path)?;
        file.write_all(&bytes)?;
        file.terminate()?;
    }
    Ok(())
}
