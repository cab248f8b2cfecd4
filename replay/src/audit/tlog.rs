//! The proof of one event in the text form of the C2SP.

use domain::recorded::Position;
use domain::tlog_proof::TlogProof;
use sqlx::PgConnection;

use super::{live, tiles};
use crate::ReplayError;
use crate::log::{self, Stored};

/// Proves that an event is in the log, against the newest kept checkpoint or the one of this size. The event's entry,
/// which its leaf is the hash of, is in the proof; its payload is not. To be called in one snapshot.
///
/// # Errors
/// When no such checkpoint is kept, the event is not below it, or the checkpoint is not of this log.
pub async fn proof(conn: &mut PgConnection, position: Position, size: Option<u64>) -> Result<TlogProof, ReplayError> {
    let is_asked = |found: u64| size.is_none_or(|size| size == found) && found >= position;
    let kept = live::newest_checkpoint(&mut *conn, is_asked).await?;
    let wanted = || size.map_or_else(|| format!("size {position} or more"), |size| format!("size {size}"));
    if let Some(size) = size.filter(|size| *size < position) {
        return Err(ReplayError::NoLeaf { position, size });
    }
    let (checkpoint, note) = kept.ok_or_else(|| ReplayError::NoCheckpoint { wanted: wanted() })?;
    let inclusion = tiles::inclusion(&mut *conn, position, checkpoint.size).await?;
    let corrupt = |detail: String| ReplayError::Corrupt { position, detail };
    if inclusion.root != checkpoint.root {
        return Err(corrupt(format!("the kept checkpoint of size {} has another root", checkpoint.size)));
    }
    let mut entry = None;
    log::positions(&mut *conn, &[position], |stored: Stored| {
        if stored.leaf_hash != inclusion.leaf_hash {
            return Err(corrupt("the event is not the one whose leaf the tiles hold".to_owned()));
        }
        entry = Some(stored.envelope.entry().map_err(|error| corrupt(error.to_string()))?);
        Ok(())
    })
    .await?;
    Ok(TlogProof { entry, index: inclusion.leaf_index, hashes: inclusion.proof, checkpoint: note })
}
