//! The keys of a server, and the three roles that they stand for.
//!
//! A key comes as `Authorization: Bearer KEY`, or in the ways that clients of Elasticsearch have: `ApiKey KEY`, `ApiKey`
//! with base64 of `id:KEY`, `Basic` with the key as password. Only SHA-256 digests of keys are kept, and they are
//! compared in the same time whatever they are. No key is ever logged. A file of keys is read again when it changes.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use store::{AsOf, Stamp, Timestamp};
use subtle::ConstantTimeEq;

/// The shortest time between two looks at the file of keys.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The role of a key. Each allows what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Searching and reading.
    Read,
    /// Appending events.
    Write,
    /// Rebuilding.
    Admin,
}

impl Role {
    /// All of them, those that allow less first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// As it is written in files of keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(InvalidRole)
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the role must be read, write or admin")]
pub struct InvalidRole;

/// A line of a file of keys that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: a key is a line `ROLE SHA256 NAME until=DATE paths=/es,/api`, such as `morgue key` prints: {why}"
)]
pub struct InvalidKey {
    line: usize,
    why: &'static str,
}

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It cannot be read.
    #[error("the keys in {} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A line is wrong.
    #[error("{}, {error}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: InvalidKey,
    },
    /// There is no key in it, and a server without keys would let everybody read.
    #[error("there is no key in {}: `morgue key admin` prints a line for it", .0.display())]
    Empty(PathBuf),
}

/// A key, without what proves that somebody has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its role.
    pub role: Role,
    /// The SHA-256 of the key.
    pub(crate) digest: [u8; 32],
    /// What it is told from others by; empty if nobody has named it.
    pub name: String,
    /// The last moment that it is good for; `None` for ever.
    pub until: Option<Timestamp>,
    /// The beginnings of the addresses that it is good for; none for all.
    pub paths: Vec<String>,
}

impl Key {
    /// Returns the key that this text proves, of a role, without a name or bounds.
    pub fn new(role: Role, key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes()).into();
        Self { role, digest, name: String::new(), until: None, paths: Vec::new() }
    }

    /// Returns the first digits of the digest, by which a line without a name is found again.
    pub fn mark(&self) -> String {
        hex_of(&self.digest).chars().take(8).collect()
    }

    /// Returns true if it is good no more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until < now)
    }

    /// Returns true if it is good for an address.
    pub(crate) fn is_for(&self, path: &str) -> bool {
        let begins = |begin: &String| {
            path.strip_prefix(begin.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(begins)
    }

    fn read(line: &str) -> Result<Self, &'static str> {
        let mut words = line.split_whitespace();
        let (Some(role), Some(digest)) = (words.next(), words.next()) else {
            return Err("it has two words at least");
        };
        let role = role.parse().map_err(|_: InvalidRole| "the role must be read, write or admin")?;
        let digest = from_hex(digest).ok_or("the digest must have 64 hexadecimal digits")?;
        let mut key = Self { role, digest, name: String::new(), until: None, paths: Vec::new() };
        let mut name = Vec::new();
        for word in words {
            match word.split_once('=') {
                None => name.push(word),
                Some(("until", date)) => match date.parse() {
                    Ok(AsOf::Time(until)) => key.until = Some(until),
                    _ => return Err("until= is a date: 2027, 2027-06-30 or a time"),
                },
                Some(("paths", paths)) if paths.split(',').all(|path| path.starts_with('/')) => {
                    key.paths = paths.split(',').map(str::to_owned).collect();
                }
                Some(("paths", _)) => {
                    return Err("paths= are beginnings of addresses, each with a / before it");
                }
                Some(_) => return Err("after the digest stand a name, until= and paths= alone"),
            }
        }
        key.name = name.join(" ");
        Ok(key)
    }
}

/// The line of the key in a file.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.role.name(), hex_of(&self.digest))?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if let Some(until) = self.until {
            write!(f, " until={until}")?;
        }
        if !self.paths.is_empty() {
            write!(f, " paths={}", self.paths.join(","))?;
        }
        Ok(())
    }
}

/// The keys of a server, as the file says that they are in now.
#[derive(Default)]
pub struct Access {
    file: Option<PathBuf>,
    /// Also once the last of them was taken from the file: that opens nothing.
    has_keys: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Arc<[Key]>,
    stamp: Option<Stamp>,
    looked: Option<Instant>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({} keys)", self.state.lock().unwrap_or_else(PoisonError::into_inner).keys.len())
    }
}

impl Access {
    /// Reads lines of keys; empty ones and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`InvalidKey`] for the first line that is none.
    pub fn parse(lines: &str) -> Result<Self, InvalidKey> {
        let keys = keys_of(lines)?;
        let has_keys = !keys.is_empty();
        let state = Mutex::new(State { keys: keys.into(), ..State::default() });
        Ok(Self { file: None, has_keys, state })
    }

    /// Reads a file of keys, which is looked at again while it is asked for them: a key that is struck from it is none a second
    /// later. While the file cannot be read, or has a line that is none, the keys stay as they were, and an error is logged.
    ///
    /// # Errors
    /// [`KeysError`]: it cannot be read, a line is wrong, or there is no key in it.
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        let (keys, stamp) = read(path)?;
        if keys.is_empty() {
            return Err(KeysError::Empty(path.to_owned()));
        }
        let state = State { keys, stamp: Some(stamp), looked: Some(Instant::now()) };
        Ok(Self { file: Some(path.to_owned()), has_keys: true, state: Mutex::new(state) })
    }

    /// Returns the line of a key without name and bounds.
    pub fn line(role: Role, key: &str) -> String {
        Key::new(role, key).to_string()
    }

    /// Returns true if there were keys at all when it was made.
    pub fn has_keys(&self) -> bool {
        self.has_keys
    }

    /// Returns all keys, as they are now.
    pub fn keys(&self) -> Arc<[Key]> {
        self.keys_at(Instant::now())
    }

    fn keys_at(&self, now: Instant) -> Arc<[Key]> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = &self.file else { return Arc::clone(&state.keys) };
        if state.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK_EVERY) {
            state.looked = Some(now);
            let stamp = Stamp::of(path).ok();
            if stamp != state.stamp {
                state.stamp = stamp;
                match read(path) {
                    Ok((keys, stamp)) => {
                        tracing::info!(keys = keys.len(), "the file of keys was read again");
                        (state.keys, state.stamp) = (keys, Some(stamp));
                    }
                    Err(error) => tracing::error!(%error, "the keys stay as they were"),
                }
            }
        }
        Arc::clone(&state.keys)
    }

    /// Returns the key that this text proves, if it is one; of two with one digest the one that allows more.
    pub(crate) fn key(&self, key: &str) -> Option<Key> {
        self.key_of(&Sha256::digest(key.as_bytes()).into())
    }

    /// Returns the key with this digest.
    pub(crate) fn key_of(&self, digest: &[u8; 32]) -> Option<Key> {
        let mut found: Option<&Key> = None;
        let keys = self.keys();
        for own in keys.iter() {
            if own.digest.ct_eq(digest).into() && found.is_none_or(|found| found.role < own.role) {
                found = Some(own);
            }
        }
        found.cloned()
    }
}

/// Returns the keys of a file, and the state of it that they are of.
fn read(path: &Path) -> Result<(Arc<[Key]>, Stamp), KeysError> {
    let unreadable = |error| KeysError::Unreadable { path: path.to_owned(), error };
    // Looked at before it is read: what is written meanwhile is read again.
    let stamp = Stamp::of(path).map_err(unreadable)?;
    let lines = fs::read_to_string(path).map_err(unreadable)?;
    let keys = keys_of(&lines).map_err(|error| KeysError::Invalid { path: path.to_owned(), error })?;
    Ok((keys.into(), stamp))
}

fn keys_of(lines: &str) -> Result<Vec<Key>, InvalidKey> {
    let lines = lines.lines().map(str::trim).zip(1..);
    let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    keys.map(|(text, line)| Key::read(text).map_err(|why| InvalidKey { line, why })).collect()
}

/// Bytes as hexadecimal digits.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Returns what of an `Authorization` header may be the key.
pub(super) fn keys_in(header: &str) -> Vec<String> {
    let Some((scheme, rest)) = header.split_once(' ') else { return Vec::new() };
    let rest = rest.trim();
    let mut keys = Vec::new();
    if !scheme.eq_ignore_ascii_case("basic") {
        keys.push(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("bearer")
        && let Some(pair) = from_base64(rest).and_then(|bytes| String::from_utf8(bytes).ok())
    {
        keys.extend(pair.split_once(':').map(|(_, key)| key.to_owned()));
    }
    keys
}

/// Standard base64 (RFC 4648), with or without padding; `None` for what is none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_several_ways() {
        let access = Access::parse(&format!(
            "# ours\n{}\n\n{} laptop\n",
            Access::line(Role::Read, "r"),
            Access::line(Role::Write, "w")
        ))
        .unwrap();
        let role_of = |key: &str| access.key(key).map(|key| key.role);
        assert_eq!(role_of("w"), Some(Role::Write));
        assert_eq!(role_of("x"), None);
        for given in ["Bearer w", "bearer w", "ApiKey w", "ApiKey aWQ6dw==", "Basic dXNlcjp3"] {
            assert_eq!(keys_in(given).iter().find_map(|key| role_of(key)), Some(Role::Write), "{given}");
        }
        for given in ["Basic w", "w", "Bearer", "Basic ???", ""] {
            assert_eq!(keys_in(given).iter().find_map(|key| role_of(key)), None, "{given}");
        }
        assert_eq!(format!("{access:?}"), "Access(2 keys)");
    }

    #[test]
    fn a_line_says_what_a_key_is_good_for() {
        let digest = hex_of(&Key::new(Role::Read, "r").digest);
        for line in [
            format!("read {digest}"),
            format!("read {digest} old laptop"),
            format!("write {digest} import until=2027-06-30T23:59:59.999Z"),
            format!("admin {digest} until=2027-06-30T23:59:59.999Z paths=/es,/api/v1/search"),
        ] {
            let keys = keys_of(&line).unwrap();
            assert_eq!(keys.iter().map(Key::to_string).collect::<Vec<_>>(), [line]);
        }
        let check = |line: &str, why: &str| {
            let error = keys_of(&format!("# ours\n\n{}", line.replace("DIGEST", &digest))).unwrap_err();
            assert_eq!((error.line, error.why), (3, why), "{line}");
        };
        check("owner DIGEST", "the role must be read, write or admin");
        check("read", "it has two words at least");
        check("read 00", "the digest must have 64 hexadecimal digits");
        check("read DIGEST until=soon", "until= is a date: 2027, 2027-06-30 or a time");
        check("read DIGEST paths=es", "paths= are beginnings of addresses, each with a / before it");
        check("read DIGEST scope=all", "after the digest stand a name, until= and paths= alone");
    }

    #[test]
    fn a_key_is_for_whole_steps_of_an_address() {
        let key = Key { paths: vec!["/es".to_owned(), "/api/v1/".to_owned()], ..Key::new(Role::Read, "r") };
        for (path, expected) in [
            ("/es", true),
            ("/es/articles/_search", true),
            ("/estate", false),
            ("/api/v1", true),
            ("/api/v1/search", true),
            ("/api", false),
            ("/", false),
        ] {
            assert_eq!(key.is_for(path), expected, "{path}");
            assert!(Key::new(Role::Read, "r").is_for(path));
        }
    }

    /// A key that is struck from the file is none any more, also when it was the last; a file that cannot be used changes nothing.
    #[test]
    fn the_file_is_looked_at_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("keys");
        let lines =
            |keys: &[&str]| keys.iter().map(|key| Access::line(Role::Read, key) + "\n").collect::<String>();
        assert!(matches!(Access::open(&path), Err(KeysError::Unreadable { .. })));
        fs::write(&path, "# none yet\n").unwrap();
        assert!(matches!(Access::open(&path), Err(KeysError::Empty(_))));
        fs::write(&path, lines(&["a", "b"])).unwrap();
        let access = Access::open(&path).unwrap();
        let mut now = Instant::now();
        let mut count_after = |content: &str| {
            fs::write(&path, content).unwrap();
            now += LOOK_EVERY;
            access.keys_at(now).len()
        };
        assert_eq!(count_after(&lines(&["a"])), 1);
        assert_eq!(count_after("read 00"), 1, "it cannot be used");
        assert_eq!(count_after(&lines(&["a", "b", "c"])), 3);
        assert_eq!(count_after(""), 0);
        assert!(access.has_keys(), "no key is left, and nobody is let in");
    }
}
