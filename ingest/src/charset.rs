//! Character encodings: what a file is written in, and its text as UTF-8.
//!
//! A file is what its mark says, or is UTF-8 where its bytes are; or else what the user says, or what it declares, or
//! what its bytes look like. The encodings are the web's (WHATWG) and the code pages of DOS.

mod declared;
mod stream;
#[cfg(test)]
mod streams;

use std::{borrow::Cow, fmt, str::FromStr};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

pub(crate) use self::stream::{ReadAs, Transcoded};

/// A character encoding, by any of the names that the web or IANA has for it: `windows-1252`, `latin1`, `Shift_JIS`,
/// `IBM850`, `cp437`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charset(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Web(&'static Encoding),
    /// The number of a code page.
    Dos(u16),
}

/// A name that no known encoding has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no encoding that is known: try windows-1252, iso-8859-2, Shift_JIS, GB18030 or IBM850, for instance"
)]
pub struct UnknownCharset(String);

impl FromStr for Charset {
    type Err = UnknownCharset;

    fn from_str(label: &str) -> Result<Self, UnknownCharset> {
        let unknown = || UnknownCharset(label.chars().take(60).collect());
        // The web's standard gives some labels to an encoding that decodes nothing.
        let web = |label: &str| {
            let found = Encoding::for_label_no_replacement(label.as_bytes())?;
            let found = if found == encoding_rs::X_USER_DEFINED { WINDOWS_1252 } else { found };
            Some(Self(Kind::Web(found)))
        };
        if let Some(found) = web(label) {
            return Ok(found);
        }
        let lower = label.trim().to_ascii_lowercase();
        let page = ["ibm", "cp", "dos", "oem", "ms", "windows", "codepage"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix))
            .unwrap_or(&lower)
            .trim_start_matches(['-', '_', ' ']);
        let page: u16 = page.parse().map_err(|_| unknown())?;
        if DECODING_TABLE_CP_MAP.contains_key(&page) {
            return Ok(Self(Kind::Dos(page)));
        }
        // Windows numbers its own.
        let name = match page {
            932 => "shift_jis".to_owned(),
            936 => "gbk".to_owned(),
            949 => "euc-kr".to_owned(),
            950 => "big5".to_owned(),
            10_000 => "macintosh".to_owned(),
            20_127 => "ascii".to_owned(),
            28_591..=28_606 => format!("iso-8859-{}", page - 28_590),
            65_001 => "utf-8".to_owned(),
            _ => return Err(unknown()),
        };
        web(&name).ok_or_else(unknown)
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Web(encoding) => f.write_str(encoding.name()),
            Kind::Dos(page) => write!(f, "IBM{page}"),
        }
    }
}

impl Charset {
    const UTF_8: Self = Self(Kind::Web(UTF_8));
    const WINDOWS_1252: Self = Self(Kind::Web(WINDOWS_1252));

    /// Returns true if every byte is a character of its own.
    fn is_single_byte(self) -> bool {
        match self.0 {
            Kind::Web(encoding) => encoding.is_single_byte(),
            Kind::Dos(_) => true,
        }
    }

    /// Returns the text of these bytes; what they cannot be becomes U+FFFD.
    fn decode(self, bytes: &[u8]) -> String {
        match self.0 {
            Kind::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Kind::Dos(page) => match DECODING_TABLE_CP_MAP.get(&page) {
                Some(table) => table.decode_string_lossy(bytes),
                None => String::from_utf8_lossy(bytes).into_owned(),
            },
        }
    }

    /// Returns true if these bytes can be read so, of which the last character may be cut.
    fn fits(self, bytes: &[u8]) -> bool {
        match self.0 {
            Kind::Web(encoding) => {
                let mut decoder = encoding.new_decoder_without_bom_handling();
                let mut out = vec![0; decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0)];
                !decoder.decode_to_utf8(bytes, &mut out, false).3
            }
            Kind::Dos(_) => true,
        }
    }
}

/// Returns the text of a record of which nobody has told the encoding yet: UTF-8, also where a byte is broken, or what
/// the head of its file or itself declares, or what Windows wrote.
pub(crate) fn text_of<'r>(bytes: &'r [u8], head: &[u8]) -> Cow<'r, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes),
        Err(_) => {
            let declared = [head, bytes].into_iter().find_map(|bytes| declared::of(bytes)?.charset);
            // It is not UTF-8, whatever it says.
            let charset = declared.filter(|charset| *charset != Charset::UTF_8);
            Cow::Owned(charset.unwrap_or(Charset::WINDOWS_1252).decode(bytes))
        }
    }
}

/// Returns true for UTF-8 in which few bytes are broken: of ten characters that are not ASCII, one.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    good >= 9 * broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_many_names() {
        let check = |label: &str, expected: &str| {
            assert_eq!(label.parse::<Charset>().unwrap().to_string(), expected, "{label}");
        };
        check("latin1", "windows-1252");
        check(" ISO-8859-2 ", "ISO-8859-2");
        check("ibm437", "IBM437");
        check("CP852", "IBM852");
        check("IBM-857", "IBM857");
        check("850", "IBM850");
        check("cp932", "Shift_JIS");
        check("cp1250", "windows-1250");
        check("28592", "ISO-8859-2");
        check("65001", "UTF-8");
        for label in ["", "iso-2022-kr", "utf-7", "ebcdic", "IBM037", "cp99999999"] {
            assert!(label.parse::<Charset>().is_err(), "{label}");
        }
    }

    #[test]
    fn records_are_read_by_what_their_bytes_are() {
        let check = |bytes: &[u8], head: &[u8], expected: &str| assert_eq!(text_of(bytes, head), expected);
        check("Łódź".as_bytes(), b"<?xml encoding='latin1'?>", "Łódź");
        check(b"\xa3\xf3d\xbc", b"<?xml encoding='iso-8859-2'?>", "Łódź");
        check(b"\x93A\x94", b"", "“A”");
        check(b"\x93A\x94", b"<?xml encoding='utf-8'?>", "“A”");
        // One broken byte among many good ones.
        check("é".repeat(20).as_bytes(), b"", &"é".repeat(20));
        check(&["é".repeat(20).as_bytes(), b"\xe9."].concat(), b"", &format!("{}\u{fffd}.", "é".repeat(20)));
    }
}
