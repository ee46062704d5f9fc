//! The encoding that a file declares in its first bytes: the XML declaration, or HTML's `<meta>`.

use super::Charset;

/// The number of bytes that HTML's standard looks through.
const PRESCAN_BYTES: usize = 1_024;

/// A declaration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared {
    pub(super) label: String,
    /// `None` where no encoding has this label.
    pub(super) charset: Option<Charset>,
}

impl Declared {
    /// Reads a label. A declaration of UTF-16 that can be read as ASCII means UTF-8, as HTML's standard has it.
    fn new(label: &[u8]) -> Self {
        let label = String::from_utf8_lossy(label).trim().to_owned();
        let charset = label.parse().ok();
        let wide = |charset: &Charset| charset.to_string().starts_with("UTF-16");
        Self {
            charset: if charset.as_ref().is_some_and(wide) { Some(Charset::UTF_8) } else { charset },
            label,
        }
    }
}

/// Returns what the beginning of a file declares.
pub(super) fn of(head: &[u8]) -> Option<Declared> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let head = head.get(..PRESCAN_BYTES).unwrap_or(head);
    if !head.starts_with(b"<") {
        return None;
    }
    let declaration = head.starts_with(b"<?xml").then(|| of_xml(head)).flatten();
    declaration.or_else(|| if is_html(head) { of_html(head) } else { None })
}

/// Returns the declaration in `<?xml version="1.0" encoding = 'x'?>` (XML 1.0, section 4.3.3).
fn of_xml(head: &[u8]) -> Option<Declared> {
    let end = memchr::memmem::find(head, b"?>")?;
    let declaration = head.get(..end)?;
    let at = memchr::memmem::find(declaration, b"encoding")? + b"encoding".len();
    let rest = declaration.get(at..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let label = rest.split(|byte| byte == quote).next()?;
    Some(Declared::new(label))
}

/// Returns true for a page. Other markup may quote a `<meta>` of a page, and mean nothing by it.
fn is_html(head: &[u8]) -> bool {
    let lower = head.to_ascii_lowercase();
    [b"<html".as_slice(), b"<head", b"<!doctype html", b"<meta", b"<title"]
        .iter()
        .any(|tag| lower.starts_with(tag) || memchr::memmem::find(&lower, b"<html").is_some())
}

/// Looks for a declaration as the prescan of HTML's standard does, section 13.2.3.2: a `<meta>` with `charset`, or with
/// `http-equiv` and `content`.
fn of_html(head: &[u8]) -> Option<Declared> {
    let mut rest = head;
    while let Some(at) = memchr::memchr(b'<', rest) {
        rest = rest.get(at..)?;
        if rest.starts_with(b"<!--") {
            let end = memchr::memmem::find(rest.get(2..)?, b"-->")?;
            rest = rest.get(end + 5..)?;
            continue;
        }
        let inside = rest.get(1..)?;
        let inside = inside.strip_prefix(b"/").unwrap_or(inside);
        let length = inside.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (name, after) = inside.split_at_checked(length)?;
        if !name.first().is_some_and(u8::is_ascii_alphabetic) {
            rest = match rest.get(1) {
                Some(b'!' | b'?' | b'/') => rest.get(memchr::memchr(b'>', rest)?..)?,
                _ => rest.get(1..)?,
            };
            continue;
        }
        let is_meta = name.eq_ignore_ascii_case(b"meta");
        let (attributes, after) = attributes(after);
        rest = after;
        if let Some(found) = of_meta(&attributes).filter(|_| is_meta) {
            return Some(found);
        }
    }
    None
}

type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

fn of_meta(attributes: &Attributes) -> Option<Declared> {
    let value =
        |name: &[u8]| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice());
    if let Some(label) = value(b"charset") {
        return Some(Declared::new(label));
    }
    let is_type = value(b"http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case(b"content-type"));
    Some(Declared::new(charset_in(value(b"content").filter(|_| is_type)?)?))
}

/// Returns the `x` of `text/html; charset=x`.
fn charset_in(content: &[u8]) -> Option<&[u8]> {
    let lower = content.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(lower.get(from..)?, b"charset")? + b"charset".len();
        let rest = content.get(at..)?.trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b"=") else {
            from = at;
            continue;
        };
        let rest = rest.trim_ascii_start();
        return match rest.split_first()? {
            (quote @ (b'"' | b'\''), rest) => {
                let end = memchr::memchr(*quote, rest)?;
                rest.get(..end)
            }
            _ => rest.split(|byte| *byte == b';' || byte.is_ascii_whitespace()).next(),
        };
    }
}

/// Returns the attributes of a tag, their names in lower case, and what follows the tag; the first of two counts.
fn attributes(mut rest: &[u8]) -> (Attributes, &[u8]) {
    let mut found: Attributes = Vec::new();
    loop {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'/');
        rest = start.and_then(|at| rest.get(at..)).unwrap_or_default();
        match rest.first() {
            None => return (found, rest),
            Some(b'>') => return (found, rest.get(1..).unwrap_or_default()),
            Some(_) => {}
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/');
        let length = rest.iter().skip(1).position(ends).map_or(rest.len(), |at| at + 1);
        let (name, after) = rest.split_at_checked(length).unwrap_or((rest, b""));
        let spaced = after.trim_ascii_start();
        let (value, after) = match spaced.strip_prefix(b"=") {
            None => (b"".as_slice(), after),
            Some(value) => {
                let value = value.trim_ascii_start();
                match value.split_first() {
                    Some((quote @ (b'"' | b'\''), inside)) => {
                        let end = memchr::memchr(*quote, inside).unwrap_or(inside.len());
                        (inside.get(..end).unwrap_or(inside), inside.get(end + 1..).unwrap_or_default())
                    }
                    _ => {
                        let end = value.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>');
                        value.split_at_checked(end.unwrap_or(value.len())).unwrap_or((value, b""))
                    }
                }
            }
        };
        let name = name.to_ascii_lowercase();
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, value.to_vec()));
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found() {
        let check = |head: &str, expected: Option<&str>| {
            let found = of(head.as_bytes());
            assert_eq!(found.as_ref().map(|declared| declared.label.as_str()), expected, "{head}");
        };
        check("<?xml version='1.0' encoding=\"KOI8-R\"?><a/>", Some("KOI8-R"));
        check("\n<?xml version='1.0'\n encoding = 'x-none' ?><a/>", Some("x-none"));
        check("<?xml version='1.0'?><a encoding='latin1'/>", None);
        check("<!doctype html><meta charset=euc-kr>", Some("euc-kr"));
        check("<html><head><META Charset = 'Big5' /><title>", Some("Big5"));
        check("<html><meta name=a content=b http-equiv='x'><meta charset=gbk>", Some("gbk"));
        check("<html><meta http-equiv=Content-Type content='text/html; charset=koi8-u'>", Some("koi8-u"));
        check(
            "<html><meta content=\"text/html;charset='windows-1251'\" http-equiv=content-type>",
            Some("windows-1251"),
        );
        check("<html><meta content='text/html; charset=latin2'>", None);
        check("<html><!-- <meta charset=big5> --><meta charset=gbk>", Some("gbk"));
        check("<html data-x='<meta charset=big5>'><meta charset=gbk>", Some("gbk"));
        check("<?xml version='1.0'?><html><meta charset=gbk>", Some("gbk"));
        check("<?xml version='1.0'?><rss><item><![CDATA[<meta charset=gbk>]]></item></rss>", None);
        check(&format!("<html>{}<meta charset=gbk>", " ".repeat(1_024)), None);
        check("charset=gbk", None);
        check("<html", None);
        check("<html><meta charset", Some(""));
        check("<html><meta =", None);
    }

    #[test]
    fn what_can_be_read_is_not_utf_16() {
        for head in ["<html><meta charset=utf-16>", "<?xml version='1.0' encoding='UTF-16BE'?>"] {
            assert_eq!(of(head.as_bytes()).unwrap().charset, Some(Charset::UTF_8), "{head}");
        }
    }
}
