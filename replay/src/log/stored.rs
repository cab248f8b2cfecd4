//! An event as it is stored, and its check against its own hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Recorded;
use domain::codec;
use domain::digest::Digest;
use domain::recorded::{Envelope, Position};
use domain::stream::{StreamId, StreamKind};
use domain::time::Timestamp;
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
    pub envelope: Arc<Envelope>,
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
        let envelope = Arc::clone(&self.envelope);
        let event = codec::decode(&envelope.event_type, envelope.version, &self.payload)
            .map_err(|source| ReplayError::Poison { position, source })?;
        Ok(Recorded { position, append, index, envelope, leaf_hash, event })
    }

    /// With what its payload says.
    pub(super) fn decoded(self) -> Decoded {
        Decoded { recorded: self.decode(), stored: self }
    }
}

/// An event as stored, and what its payload says.
#[derive(Debug)]
pub struct Decoded {
    /// The event as stored.
    pub stored: Stored,
    /// What it says, or why it cannot be told: see [`Stored::decode`].
    pub recorded: Result<Recorded, ReplayError>,
}

/// A row of every statement that reads events.
pub(super) struct EventRow {
    pub(super) position: i64,
    pub(super) append_id: Uuid,
    pub(super) idx: i32,
    pub(super) kind: String,
    pub(super) stream_id: String,
    pub(super) sequence: i64,
    pub(super) event_type: String,
    pub(super) version: i32,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) metadata: String,
    pub(super) payload: Vec<u8>,
    pub(super) payload_sha256: Vec<u8>,
    pub(super) leaf_hash: Vec<u8>,
}

impl EventRow {
    /// Reads the row and checks that it is the event of position `expected`; its bytes are checked by the caller.
    pub(super) fn read(self, expected: Position) -> Result<Stored, ReplayError> {
        let corrupt = |detail: String| ReplayError::Corrupt { position: expected, detail };
        if u64::try_from(self.position) != Ok(expected) {
            return Err(corrupt(format!("position {} stands in its place", self.position)));
        }
        let digest = |bytes: &[u8], column: &str| {
            Digest::from_slice(bytes).ok_or_else(|| corrupt(format!("{column} is no digest")))
        };
        let time = |moment: DateTime<Utc>, column: &str| {
            Timestamp::from_datetime(moment).ok_or_else(|| corrupt(format!("{column} is out of range")))
        };
        let kind = StreamKind::from_name(&self.kind);
        let kind = kind.ok_or_else(|| corrupt(format!("unknown stream kind `{}`", self.kind)))?;
        let stream = StreamId::new(kind, self.stream_id).map_err(|e| corrupt(e.to_string()))?;
        let envelope = Envelope {
            stream,
            sequence: u64::try_from(self.sequence).map_err(|_| corrupt("sequence is negative".to_owned()))?,
            event_type: self.event_type,
            version: u32::try_from(self.version).map_err(|e| corrupt(e.to_string()))?,
            observed_at: time(self.observed_at, "observed_at")?,
            recorded_at: time(self.recorded_at, "recorded_at")?,
            metadata: serde_json::from_str(&self.metadata).map_err(|e| corrupt(format!("metadata: {e}")))?,
            payload_sha256: digest(&self.payload_sha256, "payload_sha256")?,
        };
        Ok(Stored {
            position: expected,
            append: self.append_id,
            index: u32::try_from(self.idx).map_err(|e| corrupt(e.to_string()))?,
            leaf_hash: digest(&self.leaf_hash, "leaf_hash")?,
            payload: self.payload,
            envelope: Arc::new(envelope),
        })
    }
}
