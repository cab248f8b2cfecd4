//! The same commands through postgres-es, on its own tables, and through ours: the same streams.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{CqrsFramework, EventStore};
use domain::decide::StreamState;
use domain::{Event, StreamKind, canonical};
use ingest::Append;
use ingest::aggregate::{
    Atlas, Fact, Formula, KindTag, Package, Project, Repo, Round, Stream, Surroundings, Survey, TypeInside,
};
use ingest::append::Prepared;
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::{PgPool, Row};

use crate::support::log::{append, check, context};
use crate::support::random::Random;
use crate::support::{Db, events};

/// The two tables postgres-es asks for, with its columns.
const THEIR_TABLES: &str = r"
    CREATE TABLE events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL CHECK (sequence >= 0),
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));
    CREATE TABLE snapshots (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, last_sequence bigint NOT NULL,
        current_snapshot bigint NOT NULL, payload json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, last_sequence));";

/// Calls a generic function with the type of a kind of stream.
macro_rules! for_kind {
    ($kind:expr, $function:ident ( $($argument:expr),* )) => {
        match $kind {
            StreamKind::Repo => $function::<Repo>($($argument),*).await,
            StreamKind::Package => $function::<Package>($($argument),*).await,
            StreamKind::Project => $function::<Project>($($argument),*).await,
            StreamKind::Survey => $function::<Survey>($($argument),*).await,
            StreamKind::Round => $function::<Round>($($argument),*).await,
            StreamKind::Formula => $function::<Formula>($($argument),*).await,
            StreamKind::Atlas => $function::<Atlas>($($argument),*).await,
        }
    };
}

fn their_store<K: KindTag>(pool: &PgPool) -> PersistedEventStore<PostgresEventRepository, Stream<K>> {
    PersistedEventStore::new_aggregate_store(PostgresEventRepository::new(pool.clone()))
        .with_upcasters(vec![Box::new(TypeInside)])
}

/// The command through the framework as postgres-es would have it.
async fn their_append<K: KindTag>(pool: &PgPool, event: Event) {
    let framework = CqrsFramework::new(their_store::<K>(pool), vec![], Arc::<Surroundings>::default());
    let context = context();
    let metadata = HashMap::from([("actor".to_owned(), context.actor), ("tool".to_owned(), context.tool)]);
    let stream = event.stream().unwrap();
    let command = Fact::from(Prepared::new(Append::from(event)).unwrap());
    framework.execute_with_metadata(stream.id(), command, metadata).await.unwrap();
}

/// A stream as postgres-es reads it from `events_table`, payloads and metadata in canonical form.
async fn read<K: KindTag>(
    pool: &PgPool,
    events_table: &str,
    id: &str,
) -> Vec<(String, String, u64, String, String, String, String)> {
    let text = |value: &Value| String::from_utf8(canonical::to_vec(value).unwrap()).unwrap();
    let repository = PostgresEventRepository::new(pool.clone()).with_tables(events_table, "snapshots");
    let events = repository.get_events::<Stream<K>>(id).await.unwrap();
    events
        .into_iter()
        .map(|event| {
            let (payload, metadata) = (text(&event.payload), text(&event.metadata));
            let sequence = event.sequence as u64;
            (
                event.aggregate_type,
                event.aggregate_id,
                sequence,
                event.event_type,
                event.event_version,
                payload,
                metadata,
            )
        })
        .collect()
}

/// A stream's events as the framework decodes them from our view.
async fn decode<K: KindTag>(pool: &PgPool, id: &str) -> Vec<Fact> {
    let repository = PostgresEventRepository::new(pool.clone()).with_tables("log.events", "snapshots");
    let store =
        PersistedEventStore::<_, Stream<K>>::new_aggregate_store(repository).with_upcasters(vec![Box::new(TypeInside)]);
    store.load_events(id).await.unwrap().into_iter().map(|envelope| envelope.payload).collect()
}

/// Every kind of event once, then draws among them and among some that differ by a number, so that news, repetitions
/// and returns to an earlier state all happen. A label is published once: the second is a refusal, which is told
/// elsewhere.
fn commands(seed: u64) -> Vec<Event> {
    let mut random = Random::new(seed);
    let all = events::every_kind();
    let again: Vec<Event> = all.iter().filter(|event| !matches!(event, Event::ScoresPublished(_))).cloned().collect();
    let drawn = (0..150).map(|_| match random.below(3) {
        0 => events::repo(&format!("a/{}", random.below(3)), random.below(3)),
        1 => events::sbom(&format!("a/{}", random.below(3)), &["x", "y", "z"][..random.below(4) as usize]),
        _ => again[random.below(again.len() as u64) as usize].clone(),
    });
    all.iter().cloned().chain(drawn).collect()
}

#[tokio::test]
async fn the_same_commands_make_the_same_streams_as_postgres_es() {
    let db = Db::create().await;
    let (pool, log) = (db.pool(), db.log());
    sqlx::raw_sql(THEIR_TABLES).execute(pool).await.unwrap();
    let mut streams = BTreeMap::new();
    let mut duplicates = 0;
    for event in commands(7) {
        let stream = event.stream().unwrap();
        duplicates += usize::from(append(&log, event.clone()).await.is_duplicate());
        for_kind!(stream.kind(), their_append(pool, event));
        streams.insert(stream, ());
    }
    let stored = check(pool).await;
    assert!(duplicates > 20 && stored.len() > 40, "{duplicates} duplicates, {} events", stored.len());

    let mut compared = 0;
    for stream in streams.keys() {
        let ours = for_kind!(stream.kind(), read(pool, "log.events", stream.id()));
        let theirs = for_kind!(stream.kind(), read(pool, "events", stream.id()));
        assert_eq!(ours, theirs, "{stream}");
        // What the view shows is what is stored, byte for byte.
        let bytes: Vec<&[u8]> =
            stored.iter().filter(|event| event.envelope.stream == *stream).map(|event| &event.payload[..]).collect();
        assert_eq!(ours.iter().map(|event| event.5.as_bytes()).collect::<Vec<_>>(), bytes, "{stream}");
        let facts: Vec<Fact> = stored
            .iter()
            .filter(|event| event.envelope.stream == *stream)
            .map(|event| Fact::from(Prepared::new(event.event().into()).unwrap()))
            .collect();
        assert_eq!(for_kind!(stream.kind(), decode(pool, stream.id())), facts, "{stream}");
        compared += ours.len();
    }
    assert_eq!(compared, stored.len());

    // What a stream remembers is the snapshot that the framework keeps.
    let mut remembered = crate::support::log::remembered(pool).await;
    let rows = sqlx::query(
        r"SELECT s.kind, s.id, s.version, t.last_sequence, t.payload
          FROM log.stream s FULL JOIN snapshots t ON t.aggregate_type = s.kind AND t.aggregate_id = s.id",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(rows.len(), streams.len());
    for row in rows {
        let id: String = row.get("id");
        assert_eq!(row.get::<i64, _>("version"), row.get::<i64, _>("last_sequence"), "{id}");
        let sources = remembered.remove(&(row.get("kind"), id.clone())).unwrap();
        let theirs: StreamState = serde_json::from_value(row.get("payload")).unwrap();
        assert_eq!(sources, theirs.sources, "{id}");
    }
}
