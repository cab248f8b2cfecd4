//! What goes into the log, and the steps of its way: prepared, judged against its stream, written. Who takes them is
//! [`crate::Log`].

use std::collections::BTreeMap;

use domain::checked::{Actor, Origin, Tool};
use domain::{Event, StreamId, Timestamp, canonical};
use uuid::Uuid;

use crate::error::Refusal;

pub(crate) mod ahead;
pub(crate) mod foresee;
pub(crate) mod lookup;
pub(crate) mod prepared;
pub(crate) mod streams;
pub(crate) mod write;

pub use foresee::{ForeseenAppend, Rehearsal};
pub use prepared::{Prepared, is_key, part_key};

pub use crate::limits::{MAX_KEY_BYTES, TRIES};

/// An event on its way into the log.
#[derive(Clone, Debug)]
pub struct Append {
    /// The fact.
    pub event: Event,
    /// When the world was so; `None`: the database's time at the append.
    pub observed_at: Option<Timestamp>,
    /// Idempotency key: the same key with the same facts always answers the same position.
    pub key: Option<String>,
}

impl From<Event> for Append {
    fn from(event: Event) -> Self {
        Self { event, observed_at: None, key: None }
    }
}

/// Who appends, and with what: becomes the metadata of the events.
#[derive(Clone, Debug)]
pub struct AppendContext {
    /// Person or service.
    pub actor: String,
    /// Program and version.
    pub tool: String,
    /// Where it comes from, as far as somebody vouches for that.
    pub origin: Origin,
}

impl AppendContext {
    /// One of whom nobody vouches for where it comes from.
    #[must_use]
    pub fn new(actor: String, tool: &str) -> Self {
        Self { actor, tool: tool.to_owned(), origin: Origin::default() }
    }
}

/// Flat metadata in both forms: as hashed with each event, and as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventMetadata {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl EventMetadata {
    pub(crate) fn of(context: &AppendContext) -> Result<Self, Refusal> {
        let (actor, tool) = (Actor::new(&context.actor)?, Tool::new(&context.tool)?);
        let fields = [("actor", actor.as_str()), ("tool", tool.as_str())];
        let fields = fields.into_iter().chain(context.origin.said());
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let text = String::from_utf8(canonical::to_vec(&fields)?).expect("canonical bytes are text");
        Ok(Self { fields, text })
    }
}

/// Where an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlace {
    /// Place in the whole log, from 1.
    pub position: u64,
    /// Identity: `<append uuid>/<index>`.
    pub event: String,
    /// The stream.
    pub stream: StreamId,
    /// Place within the stream, from 1.
    pub sequence: u64,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is new, and at this place.
    Appended(EventPlace),
    /// The log has it already, at this place.
    Duplicate(EventPlace),
}

impl AppendOutcome {
    /// Where the event is.
    #[must_use]
    pub fn place(&self) -> &EventPlace {
        match self {
            Self::Appended(place) | Self::Duplicate(place) => place,
        }
    }

    /// Whether the log had the event already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate(_))
    }
}

/// A stored event whose position is still to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Locus {
    pub(crate) append: Uuid,
    pub(crate) index: u32,
    pub(crate) stream: StreamId,
    pub(crate) sequence: u64,
}

impl Locus {
    pub(crate) fn place(self, first_position: u64) -> EventPlace {
        EventPlace {
            position: first_position + u64::from(self.index),
            event: format!("{}/{}", self.append, self.index),
            stream: self.stream,
            sequence: self.sequence,
        }
    }
}

/// Where an event is, and whether this append put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    New(Locus),
    Old(Locus),
}
