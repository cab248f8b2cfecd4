//! A key that was made for some work: kept when it is in use, and announced.

use std::error::Error as StdError;

use ingest::AppendError;
use ingest::key_file::Draft;

use crate::service::watch::{Notice, Watch};
use crate::service::{Error, Result};

/// Whether something that lasts was made with the key, or may have been.
pub(crate) fn is_used<T, E: AsRef<dyn StdError + 'static>>(outcome: &std::result::Result<T, E>) -> bool {
    let Err(error) = outcome else { return true };
    let mut cause = Some(error.as_ref());
    while let Some(found) = cause {
        if let Some(error) = found.downcast_ref::<AppendError>() {
            return !error.left_nothing();
        }
        cause = found.source();
    }
    // What failed before the append appended nothing.
    false
}

/// Puts the key in its place and says so.
pub(crate) fn keep(watch: &dyn Watch, new: Draft, purpose: &str) -> Result<()> {
    let path = new.keep().map_err(Error::unavailable)?;
    watch.notice(&Notice::Note(format!("a new key, {}: {purpose}", path.display())));
    Ok(())
}
