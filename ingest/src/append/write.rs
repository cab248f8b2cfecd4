//! The rows of one append, and the one statement that writes them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::decide::remembered;
use domain::digest::Digest;
use domain::number::fit;
use domain::{StreamId, TenantId, Timestamp};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use super::prepared::Prepared;
use super::{EventMetadata, Locus};
use crate::error::Refusal;

/// Most events in one append.
pub(crate) const MAX_EVENTS: usize = 10_000;
/// Most payload bytes in one append, unless a single event is larger: 16 MiB.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 16 * 1024 * 1024;
/// Events, or payload bytes, of which a statement writes no more than it has to: while the server writes them, those
/// after them are made ready. Of larger pieces both sides spend more on memory than they save on statements.
const PIECE_EVENTS: usize = 256;
const PIECE_BYTES: usize = 512 * 1024;

/// Everything an append writes, column by column.
pub(crate) struct Write<'a> {
    tenant: TenantId,
    append_id: Uuid,
    recorded_at: Timestamp,
    metadata: &'a EventMetadata,
    /// Events so far.
    count: usize,
    /// Their payload bytes.
    payload_bytes: usize,
    /// Payload bytes of those that are not written yet.
    piece_bytes: usize,
    input_digests: Vec<u8>,
    leaf_hashes: Vec<u8>,
    /// The streams that are moved.
    streams: BTreeMap<&'a StreamId, MovedStream<'a>>,
    /// Events that are not written yet.
    events: Events<'a>,
    keys: Keys<'a>,
}

/// A stream that goes from one version to another (from 0: it was made just now), and what it remembers from here on.
struct MovedStream<'a> {
    expected: u64,
    version: u64,
    latest: BTreeMap<Cow<'a, str>, (&'a Digest, u64)>,
}

/// The moved streams, column by column.
#[derive(Default)]
struct StreamColumns<'a> {
    kind: Vec<&'static str>,
    id: Vec<&'a str>,
    expected: Vec<i64>,
    version: Vec<i64>,
    latest: LatestColumns<'a>,
}

#[derive(Default)]
struct LatestColumns<'a> {
    kind: Vec<&'static str>,
    id: Vec<&'a str>,
    source: Vec<&'a str>,
    digest: Vec<&'a [u8]>,
    sequence: Vec<i64>,
}

/// A write of one event without a key, and what its stream remembers of it.
struct LoneEvent<'a> {
    write: &'a Write<'a>,
    source: &'a str,
    digest: &'a Digest,
}

#[derive(Default)]
struct Events<'a> {
    kind: Vec<&'static str>,
    stream: Vec<&'a str>,
    sequence: Vec<i64>,
    kind_of_event: Vec<&'static str>,
    version: Vec<i32>,
    observed_at: Vec<DateTime<Utc>>,
    payload_sha256: Vec<&'a [u8]>,
    leaf_hash: Vec<[u8; 32]>,
    payload: Vec<&'a [u8]>,
}

#[derive(Default)]
struct Keys<'a> {
    key: Vec<&'a str>,
    input_digest: Vec<&'a [u8]>,
    index: Vec<i32>,
}

/// A statement of this folder with the rows of a write: first the append, the index of its first event that is not
/// written yet, and those events; then, unless the append goes on, all else.
macro_rules! bound {
    ($file:literal, $write:expr $(, $rest:expr)*) => {
        sqlx::query_file!(
            $file,
            $write.append_id,
            fit::<i32>($write.count - $write.events.payload.len(), "index of an event"),
            &$write.events.version,
            &$write.events.sequence,
            &$write.events.observed_at,
            &$write.events.kind as &[&str],
            &$write.events.stream as &[&str],
            &$write.events.kind_of_event as &[&str],
            &$write.events.payload_sha256 as &[&[u8]],
            &$write.events.leaf_hash as &[[u8; 32]],
            &$write.events.payload as &[&[u8]]
            $(, $rest)*
        )
    };
    (whole $file:literal, $write:expr, $streams:expr) => {
        bound!(
            $file,
            $write,
            &$streams.kind as &[&str],
            &$streams.id as &[&str],
            &$streams.expected,
            &$streams.version,
            &$streams.latest.kind as &[&str],
            &$streams.latest.id as &[&str],
            &$streams.latest.source as &[&str],
            &$streams.latest.digest as &[&[u8]],
            &$streams.latest.sequence,
            fit::<i32>($write.count, "events of an append"),
            $write.metadata.text,
            $write.input_digest(),
            $write.recorded_at.datetime(),
            &$write.keys.key as &[&str],
            &$write.keys.input_digest as &[&[u8]],
            &$write.keys.index,
            &$write.leaf_hashes,
            $write.tenant.number()
        )
    };
    (one $file:literal, $one:expr) => {
        sqlx::query_file!(
            $file,
            $one.write.append_id,
            $one.write.events.version[0],
            $one.write.events.sequence[0],
            $one.write.events.observed_at[0],
            $one.write.events.kind[0],
            $one.write.events.stream[0],
            $one.write.events.kind_of_event[0],
            $one.write.events.payload_sha256[0],
            &$one.write.events.leaf_hash[0],
            $one.write.events.payload[0],
            $one.source,
            &$one.digest.0,
            $one.write.metadata.text,
            &$one.write.input_digests,
            $one.write.recorded_at.datetime(),
            $one.write.tenant.number()
        )
    };
}

impl<'a> Write<'a> {
    pub(crate) fn new(tenant: TenantId, append_id: Uuid, recorded_at: Timestamp, metadata: &'a EventMetadata) -> Self {
        Self {
            tenant,
            append_id,
            recorded_at,
            metadata,
            count: 0,
            payload_bytes: 0,
            piece_bytes: 0,
            input_digests: Vec::new(),
            leaf_hashes: Vec::new(),
            streams: BTreeMap::new(),
            events: Events::default(),
            keys: Keys::default(),
        }
    }

    /// Whether an event of `bytes` payload bytes belongs into the next append.
    pub(crate) fn is_full(&self, bytes: usize) -> bool {
        self.count >= MAX_EVENTS || (self.count > 0 && self.payload_bytes + bytes > MAX_PAYLOAD_BYTES)
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether an event of these is one of this append.
    pub(crate) fn is_by(&self, metadata: &EventMetadata) -> bool {
        std::ptr::eq(self.metadata, metadata) || self.metadata == metadata
    }

    /// Adds an event with its sequence, the next of its stream. Answers where it will be.
    pub(crate) fn push(&mut self, prepared: &'a Prepared, sequence: u64) -> Result<Locus, Refusal> {
        let leaf = prepared.envelope(sequence, self.recorded_at, self.metadata).leaf_hash()?;
        let index = self.count;
        let events = &mut self.events;
        events.kind.push(prepared.stream.kind().name());
        events.stream.push(prepared.stream.id());
        events.sequence.push(signed(sequence));
        events.kind_of_event.push(prepared.event.event_type().name());
        events.version.push(fit::<i32>(prepared.version(), "version of a type"));
        events.observed_at.push(prepared.observed_at.unwrap_or(self.recorded_at).datetime());
        events.payload_sha256.push(&prepared.payload_sha256.0);
        events.leaf_hash.push(leaf.0);
        events.payload.push(&prepared.payload);
        if let Some(key) = &prepared.key {
            self.keys.key.push(key);
            self.keys.input_digest.push(&prepared.input_digest.0);
            self.keys.index.push(fit::<i32>(index, "index of an event"));
        }
        let moved = self.streams.entry(&prepared.stream).or_insert_with(|| MovedStream {
            expected: sequence.saturating_sub(1),
            version: sequence,
            latest: BTreeMap::new(),
        });
        moved.version = sequence;
        moved.latest.insert(remembered(&prepared.source), (&prepared.digest, sequence));
        self.leaf_hashes.extend_from_slice(&leaf.0);
        self.input_digests.extend_from_slice(&prepared.input_digest.0);
        self.count += 1;
        self.payload_bytes += prepared.payload.len();
        self.piece_bytes += prepared.payload.len();
        Ok(Locus {
            append: self.append_id,
            index: fit::<u32>(index, "index of an event"),
            stream: prepared.stream.clone(),
            sequence,
        })
    }

    fn stream_columns(&self) -> StreamColumns<'_> {
        let mut columns = StreamColumns::default();
        for (stream, moved) in &self.streams {
            columns.kind.push(stream.kind().name());
            columns.id.push(stream.id());
            columns.expected.push(signed(moved.expected));
            columns.version.push(signed(moved.version));
            for (source, (digest, sequence)) in &moved.latest {
                columns.latest.kind.push(stream.kind().name());
                columns.latest.id.push(stream.id());
                columns.latest.source.push(source);
                columns.latest.digest.push(&digest.0);
                columns.latest.sequence.push(signed(*sequence));
            }
        }
        columns
    }

    /// This, if it is of one event that is not written yet and has no key.
    fn alone(&self) -> Option<LoneEvent<'_>> {
        if self.count != 1 || self.events.payload.len() != 1 || !self.keys.key.is_empty() {
            return None;
        }
        let (source, (digest, _)) = self.streams.values().next()?.latest.first_key_value()?;
        Some(LoneEvent { write: self, source, digest })
    }

    /// What writes the events so far, once they are many; the rest of the append must follow in the same transaction.
    pub(crate) fn ahead(&mut self) -> Option<ReadyWrite> {
        if self.events.payload.len() < PIECE_EVENTS && self.piece_bytes < PIECE_BYTES {
            return None;
        }
        let query = bound!("sql/append_events.sql", self, self.tenant.number());
        (self.events, self.piece_bytes) = (Events::default(), 0);
        Some(ReadyWrite { query, ends: false })
    }

    /// What writes the events that are not written yet, and all else of the append.
    pub(crate) fn rest(&self) -> ReadyWrite {
        let query = match self.alone() {
            Some(one) => bound!(one "sql/append_one.sql", one),
            None => bound!(whole "sql/append.sql", self, self.stream_columns()),
        };
        ReadyWrite { query, ends: true }
    }

    /// Digest of all that is handed in; of one event, its own.
    fn input_digest(&self) -> Vec<u8> {
        if self.count == 1 { self.input_digests.clone() } else { Digest::of(&self.input_digests).0.to_vec() }
    }
}

/// Postgres counts in signed integers; sequences stay far below.
fn signed(number: u64) -> i64 {
    fit::<i64>(number, "sequence")
}

/// A statement with its rows, to be sent.
pub(crate) struct ReadyWrite {
    query: Query<'static, Postgres, PgArguments>,
    /// Whether it is the last of an append, which writes nothing where a stream has moved on.
    ends: bool,
}

impl ReadyWrite {
    /// `Ok(false)`: a stream is not at its expected version, nothing is written.
    pub(crate) async fn execute(self, conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let done = self.query.execute(conn).await?;
        Ok(!self.ends || done.rows_affected() == 1)
    }
}

/// Writes an append, all or nothing; its streams are there. `Ok(false)`: one is not at its expected version, nothing is
/// written. The commit waits for no disk: who answers waits for the append's position, or asks [`super::lookup::kept`].
pub(crate) async fn persist(conn: &mut PgConnection, write: &Write<'_>) -> Result<bool, sqlx::Error> {
    write.rest().execute(conn).await
}

/// What an append of one event without a key would cost if nobody ordered it: the reference of the benchmark, and never
/// part of a log.
pub(crate) async fn persist_unsequenced(conn: &mut PgConnection, write: &Write<'_>) -> Result<bool, sqlx::Error> {
    let one = write.alone().expect("the benchmark appends one event at a time, without a key");
    Ok(bound!(one "sql/append_unsequenced.sql", one).fetch_optional(conn).await?.is_some())
}

#[cfg(test)]
mod tests {
    /// A statement without its comments, up to where the outbox row is written, or not.
    fn shared(statement: &str) -> Vec<&str> {
        let mut lines: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
        lines.truncate(lines.iter().rposition(|line| *line == ")").unwrap() + 1);
        lines
    }

    #[test]
    fn the_reference_of_the_benchmark_writes_what_an_append_writes() {
        let append = shared(include_str!("../../sql/append_one.sql"));
        assert_eq!(append, shared(include_str!("../../sql/append_unsequenced.sql")));
        assert!(append.len() > 15, "{append:?}");
    }
}
