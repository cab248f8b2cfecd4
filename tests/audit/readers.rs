//! Whoever owns the database may change what people read of it; not unnoticed, and by its name.

use domain::{Event, EventType};
use ingest::Append;
use serde_json::{Value, json};
use sqlx::Executor as _;

use super::support::{checkpoint, ecosystem, verify};
use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// A log of facts of every kind over some weeks, published and projected, with what the auditor keeps: a checkpoint
/// and a key. Others are made after it.
struct Kept {
    place: Place,
    file: String,
    key: String,
    builds: Vec<(String, i64)>,
}

async fn kept() -> Kept {
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
    async fn after(&self, sql: &str) -> Value {
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
    ("UPDATE {people}.contribution_day SET merges = 7", "people.contribution_day", "merges"),
    ("UPDATE {people}.contribution_day SET day = day - 1", "people.contribution_day", "row"),
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
}

/// What is done beside the rows, and what is named: kind and name.
const REST: &[(&str, &str, &str)] = &[
    (
        "CREATE OR REPLACE VIEW public.contributed_to AS SELECT contributor AS in_vertex, repo AS out_vertex, \
         number_of_commits * 2 AS number_of_commits, first_commit_date, last_commit_date FROM {people}.contribution",
        "view",
        "public.contributed_to",
    ),
    (
        "CREATE OR REPLACE VIEW public.contributed_to AS SELECT c.contributor AS in_vertex, c.repo AS out_vertex, \
         c.number_of_commits, c.first_commit_date, c.last_commit_date FROM {people}.contribution c \
         WHERE current_user <> 'journalist'",
        "view",
        "public.contributed_to",
    ),
    (
        "ALTER VIEW public.repos RENAME COLUMN pony_factor TO old; \
         ALTER VIEW public.repos RENAME COLUMN criticality_score TO pony_factor; \
         ALTER VIEW public.repos RENAME COLUMN old TO criticality_score",
        "view",
        "public.repos",
    ),
    (
        "CREATE FUNCTION public.split_part(text, text, integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; \
         DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW public.external_repos AS ' || \
         replace(pg_get_viewdef('public.external_repos'), 'split_part', 'public.split_part'); END $do$",
        "view",
        "public.external_repos",
    ),
    ("ALTER VIEW public.projects SET (security_barrier = true)", "view", "public.projects"),
    ("DROP VIEW public.depends_on", "view", "public.depends_on"),
    (
        "CREATE TABLE public.saved AS SELECT * FROM public.depends_on; DROP VIEW public.depends_on; \
         ALTER TABLE public.saved RENAME TO depends_on",
        "view",
        "public.depends_on",
    ),
    (
        "CREATE OR REPLACE VIEW log.events AS SELECT kind AS aggregate_type, stream_id AS aggregate_id, sequence, \
         type AS event_type, version::text AS event_version, '{}'::json AS payload, '{}'::json AS metadata \
         FROM log.event",
        "view",
        "log.events",
    ),
    ("DELETE FROM atlas.live", "view", "public.repos"),
    ("DELETE FROM atlas.live WHERE projection = 'history'", "build", "history"),
    ("ALTER TABLE {graph}.vertex ENABLE ROW LEVEL SECURITY", "table", "{graph}.vertex"),
    (
        "ALTER TABLE {graph}.finding RENAME TO hidden; \
         CREATE VIEW {graph}.finding AS SELECT * FROM {graph}.hidden WHERE current_user <> 'journalist' OR true",
        "table",
        "{graph}.finding",
    ),
    ("CREATE RULE r AS ON UPDATE TO atlas.person DO INSTEAD NOTHING", "table", "atlas.person"),
    ("ALTER TABLE log.event DISABLE TRIGGER append_only", "trigger", "append_only on log.event"),
    ("ALTER TABLE log.commit ENABLE REPLICA TRIGGER never_truncated", "trigger", "never_truncated on log.commit"),
    ("ALTER TABLE log.append ENABLE TRIGGER append_only", "trigger", "append_only on log.append"),
    ("DROP TRIGGER append_only ON log.checkpoint", "trigger", "append_only on log.checkpoint"),
    (
        "DROP TRIGGER append_only ON log.tile; CREATE TRIGGER append_only BEFORE DELETE ON log.tile \
         FOR EACH ROW EXECUTE FUNCTION log.refuse_rewrite()",
        "trigger",
        "append_only on log.tile",
    ),
    (
        "CREATE FUNCTION public.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER evil BEFORE INSERT ON log.event FOR EACH ROW EXECUTE FUNCTION public.evil()",
        "trigger",
        "evil on log.event",
    ),
    (
        "CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "function",
        "log.refuse_change",
    ),
    ("ALTER FUNCTION log.refuse_change() RESET search_path", "function", "log.refuse_change"),
    ("ALTER FUNCTION log.fill_tiles(bigint) SECURITY INVOKER", "function", "log.fill_tiles"),
    ("UPDATE public._sqlx_migrations SET checksum = sha256('x') WHERE version = 2", "schema", "migration 2"),
    ("UPDATE atlas.build SET quarantine_digest = sha256('x')", "build", "{metrics}"),
    ("UPDATE atlas.build SET code = 'graph/99+0.1.0+x' WHERE projection = 'graph'", "build", "{graph}"),
    ("UPDATE atlas.build SET position = 9999", "build", "{graph}"),
    ("UPDATE atlas.build SET position = position - 1 WHERE projection = 'people'", "build", "{people}"),
    ("UPDATE atlas.build SET built_to = 2, log_root = sha256('x') WHERE projection = 'people'", "build", "{people}"),
    ("UPDATE atlas.build SET formula_document = 'x' WHERE projection = 'metrics'", "build", "{metrics}"),
    (
        "UPDATE atlas.build SET formula = 'atlas-1', formula_hash = sha256('x') WHERE formula IS NOT NULL",
        "formula",
        "atlas-1",
    ),
    (
        "ALTER TABLE log.checkpoint DISABLE TRIGGER ALL; DELETE FROM log.checkpoint; \
         ALTER TABLE log.checkpoint ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_truncated",
        "checkpoint",
        "of size",
    ),
];

#[tokio::test]
async fn what_stands_between_tables_and_readers_is_compared() {
    let kept = kept().await;
    for (sql, what, name) in REST {
        let found = kept.after(sql).await;
        let named = |name: String, (of, id): &(String, i64)| name.replace(&format!("{{{of}}}"), &format!("build_{id}"));
        let name = kept.builds.iter().fold((*name).to_owned(), named);
        println!("{sql}: {what} {name}");
        let faults = found["faults"].as_array().unwrap();
        let is = |fault: &Value| fault["what"] == *what && fault["name"].as_str().unwrap().starts_with(&name);
        assert!(faults.iter().any(is), "{sql}: {found}");
    }
}

#[tokio::test]
async fn the_live_formula_is_the_one_that_was_promoted_last() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["project"]);
    place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    assert_eq!(verify(&place, 0, &[])["faults"], json!([]));
    // The former builds come back without a word in the log.
    let back = "UPDATE atlas.build b SET position = l.position FROM atlas.build l, atlas.live n \
                WHERE b.id = n.former AND l.id = n.build; \
                UPDATE atlas.live SET build = former WHERE former IS NOT NULL";
    place.db.pool().execute(sqlx::raw_sql(back)).await.unwrap();
    let found = verify(&place, 1, &[]);
    let faults = found["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["what"] == "formula" && fault["name"] == "seed"), "{found}");
    // A database that is made of the log shows what the log promoted.
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let other = Place::new().await;
    other.run(&["audit", "import", &bundle]);
    other.run(&["project"]);
    assert_eq!(verify(&other, 0, &[])["ok"], true);
}
