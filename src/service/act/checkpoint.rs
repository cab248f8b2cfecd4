//! The log's own word, signed.

use domain::digest::Digest;
use ingest::signing_key::{ENV_FILE_NAME, ENV_NAME, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::{Deps, Error, Result};

/// A signed tree head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signed {
    /// Name of the log.
    pub origin: String,
    /// Events of the log.
    pub tree_size: u64,
    /// Root of the log.
    pub root: Digest,
    /// The verification keys that it is signed for.
    pub keys: Vec<String>,
    /// The note, as it was signed.
    pub note: String,
}

/// Signs the log as it stands. `origin` names the log on first use; with `rotate` a new key signs beside the old one
/// and stays alone.
///
/// # Errors
/// When the key cannot be read or made, and when the database fails.
pub async fn checkpoint(deps: &Deps, origin: Option<&str>, rotate: bool) -> Result<Signed> {
    let source = source(deps)?;
    let (mut keys, made) = source.load(origin).map_err(Error::unavailable)?;
    if rotate {
        keys = source.add().map_err(Error::unavailable)?;
    }
    let log = deps.log().await?;
    let (checkpoint, note) = ingest::checkpoint::sign(&log, &keys).await?;
    if rotate {
        source.drop_older().map_err(Error::unavailable)?;
    }
    let keys: Vec<String> = keys.iter().map(|key| key.public().to_string()).collect();
    if let (true, Some(newest)) = (made || rotate, keys.last()) {
        deps.note(format!("a new signing key; give its verification key to every auditor: {newest}"));
    }
    Ok(Signed { origin: checkpoint.origin, tree_size: checkpoint.size, root: checkpoint.root, keys, note })
}

/// Where the signing keys are.
fn source(deps: &Deps) -> Result<Source> {
    let variable = |name: &'static str| match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(Error::invalid(name, error).of(name)),
    };
    let file = variable(ENV_FILE_NAME)?.map(Into::into);
    Ok(Source::of(variable(ENV_NAME)?, file, deps.data_dir()))
}
