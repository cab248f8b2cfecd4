//! The one way into the log.
//!
//! An append is one transaction that locks nothing but the streams it writes to. It carries an outbox row; the
//! sequencer gives positions afterwards, and every answer waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::checked::{Actor, Tool};
use domain::{Event, StreamId, Timestamp, canonical, redact};
use sqlx::PgPool;
use uuid::Uuid;

use crate::error::{AppendError, Refusal, SequenceError};
use crate::sequencer::Sequencer;

mod ahead;
pub(crate) mod batch;
mod foresee;
pub(crate) mod lookup;
pub(crate) mod prepared;
pub(crate) mod single;
mod streams;
pub(crate) mod write;

pub use foresee::{Foreseen, Rehearsal};
pub use prepared::{Prepared, is_key, part_key};

/// How often an append is tried while others write to the same stream.
pub const TRIES: u32 = 5;
/// How far `observed_at` may be ahead of the database's clock, in minutes: clocks differ, prophecies are refused.
pub const MAX_AHEAD_MINUTES: i64 = 5;
/// Greatest length of an idempotency key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

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
pub struct Context {
    /// Person or service.
    pub actor: String,
    /// Program and version.
    pub tool: String,
}

/// Flat metadata in both forms: as hashed with each event, and as stored.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Metadata {
    pub(crate) fn of(context: &Context) -> Result<Self, Refusal> {
        for (text, what) in [(&context.actor, "the actor"), (&context.tool, "the tool")] {
            if !redact::is_clean(text) {
                return Err(Refusal::Address(what.to_owned()));
            }
        }
        let fields =
            BTreeMap::from([("actor".to_owned(), context.actor.clone()), ("tool".to_owned(), context.tool.clone())]);
        let text = String::from_utf8(canonical::to_vec(&fields)?).map_err(|_| Refusal::NotItself)?;
        Actor::new(&context.actor)?;
        Tool::new(&context.tool)?;
        Ok(Self { fields, text })
    }
}

/// Where an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
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
pub enum Outcome {
    /// It is new, and at this place.
    Appended(Place),
    /// The log has it already, at this place.
    Duplicate(Place),
}

impl Outcome {
    /// Where the event is.
    #[must_use]
    pub fn place(&self) -> &Place {
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
    fn place(self, first_position: u64) -> Place {
        Place {
            position: first_position + u64::from(self.index),
            event: format!("{}/{}", self.append, self.index),
            stream: self.stream,
            sequence: self.sequence,
        }
    }
}

/// Where an event is, and whether this append put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    New(Locus),
    Old(Locus),
}

/// The log, to write to. Clones share one sequencer.
#[derive(Clone, Debug)]
pub struct Log {
    pool: PgPool,
    sequencer: Arc<Sequencer>,
}

impl Log {
    /// The log in the database behind `pool`, which must be migrated.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let sequencer = Arc::new(Sequencer::new(pool.clone()));
        Self { pool, sequencer }
    }

    /// The connections in use.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Appends one event and answers its position.
    ///
    /// Safe to repeat: the same facts again, or the same key, answer the place of the first.
    ///
    /// # Errors
    /// See [`AppendError`]; except for `Unplaced` and `Database`, the log is as it was.
    pub async fn append(&self, append: Append, context: &Context) -> Result<Outcome, AppendError> {
        let metadata = Metadata::of(context)?;
        single::append(self, Arc::new(Prepared::new(append)?), &metadata).await
    }

    /// Appends many events in one transaction, in order, and answers each. A refused one leaves the others; each sees
    /// those before it as if they were in the log already.
    ///
    /// # Errors
    /// See [`AppendError`]: then none of the events is appended, except for `Unplaced`, when all of them are, and for
    /// `Database`, when that is unknown.
    pub async fn append_batch(
        &self,
        appends: Vec<Append>,
        context: &Context,
    ) -> Result<Vec<Result<Outcome, Refusal>>, AppendError> {
        let metadata = Metadata::of(context)?;
        let (items, ahead) = ahead::prepare(appends);
        batch::append(self, items, ahead, metadata).await
    }

    /// What would become of these events, each after those before it. Nothing is written.
    ///
    /// # Errors
    /// When the database fails or a stream is damaged.
    pub async fn foresee(&self, appends: Vec<Append>) -> Result<Vec<Result<Foreseen, Refusal>>, AppendError> {
        foresee::foresee(self, appends).await
    }

    /// Appends what was foreseen, once the documents of all that is new are kept: one event by the way of one, several
    /// as a batch.
    ///
    /// # Errors
    /// As [`Self::append_batch`].
    pub async fn append_foreseen(
        &self,
        mut foreseen: Vec<Result<Foreseen, Refusal>>,
        context: &Context,
    ) -> Result<Vec<Result<Outcome, Refusal>>, AppendError> {
        let metadata = Metadata::of(context)?;
        if foreseen.len() > 1 {
            let (items, ahead) =
                ahead::ready(foreseen.into_iter().map(|item| item.map(|Foreseen(item)| item)).collect());
            return batch::append(self, items, ahead, metadata).await;
        }
        Ok(match foreseen.pop() {
            None => vec![],
            Some(Err(refusal)) => vec![Err(refusal)],
            Some(Ok(Foreseen(item))) => match single::append(self, Arc::new(item), &metadata).await {
                Err(AppendError::Refused(refusal)) => vec![Err(refusal)],
                outcome => vec![Ok(outcome?)],
            },
        })
    }

    /// Gives positions to everything that is committed now. Answers the position the next event will get.
    ///
    /// # Errors
    /// When the database fails or the head is damaged.
    pub async fn drain(&self) -> Result<u64, SequenceError> {
        self.sequencer.drain().await
    }

    /// Whether the login may give positions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn may_sequence(&self) -> Result<bool, SequenceError> {
        self.sequencer.may_run().await
    }

    /// Sequences what other processes leave behind, until `stop` is ready. Appends of this process do not need it.
    /// Failures are logged, once, and tried again.
    pub async fn run_sequencer(&self, stop: impl Future<Output = ()>) {
        self.sequencer.run(stop).await;
    }

    pub(crate) fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }
}
