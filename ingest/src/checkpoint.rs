//! Signed tree heads: the log's own word about itself, kept beside it.

use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::note::SigningKey;
use sqlx::Row as _;

use crate::Log;
use crate::error::{AppendError, Corrupt};

/// Signs the log as it stands, with every key, and keeps the note. Where the same keys have signed the same size, that
/// note is answered again: signatures are deterministic.
///
/// # Errors
/// When the database fails or the head is damaged.
pub async fn sign(log: &Log, keys: &[SigningKey]) -> Result<(Checkpoint, String), AppendError> {
    log.drain().await?;
    let head = sqlx::query("SELECT next_position, root FROM log.head").fetch_one(log.pool()).await?;
    let next: i64 = head.try_get("next_position")?;
    let size = u64::try_from(next - 1).map_err(|_| Corrupt::new("log.head", format!("position {next}")))?;
    let root =
        Digest::from_slice(head.try_get("root")?).ok_or_else(|| Corrupt::new("log.head", "the root is no digest"))?;
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
    sqlx::query("INSERT INTO log.checkpoint (tree_size, root, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(i64::try_from(checkpoint.size).unwrap_or(i64::MAX))
        .bind(checkpoint.root.0)
        .bind(note)
        .execute(log.pool())
        .await?;
    Ok(())
}
