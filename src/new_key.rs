//! A key that a command has made: kept when it is in use, and announced.

use ingest::AppendError;
use ingest::key_file::Draft;

use crate::cli::Common;
use crate::failure::{Failure, Result};
use crate::session::say;

/// Whether something that lasts was made with the key, or may have been.
pub(crate) fn is_used<T>(outcome: &Result<T>) -> bool {
    match outcome {
        Ok(_) => true,
        // What failed before the append appended nothing.
        Err(failure) => failure.error.downcast_ref().is_some_and(|error: &AppendError| !error.left_nothing()),
    }
}

/// Puts the key in its place and says so.
pub(crate) fn keep(common: &Common, new: Draft, purpose: &str) -> Result<()> {
    let path = new.keep().map_err(Failure::environment)?;
    say(common, &format!("a new key, {}: {purpose}", path.display()));
    Ok(())
}
