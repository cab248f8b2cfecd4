//! An event with its place in the log, and the bytes its leaf is the hash of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::canonical::{self, CanonicalError};
use crate::checked::{MAX_ACTOR_BYTES, MAX_TOOL_BYTES, looks_like_address};
use crate::digest::Digest;
use crate::event::Event;
use crate::merkle;
use crate::stream::StreamId;
use crate::time::Timestamp;

/// Greatest size of an entry, which is what a leaf is the hash of, in bytes: the tiles that serve a log give an entry's
/// length in sixteen bits. Every part of an envelope is bounded so that none comes near.
pub const MAX_ENTRY_BYTES: usize = 65_535;
/// Greatest size of the metadata of an append in canonical form, in bytes. The database checks it too.
pub(crate) const MAX_METADATA_BYTES: usize = 4_096;
/// Greatest length of the name of an event's type, in bytes. The database checks it too.
pub(crate) const MAX_TYPE_BYTES: usize = 64;

/// Place in the whole log: gapless, in the order of sequencing, from 1.
pub type Position = u64;

/// What is hashed into the log besides the payload: everything a reader needs to recompute a leaf. Its members stand
/// in the order of the canonical form, where none has to be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Flat text: actor, tool.
    pub metadata: BTreeMap<String, String>,
    /// When the world was so.
    pub observed_at: Timestamp,
    /// Digest of the canonical payload.
    pub payload_sha256: Digest,
    /// When the log took it, by the database's clock.
    pub recorded_at: Timestamp,
    /// Place within the stream, from 1.
    pub sequence: u64,
    /// The stream.
    pub stream: StreamId,
    /// Type of the event, as stored.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Version of the payload's shape.
    pub version: u32,
}

impl Envelope {
    /// The leaf of this event: SHA-256(0x00 || canonical envelope).
    ///
    /// # Errors
    /// When the metadata has no canonical form.
    pub fn leaf_hash(&self) -> Result<Digest, CanonicalError> {
        Ok(merkle::leaf_hash(&self.entry()?))
    }

    /// The canonical envelope.
    ///
    /// # Errors
    /// When the metadata has no canonical form.
    pub fn entry(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Why no log may take in this event, whoever wrote it: its entry could not be served, or names an address.
    #[must_use]
    pub fn unfit(&self) -> Option<String> {
        let metadata = canonical::to_vec(&self.metadata).map_or(usize::MAX, |bytes| bytes.len());
        let parts = [
            ("metadata", metadata, MAX_METADATA_BYTES),
            ("actor", self.metadata.get("actor").map_or(0, String::len), MAX_ACTOR_BYTES),
            ("tool", self.metadata.get("tool").map_or(0, String::len), MAX_TOOL_BYTES),
            ("type", self.event_type.len(), MAX_TYPE_BYTES),
        ];
        if let Some((part, bytes, limit)) = parts.into_iter().find(|(_, bytes, limit)| bytes > limit) {
            return Some(format!("{part}: {bytes} bytes, the limit is {limit}"));
        }
        let address = self.metadata.get("actor").is_some_and(|actor| looks_like_address(actor));
        address.then(|| "actor: an e-mail address".to_owned())
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
    /// What is hashed; the event as stored has it too.
    pub envelope: Arc<Envelope>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{MAX_STREAM_ID_BYTES, StreamKind};

    #[test]
    fn members_stand_in_the_canonical_order() {
        let envelope = Envelope {
            metadata: BTreeMap::from([("actor".to_owned(), "ann".to_owned()), ("tool".to_owned(), "t/1".to_owned())]),
            observed_at: Timestamp::default(),
            payload_sha256: Digest::of(b"{}"),
            recorded_at: Timestamp::default(),
            sequence: 1,
            stream: StreamId::new(StreamKind::Repo, "pkg:github/o/r").unwrap(),
            event_type: "RepoObserved".to_owned(),
            version: 1,
        };
        assert_eq!(envelope.entry().unwrap(), serde_json::to_vec(&envelope).unwrap());
    }

    /// The largest that bounds allow: quotes, which take two bytes in canonical form, wherever any character may stand.
    #[test]
    fn the_largest_entry_can_be_served() {
        let last = Timestamp::parse("9999-12-31T23:59:59.999999Z").unwrap();
        let kind = StreamKind::ALL.into_iter().max_by_key(|kind| kind.name().len()).unwrap();
        // Control characters take six bytes, and only the database's own bound keeps another program's out of these.
        let text = "\u{1}".repeat((MAX_METADATA_BYTES - r#"{"x":""}"#.len()) / 6);
        let mut largest = Envelope {
            stream: StreamId::new(kind, "\"".repeat(MAX_STREAM_ID_BYTES)).unwrap(),
            sequence: (1 << 53) - 1,
            event_type: "\u{1}".repeat(MAX_TYPE_BYTES),
            version: u32::MAX,
            observed_at: last,
            recorded_at: last,
            metadata: BTreeMap::from([("x".to_owned(), text)]),
            payload_sha256: Digest::of(b""),
        };
        assert_eq!(largest.unfit(), None);
        let bytes = largest.entry().unwrap().len();
        assert!((MAX_STREAM_ID_BYTES * 2 + MAX_METADATA_BYTES..MAX_ENTRY_BYTES / 4).contains(&bytes), "{bytes}");

        largest.metadata.entry("x".to_owned()).and_modify(|text| text.push_str("123456"));
        assert!(largest.unfit().is_some_and(|why| why.starts_with("metadata: ") && why.ends_with("4096")));
        largest.metadata = BTreeMap::from([("actor".to_owned(), "x".repeat(MAX_ACTOR_BYTES + 1))]);
        assert_eq!(largest.unfit().unwrap(), "actor: 257 bytes, the limit is 256");
        largest.metadata = BTreeMap::from([("tool".to_owned(), "x".repeat(MAX_TOOL_BYTES + 1))]);
        assert_eq!(largest.unfit().unwrap(), "tool: 257 bytes, the limit is 256");
        largest.metadata = BTreeMap::from([("actor".to_owned(), "ann@example.org".to_owned())]);
        assert_eq!(largest.unfit().unwrap(), "actor: an e-mail address");
        largest.event_type.push('x');
        largest.metadata.clear();
        assert_eq!(largest.unfit().unwrap(), "type: 65 bytes, the limit is 64");
    }
}
