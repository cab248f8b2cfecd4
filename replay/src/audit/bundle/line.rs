//! The lines of a bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::digest::Digest;
use domain::recorded::{Envelope, Position};
use domain::stream::StreamId;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReplayError;
use crate::log::Stored;

/// Name and version of the format, in the first line.
pub const FORMAT: &str = "pg-atlas-bundle/1";
/// Greatest length of a line, in bytes: a payload of the greatest size with every byte escaped, and its envelope.
pub const MAX_LINE_BYTES: usize = 2 * domain::codec::MAX_PAYLOAD_BYTES + 1024 * 1024;
/// Bytes of a raw document in one line: 192 KiB, a multiple of three, so that the chunks' base64 can be joined.
pub const CHUNK_BYTES: usize = 192 * 1024;

/// A line. The raw lines of scores and state that follow a [`Section`] are not of this form.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BundleLine {
    /// The first line.
    Header(Header),
    /// A formula that a publication names.
    Formula(FormulaLine),
    /// A decision of the log about itself, announced before the events, so that one pass over them is enough.
    Decision(EventLine),
    /// A signed checkpoint.
    Checkpoint(CheckpointLine),
    /// An event, in order.
    Event(EventLine),
    /// What was published at the position of the event before; its lines follow.
    Publication(Section),
    /// A raw document; its chunks follow.
    Artifact(ArtifactLine),
    /// A piece of it, in base64.
    Chunk(String),
    /// The last line.
    End(End),
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Events.
    pub tree_size: u64,
    /// Root of the Merkle tree over them.
    pub root: Digest,
    /// Program and version that wrote it.
    pub tool: String,
}

/// A formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormulaLine {
    /// Its name.
    pub name: String,
    /// SHA-256 of the canonical form.
    pub hash: Digest,
    /// The canonical form: JSON.
    pub canonical: String,
    /// The document as people write it: TOML.
    pub document: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventLine {
    /// Place in the log.
    pub position: Position,
    /// `<append uuid>/<index>`.
    pub event: String,
    /// The stream.
    pub stream: StreamId,
    /// Place within the stream.
    pub sequence: u64,
    /// Type, as stored.
    pub r#type: String,
    /// Version of the payload's shape.
    pub version: u32,
    /// World time.
    pub observed_at: Timestamp,
    /// Log time.
    pub recorded_at: Timestamp,
    /// Flat text.
    pub metadata: BTreeMap<String, String>,
    /// The canonical bytes as text; null once they were erased.
    pub payload: Option<String>,
    /// Digest of the payload; only where it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_sha256: Option<Digest>,
    /// The leaf hash.
    pub leaf_hash: Digest,
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// Events.
    pub tree_size: u64,
    /// The note.
    pub note: String,
}

/// A publication: the raw lines that its digests are of follow, first the scores, then the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The label.
    pub label: String,
    /// Position of the event that publishes.
    pub event: Position,
    /// Position evaluated at.
    pub position: Position,
    /// Digest of the formula.
    pub formula_hash: Digest,
    /// Lines of scores.
    pub scores: u64,
    /// Lines of state.
    pub state: u64,
}

/// A raw document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactLine {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// How many chunks follow.
    pub chunks: u64,
}

/// The last line: how many of each there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Events.
    pub events: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Publications with their lines.
    pub publications: u64,
    /// Raw documents.
    pub artifacts: u64,
}

impl EventLine {
    /// The line of an event.
    ///
    /// # Errors
    /// When the payload is no text, which no append lets in.
    pub fn of(stored: Stored) -> Result<Self, ReplayError> {
        let erased = stored.is_erased();
        let Stored { position, append, index, envelope, leaf_hash, payload } = stored;
        let Envelope { metadata, observed_at, payload_sha256, recorded_at, sequence, stream, event_type, version } =
            Arc::unwrap_or_clone(envelope);
        let text = String::from_utf8(payload)
            .map_err(|error| ReplayError::Corrupt { position, detail: error.utf8_error().to_string() })?;
        Ok(Self {
            position,
            event: format!("{append}/{index}"),
            stream,
            sequence,
            r#type: event_type,
            version,
            observed_at,
            recorded_at,
            metadata,
            payload: (!erased).then_some(text),
            payload_sha256: erased.then_some(payload_sha256),
            leaf_hash,
        })
    }

    /// The event of a line; its hashes are still to be checked.
    ///
    /// # Errors
    /// When it names no event.
    pub fn stored(self) -> Result<Stored, ReplayError> {
        let corrupt = |detail: &str| ReplayError::Corrupt { position: self.position, detail: detail.to_owned() };
        let id =
            self.event.split_once('/').and_then(|(append, index)| Some((append.parse().ok()?, index.parse().ok()?)));
        let (append, index) = id.ok_or_else(|| corrupt("the event's id is not UUID/INDEX"))?;
        let (payload, payload_sha256) = match (self.payload, self.payload_sha256) {
            (Some(payload), None) if !payload.is_empty() => {
                let digest = Digest::of(payload.as_bytes());
                (payload.into_bytes(), digest)
            }
            (None, Some(digest)) => (Vec::new(), digest),
            _ => {
                let detail = "either a payload or the digest of an erased one".to_owned();
                return Err(ReplayError::Corrupt { position: self.position, detail });
            }
        };
        Ok(Stored {
            position: self.position,
            append,
            index,
            envelope: Arc::new(Envelope {
                stream: self.stream,
                sequence: self.sequence,
                event_type: self.r#type,
                version: self.version,
                observed_at: self.observed_at,
                recorded_at: self.recorded_at,
                metadata: self.metadata,
                payload_sha256,
            }),
            leaf_hash: self.leaf_hash,
            payload,
        })
    }
}
