//! Whoever owns the database may change what people read of it; not unnoticed, and by its name.

use domain::{Event, EventType};
use ingest::Append;
use projections::tables::Projection;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::support::{checkpoint, ecosystem, verify};
use crate::support::cli::Place;
use crate::support::live::to_head;
use crate::support::{Db, events, log};

/// A log of facts of every kind over some weeks, published and projected, with what the auditor keeps: a checkpoint
/// and a key. Others are made after it.
pub(super) struct Kept {
    place: Place,
    file: String,
    key: String,
    pub(super) builds: Vec<(String, i64)>,
}

pub(super) async fn kept() -> Kept {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let told = |event: &Event| event.event_type().is_fact() || event.event_type() == EventType::Curated;
    let mut facts: Vec<Event> = events::every_kind().into_iter().filter(told).collect();
    facts.push(events::git_days("o/a", &[("ann", "2026-01-02", 3), ("bob", "2026-01-05", 1)]));
    facts.extend((0..12).map(|n| events::repo(["o/a", "o/b", "c/d"][n % 3], n as u64)));
    for (n, event) in facts.into_iter().enumerate() {
        let day = events::time("2026-08-01T12:00:00Z").micros() + n as i64 * 86_400_000_000;
        let observed_at = domain::Timestamp::from_micros(day);
        place.db.log().append(Append { event, observed_at, key: None }, &log::context()).await.unwrap();
    }
    place.run(&["project"]);
    place.run(&["publish", "--label", "two"]);
    let (file, key) = checkpoint(&place, "checkpoint.json");
    let builds = "SELECT projection, build FROM atlas.live ORDER BY projection";
    let builds = sqlx::query_as(builds).fetch_all(place.db.pool()).await.unwrap();
    let before = verify(&place, 0, &["--key", &key, "--checkpoint", &file]);
    assert_eq!((&before["ok"], &before["trusted"]), (&json!(true), &json!(true)), "{before}");
    assert_eq!((&before["divergences"], &before["faults"]), (&json!([]), &json!([])), "{before}");
    // Nobody may be at a database that is copied.
    place.db.pool().close().await;
    let name = place.db.bare().get_database().unwrap().to_owned();
    let gone = "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE datname = $1";
    sqlx::query(gone).bind(name).execute(Db::empty().await.pool()).await.unwrap();
    Kept { place, file, key, builds }
}

impl Kept {
    /// What the check says of a copy in which this was done. `{graph}` and the like stand for the live builds' schemas.
    pub(super) async fn after(&self, sql: &str) -> Value {
        let name = self.place.db.bare().get_database().unwrap().to_owned();
        let copy = Place::of(Db::created(&format!("TEMPLATE {name}")).await);
        let named =
            |sql: String, (name, id): &(String, i64)| sql.replace(&format!("{{{name}}}"), &format!("build_{id}"));
        let sql = self.builds.iter().fold(sql.to_owned(), named);
        copy.db.pool().execute(sqlx::raw_sql(&sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let found = verify(&copy, 1, &["--key", &self.key, "--checkpoint", &self.file]);
        assert_eq!((&found["ok"], &found["trusted"]), (&json!(false), &json!(false)), "{sql}: {found}");
        found
    }
}

/// What is done to the live tables, and the table and column that are named.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "UPDATE {graph}.vertex SET display_name = 'Evil' WHERE canonical_id = 'pkg:github/o/a'",
        "graph.vertex",
        "display_name",
    ),
    (
        "UPDATE {graph}.vertex SET adoption_stars = 9000 WHERE canonical_id = 'pkg:github/o/a'",
        "graph.vertex",
        "adoption_stars",
    ),
    ("UPDATE {graph}.vertex SET id = id + 1 WHERE canonical_id = 'pkg:github/o/a'", "graph.vertex", "id"),
    ("UPDATE {graph}.vertex SET project = 'p:b' WHERE canonical_id = 'pkg:github/o/a'", "graph.vertex", "project"),
    ("UPDATE {graph}.vertex SET repo = false WHERE canonical_id = 'pkg:github/o/a'", "graph.vertex", "repo"),
    ("UPDATE {graph}.vertex SET latest_version = '9' WHERE repo", "graph.vertex", "latest_version"),
    ("UPDATE {graph}.vertex SET visibility = 'private' WHERE repo", "graph.vertex", "visibility"),
    ("UPDATE {graph}.vertex SET license = 'None' WHERE repo", "graph.vertex", "license"),
    ("UPDATE {graph}.vertex SET parent = 'x/y' WHERE repo", "graph.vertex", "parent"),
    ("UPDATE {graph}.vertex SET evidence_position = 1 WHERE evidence IS NOT NULL", "graph.vertex", "evidence_position"),
    (r#"UPDATE {graph}.vertex SET releases = '[{"version": "9", "release_date": null}]'"#, "graph.vertex", "releases"),
    (r#"UPDATE {graph}.vertex SET packages = '["pkg:npm/evil"]'"#, "graph.vertex", "packages"),
    ("UPDATE {graph}.vertex SET latest_commit_date = '2026-01-02 00:00:00 BC'", "graph.vertex", "latest_commit_date"),
    ("UPDATE {graph}.vertex SET latest_commit_date = 'infinity'", "graph.vertex", "latest_commit_date"),
    ("DELETE FROM {graph}.vertex WHERE canonical_id = 'pkg:npm/w'", "graph.vertex", "row"),
    ("INSERT INTO {graph}.vertex (canonical_id, id, repo) VALUES ('pkg:npm/zz', 1, false)", "graph.vertex", "row"),
    ("UPDATE {graph}.project SET display_name = 'Evil' WHERE canonical_id = 'p:a'", "graph.project", "display_name"),
    ("UPDATE {graph}.project SET category = 'Evil' WHERE canonical_id = 'p:a'", "graph.project", "category"),
    (
        "UPDATE {graph}.edge SET nested_version = '9.9' WHERE nested_confidence IS NOT NULL",
        "graph.edge",
        "nested_version",
    ),
    ("UPDATE {graph}.edge SET root = NOT root", "graph.edge", "root"),
    ("DELETE FROM {graph}.edge WHERE out_vertex = 'pkg:npm/w'", "graph.edge", "row"),
    (
        "INSERT INTO {graph}.edge VALUES ('pkg:github/o/a', 'pkg:github/o/c', true, NULL, 'verified_sbom')",
        "graph.edge",
        "row",
    ),
    ("DELETE FROM {graph}.finding WHERE id = 'pkg:npm/a'", "graph.finding", "row"),
    ("UPDATE {graph}.finding SET reason = 'nothing to see'", "graph.finding", "reason"),
    ("INSERT INTO {graph}.finding VALUES ('a', 'b', 'c')", "graph.finding", "row"),
    ("UPDATE {graph}.fact SET value = replace(value, '1.0.0', '2.0.0') WHERE kind = 'sbom'", "graph.fact", "value"),
    ("UPDATE {people}.contribution SET number_of_commits = 999", "people.contribution", "number_of_commits"),
    ("UPDATE {people}.contribution SET bot = NOT bot", "people.contribution", "bot"),
    (
        "UPDATE {people}.contribution SET last_commit_date = last_commit_date + '1 us'::interval",
        "people.contribution",
        "last_commit_date",
    ),
    ("UPDATE {people}.contribution SET days[1] = days[1] - 1", "people.contribution", "days"),
    ("UPDATE {people}.contribution SET commits_by_day[1] = 7", "people.contribution", "commits_by_day"),
    ("UPDATE {people}.contribution SET merges_by_day = '{}'", "people.contribution", "merges_by_day"),
    ("DELETE FROM {people}.fact", "people.fact", "row"),
    (
        "UPDATE {metrics}.score SET criticality_score = 99 WHERE id = 'pkg:github/o/a'",
        "metrics.score",
        "criticality_score",
    ),
    ("UPDATE {metrics}.score SET adoption_score = 100 WHERE level = 'repo'", "metrics.score", "adoption_score"),
    ("UPDATE {metrics}.score SET flags = '[\"evil\"]'", "metrics.score", "flags"),
    (
        "ALTER TABLE {metrics}.score DROP CONSTRAINT score_pkey; \
         INSERT INTO {metrics}.score SELECT * FROM {metrics}.score WHERE level = 'project'",
        "metrics.score",
        "row",
    ),
    ("UPDATE {history}.span SET held[1] = '99' WHERE metric = 'criticality_score'", "history.span", "held"),
    (
        "UPDATE {history}.span SET positions[1] = positions[1] + 1 WHERE metric = 'pony_factor'",
        "history.span",
        "positions",
    ),
    ("UPDATE {history}.span SET held = '[0:0]={x}' WHERE metric = 'pony_factor'", "history.span", "held"),
    ("DELETE FROM {history}.span WHERE metric = 'activity_status'", "history.span", "row"),
    ("INSERT INTO {history}.span VALUES ('p:a', 'evil', 'project', 0, '{1}', '{1}')", "history.span", "row"),
    ("INSERT INTO {history}.span VALUES ('p:a', 'pony_factor', 'project', -1, '{1}', '{1}')", "history.span", "row"),
    (
        "INSERT INTO {history}.span VALUES ('p:a', 'flags', 'project', 1::bigint << 62, '{1}', '{1}')",
        "history.span",
        "row",
    ),
    ("UPDATE {history}.tick SET labels = '[\"evil\"]'", "history.tick", "labels"),
    ("UPDATE {history}.tick SET day = day + 1", "history.tick", "day"),
    ("UPDATE {history}.tick SET recorded_at = now()", "history.tick", "recorded_at"),
    ("DELETE FROM {history}.tick WHERE position = (SELECT min(position) FROM {history}.tick)", "history.tick", "row"),
    ("UPDATE atlas.build SET recorded_at = now()", "atlas.build", "recorded_at"),
    ("UPDATE atlas.build SET state_digest = sha256('x')", "atlas.build", "state_digest"),
];

#[tokio::test]
async fn every_column_of_every_live_table_is_compared() {
    let kept = kept().await;
    // A few at a time: each is named by its table and column.
    for done in TABLES.chunks(3) {
        let all: Vec<&str> = done.iter().map(|(sql, ..)| *sql).collect();
        let found = kept.after(&all.join("; ")).await;
        let rows = found["divergences"].as_array().unwrap_or_else(|| panic!("{all:?}: {found}"));
        for (sql, table, column) in done {
            println!("{sql}: divergence in {table}, {column}");
            let is = |row: &Value| (&row["table"], &row["metric"]) == (&json!(table), &json!(column));
            assert!(rows.iter().any(is), "{sql}: {found}");
        }
        let named = |row: &Value| done.iter().any(|(_, table, _)| row["table"] == *table);
        assert!(rows.iter().all(named), "{all:?}: {found}");
        assert_eq!(found["first_bad_position"], Value::Null, "{all:?}: no event is to blame");
    }
    let many =
        "INSERT INTO {history}.span SELECT 'p:a', 'evil', 'project', n, '{1}', '{1}' FROM generate_series(5, 5000) n";
    assert_eq!(kept.after(many).await["divergences"].as_array().map(Vec::len), Some(replay::verify::MAX_REPORTED));
}

#[tokio::test]
async fn days_are_compared_however_a_session_writes_them() {
    let db = Db::create().await;
    db.log().append(events::git_days("o/a", &[("ann", "2026-01-02", 3)]).into(), &log::context()).await.unwrap();
    let mut conn = db.options().connect().await.unwrap();
    let live = to_head(&mut conn, &mut |_| {}).await.unwrap();
    let seed = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let mut fold = replay::as_of::fold(&mut conn, seed, live.position(), &mut |_| {}).await.unwrap();
    conn.execute("SET datestyle TO 'German'").await.unwrap();
    let mut compared = async || {
        let mut snapshot = conn.begin().await.unwrap();
        replay::verify::against_live(&mut snapshot, &mut fold, live.builds()).await.unwrap()
    };
    assert_eq!(compared().await, []);
    let people = live.builds().iter().find(|build| build.projection == Projection::People).unwrap();
    db.pool().execute(&*format!("UPDATE {}.contribution SET days[1] = days[1] + 1", people.schema())).await.unwrap();
    assert_eq!(compared().await.len(), 1, "its days are others");
}
