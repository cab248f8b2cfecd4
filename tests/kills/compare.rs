//! What must be true when the dust has settled.

use std::collections::{BTreeMap, BTreeSet};

use domain::Event;
use projections::store::{self, Build};
use projections::tables::Projection;
use replay::as_of::{FoldDigests, FoldOutcome};
use replay::{present, rebuild};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Row as _};

use super::cli::Cli;
use super::inputs::Input;
use crate::support::log::{Stored, check, context, count};

/// Every input is in the log once, and every answer named that place. Answers the events.
pub(super) async fn exactly_once(pool: &PgPool, inputs: &[Input], answers: &[(usize, Value)]) -> Vec<Stored> {
    let stored = check(pool).await;
    let rows = sqlx::query(
        "SELECT k.key, c.first_position + k.idx AS position FROM log.idempotency_key k JOIN log.commit c USING (append_id)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let positions: BTreeMap<String, i64> = rows.iter().map(|row| (row.get("key"), row.get("position"))).collect();
    let expected: BTreeSet<String> = inputs.iter().flat_map(Input::keys).collect();
    assert_eq!(positions.keys().cloned().collect::<BTreeSet<_>>(), expected, "every input is in the log");
    let places: BTreeSet<i64> = positions.values().copied().collect();
    assert_eq!(places.len(), expected.len(), "no two inputs are one event");
    let facts = stored.iter().filter(|event| !matches!(event.event(), Event::FormulaPromoted(_))).count();
    assert_eq!(facts, expected.len(), "no input is there twice");

    for (at, answer) in answers {
        let input = &inputs[*at];
        let last = input.keys().iter().map(|key| positions[key]).max().unwrap();
        if answer.get("position").is_some() {
            assert_eq!(answer["position"], last, "{}: {answer}", input.key);
        } else {
            assert_eq!(answer["last_position"], last, "{}: {answer}", input.key);
            let told = answer["appended"].as_u64().unwrap() + answer["duplicates"].as_u64().unwrap();
            assert_eq!(told, input.events, "{}: {answer}", input.key);
        }
    }
    stored
}

/// How many answers said "appended" and how many "duplicate".
pub(super) fn outcomes(answers: &[(usize, Value)]) -> (u64, u64) {
    let single = |answer: &Value, outcome: &str| u64::from(answer["outcome"] == outcome);
    let sum = |outcome: &str, many: &str| {
        answers.iter().map(|(_, answer)| single(answer, outcome) + answer[many].as_u64().unwrap_or(0)).sum()
    };
    (sum("appended", "appended"), sum("duplicate", "duplicates"))
}

/// The live builds are, row for row and history included, what a rebuild from nothing comes to.
pub(super) async fn live_is_a_rebuild(conn: &mut PgConnection) {
    let live = store::live_builds(conn).await.unwrap();
    assert_eq!(live.len(), Projection::ALL.len());
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics).unwrap();
    let formula = metrics.read_document().unwrap().unwrap();
    let fresh = rebuild::build(conn, &Projection::ALL, &formula, metrics.position, &mut |_| {}).await.unwrap();
    let FoldOutcome { digest, state_digest, .. } = fresh.outcome();
    assert_eq!(present::digests(conn, &live).await.unwrap(), Some(FoldDigests { digest, state_digest }));
    for build in &live {
        let other = fresh.builds().iter().find(|other| other.projection == build.projection).unwrap();
        assert_eq!(build.position, other.position);
        assert_eq!(build.quarantine_digest, other.quarantine_digest);
        for table in build.projection.tables() {
            let (a, b) = (format!("{}.{}", build.schema(), table.name), format!("{}.{}", other.schema(), table.name));
            let sql = format!(
                "SELECT to_jsonb(x)::text FROM ((TABLE {a} EXCEPT TABLE {b}) UNION ALL (TABLE {b} EXCEPT TABLE {a})) x"
            );
            let differing: Vec<String> = sqlx::query_scalar(&sql).fetch_all(&mut *conn).await.unwrap();
            assert!(differing.is_empty(), "{a} and {b}: {differing:#?}");
        }
    }
    rebuild::discard(conn, &fresh).await.unwrap();
}

/// Sends the inputs of a log to another, undisturbed, in the order of their positions; what came from no input between
/// them too, so that every event gets the same position.
pub(super) async fn again(pool: &PgPool, stored: &[Stored], inputs: &[Input], cli: &Cli, other: &PgPool) {
    let keys: Vec<(uuid::Uuid, String)> = sqlx::query("SELECT append_id, key FROM log.idempotency_key")
        .fetch_all(pool)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get("append_id"), row.get("key")))
        .collect();
    let keys: BTreeMap<uuid::Uuid, String> = keys.into_iter().collect();
    let by_key: BTreeMap<&str, &Input> = inputs.iter().map(|input| (input.key.as_str(), input)).collect();
    ingest::migrate(other).await.unwrap();
    let log = ingest::Log::new(other.clone(), domain::TenantId::PUBLIC);
    for event in stored.iter().filter(|event| event.index == 0) {
        match keys.get(&event.append) {
            Some(key) => {
                let input = by_key[key.split('#').next().unwrap()];
                cli.ok(&input.args());
            }
            None => {
                log.append(event.event().into(), &context()).await.unwrap();
            }
        }
    }
    let told = |event: &Stored| {
        let envelope = &event.envelope;
        (event.position, envelope.stream.to_string(), envelope.sequence, envelope.payload_sha256)
    };
    let twin = check(other).await;
    assert_eq!(stored.iter().map(told).collect::<Vec<_>>(), twin.iter().map(told).collect::<Vec<_>>());
}

/// The live tables of both databases say the same, history included. What names an append or its time is left out.
pub(super) async fn same_tables(one: &mut PgConnection, other: &mut PgConnection) {
    let (ours, theirs) = (store::live_builds(one).await.unwrap(), store::live_builds(other).await.unwrap());
    let [mine, yours] = [present::digests(one, &ours).await.unwrap(), present::digests(other, &theirs).await.unwrap()];
    assert!(mine.is_some() && mine == yours, "{mine:?} {yours:?}");
    for (a, b) in ours.iter().zip(&theirs) {
        assert_eq!((a.projection, a.position), (b.projection, b.position));
        for table in a.projection.tables().filter(|table| table.name != "fact") {
            let (mine, yours) = (rows(one, a, table.name).await, rows(other, b, table.name).await);
            assert_eq!(mine, yours, "{}", table.name);
        }
    }
}

async fn rows(conn: &mut PgConnection, build: &Build, table: &str) -> Vec<String> {
    let sql = format!("SELECT (to_jsonb(t) - 'evidence' - 'recorded_at')::text FROM {}.{table} t", build.schema());
    let mut rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(conn).await.unwrap();
    rows.sort();
    rows
}

/// Nothing of killed rebuilds is left, and every build has its tables.
pub(super) async fn no_leftovers(pool: &PgPool) {
    let unfinished = "SELECT count(*) FROM atlas.build WHERE status NOT IN ('live', 'retired')";
    assert_eq!(count(pool, unfinished).await, 0, "builds of killed processes are gone");
    let stray = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'build\\_%' \
                  AND nspname NOT IN (SELECT 'build_' || id FROM atlas.build)";
    assert_eq!(count(pool, stray).await, 0, "no tables without a build");
}
