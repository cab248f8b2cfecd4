//! The log's own word, signed.

use std::path::Path;

use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::note::Note;
use ingest::signing_key;
use replay::audit::live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::new_key;
use crate::service::ask::audit::trust;
use crate::service::error::Cause;
use crate::service::{Deps, Error, Result, signing};

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
    let source = signing::keys(deps)?;
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

/// A kept checkpoint with the cosignatures that witnesses gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptCheckpoint {
    /// Name of the log.
    pub origin: String,
    /// Events of the log.
    pub tree_size: u64,
    /// Root of the log.
    pub root: Digest,
    /// The note, with every line that is known.
    pub note: String,
}

/// Keeps the cosignatures of a note beside the checkpoint that they are of, which this log has signed and keeps. Lines
/// under the log's own name are left: nobody else makes them. Whoever audits knows the witnesses, the log need not.
///
/// # Errors
/// When no such checkpoint is kept, or the database fails.
pub async fn add(deps: &Deps, file: &Path) -> Result<KeptCheckpoint> {
    let refused = |cause: Cause| Error::refused(cause).of(file.display());
    let given = trust::note(file)?;
    let Checkpoint { origin, size, root } = Checkpoint::parse(&given.text).map_err(|error| refused(error.into()))?;
    let log = deps.log().await?;
    let mut conn = deps.read().await?;
    let held = live::checkpoints(&mut conn).await?;
    drop(conn);
    let held = held.iter().filter_map(|note| Note::parse(note).ok()).filter(|note| note.text == given.text);
    let mut kept: Option<Note> = None;
    for note in held {
        match &mut kept {
            Some(kept) => kept.join(&note, "").map_err(|error| refused(error.into()))?,
            None => kept = Some(note),
        }
    }
    let mut note = kept.ok_or_else(|| {
        refused(format!("the log {origin} keeps no checkpoint of size {size} that says the same").into())
    })?;
    note.join(&given, &origin).map_err(|error| refused(error.into()))?;
    let checkpoint = Checkpoint { origin, size, root };
    let text = note.to_string();
    ingest::checkpoint::keep(&log, &checkpoint, &text).await?;
    Ok(KeptCheckpoint { origin: checkpoint.origin, tree_size: size, root, note: text })
}
