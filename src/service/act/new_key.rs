//! A key that was made for some work: kept when it is in use, and announced.

use std::error::Error as StdError;

use ingest::AppendError;
use ingest::key_file::KeyDraft;

use crate::service::error::find;
use crate::service::watch::{Notice, Watch};
use crate::service::{Error, Result};

/// Whether something that lasts was made with the key, or may have been.
pub(crate) fn is_used<T, E: AsRef<dyn StdError + 'static>>(outcome: &std::result::Result<T, E>) -> bool {
    match outcome {
        Ok(_) => true,
        // What failed before the append appended nothing.
        Err(error) => find::<AppendError>(error.as_ref()).is_some_and(|error| !error.left_nothing()),
    }
}

/// Puts the key in its place and says so.
pub(crate) fn keep(watch: &dyn Watch, new: KeyDraft, purpose: &str) -> Result<()> {
    let path = new.keep().map_err(Error::unavailable)?;
    watch.notice(&Notice::Note(format!("a new key, {}: {purpose}", path.display())));
    Ok(())
}
