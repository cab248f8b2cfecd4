//! The log as everybody may read it: what a private repository says of itself stands in it without its payload.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::digest::Digest;
use domain::recorded::Position;
use domain::stream::StreamKind;
use domain::{StreamId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EventsQuery, LogLine, events};
use crate::service::ask::resident::Resident;
use crate::service::ask::visibility::SaidPrivate;
use crate::service::{Deps, Result};

/// Most events of one answer.
pub const MAX_EVENTS: u64 = 1_000;
/// Bytes of payloads of one answer; one event is answered whatever its size.
const MAX_BYTES: usize = 8 << 20;

/// An event as everybody may read it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicEvent {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub event: String,
    /// Its stream.
    #[schemars(with = "String")]
    pub stream: StreamId,
    /// Its number in the stream.
    pub sequence: u64,
    /// Its type.
    pub r#type: String,
    /// Version of the payload's shape.
    pub version: u32,
    /// The world's time.
    pub observed_at: Timestamp,
    /// The log's time.
    pub recorded_at: Timestamp,
    /// The payload, as it was hashed; null where it is erased or withheld.
    #[schemars(with = "Value")]
    pub payload: Option<Box<RawValue>>,
    /// Whether the payload is there, and not for everybody: it is about a private repository.
    pub withheld: bool,
    /// With what it was appended, and by whom.
    pub metadata: BTreeMap<String, String>,
    /// Digest of the payload.
    pub payload_sha256: Digest,
    /// Hash of its leaf in the tree.
    pub leaf_hash: Digest,
}

impl PublicEvent {
    /// As whoever may read all of it does.
    fn of(line: &LogLine<'_>) -> Self {
        let there = line.payload.get() != "null";
        Self {
            position: line.position,
            event: line.event.clone(),
            stream: line.stream.clone(),
            sequence: line.sequence,
            r#type: line.r#type.to_owned(),
            version: line.version,
            observed_at: line.observed_at,
            recorded_at: line.recorded_at,
            payload: there.then(|| line.payload.to_owned()),
            withheld: false,
            metadata: line.metadata.clone(),
            payload_sha256: line.payload_sha256,
            leaf_hash: line.leaf_hash,
        }
    }

    /// The repository that it is about.
    fn repo(&self) -> Option<&str> {
        (self.stream.kind() == StreamKind::Repo).then(|| self.stream.id())
    }

    /// Leaves the payload out where it is not for everybody.
    fn withhold(&mut self, atlas: &Resident, private: &SaidPrivate) {
        let said_private = self.metadata.get("visibility").is_some_and(|visibility| visibility != "public");
        let allowed = |repo: &str| !said_private && private.allows(atlas, self.position, repo);
        if self.repo().is_some_and(|repo| !allowed(repo)) {
            self.withheld = self.payload.take().is_some();
        }
    }
}

/// Events in order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventsPage {
    /// The events.
    pub items: Vec<PublicEvent>,
    /// The position from which the next page begins; null where this is the last.
    pub next: Option<Position>,
}

/// A page of the log as the snapshot knows it: what came in later is not answered yet, for nobody has looked whose it
/// is.
///
/// # Errors
/// As [`events`].
pub async fn page(deps: &Deps, atlas: &Resident, asked: &EventsQuery) -> Result<EventsPage> {
    let last = asked.to.unwrap_or(atlas.position).min(atlas.position);
    let limit = asked.limit.unwrap_or(MAX_EVENTS).min(MAX_EVENTS);
    let mut found = EventsPage { items: Vec::new(), next: None };
    if asked.from.is_some_and(|from| from > last) && asked.to.is_none_or(|to| asked.from.is_some_and(|from| from <= to))
    {
        return Ok(found);
    }
    let asked = EventsQuery { to: Some(last), limit: None, ..asked.clone() };
    let mut bytes = 0;
    let each = |line: &LogLine<'_>| {
        if found.items.len() as u64 >= limit || (bytes > MAX_BYTES && !found.items.is_empty()) {
            found.next = Some(line.position);
            return ControlFlow::Break(());
        }
        bytes += line.payload_bytes().unwrap_or_default();
        found.items.push(PublicEvent::of(line));
        ControlFlow::Continue(())
    };
    events(deps, &asked, each).await?;
    let private = SaidPrivate::among(deps, atlas, found.items.iter().filter_map(PublicEvent::repo)).await?;
    found.items.iter_mut().for_each(|event| event.withhold(atlas, &private));
    Ok(found)
}
