//! Where the keys are that sign checkpoints.

use ingest::signing_key::{ENV_FILE_NAME, ENV_NAME, KeySource};

use super::{Deps, Result, environment};

/// Where they are for an atlas: in the environment, or in its data folder.
///
/// # Errors
/// When a variable is no text.
pub(super) fn keys(deps: &Deps) -> Result<KeySource> {
    let file = environment::variable(ENV_FILE_NAME)?.map(Into::into);
    Ok(KeySource::of(environment::variable(ENV_NAME)?, file, deps.data_dir()))
}
