//! An event as it is stored, and its check against its own hashes.

use std::collections::BTreeMap;

use domain::Recorded;
use domain::codec;
use domain::digest::Digest;
use domain::recorded::{Envelope, Position};
use domain::stream::{StreamId, StreamKind};
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::ReplayError;

/// An event as stored, its bytes checked but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Place in the log.
    pub position: Position,
    /// The append it came in.
    pub append: Uuid,
    /// Place within that append, from 0.
    pub index: u32,
    /// What is hashed into the log.
    pub envelope: Envelope,
    /// The leaf hash.
    pub leaf_hash: Digest,
    /// Canonical bytes; none once they were erased.
    pub payload: Vec<u8>,
}

/// Payloads that were erased: the position and the digest that the event keeps.
pub type Erasures = BTreeMap<Position, Digest>;

impl Stored {
    /// Whether the payload was erased. No payload is empty by itself.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.payload.is_empty()
    }

    /// Checks the bytes against the hashes. A payload may be missing only where an erasure of these very bytes says so.
    ///
    /// # Errors
    /// [`ReplayError::Corrupt`] when they do not fit.
    pub fn check(&self, erasures: &Erasures) -> Result<(), ReplayError> {
        let corrupt = |detail: &str| Err(ReplayError::Corrupt { position: self.position, detail: detail.to_owned() });
        let named = &self.envelope.payload_sha256;
        if self.is_erased() {
            if erasures.get(&self.position) != Some(named) {
                return corrupt("the payload is gone and no erasure says so");
            }
        } else if Digest::of(&self.payload) != *named {
            return corrupt("the payload is not the one that was hashed");
        }
        match self.envelope.leaf_hash() {
            Ok(leaf) if leaf == self.leaf_hash => Ok(()),
            Ok(_) => corrupt("the envelope is not the one that was hashed"),
            Err(error) => corrupt(&error.to_string()),
        }
    }

    /// Decodes the payload.
    ///
    /// # Errors
    /// When this program cannot read it, or it was erased.
    pub fn decode(&self) -> Result<Recorded, ReplayError> {
        let Self { position, append, index, leaf_hash, .. } = *self;
        if self.is_erased() {
            return Err(ReplayError::Erased { position });
        }
        let envelope = self.envelope.clone();
        let event = codec::decode(&envelope.event_type, envelope.version, &self.payload)
            .map_err(|source| ReplayError::Poison { position, source })?;
        Ok(Recorded { position, append, index, envelope, leaf_hash, event })
    }
}

/// Reads one row and checks that it is the event of position `expected`; its bytes are checked by the caller.
pub(super) fn from_row(row: &PgRow, expected: Position) -> Result<Stored, ReplayError> {
    let corrupt = |detail: String| ReplayError::Corrupt { position: expected, detail };
    let found: i64 = row.try_get("position")?;
    if u64::try_from(found) != Ok(expected) {
        return Err(corrupt(format!("position {found} stands in its place")));
    }
    let digest = |column: &str| -> Result<Digest, ReplayError> {
        let bytes: Vec<u8> = row.try_get(column)?;
        Digest::from_slice(&bytes).ok_or_else(|| corrupt(format!("{column} is no digest")))
    };
    let time = |column: &str| -> Result<Timestamp, ReplayError> {
        let moment = row.try_get(column)?;
        Timestamp::from_datetime(moment).ok_or_else(|| corrupt(format!("{column} is out of range")))
    };
    let kind: &str = row.try_get("kind")?;
    let kind = StreamKind::from_name(kind).ok_or_else(|| corrupt(format!("unknown stream kind `{kind}`")))?;
    let id: String = row.try_get("stream_id")?;
    let stream = StreamId::new(kind, id).map_err(|e| corrupt(e.to_string()))?;
    let metadata: &str = row.try_get("metadata")?;
    let envelope = Envelope {
        stream,
        sequence: number(row, "sequence").map_err(corrupt)?,
        event_type: row.try_get("type")?,
        version: u32::try_from(row.try_get::<i32, _>("version")?).map_err(|e| corrupt(e.to_string()))?,
        observed_at: time("observed_at")?,
        recorded_at: time("recorded_at")?,
        metadata: serde_json::from_str(metadata).map_err(|e| corrupt(format!("metadata: {e}")))?,
        payload_sha256: digest("payload_sha256")?,
    };
    Ok(Stored {
        position: expected,
        append: row.try_get("append_id")?,
        index: u32::try_from(row.try_get::<i32, _>("idx")?).map_err(|e| corrupt(e.to_string()))?,
        leaf_hash: digest("leaf_hash")?,
        payload: row.try_get("payload")?,
        envelope,
    })
}

fn number(row: &PgRow, column: &str) -> Result<u64, String> {
    let value: i64 = row.try_get(column).map_err(|e| e.to_string())?;
    u64::try_from(value).map_err(|_| format!("{column} is negative"))
}
