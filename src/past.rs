//! The archive as it stood, made ready to be searched.

use anyhow::{Context, Result};
use indexer::{IndexError, Indexes, RebuildOptions};
use store::AsOf;
use views::ViewId;

use crate::{stop, terminal::Terminal};

/// The name under which the archive as of `when` can be searched: `when` itself if it was built under that name and is
/// of that moment, or one that is built now. A date's is built again when the log has since taken events of before
/// that date.
pub(crate) fn make_ready(indexes: &Indexes, view: ViewId, when: &str, terminal: &Terminal) -> Result<String> {
    let named = indexes.named(view, when);
    let as_of = match (when.parse::<AsOf>(), named) {
        (Err(_), Ok(_)) => return Ok(when.to_owned()),
        // Of when it was is not to be seen from its name.
        (Err(_), Err(error @ IndexError::Damaged { .. })) => return Err(error.into()),
        (Err(error), Err(_)) => {
            return Err(error).context(format!(
                "there is no archive built as `{when}` (`morgue rebuild --as-of DATE --name {when}` builds one)"
            ));
        }
        (Ok(as_of), Ok(_)) if indexes.has_as_of(view, when, &as_of)? => return Ok(when.to_owned()),
        (Ok(as_of), _) => as_of,
    };
    let stop = stop::on_signal()?;
    let bar = terminal.build_progress(view);
    let show = |progress| bar.show(progress);
    Ok(indexes.ready_as_of(view, &as_of, &RebuildOptions::default(), &stop, &show)?)
}
