//! A log from elsewhere, taken in as it is: the same appends, times, bytes and positions. What streams remember is
//! folded anew; idempotency keys are not in a log and do not come along.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::decide::StreamState;
use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::number::fit;
use domain::{Envelope, StreamId, canonical, codec};
use thiserror::Error;
use uuid::Uuid;

use crate::append::Prepared;
use crate::connect::begin;
use crate::error::{Corrupt, SequenceError};
use crate::{Append, Log};

/// Events after which those read are written, at the end of an append.
const MAX_EVENTS: usize = 10_000;
/// Payload bytes after which those read are written: 16 MiB.
const MAX_PAYLOAD_BYTES: usize = 16 * 1024 * 1024;

/// Why a log is not taken in.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The database holds something else.
    #[error("this database holds another log: its first {0} events are not those of the bundle")]
    Another(u64),
    /// Events that no program of ours would have written so.
    #[error("position {position}: {reason}")]
    Refused {
        /// The position.
        position: u64,
        /// Why.
        reason: String,
    },
    /// Positions could not be given.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// The database failed. Trying again goes on where it ended.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
}

/// An event to be taken in, its hashes checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedEvent {
    /// Place in the log.
    pub position: u64,
    /// The append it came in.
    pub append: Uuid,
    /// Place within that append.
    pub index: u32,
    /// What is hashed.
    pub envelope: Arc<Envelope>,
    /// The leaf hash.
    pub leaf_hash: Digest,
    /// Canonical bytes; none where they were erased.
    pub payload: Vec<u8>,
}

/// A log being taken in.
#[derive(Debug)]
pub struct Import {
    log: Log,
    /// Events that are there already, and their root.
    there: (u64, Digest),
    frontier: Frontier,
    /// How far each stream is, and what it remembers of what is not written yet.
    states: BTreeMap<StreamId, StreamState>,
    pending: Vec<(ImportedEvent, Digest)>,
    bytes: usize,
}

impl Import {
    /// Begins, or goes on after an interruption.
    ///
    /// # Errors
    /// When the database fails or its head is damaged.
    pub async fn begin(log: &Log) -> Result<Self, ImportError> {
        log.drain().await?;
        let there = log.head().await?;
        let (frontier, states) = (Frontier::default(), BTreeMap::new());
        let import = Self { log: log.clone(), there, frontier, states, pending: Vec::new(), bytes: 0 };
        import.meet()?;
        Ok(import)
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// When the database holds another log, the event cannot be written as it is, or the database fails.
    pub async fn push(&mut self, event: ImportedEvent) -> Result<(), ImportError> {
        let ends = self.pending.last().is_some_and(|(last, _)| last.append != event.append);
        if ends && (self.pending.len() >= MAX_EVENTS || self.bytes >= MAX_PAYLOAD_BYTES) {
            self.write().await?;
        }
        let refused = |reason: String| ImportError::Refused { position: event.position, reason };
        if let Some(unfit) = event.envelope.unfit() {
            return Err(refused(unfit));
        }
        let state = self.states.entry(event.envelope.stream.clone()).or_default();
        if event.envelope.sequence != state.sequence + 1 {
            return Err(refused(format!("sequence {} follows {}", event.envelope.sequence, state.sequence)));
        }
        let input_digest = match prepared(&event) {
            Some(prepared) => {
                state.evolve(&prepared.source, prepared.digest);
                prepared.input_digest
            }
            // Erased, or of a later program: its stream goes on, and remembers nothing of it.
            None => {
                state.pass();
                event.envelope.payload_sha256
            }
        };
        self.frontier.push(event.leaf_hash);
        if self.frontier.size() <= self.there.0 {
            // The database has it, and remembers it.
            state.sources.clear();
            return self.meet();
        }
        self.meet()?;
        self.bytes += event.payload.len();
        self.pending.push((event, input_digest));
        Ok(())
    }

    /// Where the database ends, both must be the same log.
    fn meet(&self) -> Result<(), ImportError> {
        let (size, root) = self.there;
        if self.frontier.size() == size && self.frontier.root() != root {
            return Err(ImportError::Another(size));
        }
        Ok(())
    }

    /// Writes the rest. Answers how many events were new, and the root.
    ///
    /// # Errors
    /// As [`Import::push`].
    pub async fn end(mut self) -> Result<(u64, Digest), ImportError> {
        if self.frontier.size() < self.there.0 {
            return Err(ImportError::Another(self.there.0));
        }
        self.write().await?;
        Ok((self.frontier.size() - self.there.0, self.frontier.root()))
    }

    async fn write(&mut self) -> Result<(), ImportError> {
        let pending = std::mem::take(&mut self.pending);
        self.bytes = 0;
        let Some((last, _)) = pending.last() else { return Ok(()) };
        let last = last.position;
        let mut rows = Rows::default();
        for append in pending.chunk_by(|a, b| a.0.append == b.0.append) {
            rows.append(append)?;
        }
        let mut streams: Vec<&StreamId> = pending.iter().map(|(event, _)| &event.envelope.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        for stream in streams {
            rows.stream(stream, self.states.entry(stream.clone()).or_default());
        }
        rows.persist(&self.log).await?;
        let next = self.log.drain().await?;
        if next != last + 1 {
            let what = format!("the log ends before {next}, not after {last}: somebody else appends to it");
            return Err(SequenceError::from(Corrupt::new("log.head", what)).into());
        }
        Ok(())
    }
}

/// What the stream learns from an event; nothing from one that this program cannot read.
fn prepared(event: &ImportedEvent) -> Option<Prepared> {
    let envelope = &event.envelope;
    let fact = codec::decode(&envelope.event_type, envelope.version, &event.payload).ok()?;
    Prepared::stored(Append::from(fact)).ok()
}

/// Column by column.
#[derive(Default)]
struct Rows {
    append: Vec<Uuid>,
    events: Vec<i32>,
    metadata: Vec<String>,
    input_digest: Vec<Vec<u8>>,
    recorded_at: Vec<DateTime<Utc>>,
    leaf_hashes: Vec<Vec<u8>>,
    event: EventRows,
    stream: StreamRows,
    latest: LatestRows,
}

#[derive(Default)]
struct EventRows {
    append: Vec<Uuid>,
    index: Vec<i32>,
    version: Vec<i32>,
    sequence: Vec<i64>,
    observed_at: Vec<DateTime<Utc>>,
    kind: Vec<&'static str>,
    stream: Vec<String>,
    r#type: Vec<String>,
    payload_sha256: Vec<Vec<u8>>,
    leaf_hash: Vec<Vec<u8>>,
    payload: Vec<Vec<u8>>,
}

#[derive(Default)]
struct StreamRows {
    kind: Vec<&'static str>,
    id: Vec<String>,
    version: Vec<i64>,
}

#[derive(Default)]
struct LatestRows {
    kind: Vec<&'static str>,
    id: Vec<String>,
    source: Vec<String>,
    digest: Vec<Vec<u8>>,
    sequence: Vec<i64>,
}

impl Rows {
    fn append(&mut self, events: &[(ImportedEvent, Digest)]) -> Result<(), ImportError> {
        let [(first, digest), ..] = events else { return Ok(()) };
        let refused = |event: &ImportedEvent, reason: &str| ImportError::Refused {
            position: event.position,
            reason: reason.to_owned(),
        };
        let metadata =
            canonical::to_vec(&first.envelope.metadata).map_err(|error| refused(first, &error.to_string()))?;
        self.append.push(first.append);
        self.events.push(fit::<i32>(events.len(), "events of an append"));
        self.metadata.push(String::from_utf8_lossy(&metadata).into_owned());
        self.recorded_at.push(first.envelope.recorded_at.datetime());
        self.input_digest.push(match events {
            [_] => digest.0.to_vec(),
            many => Digest::of(&many.iter().flat_map(|(_, digest)| digest.0).collect::<Vec<u8>>()).0.to_vec(),
        });
        self.leaf_hashes.push(events.iter().flat_map(|(event, _)| event.leaf_hash.0).collect());
        for (n, (event, _)) in (0..).zip(events) {
            let ImportedEvent { index, envelope, leaf_hash, payload, .. } = event;
            let same =
                (envelope.recorded_at, &envelope.metadata) == (first.envelope.recorded_at, &first.envelope.metadata);
            if *index != n || !same {
                return Err(refused(event, "it does not fit the rest of its append"));
            }
            let rows = &mut self.event;
            rows.append.push(event.append);
            rows.index.push(fit::<i32>(*index, "index of an event"));
            rows.version
                .push(i32::try_from(envelope.version).map_err(|_| refused(event, "its version is beyond any"))?);
            rows.sequence
                .push(i64::try_from(envelope.sequence).map_err(|_| refused(event, "its sequence is beyond any"))?);
            rows.observed_at.push(envelope.observed_at.datetime());
            rows.kind.push(envelope.stream.kind().name());
            rows.stream.push(envelope.stream.id().to_owned());
            rows.r#type.push(envelope.event_type.clone());
            rows.payload_sha256.push(envelope.payload_sha256.0.to_vec());
            rows.leaf_hash.push(leaf_hash.0.to_vec());
            rows.payload.push(payload.clone());
        }
        Ok(())
    }

    /// Moves a stream on. What it remembers is let go of: it is written.
    fn stream(&mut self, stream: &StreamId, state: &mut StreamState) {
        let kind = stream.kind().name();
        self.stream.kind.push(kind);
        self.stream.id.push(stream.id().to_owned());
        self.stream.version.push(fit::<i64>(state.sequence, "sequence"));
        for (source, latest) in std::mem::take(&mut state.sources) {
            self.latest.kind.push(kind);
            self.latest.id.push(stream.id().to_owned());
            self.latest.source.push(source);
            self.latest.digest.push(latest.digest.0.to_vec());
            self.latest.sequence.push(fit::<i64>(latest.sequence, "sequence"));
        }
    }

    async fn persist(self, log: &Log) -> Result<(), ImportError> {
        let mut transaction = begin(log.pool(), "BEGIN").await?;
        sqlx::query_file!(
            "sql/import_appends.sql",
            &self.append,
            &self.events,
            &self.metadata,
            &self.input_digest,
            &self.recorded_at,
            &self.stream.kind as &[&str],
            &self.stream.id,
            &self.stream.version,
            &self.latest.kind as &[&str],
            &self.latest.id,
            &self.latest.source,
            &self.latest.digest,
            &self.latest.sequence
        )
        .execute(&mut *transaction)
        .await?;
        let event = &self.event;
        sqlx::query_file!(
            "sql/import_events.sql",
            &event.append,
            &event.index,
            &event.version,
            &event.sequence,
            &event.observed_at,
            &event.kind as &[&str],
            &event.stream,
            &event.r#type,
            &event.payload_sha256,
            &event.leaf_hash,
            &event.payload
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query_file!("sql/import_outbox.sql", &self.append, &self.events, &self.leaf_hashes)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
