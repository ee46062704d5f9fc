//! The archive as it stood, made ready to be searched.

use anyhow::{Context, Result};
use indexer::{IndexError, Indexes};
use store::{AsOf, AssetKind};

use crate::{stop, terminal::Terminal};

/// The name under which the archive as of `when` can be searched: `when` itself if it names one that was built, or
/// one that is built now. A date's is built again when the log has since taken events of before that date.
pub(crate) fn make_ready(
    indexes: &Indexes,
    kind: AssetKind,
    when: &str,
    terminal: &Terminal,
) -> Result<String> {
    let moment = when.parse::<AsOf>();
    // Times and `seq:N` have signs that no name of a generation has.
    let name: String = when.chars().map(|c| if matches!(c, ':' | '+') { '-' } else { c }).collect();
    if let Ok(built) = indexes.named(kind, &name) {
        let stale = match &moment {
            Ok(as_of) if built.info().as_of.as_deref() == Some(&as_of.to_string()) => {
                has_more(indexes, built.checkpoint()?, *as_of)?
            }
            _ => false,
        };
        if !stale {
            return Ok(name);
        }
    }
    // Of when it was is not to be seen from its name.
    if moment.is_err()
        && let Err(error @ IndexError::Damaged { .. }) = indexes.named(kind, &name)
    {
        return Err(error.into());
    }
    let as_of = match moment {
        Ok(as_of) => as_of,
        Err(error) => return Err(error).context(format!(
            "there is no archive built as `{when}` (`morgue rebuild --as-of DATE --name {when}` builds one)"
        )),
    };
    let stop = stop::on_signal()?;
    let bar = terminal.build_progress(kind);
    indexes.build_as_of(kind, &as_of, &name, &stop, &|progress| bar.show(progress))?;
    Ok(name)
}

/// Whether the log has events after `since` that belong to the archive as of then.
fn has_more(indexes: &Indexes, since: store::Seq, as_of: AsOf) -> Result<bool> {
    let mut next = since.next();
    loop {
        let events = indexes.log().snapshot()?.events(next, 1_000)?;
        if events.iter().any(|event| as_of.takes(event.seq, event.time)) {
            return Ok(true);
        }
        match events.last() {
            Some(last) => next = last.seq.next(),
            None => return Ok(false),
        }
    }
}
