//! Signed tree heads: the log's own word about itself, kept beside it.

use domain::checkpoint::Checkpoint;
use domain::note::SigningKey;

use crate::Log;
use crate::error::{AppendError, Corrupt};

/// Signs the log as it stands, with every key, and keeps the note. Where the same keys have signed the same size, that
/// note is answered again: signatures are deterministic.
///
/// # Errors
/// When the database fails or the head is damaged.
pub async fn sign(log: &Log, keys: &[SigningKey]) -> Result<(Checkpoint, String), AppendError> {
    log.drain().await?;
    let (size, root) = log.head().await?;
    let origin = keys.first().map(|key| key.public().name().to_owned()).unwrap_or_default();
    let checkpoint = Checkpoint { origin, size, root };
    let note = checkpoint.sign(keys).to_string();
    keep(log, &checkpoint, &note).await?;
    Ok((checkpoint, note))
}

/// Keeps a note that was signed.
///
/// # Errors
/// When the database fails.
pub async fn keep(log: &Log, checkpoint: &Checkpoint, note: &str) -> Result<(), AppendError> {
    let size = checkpoint.size;
    let size = i64::try_from(size).map_err(|_| Corrupt::new("the checkpoint", format!("no log has {size} events")))?;
    sqlx::query_file!("sql/keep_checkpoint.sql", size, &checkpoint.root.0, note).execute(log.pool()).await?;
    Ok(())
}
