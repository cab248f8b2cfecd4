//! A log as an early program left it: before tenants, sets, entries and git logs by index. The migrations of that time
//! are the beginning of those of today, and a golden log has all that its rows were made of.

use std::collections::BTreeMap;

use domain::decide::StreamState;
use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::{StreamId, codec};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use uuid::Uuid;

/// Version of the newest migration of that time.
pub(crate) const SCHEMA: i64 = 12;
/// Hashes in a tile.
const TILE: usize = 256;

/// Brings an empty database to the schema of that time.
pub(crate) async fn migrate(pool: &PgPool) {
    let then = ingest::migrate::MIGRATOR.iter().filter(|migration| migration.version <= SCHEMA).cloned();
    let then = Migrator { migrations: then.collect::<Vec<_>>().into(), ..Migrator::DEFAULT };
    then.run(pool).await.unwrap();
}

/// Fills it from a frozen log, `tests/golden/NAME/log.ndjson`. Answers how many events that are.
pub(crate) async fn fill(pool: &PgPool, name: &str) -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let text = std::fs::read_to_string(format!("{folder}/{name}/log.ndjson")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut events: Vec<Value> = lines.filter_map(|mut line| Some(line.get_mut("event")?.take())).collect();
    events.sort_by_key(|event| event["position"].as_u64());

    let mut appends: BTreeMap<Uuid, Vec<&Value>> = BTreeMap::new();
    for event in &events {
        let (append, _) = text_of(event, "event").split_once('/').unwrap();
        appends.entry(append.parse().unwrap()).or_default().push(event);
    }
    let mut transaction = pool.begin().await.unwrap();
    for (append, events) in &appends {
        let first = events[0];
        sqlx::query("INSERT INTO log.append VALUES ($1, $2, $3, sha256($4), $5::text::timestamptz)")
            .bind(append)
            .bind(events.len() as i32)
            .bind(first["metadata"].to_string())
            .bind(append.as_bytes().to_vec())
            .bind(text_of(first, "recorded_at"))
            .execute(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("INSERT INTO log.commit VALUES ($1, $2, $3)")
            .bind(first["position"].as_i64())
            .bind(events.len() as i32)
            .bind(append)
            .execute(&mut *transaction)
            .await
            .unwrap();
        for event in events {
            insert(&mut transaction, append, event).await;
        }
    }
    order(&mut transaction, &events).await;
    remember(&mut transaction, &events).await;
    transaction.commit().await.unwrap();
    events.len() as u64
}

fn text_of<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_else(|| panic!("{field} of {event}"))
}

fn stream(event: &Value) -> StreamId {
    StreamId::parse(text_of(event, "stream")).unwrap()
}

/// An event, whose payload may be erased.
async fn insert(conn: &mut sqlx::PgConnection, append: &Uuid, event: &Value) {
    let payload = event["payload"].as_str().unwrap_or_default().as_bytes();
    let digest = match event["payload_sha256"].as_str() {
        Some(erased) => Digest::parse(erased).unwrap(),
        None => Digest::of(payload),
    };
    let (_, index) = text_of(event, "event").split_once('/').unwrap();
    let stream = stream(event);
    let sql = "INSERT INTO log.event VALUES ($1, $2, $3, $4, $5::text::timestamptz, $6, $7, $8, $9, $10, $11)";
    sqlx::query(sql)
        .bind(append)
        .bind(index.parse::<i32>().unwrap())
        .bind(event["version"].as_i64().unwrap() as i32)
        .bind(event["sequence"].as_i64())
        .bind(text_of(event, "observed_at"))
        .bind(stream.kind().name())
        .bind(stream.id())
        .bind(text_of(event, "type"))
        .bind(&digest.0[..])
        .bind(&leaf(event).0[..])
        .bind(payload)
        .execute(conn)
        .await
        .unwrap();
}

fn leaf(event: &Value) -> Digest {
    Digest::parse(text_of(event, "leaf_hash")).unwrap()
}

/// The head and the tiles.
async fn order(conn: &mut sqlx::PgConnection, events: &[Value]) {
    let mut frontier = Frontier::default();
    let mut levels: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for event in events {
        frontier.push_tiled(leaf(event), |level, hash| levels.entry(level).or_default().extend(hash.0));
    }
    for (level, hashes) in levels {
        for (index, tile) in hashes.chunks(TILE * 32).enumerate() {
            sqlx::query("INSERT INTO log.tile VALUES ($1, $2, $3)")
                .bind(level as i32)
                .bind(index as i64)
                .bind(tile)
                .execute(&mut *conn)
                .await
                .unwrap();
        }
    }
    let nodes: Vec<u8> = frontier.nodes().iter().flat_map(|node| node.0).collect();
    sqlx::query("UPDATE log.head SET next_position = $1, root = $2, frontier = $3")
        .bind(events.len() as i64 + 1)
        .bind(&frontier.root().0[..])
        .bind(nodes)
        .execute(conn)
        .await
        .unwrap();
}

/// What each stream remembers. Of an erased event that is nothing: a golden log no longer has its facts.
async fn remember(conn: &mut sqlx::PgConnection, events: &[Value]) {
    let mut states: BTreeMap<StreamId, StreamState> = BTreeMap::new();
    for event in events {
        let state = states.entry(stream(event)).or_default();
        match event["payload"].as_str() {
            None => state.pass(),
            Some(payload) => {
                let version = event["version"].as_u64().unwrap() as u32;
                let fact = codec::decode(text_of(event, "type"), version, payload.as_bytes()).unwrap();
                state.evolve(&fact.source(), fact.semantic_digest().unwrap());
            }
        }
        assert_eq!(Some(state.sequence), event["sequence"].as_u64(), "{event}");
    }
    for (stream, state) in states {
        sqlx::query("INSERT INTO log.stream VALUES ($1, $2, $3, $4)")
            .bind(stream.kind().name())
            .bind(stream.id())
            .bind(state.sequence as i64)
            .bind(serde_json::to_string(&state).unwrap())
            .execute(&mut *conn)
            .await
            .unwrap();
    }
}
