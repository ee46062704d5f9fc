//! No bytes make a reader panic or run for ever: random ones, and good files with random damage.

use proptest::prelude::*;

use crate::{
    hints::Hints,
    open::{self, Source},
    reader::Readers,
    reader::format::Format,
    record::{Origin, Raw},
};

/// Opens, cuts and reads, as a load does; returns how many records there were.
fn read_all(format: Format, bytes: &[u8]) -> usize {
    let mapping = "[mapping.m]\nrecord = \"issues[*].pieces\"\n[mapping.m.article]\nid = \"{/day}/{t}\"\nheadline = [\"t\", \"u\"]\n\
        published = { path = \"/day\", form = \"%d/%m/%Y\" }\nbylines = { each = \"by\", name = \"n\" }\n";
    let hints = Hints {
        patterns: vec!["{section}/{published:%Y}{_}.x".parse().unwrap()],
        mappings: mapping.parse().unwrap(),
        ..Hints::default()
    };
    let readers = Readers::new(&hints);
    let reader = readers.of(format);
    let origin = Origin { path: "news/1931a.x".to_owned(), stem: "news/1931a.x".to_owned(), changed: None };
    let mut records = 0;
    let mut input = bytes;
    open::open(Source::Stream(&mut input), origin, hints.charset, &mut |stream| {
        let Ok(stream) = stream else { return true };
        let _ = crate::reader::format::detect(&stream.head, &stream.origin, &hints);
        let mut cutter = reader.cutter_at(&stream.head, &stream.origin);
        while let Ok(Some(raw)) = cutter.next(stream.input) {
            records += 1;
            assert!(records <= bytes.len() + 2, "{format} cuts records without end");
            let _ = reader.read(&Raw { broken: None, ..raw }, &stream.origin);
        }
        true
    });
    records
}

#[test]
fn the_samples_are_good() {
    for format in Format::all() {
        assert!(read_all(format, format.entry().sample.as_bytes()) > 0, "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(at in 0..Format::all().len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(Format::all().nth(at).unwrap(), &bytes);
    }

    #[test]
    fn damaged_files_never_panic(
        damages in proptest::collection::vec((0..3_u8, any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        for format in Format::all() {
            let mut bytes = format.entry().sample.as_bytes().to_vec();
            for (kind, at, byte) in &damages {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, *byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            if cuts && !bytes.is_empty() {
                bytes.truncate(cut.index(bytes.len()));
            }
            read_all(format, &bytes);
        }
    }

    #[test]
    fn small_parts_never_panic(text in "\\PC{0,60}") {
        let _ = crate::dates::parse(&text);
        let _ = crate::credits::parse(&text);
        let _ = crate::names::cased(&text);
        let _ = crate::html::plain(&text);
        let _ = text.parse::<crate::Mappings>();
        let _ = crate::mapping::Expr::parse(&text);
        if let Ok(pattern) = text.parse::<crate::pattern::PathPattern>() {
            let _ = pattern.fields(&text);
        }
    }
}
