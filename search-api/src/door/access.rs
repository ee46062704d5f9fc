//! The keys of a server, and the three roles that they stand for.
//!
//! A key comes as `Authorization: Bearer KEY`, or in the ways that clients of Elasticsearch have: `ApiKey KEY`, `ApiKey`
//! with base64 of `id:KEY`, `Basic` with the key as password. Only SHA-256 digests of keys are kept, and they are
//! compared in the same time whatever they are. No key is ever logged.

use std::{fmt, str::FromStr};

use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

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
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err(InvalidKey("the role must be read, write or admin")),
        }
    }
}

/// A line that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key is a line `ROLE SHA256`, such as the one that `morgue key` prints: {0}")]
pub struct InvalidKey(&'static str);

/// The keys of a server.
#[derive(Clone, Default)]
pub struct Access {
    keys: Vec<Key>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({} keys)", self.keys.len())
    }
}

impl Access {
    /// Reads lines of `ROLE SHA256`; empty ones and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`InvalidKey`] for the first line that is none.
    pub fn parse(lines: &str) -> Result<Self, InvalidKey> {
        let mut access = Self::default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (role, digest) =
                line.split_once(char::is_whitespace).ok_or(InvalidKey("it has two words"))?;
            let digest = digest.split_whitespace().next().unwrap_or_default();
            let bytes = from_hex(digest).ok_or(InvalidKey("the digest must have 64 hexadecimal digits"))?;
            access.keys.push(Key { role: role.parse()?, digest: bytes });
        }
        Ok(access)
    }

    /// The line of a key.
    pub fn line(role: Role, key: &str) -> String {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        format!("{} {}", role.name(), hex_of(&digest))
    }

    /// Returns true if there are keys at all.
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The key that this is, if it is one.
    pub(crate) fn key(&self, key: &str) -> Option<Key> {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut found = None;
        for own in &self.keys {
            if own.digest.ct_eq(&digest).into() {
                found = found.max(Some(*own));
            }
        }
        found
    }
}

/// A key, without what proves that somebody has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) role: Role,
    pub(crate) digest: [u8; 32],
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
        assert!(Access::parse("owner 00").is_err());
        assert!(Access::parse("read 00").is_err());
        assert_eq!(format!("{access:?}"), "Access(2 keys)");
    }
}
