//! Why an event is not in the log, and whether trying again helps.

use domain::canonical::CanonicalError;
use domain::checked::Invalid;
use domain::codec::CodecError;
use domain::stream::StreamError;
use domain::time::MAX_AHEAD_MINUTES;
use domain::{StreamId, Timestamp};
use thiserror::Error;

use crate::limits::{MAX_KEY_BYTES, TRIES};

/// A "no" to one event. The log is as it was; the same event is refused again.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The facts have no bytes.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The facts name no stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The facts have no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// What people gave cannot be kept so.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The stream's rules forbid it.
    #[error(transparent)]
    Rule(#[from] domain::decide::BrokenRule),
    /// The world cannot have been observed yet.
    #[error("observed at {observed_at}, more than {MAX_AHEAD_MINUTES} minutes ahead of the log's clock ({now})")]
    Future {
        /// The time given.
        observed_at: Timestamp,
        /// The database's clock.
        now: Timestamp,
    },
    /// The key stands for something else.
    #[error("the idempotency key `{0}` was used for something else")]
    KeyReused(String),
    /// It repeated the latest event of its source until a moment ago.
    #[error("{0}: others wrote at the same time; send it again")]
    Overtaken(String),
    /// The key is no key.
    #[error("an idempotency key is 1 to {MAX_KEY_BYTES} bytes without control characters or e-mail addresses")]
    Key,
    /// What may not be kept stands in this place.
    #[error("{0} holds an e-mail address, or user and password of a URL, which a log does not keep: leave it out")]
    Address(String),
}

impl Refusal {
    /// Whether somebody else's write, key or label is in the way, rather than the event being wrong in itself.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::KeyReused(_) | Self::Overtaken(_) | Self::Rule(domain::decide::BrokenRule::LabelTaken { .. })
        )
    }
}

/// Why an append did not come to an answer.
#[derive(Debug, Error)]
pub enum AppendError {
    /// The event is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others were faster each time.
    #[error("{what}: others wrote at the same time, {TRIES} tries in a row")]
    Conflict {
        /// The stream, or what else was contended for.
        what: String,
    },
    /// The events are in the log and stay there, but have no position yet.
    #[error("appended, but not yet sequenced: {0}")]
    Unplaced(#[source] SequenceError),
    /// The database failed. Whether the append happened is unknown; sending it again is safe.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The log holds what it cannot hold.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Of sequencing alone, where nothing was appended.
impl From<SequenceError> for AppendError {
    fn from(error: SequenceError) -> Self {
        match error {
            SequenceError::Database(error) => Self::Database(error),
            SequenceError::Corrupt(error) => Self::Corrupt(error),
        }
    }
}

impl AppendError {
    /// Whether the log is certainly as it was. Where the connection broke, or positions are missing, it may have grown.
    #[must_use]
    pub fn left_nothing(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Conflict { .. } | Self::Corrupt(_) => true,
            // The server said no: the transaction is undone.
            Self::Database(error) => matches!(error, sqlx::Error::Database(_) | sqlx::Error::PoolTimedOut),
            Self::Unplaced(_) => false,
        }
    }

    /// Whether the caller met somebody else's write, rather than a mistake or a failure.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict { .. } => true,
            Self::Refused(refusal) => refusal.is_conflict(),
            _ => false,
        }
    }
}

/// Why positions could not be given.
#[derive(Debug, Error)]
pub enum SequenceError {
    /// The database failed.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The log holds what it cannot hold.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A stored value that breaks a rule of the log: damage, or another program's hand.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{table}: {what}")]
pub struct Corrupt {
    /// The table.
    pub table: &'static str,
    /// What is wrong, and in which row.
    pub what: String,
}

impl Corrupt {
    pub(crate) fn new(table: &'static str, what: impl Into<String>) -> Self {
        Self { table, what: what.into() }
    }

    pub(crate) fn stream(stream: &StreamId, what: impl std::fmt::Display) -> Self {
        Self::new("log.stream", format!("{stream}: {what}"))
    }
}

/// Whether the database refused because somebody else wrote at the same time. Told apart by the constraint's name:
/// any other violation is a mistake of ours and must not be retried in silence.
pub(crate) fn is_contention(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK_DETECTED: &str = "40P01";
    let Some(error) = error.as_database_error() else { return false };
    matches!(error.constraint(), Some("event_stream_sequence" | "idempotency_key_pkey"))
        || matches!(error.code().as_deref(), Some(SERIALIZATION_FAILURE | DEADLOCK_DETECTED))
}
