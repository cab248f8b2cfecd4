//! The log in order.

#[cfg(feature = "serve")]
mod follow;
#[cfg(feature = "serve")]
mod public;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::digest::Digest;
use domain::recorded::Position;
use domain::{StreamId, Timestamp};
use replay::log::{self, Stored};
use serde::Serialize;
use serde_json::value::RawValue;

use super::forms_of;
use crate::service::{Deps, Error, Result};

#[cfg(feature = "serve")]
pub use follow::{FollowQuery, followed};
#[cfg(feature = "serve")]
pub use public::{EventsPage, MAX_EVENTS, PublicEvent, page};

/// An event as it stands in the log: everything that is needed to recompute the leaf hash.
#[derive(Debug, Serialize)]
pub struct LogLine<'a> {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub event: String,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its number in the stream.
    pub sequence: u64,
    /// Its type.
    pub r#type: &'a str,
    /// Version of the payload's shape.
    pub version: u32,
    /// The world's time.
    pub observed_at: Timestamp,
    /// The log's time.
    pub recorded_at: Timestamp,
    /// The payload, as it was hashed; null when it is erased.
    pub payload: &'a RawValue,
    /// Who appended it, and with what.
    pub metadata: &'a BTreeMap<String, String>,
    /// Digest of the payload.
    pub payload_sha256: Digest,
    /// Hash of its leaf in the tree.
    pub leaf_hash: Digest,
}

impl LogLine<'_> {
    /// Length of the payload; nothing where it is erased.
    #[must_use]
    pub fn payload_bytes(&self) -> Option<usize> {
        let text = self.payload.get();
        (text != "null").then_some(text.len())
    }
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsQuery {
    /// The first position.
    pub from: Option<Position>,
    /// The last position.
    pub to: Option<Position>,
    /// Only those of this stream, `repo:pkg:github/o/r`.
    pub stream: Option<String>,
    /// So many at most.
    pub limit: Option<u64>,
}

/// Hands every event that is asked for to `each`, in order, until that has seen enough. Of a stream, no other event is
/// read.
///
/// # Errors
/// [`Error::Invalid`] for what is no stream and for a range that runs backwards; when an event is damaged, or the
/// database fails.
pub async fn events(
    deps: &Deps,
    asked: &EventsQuery,
    mut each: impl FnMut(&LogLine<'_>) -> ControlFlow<()>,
) -> Result<()> {
    if let (Some(from), Some(to)) = (asked.from, asked.to)
        && from > to
    {
        return Err(backwards(from, to));
    }
    let streams = asked.stream.as_deref().map(forms).transpose()?;
    let mut conn = deps.read_long().await?;
    let head = log::head(&mut conn).await?.position;
    if asked.limit == Some(0) {
        return Ok(());
    }
    let (from, to) = (asked.from.unwrap_or(1), asked.to.unwrap_or(head).min(head));
    let mut enough = false;
    let seen = Cell::new(0_u64);
    let mut sink = |stored| {
        seen.set(seen.get() + 1);
        enough = line(&stored, &mut each)?.is_break() || asked.limit.is_some_and(|limit| seen.get() >= limit);
        // Any error ends the reading.
        if enough { Err(Error::Interrupted("enough".into())) } else { Ok(()) }
    };
    let read = match &streams {
        Some(streams) => {
            let mut read = Ok(());
            // The likelier one alone, where it has anything.
            for stream in streams {
                if seen.get() > 0 {
                    break;
                }
                read = log::of_stream(&mut conn, stream, from, to, &mut sink).await;
            }
            read
        }
        None => log::read(&mut conn, from, to, sink).await,
    };
    if enough { Ok(()) } else { read }
}

/// A range that ends before it begins.
pub(super) fn backwards(from: u64, to: u64) -> Error {
    Error::invalid("from", format!("a range from {from} to {to} runs backwards: give the lower one first"))
}

/// The streams that may be meant, by the forms in which their id may be kept.
fn forms(text: &str) -> Result<Vec<StreamId>> {
    let stream = StreamId::parse(text).map_err(|error| Error::invalid("stream", error))?;
    if stream == StreamId::atlas() {
        return Ok(vec![stream]);
    }
    let named = |id| StreamId::new(stream.kind(), id).map_err(|error| Error::invalid("stream", error));
    forms_of(stream.id()).into_iter().map(named).collect()
}

fn line(stored: &Stored, each: &mut impl FnMut(&LogLine<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>> {
    let Stored { position, append, index, envelope, leaf_hash, payload } = stored;
    let payload = if stored.is_erased() { b"null" } else { payload.as_slice() };
    let payload = std::str::from_utf8(payload).map_err(Error::refused)?;
    let payload: &RawValue = serde_json::from_str(payload)
        .map_err(|error| Error::refused(format!("position {position}: the payload is no JSON: {error}")))?;
    Ok(each(&LogLine {
        position: *position,
        event: format!("{append}/{index}"),
        stream: &envelope.stream,
        sequence: envelope.sequence,
        r#type: &envelope.event_type,
        version: envelope.version,
        observed_at: envelope.observed_at,
        recorded_at: envelope.recorded_at,
        payload,
        metadata: &envelope.metadata,
        payload_sha256: envelope.payload_sha256,
        leaf_hash: *leaf_hash,
    }))
}
