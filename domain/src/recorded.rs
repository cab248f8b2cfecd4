//! An event with its place in the log, and the bytes its leaf is the hash of.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::canonical::{self, CanonicalError};
use crate::digest::Digest;
use crate::event::Event;
use crate::merkle;
use crate::stream::StreamId;
use crate::time::Timestamp;

/// Place in the whole log: gapless, in the order of sequencing, from 1.
pub type Position = u64;

/// What is hashed into the log besides the payload: everything a reader needs to recompute a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Envelope {
    /// The stream.
    pub stream: StreamId,
    /// Place within the stream, from 1.
    pub sequence: u64,
    /// Type of the event, as stored.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Version of the payload's shape.
    pub version: u32,
    /// When the world was so.
    pub observed_at: Timestamp,
    /// When the log took it, by the database's clock.
    pub recorded_at: Timestamp,
    /// Flat text: actor, tool.
    pub metadata: BTreeMap<String, String>,
    /// Digest of the canonical payload.
    pub payload_sha256: Digest,
}

impl Envelope {
    /// The leaf of this event: SHA-256(0x00 || canonical envelope).
    ///
    /// # Errors
    /// When the metadata has no canonical form.
    pub fn leaf_hash(&self) -> Result<Digest, CanonicalError> {
        Ok(merkle::leaf_hash(&canonical::to_vec(self)?))
    }
}

/// An event as read from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Place in the log.
    pub position: Position,
    /// The append it came in.
    pub append: Uuid,
    /// Place within that append, from 0.
    pub index: u32,
    /// What is hashed.
    pub envelope: Envelope,
    /// The leaf hash as stored.
    pub leaf_hash: Digest,
    /// The fact.
    pub event: Event,
}

impl Recorded {
    /// The rank of this event among those that speak of the same thing: newest is the greatest.
    #[must_use]
    pub fn rank(&self) -> Rank {
        Rank { observed_at: self.envelope.observed_at, position: self.position }
    }
}

/// "Newest, everywhere, is the greatest (observed_at, position)."
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub struct Rank {
    /// When the world was so.
    pub observed_at: Timestamp,
    /// Place in the log; settles ties.
    pub position: Position,
}
