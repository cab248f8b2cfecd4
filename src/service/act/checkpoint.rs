//! The log's own word, signed.

use domain::digest::Digest;
use ingest::signing_key::{self, ENV_FILE_NAME, ENV_NAME, KeySource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::new_key;
use crate::service::{Deps, Error, Result, environment};

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

/// Signs the log as it stands. `origin` names the log on first use, with the tenant behind it; with `rotate` a new key
/// signs beside the old one and stays alone.
///
/// # Errors
/// When the key cannot be read or made, and when the database fails.
pub async fn checkpoint(deps: &Deps, origin: Option<&str>, rotate: bool) -> Result<Signed> {
    let source = source(deps)?;
    let log = deps.log().await?;
    let (mut keys, new_key) = source.load_for(&deps.settings().tenant, origin).map_err(Error::unavailable)?;
    // A key that is made here is new already.
    let rotate = rotate && new_key.is_none();
    let before = keys.len();
    if rotate {
        keys = source.add().map_err(Error::unavailable)?;
    }
    let signed: Result<_> = ingest::checkpoint::sign(&log, &keys).await.map_err(Error::from);
    let public: Vec<String> = keys.iter().map(|key| key.public().to_string()).collect();
    let purpose = format!(
        "it signs this log's checkpoints; back it up, and give its verification key to every auditor: {}",
        public.last().map(String::as_str).unwrap_or_default()
    );
    match new_key {
        Some(new_key) if new_key::is_used(&signed) => new_key::keep(deps.watch(), new_key, &purpose)?,
        _ if rotate && keys.len() > before && !new_key::is_used(&signed) => {
            source.drop_newest().map_err(Error::unavailable)?;
        }
        _ => {}
    }
    let (checkpoint, note) = signed?;
    if rotate {
        source.drop_older().map_err(Error::unavailable)?;
        deps.note(format!("a new key in {}: {purpose}", signing_key::FILE_NAME));
    }
    Ok(Signed { origin: checkpoint.origin, tree_size: checkpoint.size, root: checkpoint.root, keys: public, note })
}

/// Where the signing keys are.
fn source(deps: &Deps) -> Result<KeySource> {
    let file = environment::variable(ENV_FILE_NAME)?.map(Into::into);
    Ok(KeySource::of(environment::variable(ENV_NAME)?, file, deps.data_dir()))
}
