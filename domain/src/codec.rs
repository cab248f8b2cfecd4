//! Between events and stored bytes. Stored bytes never change; old shapes are lifted to the current one when read.

use thiserror::Error;

use crate::canonical::{self, CanonicalError};
use crate::event::{Event, EventType};

/// Greatest size of one payload, in bytes: 64 MiB.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024 * 1024;

/// Why an event has no bytes, or bytes are no event.
#[derive(Debug, Error)]
pub enum CodecError {
    /// The facts hold something without canonical form.
    #[error("{kind}: {source}")]
    Canonical {
        /// Type of the event.
        kind: EventType,
        /// What cannot be kept.
        source: CanonicalError,
    },
    /// More than [`MAX_PAYLOAD_BYTES`].
    #[error("{kind}: the facts are {bytes} bytes, the limit is {MAX_PAYLOAD_BYTES}")]
    TooLarge {
        /// Type of the event.
        kind: EventType,
        /// Size of the canonical payload.
        bytes: usize,
    },
    /// A type this program does not know.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// A version of a known type this program does not know.
    #[error("{kind} version {version} is unknown; this program reads up to version {current}")]
    UnknownVersion {
        /// Type of the event.
        kind: EventType,
        /// Stored version.
        version: u32,
        /// Greatest known version.
        current: u32,
    },
    /// Bytes that are no payload of this type.
    #[error("{kind}: {reason}")]
    Malformed {
        /// Type of the event.
        kind: EventType,
        /// What the decoder met.
        reason: String,
    },
}

/// The canonical payload of an event, as stored and hashed.
///
/// # Errors
/// When the facts have no canonical form, do not read back as themselves, or exceed [`MAX_PAYLOAD_BYTES`].
pub fn encode(event: &Event) -> Result<Vec<u8>, CodecError> {
    let kind = event.event_type();
    let bytes = canonical::to_vec(event).map_err(|source| CodecError::Canonical { kind, source })?;
    if bytes.len() > MAX_PAYLOAD_BYTES {
        return Err(CodecError::TooLarge { kind, bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Reads a stored payload of any version ever written.
///
/// # Errors
/// When type or version are unknown or the bytes are no such payload.
pub fn decode(type_name: &str, version: u32, bytes: &[u8]) -> Result<Event, CodecError> {
    let kind = EventType::from_name(type_name).ok_or_else(|| CodecError::UnknownType(type_name.to_owned()))?;
    let current = kind.current_version();
    if version == 0 || version > current {
        return Err(CodecError::UnknownVersion { kind, version, current });
    }
    Event::read(kind, version, bytes).map_err(|e| CodecError::Malformed { kind, reason: e.to_string() })
}
