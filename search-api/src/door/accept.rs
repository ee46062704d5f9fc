//! The header `Accept` (RFC 9110, section 12.5.1): which of several media types is wanted most.

/// Returns the number of the media type that is accepted most gladly, the first of those that are equally so; `None` if none
/// is accepted, or nothing is said.
pub(crate) fn best(accept: &str, ours: &[&str]) -> Option<usize> {
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
    let weight = |media: &&str| {
        // What is said of a type itself counts, not what is said of several.
        let own = ranges.iter().filter_map(|range| Some((range.closeness(media)?, range.weight)));
        own.max_by_key(|(closeness, _)| *closeness).map_or(0, |(_, weight)| weight)
    };
    let weights: Vec<u16> = ours.iter().map(weight).collect();
    let most = weights.iter().copied().max().filter(|most| *most > 0)?;
    weights.iter().position(|weight| *weight == most)
}

/// One media range with its weight, in thousandths.
struct Range<'a> {
    media: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| !media.is_empty())?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f64>().ok())?
        });
        let weight = weight.map_or(1.0, |weight| weight.clamp(0.0, 1.0));
        Some(Self { media, weight: (weight * 1_000.0) as u16 })
    }

    /// Returns how closely it names a media type; `None` if it does not.
    fn closeness(&self, media: &str) -> Option<u8> {
        let start = |range: &str| range.strip_suffix("/*").map(str::to_ascii_lowercase);
        match self.media {
            "*/*" => Some(0),
            range if range.eq_ignore_ascii_case(media) => Some(2),
            range => start(range).filter(|start| media.split('/').next() == Some(start.as_str())).map(|_| 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_most_is_given() {
        let ours = ["application/json", "text/csv", "application/atom+xml"];
        let check = |accept: &str, expected: Option<&str>| {
            assert_eq!(best(accept, &ours).map(|at| ours[at]), expected, "{accept}");
        };
        check("", None);
        check("*/*", Some("application/json"));
        check("text/csv;q=0, application/json", Some("application/json"));
        check("text/csv;q=0.5, application/json;q=0.4", Some("text/csv"));
        check("application/json;q=0.4, text/csv; q=0.5", Some("text/csv"));
        check("text/csv;q=0.9, */*", Some("application/json"));
        check("text/csv, */*;q=0.1", Some("text/csv"));
        check("text/*", Some("text/csv"));
        check("application/*;q=0.2, application/atom+xml", Some("application/atom+xml"));
        check("*/*, application/json;q=0", Some("text/csv"));
        check("text/html, image/png", None);
        check("text/csv;q=0", None);
        check("TEXT/CSV;charset=utf-8;Q=1", Some("text/csv"));
        check("text/csv;q=many, application/json;q=0.9", Some("text/csv"));
        check(",;,=;q", None);
    }
}
