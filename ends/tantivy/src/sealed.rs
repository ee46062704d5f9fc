//! Small files that can tell whether they are whole: the last line is a digest of all before it.
//!
//! ```text
//! sealed = content, "\n"?, "#", 32 hexadecimal digits of the content's SHA-256, "\n"
//! ```

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};

/// The content with its seal.
fn seal(content: &[u8]) -> Vec<u8> {
    let mut sealed = content.to_vec();
    if sealed.last() != Some(&b'\n') {
        sealed.push(b'\n');
    }
    let line = seal_line(&sealed);
    sealed.extend(line.into_bytes());
    sealed
}

/// The content of a sealed file; `None` when it is not what was written.
pub fn unseal(sealed: &[u8]) -> Option<&[u8]> {
    let (content, line) = sealed.split_at_checked(sealed.len().checked_sub(LINE_BYTES)?)?;
    (line == seal_line(content).as_bytes()).then_some(content)
}

/// Puts a sealed file in the place of what was there, in one step, on disk when it returns.
///
/// # Errors
/// The system's.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(&seal(content))?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// `#`, 32 digits, a new line.
const LINE_BYTES: usize = 34;

fn seal_line(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("#{digits}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_flipped_bit_passes(content in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let mut sealed = seal(&content);
            let whole = unseal(&sealed).unwrap();
            prop_assert!(whole == content || whole == [content.as_slice(), b"\n"].concat());
            let bit = at.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(unseal(&sealed), None);
        }
    }

    #[test]
    fn what_is_too_short_does_not_pass() {
        assert_eq!(unseal(b""), None);
        assert_eq!(unseal(b"#00\n"), None);
    }
}
