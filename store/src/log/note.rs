//! The one line about a log's head that can be kept elsewhere: `SEQ TIME DIGEST`.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    event::Seq,
    log::{digest::Digest, head::LogHead},
};

impl fmt::Display for LogHead {
    /// Writes one line that can be kept elsewhere and later be held against the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.recorded {
            Some(recorded) => write!(f, "{} {recorded} {}", self.seq, self.digest),
            None => write!(f, "{} - {}", self.seq, self.digest),
        }
    }
}

impl FromStr for LogHead {
    type Err = InvalidNote;

    /// Reads the line back; spaces around it do not matter.
    fn from_str(line: &str) -> Result<Self, InvalidNote> {
        let mut words = line.split_whitespace();
        let (Some(seq), Some(time), Some(digest), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(InvalidNote("it must be three words"));
        };
        let seq = seq.parse().map_err(|_| InvalidNote("the first word is no seq"))?;
        let recorded = match time {
            "-" => None,
            time => Some(time.parse().map_err(|_| InvalidNote("the second word is no time"))?),
        };
        let digest = digest.parse().map_err(|_| InvalidNote("the third word is no digest of 64 digits"))?;
        if (seq == Seq::ZERO) != (digest == Digest::ZERO) || (seq == Seq::ZERO) != recorded.is_none() {
            return Err(InvalidNote("only seq 0 has no time and a digest of zeros"));
        }
        Ok(Self { seq, recorded, digest })
    }
}

impl Serialize for LogHead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("LogHead", 3)?;
        fields.serialize_field("seq", &self.seq)?;
        fields.serialize_field("recorded", &self.recorded)?;
        fields.serialize_field("digest", &self.digest)?;
        fields.end()
    }
}

/// A line that is no note about a log's head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a note about a log: {0} (`morgue log head` prints one: SEQ TIME DIGEST)")]
pub struct InvalidNote(&'static str);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Timestamp;

    #[test]
    fn notes_come_back() {
        let head =
            LogHead { seq: Seq::new(7), recorded: Timestamp::from_millis(-5), digest: Digest::of(&[b"x"]) };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(format!(" {head}\n").parse(), Ok(head));
        let none = LogHead { seq: Seq::ZERO, recorded: None, digest: Digest::ZERO };
        assert_eq!(none.to_string().parse(), Ok(none));
    }

    #[test]
    fn what_is_no_note_says_why() {
        let zeros = "0".repeat(64);
        for (line, why) in [
            (String::new(), "three words"),
            ("1 2 3 4".into(), "three words"),
            (format!("x - {zeros}"), "no seq"),
            (format!("1 yesterday {zeros}"), "no time"),
            ("1 2020-01-01 abc".into(), "no digest"),
            (format!("1 2020-01-01 {zeros}"), "seq 0"),
        ] {
            let error = line.parse::<LogHead>().unwrap_err().to_string();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
