//! Formats in which dates are shown and read: Elasticsearch's names of formats, and patterns of letters (`yyyy-MM-dd HH:mm`).

use jiff::{Timestamp as Instant, Zoned, civil, tz::TimeZone};

use super::{DateError, cut, instant_of, span, zone_of};

/// A format in which dates are shown and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    shape: Shape,
    /// By whose clocks it is shown.
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Millis,
    Seconds,
    Pattern(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A letter and how often it stands there.
    Field(char, usize),
    /// By how much the clocks are ahead of UTC.
    Offset,
    Text(String),
}

/// The whole instant, as in `1931-05-02T00:00:00.000Z`.
const INSTANT: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";

impl DateFormat {
    /// Returns the format `yyyy`.
    pub fn year() -> Self {
        Self::dashed(&[('y', 4)])
    }

    /// Returns the format `yyyy-MM`.
    pub fn month() -> Self {
        Self::dashed(&[('y', 4), ('M', 2)])
    }

    /// Returns the format `yyyy-MM-dd`.
    pub fn date() -> Self {
        Self::dashed(&[('y', 4), ('M', 2), ('d', 2)])
    }

    fn dashed(fields: &[(char, usize)]) -> Self {
        let parts = fields
            .iter()
            .flat_map(|(letter, width)| [Part::Text("-".to_owned()), Part::Field(*letter, *width)]);
        Self::of(Shape::Pattern(parts.skip(1).collect()))
    }

    fn of(shape: Shape) -> Self {
        Self { shape, zone: TimeZone::UTC }
    }

    /// Returns a format by the clocks of a zone; of no format, that of the whole instant.
    pub fn in_zone(format: Option<Self>, zone: TimeZone) -> Self {
        #[expect(clippy::expect_used, reason = "every date that is shown without a format has this one")]
        let instant = || Self::of(Shape::Pattern(parts_of(INSTANT).expect("it is a pattern of ours")));
        let format = format.unwrap_or_else(instant);
        Self { zone, ..format }
    }

    /// Reads a format; of several with `||` between them, the first is the one that shows.
    ///
    /// # Errors
    /// [`DateError`] for one that is not known.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let first = text.split("||").next().unwrap_or_default();
        let name = first.strip_prefix("strict_").unwrap_or(first);
        let pattern = match name {
            "date_optional_time" | "date_optional_time_nanos" | "date_time" | "iso8601" => INSTANT,
            "epoch_millis" => return Ok(Self::of(Shape::Millis)),
            "epoch_second" => return Ok(Self::of(Shape::Seconds)),
            "date_time_no_millis" => "yyyy-MM-dd'T'HH:mm:ssXXX",
            "date_hour_minute_second" => "yyyy-MM-dd'T'HH:mm:ss",
            "date" | "year_month_day" => "yyyy-MM-dd",
            "year_month" => "yyyy-MM",
            "year" => "yyyy",
            "basic_date" => "yyyyMMdd",
            _ => first,
        };
        let parts = parts_of(pattern).ok_or_else(|| {
            DateError(format!(
                "the date format `{}` is not supported: use a pattern of yyyy, MM, dd, HH, mm, ss, SSS and \
                 XXX, strict_date_optional_time, epoch_millis or epoch_second",
                cut(text)
            ))
        })?;
        Ok(Self::of(Shape::Pattern(parts)))
    }

    /// Returns an instant in a format; all of it, in UTC, without one.
    pub fn shown(millis: i64, format: Option<&Self>) -> String {
        let Some(Self { shape, zone }) = format else { return instant_of(millis) };
        match (shape, Instant::from_millisecond(millis)) {
            (Shape::Seconds, _) => millis.div_euclid(1_000).to_string(),
            (Shape::Pattern(parts), Ok(at)) => {
                let at = at.to_zoned(zone.clone());
                parts.iter().map(|part| part.shown(&at)).collect()
            }
            (Shape::Millis, _) | (_, Err(_)) => millis.to_string(),
        }
    }

    /// Returns the first and the last millisecond of a date that is written in this format: what it does not state of
    /// the clock may be anything, a month or a day that it does not state is the first. Of named formats, only those
    /// that stand for a pattern are read here.
    pub(super) fn read(&self, text: &str, zone: &TimeZone) -> Option<(i64, i64)> {
        let Shape::Pattern(parts) = &self.shape else { return None };
        let (mut rest, mut zone) = (text, zone.clone());
        // From the coarsest to the finest, as far as they are given.
        let mut fields: [Option<i16>; 7] = [None; 7];
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Offset => {
                    let bytes = if rest.starts_with(['+', '-']) { "+00:00".len() } else { "Z".len() };
                    let (offset, after) = rest.split_at_checked(bytes)?;
                    zone = zone_of(Some(offset)).ok()?;
                    rest = after;
                }
                Part::Field(letter, width) => {
                    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                    let one = if matches!(letter, 'y' | 'u') { 4 } else { 2 };
                    let taken = match parts.get(at + 1) {
                        Some(Part::Field(..)) => *width,
                        _ if *width == 1 => digits.min(one),
                        _ => digits,
                    };
                    if digits < taken || taken < *width || (*width > 1 && taken > *width) {
                        return None;
                    }
                    let (number, after) = rest.split_at_checked(taken)?;
                    let number: i16 = number.parse().ok()?;
                    let unit = if *letter == 'u' { 'y' } else { *letter };
                    let number = if (unit, *width) == ('y', 2) { number + 2_000 } else { number };
                    rest = after;
                    *fields.get_mut(UNITS.iter().position(|known| *known == unit)?)? = Some(number);
                }
            }
        }
        let finest = fields.iter().rposition(Option::is_some)?;
        let is_date = rest.is_empty() && fields.iter().take(finest.min(2) + 1).all(Option::is_some);
        let [year, month, day, hour, minute, second, milli] = fields;
        let small = |field: Option<i16>, default| i8::try_from(field.unwrap_or(default)).ok();
        let date = civil::Date::new(year.filter(|_| is_date)?, small(month, 1)?, small(day, 1)?).ok()?;
        let nanos = i32::from(milli.unwrap_or(0)) * 1_000_000;
        let time = civil::Time::new(small(hour, 0)?, small(minute, 0)?, small(second, 0)?, nanos).ok()?;
        let first = date.to_datetime(time).to_zoned(zone).ok()?;
        let millis = |at: &Zoned| at.timestamp().as_millisecond();
        let last = match UNITS.get(finest)? {
            'S' => millis(&first),
            'y' | 'M' => millis(&first.checked_add(span('d', 1)?).ok()?) - 1,
            unit => millis(&first.checked_add(span(*unit, 1)?).ok()?) - 1,
        };
        Some((millis(&first), last))
    }
}

/// The letters of a pattern, from years to milliseconds.
const UNITS: [char; 7] = ['y', 'M', 'd', 'H', 'm', 's', 'S'];

impl Part {
    fn shown(&self, at: &Zoned) -> String {
        let (letter, width) = match self {
            Self::Text(text) => return text.clone(),
            Self::Offset => return offset_of(at.offset().seconds()),
            Self::Field(letter, width) => (*letter, *width),
        };
        let number = match letter {
            'y' | 'u' if width == 2 => i32::from(at.year()).rem_euclid(100),
            'y' | 'u' => i32::from(at.year()),
            'M' => i32::from(at.month()),
            'd' => i32::from(at.day()),
            'H' => i32::from(at.hour()),
            'm' => i32::from(at.minute()),
            's' => i32::from(at.second()),
            _ => i32::from(at.millisecond()),
        };
        match number {
            // The sign of a year before 0 is no part of its width.
            ..0 => format!("-{:0width$}", number.unsigned_abs()),
            _ => format!("{number:0width$}"),
        }
    }
}

/// Returns an offset as in `+05:30`; of before there were zones, with seconds.
fn offset_of(seconds: i32) -> String {
    let (sign, ahead) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes) = (ahead / 3_600, ahead / 60 % 60);
    match ahead % 60 {
        0 if seconds == 0 => "Z".to_owned(),
        0 => format!("{sign}{hours:02}:{minutes:02}"),
        rest => format!("{sign}{hours:02}:{minutes:02}:{rest:02}"),
    }
}

/// Returns the parts of a pattern; `None` for one that has a letter that means nothing here.
fn parts_of(pattern: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut letters = pattern.chars().peekable();
    let mut fields = 0;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let quoted: String = letters.by_ref().take_while(|letter| *letter != '\'').collect();
                parts.push(Part::Text(if quoted.is_empty() { "'".to_owned() } else { quoted }));
            }
            letter if letter.is_ascii_alphabetic() => {
                let mut width = 1;
                while letters.next_if_eq(&letter).is_some() {
                    width += 1;
                }
                fields += 1;
                if (letter, width) == ('X', 3) {
                    parts.push(Part::Offset);
                    continue;
                }
                let most = match letter {
                    'y' | 'u' => 4,
                    'M' | 'd' | 'H' | 'm' | 's' => 2,
                    'S' if width == 3 => 3,
                    _ => return None,
                };
                if width > most {
                    return None;
                }
                parts.push(Part::Field(letter, width));
            }
            other => parts.push(Part::Text(other.to_string())),
        }
    }
    (fields > 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_as_formats_say() {
        let check = |format: &str, expected: &str| {
            let shown = DateFormat::shown(-1_220_313_599_500, Some(&DateFormat::parse(format).unwrap()));
            assert_eq!(shown, expected, "{format}");
        };
        check("yyyy", "1931");
        check("yyyy-MM||epoch_millis", "1931-05");
        check("strict_year_month_day", "1931-05-02");
        check("d/M/yy", "2/5/31");
        check("uuuu-MM-dd'T'HH:mm:ss.SSS", "1931-05-02T00:00:00.500");
        check("strict_date_optional_time", "1931-05-02T00:00:00.500Z");
        check("date_time_no_millis", "1931-05-02T00:00:00Z");
        check("epoch_millis", "-1220313599500");
        check("epoch_second", "-1220313600");
        assert_eq!(DateFormat::shown(0, None), "1970-01-01T00:00:00.000Z");
        let in_zone = |millis, zone| {
            DateFormat::shown(millis, Some(&DateFormat::in_zone(None, zone_of(Some(zone)).unwrap())))
        };
        assert_eq!(in_zone(0, "Asia/Kolkata"), "1970-01-01T05:30:00.000+05:30");
        assert_eq!(in_zone(-3_732_000_000_000, "America/New_York"), "1851-09-27T08:23:58.000-04:56:02");
        for format in ["EEE", "yyyyy", "MMM dd", "week", "", "--"] {
            assert!(DateFormat::parse(format).is_err(), "{format}");
        }
    }
}
