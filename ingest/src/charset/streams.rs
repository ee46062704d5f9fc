//! Files of many encodings, read as streams in steps of any size.

use std::io::{self, Read};

use super::Transcoded;

/// Gives a few bytes at a time.
struct Steps<'b>(&'b [u8], usize);

impl Read for Steps<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.1).min(self.0.len());
        let (part, rest) = self.0.split_at(count);
        buffer[..count].copy_from_slice(part);
        self.0 = rest;
        Ok(count)
    }
}

fn read(bytes: &[u8], asked: Option<&str>, step: usize) -> Result<(String, String), String> {
    let asked = asked.map(|label| label.parse().unwrap());
    let mut stream = Transcoded::new(Steps(bytes, step), &bytes[..bytes.len().min(64 << 10)], asked)?;
    let read_as = stream.read_as();
    let mut out = Vec::new();
    stream.read_to_end(&mut out).map_err(|error| error.to_string())?;
    let name = read_as.get().map_or("UTF-8".to_owned(), |charset| charset.to_string());
    Ok((String::from_utf8_lossy(&out).into_owned(), name))
}

fn check(bytes: &[u8], asked: Option<&str>, text: &str, name: &str) {
    for step in [1, 7, 1 << 20] {
        let expected = Ok((text.to_owned(), name.to_owned()));
        assert_eq!(read(bytes, asked, step), expected, "{text:.60} in steps of {step}");
    }
}

fn encoded(text: &str, label: &str) -> Vec<u8> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
    let (bytes, _, broken) = encoding.encode(text);
    assert!(!broken, "{text} in {label}");
    bytes.into_owned()
}

#[test]
fn declarations_are_followed() {
    for (label, name, words) in [
        ("windows-1251", "windows-1251", "Вечерняя газета"),
        ("KOI8-R", "KOI8-R", "Вечерняя газета"),
        ("iso-8859-2", "ISO-8859-2", "Šťastné pondělí"),
        ("windows-1253", "windows-1253", "Εφημερίδα"),
        ("euc-kr", "EUC-KR", "조간 신문"),
        ("big5", "Big5", "晚報頭條"),
        ("EUC-JP", "EUC-JP", "夕刊の記事"),
        ("Shift_JIS", "Shift_JIS", "表示ソ能"),
        ("ISO-2022-JP", "ISO-2022-JP", "夕刊の記事"),
        ("gb18030", "gb18030", "早报头条"),
    ] {
        for text in [
            format!("<?xml version='1.0' encoding = \"{label}\"?>\n<rss><title>{words}</title></rss>"),
            format!("<!DOCTYPE html>\n<html><head><meta charset='{label}'><title>{words}</title>"),
            format!("<html><meta http-equiv=Content-Type content=\"text/html; charset={label}\"><p>{words}"),
        ] {
            check(&encoded(&text, label), None, &text, name);
        }
    }
}

#[test]
fn code_pages_of_dos_are_declared_and_asked_for() {
    check(
        b"<?xml version='1.0' encoding='cp437'?><a>\x9aber \x84ltere</a>",
        None,
        "<?xml version='1.0' encoding='cp437'?><a>Über ältere</a>",
        "IBM437",
    );
    check(b"title,text\nM\x84rz,Stra\xe1e\n", Some("ibm850"), "title,text\nMärz,Straße\n", "IBM850");
}

/// UTF-8 is read as what it is, whatever it says of itself or is said of it.
#[test]
fn utf_8_is_known_by_its_bytes() {
    let text = "<?xml version='1.0' encoding='iso-8859-1'?><a>Čtyři řádky</a>";
    check(text.as_bytes(), None, text, "UTF-8");
    check(text.as_bytes(), Some("windows-1250"), text, "UTF-8");
    let text = "<?xml version='1.0' encoding='Shift_JIS'?><a>新聞の記事</a>";
    check(text.as_bytes(), None, text, "UTF-8");
    let text = "<?xml version='1.0' encoding='x-no-such'?><a>Čtyři</a>";
    check(text.as_bytes(), None, text, "UTF-8");
    check(b"\xff\xfeA\0\xe9\0", None, "Aé", "UTF-16LE");
    check(b"<\0a\0>\0\xe9\0<\0/\0a\0>\0", None, "<a>é</a>", "UTF-16LE");
    // Colours of a terminal are no Japanese.
    check(b"a \x1b[31mred\x1b[0m b", None, "a \x1b[31mred\x1b[0m b", "UTF-8");
}

#[test]
fn undeclared_encodings_are_told_by_their_bytes() {
    for (label, name, words) in [
        ("windows-1252", "windows-1252", "L’été à Genève : « déjà-vu » – les élèves français"),
        ("windows-1251", "windows-1251", "В городе открылась новая школа для детей рабочих"),
        ("windows-1250", "windows-1250", "Náměstek ministra řekl, že se žádné změny nechystají"),
        ("Shift_JIS", "Shift_JIS", "昨夜の火事について警察は原因を調べている"),
        ("gbk", "GBK", "昨天晚上城里发生了一场大火，没有人受伤"),
        ("ISO-2022-JP", "ISO-2022-JP", "昨夜の火事について"),
    ] {
        let text = format!("title,text\n{}{words},x\n", "plain,ascii\n".repeat(9_000));
        check(&encoded(&text, label), None, &text, name);
    }
}

/// Files are stuck together of others: a line that is UTF-8 stays, and so does all of a file of which one byte is broken.
#[test]
fn lines_of_utf_8_among_others_stay() {
    let legacy = encoded("Übermorgen für die Bürger\n", "windows-1252");
    let mixed = [legacy.as_slice(), "Čtyři\n".as_bytes(), legacy.as_slice()].concat();
    check(&mixed, None, "Übermorgen für die Bürger\nČtyři\nÜbermorgen für die Bürger\n", "windows-1252");
    let damaged = ["Žluťoučký kůň úpěl ódy\n".as_bytes(), b"a\xe9b\n"].concat();
    check(&damaged, None, "Žluťoučký kůň úpěl ódy\na\u{fffd}b\n", "UTF-8");
}

#[test]
fn encodings_that_are_not_known_are_refused() {
    let page = b"<?xml version='1.0' encoding='EBCDIC-X'?><a>\xe9t\xe9</a>";
    for step in [1, 1 << 20] {
        let why = read(page, None, step).unwrap_err();
        assert!(why.starts_with("it declares the encoding `EBCDIC-X`, which is not known"), "{why}");
    }
    check(page, Some("latin1"), "<?xml version='1.0' encoding='EBCDIC-X'?><a>été</a>", "windows-1252");
    // Far behind its beginning, the stream ends with the reason.
    let late =
        [b"<?xml version='1.0' encoding='iso-2022-kr'?>".as_slice(), &b" ".repeat(80 << 10), b"\xe9 \xe9 "]
            .concat();
    assert!(read(&late, None, 1 << 20).unwrap_err().contains("`iso-2022-kr`"));
}
