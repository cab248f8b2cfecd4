//! What the law demands to be forgotten: names beside the log, payloads inside it. A payload goes only after the log
//! says so itself; its hashes stay.

use domain::Event;
use domain::digest::Digest;
use domain::facts::log::PayloadErased;
use domain::number::fit;
use thiserror::Error;
use uuid::Uuid;

use crate::append::AppendOutcome;
use crate::artifact::{ArtifactError, Store};
use crate::error::{AppendError, Corrupt};
use crate::{AppendContext, Log};

/// Why an erasure that is decided could not be carried out; it can be tried again.
#[derive(Debug, Error)]
pub enum EraseError {
    /// The log.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// The store of raw documents.
    #[error(transparent)]
    Store(#[from] ArtifactError),
}

/// A stored event, as far as erasing it needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureTarget {
    /// Place in the log.
    pub position: u64,
    /// Its stream, `kind:id`.
    pub stream: String,
    /// Its type, as stored.
    pub event_type: String,
    /// Digest of its payload.
    pub payload_sha256: Digest,
    /// The payload; empty when it is erased already.
    pub payload: Vec<u8>,
    append: Uuid,
    index: i32,
}

/// Forgets names and handles of a contributor. `false`: nothing was kept under this pseudonym.
///
/// # Errors
/// When the database fails.
pub async fn contributor(log: &Log, pseudonym: &Digest) -> Result<bool, AppendError> {
    let gone = sqlx::query_file_scalar!("sql/forget_person.sql", &pseudonym.0[..]).fetch_one(log.pool()).await?;
    Ok(gone > 0)
}

/// The event at a position; `None` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn target(log: &Log, position: u64) -> Result<Option<ErasureTarget>, AppendError> {
    // Beyond what a column holds there is no event.
    let Ok(place) = i64::try_from(position) else { return Ok(None) };
    let row = sqlx::query_file!("sql/event_at.sql", place).fetch_optional(log.pool()).await?;
    let Some(row) = row else { return Ok(None) };
    let payload_sha256 = Digest::from_slice(&row.payload_sha256)
        .ok_or_else(|| Corrupt::new("log.event", format!("position {position}: payload_sha256 is no digest")))?;
    Ok(Some(ErasureTarget {
        position,
        stream: row.stream,
        event_type: row.event_type,
        payload_sha256,
        payload: row.payload,
        append: row.append_id,
        index: row.idx,
    }))
}

/// Appends the decision. Everything passes over the event from here on.
///
/// # Errors
/// As [`Log::append`].
pub async fn decide(
    log: &Log,
    target: &ErasureTarget,
    reason: String,
    context: &AppendContext,
) -> Result<AppendOutcome, AppendError> {
    let facts = PayloadErased { position: target.position, payload_sha256: target.payload_sha256, reason };
    log.append(Event::from(facts).into(), context).await
}

/// Whether another payload mentions a digest: then its raw document stays.
///
/// # Errors
/// When the database fails.
async fn is_named_elsewhere(log: &Log, target: &ErasureTarget, digest: &Digest) -> Result<bool, AppendError> {
    let named = sqlx::query_file_scalar!("sql/names_digest.sql", target.append, target.index, digest.to_string());
    Ok(named.fetch_one(log.pool()).await?)
}

/// Carries out what is decided: the raw document goes, unless another event names it, then the payload. Both can be
/// done again after an interruption. Answers whether a document went.
///
/// # Errors
/// When the database or the store fails or refuses.
pub async fn carry_out(log: &Log, store: &Store, target: &ErasureTarget) -> Result<bool, EraseError> {
    let removed = match domain::facts::document(&target.payload).map(|document| document.sha256) {
        Some(digest) if !is_named_elsewhere(log, target, &digest).await? => match store.remove(&digest).await {
            Ok(()) => true,
            Err(ArtifactError::NotFound(_)) => false,
            Err(error) => return Err(error.into()),
        },
        _ => false,
    };
    payload(log, target).await?;
    Ok(removed)
}

/// Empties the payload, which must be decided by now, and forgets who sent it.
///
/// # Errors
/// When the database fails or refuses.
async fn payload(log: &Log, target: &ErasureTarget) -> Result<(), AppendError> {
    sqlx::query_file!("sql/empty_payload.sql", target.append, target.index).execute(log.pool()).await?;
    let position = fit::<i64>(target.position, "position");
    sqlx::query_file!("sql/forget_submission.sql", position).execute(log.pool()).await?;
    Ok(())
}
