//! Reading a stream without a log: for sources that are no files, for tools, and for measuring the readers.

use std::io::Read;

use store::{NewEvent, Timestamp};

use crate::{
    hints::Hints,
    open::{self, Source},
    reader::Readers,
    reader::format::{Detected, detect},
    record::{Found, Origin, Reason},
};

/// One record that was read: where it is, and what it says or why it cannot be read.
pub type RecordRead = Result<Vec<NewEvent>, String>;

/// Reads a stream of any known format, compressed or packed or not, and gives what each record says to `each`, with its
/// line. `name` helps where many formats look alike, and makes ids where records have none. Mentions of assets come as
/// events like all others. What readers may not see at the time `now` is said to be unpublished.
pub fn read(
    stream: &mut dyn Read,
    name: &str,
    hints: &Hints,
    now: Timestamp,
    each: &mut dyn FnMut(u64, RecordRead),
) {
    let origin = Origin { path: name.to_owned(), stem: name.to_owned(), changed: None };
    read_while(Source::Stream(stream), origin, hints, now, &mut |line, said| {
        each(line, said);
        true
    });
}

/// Like [`read`], of a file or a stream, until `each` says that it is enough.
pub(crate) fn read_while(
    source: Source<'_>,
    origin: Origin,
    hints: &Hints,
    now: Timestamp,
    each: &mut dyn FnMut(u64, RecordRead) -> bool,
) {
    let readers = Readers::new(hints);
    open::open(source, origin, hints.charset, &mut |stream| {
        let stream = match stream {
            Ok(stream) => stream,
            Err((_, why)) => return each(0, Err(why)),
        };
        let format = match detect(&stream.head, &stream.origin, hints) {
            Detected::Known(format) => format,
            Detected::Unknown(why) => return each(0, Err(why)),
            Detected::Other | Detected::Empty | Detected::About(_) => return true,
        };
        let mut cutter = readers.of(format).cutter_at(&stream.head, &stream.origin);
        loop {
            match cutter.next(stream.input) {
                Ok(Some(raw)) => {
                    let said = match &raw.broken {
                        Some(reason) => Err(reason.clone()),
                        None => readers.read(format, &raw, &stream.origin),
                    };
                    let more = match said {
                        Ok(found) => {
                            let decided = |mut one: Found| {
                                one.decide(now);
                                one.event
                            };
                            each(raw.place.line, Ok(found.into_iter().map(decided).collect()))
                        }
                        Err(Reason::NoAsset(_)) => true,
                        Err(reason) => each(reason.place(raw.place).line, Err(reason.to_string())),
                    };
                    if !more {
                        return false;
                    }
                }
                Ok(None) => return true,
                Err(error) => return each(0, Err(crate::walk::why(&error))),
            }
        }
    });
}
