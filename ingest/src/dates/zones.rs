//! Time zones as dates name them: offsets, abbreviations, names of the tz database.

use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// The zones that abbreviations mean, in minutes east of UTC. Those of RFC 822, section 5; of others that mean several zones the
/// one that has most readers of newspapers (`IST`: India; `BST`: Britain).
const ABBREVIATIONS: [(&str, i32); 72] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("MSD", 240),
    ("TRT", 180),
    ("IDT", 180),
    ("WAT", 60),
    ("CAT", 120),
    ("SAST", 120),
    ("EAT", 180),
    ("GST", 240),
    ("IRST", 210),
    ("PKT", 300),
    ("IST", 330),
    ("NPT", 345),
    ("BDT", 360),
    ("MMT", 390),
    ("ICT", 420),
    ("WIB", 420),
    ("WITA", 480),
    ("WIT", 540),
    ("HKT", 480),
    ("SGT", 480),
    ("MYT", 480),
    ("PHT", 480),
    ("PHST", 480),
    ("AWST", 480),
    ("JST", 540),
    ("KST", 540),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("CHST", 600),
    ("NZST", 720),
    ("NZDT", 780),
    ("NST", -210),
    ("NDT", -150),
    ("AST", -240),
    ("ADT", -180),
    ("BRT", -180),
    ("BRST", -120),
    ("ART", -180),
    ("UYT", -180),
    ("CLT", -240),
    ("CLST", -180),
    ("BOT", -240),
    ("VET", -240),
    ("COT", -300),
    ("PET", -300),
    ("ECT", -300),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];
const FURTHER: [(&str, i32); 5] =
    [("AKST", -540), ("AKDT", -480), ("HST", -600), ("HDT", -540), ("SST", -660)];
/// Abbreviations that leave the season to the date.
const BY_SEASON: [(&str, &str); 4] = [
    ("ET", "America/New_York"),
    ("CT", "America/Chicago"),
    ("MT", "America/Denver"),
    ("PT", "America/Los_Angeles"),
];

/// Returns the offset that a zone has at this time, in seconds east of UTC. A zone that is not known means UTC, as RFC
/// 5322, section 4.3, has it: it is no reason to drop the date. `None` for what is no zone at all.
pub(super) fn offset(text: &str, at: DateTime) -> Option<i32> {
    let text = text.trim();
    let (outside, inside) = match text.split_once(['(', '[']) {
        Some((outside, inside)) => (outside.trim(), inside.split([')', ']']).next().unwrap_or("").trim()),
        None => (text, ""),
    };
    let zone = if outside.is_empty() { inside } else { outside };
    if zone.is_empty() {
        return Some(0);
    }
    if zone.starts_with(['+', '-', '\u{2212}']) {
        return numeric(zone);
    }
    if zone.contains('/') {
        return named(zone, at).or(Some(0));
    }
    let length = zone.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, rest) = zone.split_at_checked(length)?;
    let letters = letters.to_ascii_uppercase();
    let rest = rest.trim_start();
    // `GMT+0100`, as JavaScript writes it.
    if rest.starts_with(['+', '-', '\u{2212}']) && matches!(letters.as_str(), "GMT" | "UTC" | "UT" | "Z") {
        return numeric(rest);
    }
    if let Some((_, name)) = BY_SEASON.iter().find(|(short, _)| *short == letters) {
        return named(name, at);
    }
    if let Some((_, minutes)) = ABBREVIATIONS.iter().chain(&FURTHER).find(|(short, _)| *short == letters) {
        return Some(minutes * 60);
    }
    let is_name = |c: char| c.is_alphabetic() || c.is_whitespace() || matches!(c, '.' | '-' | '_' | ',');
    (zone.len() <= 60 && zone.chars().all(is_name)).then_some(0)
}

/// Reads `+01:00`, `-0500`, `-5`, `+0530`, and what follows after a space.
fn numeric(zone: &str) -> Option<i32> {
    let sign = if zone.starts_with('+') { 1 } else { -1 };
    let digits = zone.strip_prefix(['+', '-', '\u{2212}'])?.split([' ', '[']).next()?.replace(':', "");
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let offset = Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()?;
    (minutes < 60).then(|| offset.seconds())
}

/// Returns the offset of a zone of the tz database, such as `Europe/Berlin`.
fn named(zone: &str, at: DateTime) -> Option<i32> {
    let zone = TimeZone::get(zone).ok()?;
    let zoned = zone.to_ambiguous_zoned(at).compatible().ok()?;
    Some(zoned.offset().seconds())
}
