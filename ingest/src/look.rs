//! Looking at files that no reader knows: what a mapping of them may be, and what their records would become by it.

use std::{fs, io::Read, path::Path};

use serde_json::Value;
use store::Timestamp;

use crate::{
    hints::Hints,
    mapping::{Looked, Mappings, Shaped, propose},
    open::{self, Source},
    read::{self, RecordRead},
    reader::{Writing, columns_of, common::text_of},
    record::{Origin, Place, Raw},
    walk::walk,
    xml,
};

/// The bytes of a file that are looked at.
const LOOK_AT_BYTES: u64 = 16 << 20;
/// The number of files that are looked at.
const FILES: usize = 20;

/// The reason why files cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// It cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// As it was given.
        path: String,
        /// The reason.
        why: String,
    },
    /// It is neither JSON, XML nor a table.
    #[error("{path} is neither JSON, XML nor a table: {why}")]
    NoTree {
        /// As it was given.
        path: String,
        /// The reason.
        why: String,
    },
    /// No names tell what they are.
    #[error(
        "nothing in these files is called as a headline or a text usually is: write a mapping by hand (docs/mapping.md), and try it \
         with `morgue map --map FILE`"
    )]
    Nothing,
}

/// Proposes a mapping of these files, in TOML.
///
/// # Errors
/// [`LookError`].
pub fn propose_mapping(paths: &[impl AsRef<Path>]) -> Result<String, LookError> {
    let mut looked = Vec::new();
    for visit in paths.iter().flat_map(|path| walk(path.as_ref())).take(FILES) {
        let unreadable = |why: String| LookError::Unreadable { path: visit.shown.clone(), why };
        let mut file = fs::File::open(&visit.path).map_err(|error| unreadable(crate::walk::why(&error)))?;
        let origin = Origin { path: visit.shown.clone(), stem: visit.stem.clone(), changed: None };
        let mut failed = None;
        open::open(Source::File(&mut file), origin, None, &mut |stream| {
            let looked_at = stream.map_err(|(_, why)| unreadable(why)).and_then(|stream| {
                let mut bytes = Vec::new();
                let read = Read::take(stream.input, LOOK_AT_BYTES).read_to_end(&mut bytes);
                read.map_err(|error| unreadable(crate::walk::why(&error)))?;
                let name = stream.origin.stem.rsplit('/').next().unwrap_or_default().to_owned();
                let no_tree = |why| LookError::NoTree { path: stream.origin.path.clone(), why };
                Ok(Looked { name, shape: shape(&bytes).map_err(no_tree)? })
            });
            match looked_at {
                Ok(one) => looked.push(one),
                Err(error) => failed = Some(error),
            }
            failed.is_none() && looked.len() < FILES
        });
        if let Some(error) = failed {
            return Err(error);
        }
    }
    propose(&looked).ok_or(LookError::Nothing)
}

/// Returns what the first records of these files say by mappings, at most so many, each with its place: events, or why
/// there are none.
///
/// # Errors
/// [`LookError::Unreadable`].
pub fn first_records(
    paths: &[impl AsRef<Path>],
    mappings: &Mappings,
    most: usize,
) -> Result<Vec<(String, RecordRead)>, LookError> {
    let hints = Hints { mappings: mappings.clone(), ..Hints::default() };
    let mut found = Vec::new();
    for visit in paths.iter().flat_map(|path| walk(path.as_ref())) {
        if found.len() >= most {
            break;
        }
        let mut file = fs::File::open(&visit.path).map_err(|error| LookError::Unreadable {
            path: visit.shown.clone(),
            why: crate::walk::why(&error),
        })?;
        let origin = Origin { path: visit.shown, stem: visit.stem, changed: None };
        let shown = origin.path.clone();
        read::read_while(Source::File(&mut file), origin, &hints, Timestamp::now(), &mut |line, said| {
            found.push((format!("{shown}:{line}"), said));
            found.len() < most
        });
    }
    Ok(found)
}

/// Returns what is in a file; what is wrong with it otherwise.
fn shape(bytes: &[u8]) -> Result<Shaped, String> {
    let text = text_of(bytes);
    let text = text.trim_start_matches('\u{feff}');
    match Writing::of(bytes) {
        Writing::Json => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) => Ok(Shaped::Json(value)),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("there is nothing in it".to_owned()),
            }
        }
        Writing::Xml => xml::parse(&Raw::new(Place::START, bytes.to_vec()))
            .map(Shaped::Xml)
            .map_err(|why| why.to_string()),
        Writing::Rows => {
            let columns = columns_of(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
            match columns.len() {
                0 | 1 => Err("its first line has no columns".to_owned()),
                _ => Ok(Shaped::Rows(columns)),
            }
        }
    }
}
