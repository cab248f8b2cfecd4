//! Looking at the log from outside, by plain SQL, and recomputing all that can be recomputed.

use std::collections::BTreeMap;

use domain::decide::{Latest, StreamState};
use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::{Envelope, Event, StreamId, StreamKind, Timestamp, codec};
use futures_util::StreamExt as _;
use ingest::{Append, AppendContext, AppendOutcome, Log};
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Who appends in the stories.
pub(crate) fn context() -> AppendContext {
    AppendContext::new("tester".to_owned(), "tests/1")
}

/// Appends an event as it is.
pub(crate) async fn append(log: &Log, event: Event) -> AppendOutcome {
    log.append(event.into(), &context()).await.unwrap()
}

/// An event observed at a given time, under a key.
pub(crate) fn keyed(event: Event, key: &str) -> Append {
    Append { event, observed_at: None, key: Some(key.to_owned()) }
}

/// A stored event.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) position: u64,
    pub(crate) append: Uuid,
    pub(crate) index: u32,
    pub(crate) envelope: Envelope,
    pub(crate) leaf_hash: Digest,
    pub(crate) payload: Vec<u8>,
}

impl Stored {
    /// The fact.
    pub(crate) fn event(&self) -> Event {
        codec::decode(&self.envelope.event_type, self.envelope.version, &self.payload).unwrap()
    }

    /// Identity, as answers give it.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.append, self.index)
    }
}

/// Every sequenced event, by position.
pub(crate) async fn events(pool: &PgPool) -> Vec<Stored> {
    let rows = sqlx::query(
        r"SELECT c.first_position + e.idx AS position, e.*, a.metadata, a.recorded_at
          FROM log.commit c JOIN log.append a USING (append_id) JOIN log.event e USING (append_id)
          ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.iter()
        .map(|row| {
            let number = |column: &str| u64::try_from(row.get::<i64, _>(column)).unwrap();
            let digest = |column: &str| Digest::from_slice(row.get::<&[u8], _>(column)).unwrap();
            let moment = |column: &str| Timestamp::from_datetime(row.get(column)).unwrap();
            Stored {
                position: number("position"),
                append: row.get("append_id"),
                index: u32::try_from(row.get::<i32, _>("idx")).unwrap(),
                envelope: Envelope {
                    stream: StreamId::new(
                        StreamKind::from_name(row.get("kind")).unwrap(),
                        row.get::<String, _>("stream_id"),
                    )
                    .unwrap(),
                    sequence: number("sequence"),
                    event_type: row.get("type"),
                    version: u32::try_from(row.get::<i32, _>("version")).unwrap(),
                    observed_at: moment("observed_at"),
                    recorded_at: moment("recorded_at"),
                    metadata: serde_json::from_str(row.get("metadata")).unwrap(),
                    payload_sha256: digest("payload_sha256"),
                },
                leaf_hash: digest("leaf_hash"),
                payload: row.get("payload"),
            }
        })
        .collect()
}

/// One number out of the database.
pub(crate) async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Checks every invariant of a drained log by recomputation, and answers its events.
///
/// Positions are dense from 1 and each is one event; no event, append or outbox row is left over; sequences are dense
/// per stream and ascend with the positions; payload digests, leaf hashes and the root are what the columns say; what a
/// stream remembers is the fold of its events.
pub(crate) async fn check(pool: &PgPool) -> Vec<Stored> {
    let stored = events(pool).await;
    assert_eq!(count(pool, "SELECT count(*) FROM log.outbox").await, 0, "the outbox is drained");
    assert_eq!(count(pool, "SELECT count(*) FROM log.event").await, stored.len() as i64, "every event has a position");
    assert_eq!(
        count(pool, "SELECT count(*) FROM log.append").await,
        count(pool, "SELECT count(*) FROM log.commit").await,
        "every append has a place"
    );
    assert_eq!(
        count(
            pool,
            r"SELECT count(*) FROM log.append a JOIN log.commit c USING (append_id)
              WHERE a.events <> c.events
                 OR a.events <> (SELECT count(*) FROM log.event e WHERE e.append_id = a.append_id)"
        )
        .await,
        0,
        "every append has the events it says"
    );

    let mut frontier = Frontier::default();
    let mut levels: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut folds: BTreeMap<StreamId, StreamState> = BTreeMap::new();
    for (n, event) in stored.iter().enumerate() {
        let name = event.name();
        assert_eq!(event.position, n as u64 + 1, "positions are dense");
        assert_eq!(Digest::of(&event.payload), event.envelope.payload_sha256, "payload of {name}");
        assert_eq!(event.envelope.leaf_hash().unwrap(), event.leaf_hash, "leaf of {name}");
        frontier.push_tiled(event.leaf_hash, |level, hash| levels.entry(level).or_default().extend(hash.0));
        let fact = event.event();
        assert_eq!(codec::encode(&fact).unwrap(), event.payload, "bytes of {name}");
        assert_eq!(fact.stream().unwrap(), event.envelope.stream, "stream of {name}");
        let state = folds.entry(event.envelope.stream.clone()).or_default();
        state.evolve(&fact.source(), fact.semantic_digest().unwrap());
        assert_eq!(state.sequence, event.envelope.sequence, "sequences ascend with positions: {name}");
    }

    let tiles: Vec<(i32, Vec<u8>)> = sqlx::query_as(
        "SELECT level, string_agg(hashes, ''::bytea ORDER BY idx) FROM log.tile GROUP BY level ORDER BY level",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let expected: Vec<(i32, Vec<u8>)> = levels.into_iter().map(|(level, hashes)| (level as i32, hashes)).collect();
    assert_eq!(tiles, expected, "the tiles hold the tree");

    let head = sqlx::query("SELECT next_position, root FROM log.head").fetch_one(pool).await.unwrap();
    assert_eq!(head.get::<i64, _>("next_position"), stored.len() as i64 + 1);
    assert_eq!(head.get::<&[u8], _>("root"), frontier.root().0, "the root is that of the leaves");

    let mut remembered = remembered(pool).await;
    let streams = sqlx::query("SELECT kind, id, version, stale FROM log.stream").fetch_all(pool).await.unwrap();
    assert_eq!(streams.len(), folds.len(), "every stream has events");
    for row in streams {
        let kind = StreamKind::from_name(row.get("kind")).unwrap();
        let stream = StreamId::new(kind, row.get::<String, _>("id")).unwrap();
        assert!(!row.get::<bool, _>("stale"), "{stream} is stale");
        let sources = remembered.remove(&(row.get("kind"), row.get("id"))).unwrap_or_default();
        let state = StreamState { sequence: row.get::<i64, _>("version") as u64, sources };
        assert_eq!(Some(&state), folds.get(&stream), "{stream} remembers the fold of its events");
    }
    assert!(remembered.is_empty(), "of no stream: {remembered:?}");
    stored
}

/// What is remembered of the sources of each stream, by its kind and id.
pub(crate) async fn remembered(pool: &PgPool) -> BTreeMap<(String, String), BTreeMap<String, Latest>> {
    let rows = sqlx::query("SELECT kind, id, source, digest, sequence FROM log.latest").fetch_all(pool).await.unwrap();
    let mut streams: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for row in rows {
        let digest = Digest::from_slice(row.get("digest")).unwrap();
        let latest = Latest { digest, sequence: row.get::<i64, _>("sequence") as u64 };
        streams.entry((row.get("kind"), row.get("id"))).or_default().insert(row.get("source"), latest);
    }
    streams
}

/// Columns of the tables of the log that never changed. Of `log.stream` what it remembered was a text.
const FIRST_COLUMNS: [(&str, &str); 7] = [
    ("append", "append_id, events, metadata, input_digest, recorded_at"),
    (
        "event",
        "append_id, idx, version, sequence, observed_at, kind, stream_id, type, payload_sha256, leaf_hash, payload",
    ),
    ("idempotency_key", "key, input_digest, append_id, idx"),
    ("outbox", "oid, append_id, events, leaf_hashes"),
    ("commit", "first_position, events, append_id"),
    ("tile", "level, idx, hashes"),
    ("checkpoint", "tree_size, root, note"),
];
/// The same of streams, as a table and as a query of what is one today.
const FIRST_STREAMS: (&str, &str) = (
    "log.stream (kind, id, version, state)",
    "(SELECT kind, id, version, json_build_object('sequence', version, 'sources', (
         SELECT coalesce(json_object_agg(source, json_build_object('digest', encode(digest, 'hex'),
                                                                   'sequence', sequence)), '{}')
         FROM log.latest AS l WHERE (l.tenant_id, l.kind, l.id) = (s.tenant_id, s.kind, s.id)))::text
      FROM log.stream AS s)",
);

/// Puts a log into a database whose schema is of before there were rows of what streams remember.
pub(crate) async fn put_into_older(from: &PgPool, to: &PgPool) {
    let mut copies = vec![(FIRST_STREAMS.0.to_owned(), FIRST_STREAMS.1.to_owned())];
    copies.extend(FIRST_COLUMNS.map(|(table, columns)| {
        let table = format!("log.{table} ({columns})");
        (table.clone(), table)
    }));
    for (there, here) in copies {
        let mut out = from.copy_out_raw(&format!("COPY {here} TO STDOUT")).await.unwrap();
        let mut into = to.copy_in_raw(&format!("COPY {there} FROM STDIN")).await.unwrap();
        while let Some(bytes) = out.next().await {
            into.send(bytes.unwrap()).await.unwrap();
        }
        into.finish().await.unwrap();
    }
    let head: (i64, Vec<u8>, Vec<u8>) =
        sqlx::query_as("SELECT next_position, root, frontier FROM log.head").fetch_one(from).await.unwrap();
    let moved = sqlx::query("UPDATE log.head SET next_position = $1, root = $2, frontier = $3");
    moved.bind(head.0).bind(head.1).bind(head.2).execute(to).await.unwrap();
}
