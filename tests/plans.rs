//! How Postgres goes about the statements on builds, which no compiler checks: each is explained on an empty and on a
//! filled build, with the plan that serves any parameter.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use projections::store::Build;
use projections::store::schema;
use projections::store::statement::{HISTORY_OF_ONE, READS};
use projections::tables::Projection;
use replay::formulas;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::support::db::Db;

/// What a statement reads.
enum Reads {
    /// The few rows it is asked for: by these indexes, and no table from one end to the other.
    Few(&'static [&'static str]),
    /// Whole tables, as fast as the planner knows.
    All(&'static [&'static str]),
}

/// Every statement, with what it reads.
const STATEMENTS: &[(&str, Reads)] = &[
    ("counts", Reads::All(&["edge", "project", "vertex"])),
    ("edges", Reads::All(&["edge"])),
    ("edges_of", Reads::Few(&["edge_out_vertex_idx", "edge_pkey"])),
    ("facts", Reads::All(&["fact"])),
    ("findings", Reads::All(&["finding"])),
    ("first_scores", Reads::Few(&["score_pkey", "vertex_pkey"])),
    ("first_scores_of_projects", Reads::Few(&["project_pkey", "score_pkey"])),
    ("history_of_one", Reads::Few(&["span_pkey", "tick_pkey"])),
    ("ids", Reads::All(&["project", "vertex"])),
    ("labels", Reads::All(&["tick"])),
    ("projects_of", Reads::Few(&["vertex_pkey"])),
    ("projects_of_repos", Reads::All(&["vertex"])),
    ("repos", Reads::All(&["vertex"])),
    ("repos_of_project", Reads::Few(&["vertex_project_idx"])),
    ("score", Reads::Few(&["score_pkey", "vertex_pkey"])),
    ("score_of_project", Reads::Few(&["project_pkey", "score_pkey"])),
    ("scores", Reads::All(&["score", "vertex"])),
    ("scores_of_projects", Reads::All(&["project", "score"])),
    ("ticks", Reads::All(&["tick"])),
    ("unsaid", Reads::All(&["fact", "finding", "score", "vertex"])),
    ("values_at", Reads::All(&["span"])),
    ("values_held", Reads::All(&["span"])),
];

/// Views, the columns by which the few rows of one thing are asked for, and the indexes behind them.
const VIEWS_BY_ID: &[(&str, &str, &[&str])] = &[
    ("projects", "canonical_id", &["project_pkey", "score_pkey"]),
    ("repos", "canonical_id", &["project_pkey", "score_pkey", "vertex_pkey"]),
    ("external_repos", "canonical_id", &["score_pkey", "vertex_pkey"]),
    ("contributors", "email_hash", &["contribution_pkey", "person_pkey"]),
    ("depends_on", "in_vertex", &["edge_pkey"]),
    ("depends_on", "out_vertex", &["edge_out_vertex_idx"]),
    ("contributed_to", "in_vertex", &["contribution_pkey"]),
];

/// Tables of the register.
const REGISTER: &[&str] = &["build", "live"];

/// Live builds of every projection, without a row.
async fn builds(conn: &mut PgConnection) -> Vec<Build> {
    let formula = formulas::named(conn, domain::formula::DEFAULT, 0).await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    let mut builds = Vec::new();
    for projection in Projection::ALL {
        let build = schema::create(&mut transaction, projection, &formula, &Digest::default()).await.unwrap();
        schema::index(&mut transaction, &build).await.unwrap();
        builds.push(build);
    }
    schema::make_live(&mut transaction, &builds).await.unwrap();
    transaction.commit().await.unwrap();
    builds
}

/// Rows enough that it matters how they are found, in the proportions of a large ecosystem.
const ROWS: &str = "
    INSERT INTO {graph}.project (canonical_id, id, display_name)
        SELECT 'daoip-5:scf:project:' || n, n, 'p' || n FROM generate_series(1, 1000) AS n;
    INSERT INTO {graph}.vertex (canonical_id, id, repo, display_name, project)
        SELECT 'pkg:github/o/r' || n, n, n % 10 = 0, 'o/r' || n,
               CASE WHEN n % 10 = 0 THEN 'daoip-5:scf:project:' || n / 20 + 1 END
          FROM generate_series(1, 20000) AS n;
    INSERT INTO {graph}.edge (in_vertex, out_vertex, root, flat_confidence)
        SELECT 'pkg:github/o/r' || n % 2000 * 10 + 10, 'pkg:github/o/r' || n * 7919 % 20000 + 1, false, 'inferred'
          FROM generate_series(1, 50000) AS n ON CONFLICT DO NOTHING;
    INSERT INTO {graph}.finding SELECT 'k', 'i' || n, 'r' FROM generate_series(1, 1000) AS n;
    INSERT INTO {graph}.fact SELECT 'k', 'i' || n, repeat('v', 200) FROM generate_series(1, 20000) AS n;
    INSERT INTO {people}.contribution (contributor, repo, id, bot, number_of_commits)
        SELECT encode(sha256((n / 5)::text::bytea), 'hex'), 'pkg:github/o/r' || n % 2000 * 10 + 10, n / 5, false, 1
          FROM generate_series(1, 20000) AS n;
    INSERT INTO atlas.person (pseudonym, name)
        SELECT sha256(n::text::bytea), 'somebody' FROM generate_series(1, 5000) AS n;
    INSERT INTO {metrics}.score (level, id, criticality_score)
        SELECT CASE WHEN repo THEN 'repo' ELSE 'external' END, canonical_id, 1 FROM {graph}.vertex
         UNION ALL SELECT 'project', canonical_id, 1 FROM {graph}.project;
    INSERT INTO {history}.span (id, metric, level, segment, positions, held)
        SELECT 'pkg:github/o/r' || n % 20000 + 1, 'criticality_score', 'repo', n / 20000, ARRAY[n], '{1}'
          FROM generate_series(1, 200000) AS n;
    INSERT INTO {history}.tick SELECT n * 20, '2026-01-01', now(), '[]' FROM generate_series(1, 10000) AS n;
    ANALYZE;
";

fn on(sql: &str, builds: &[Build]) -> String {
    let named = |sql: String, build: &Build| sql.replace(&format!("{{{}}}", build.projection.name()), &build.schema());
    builds.iter().fold(sql.to_owned(), named)
}

/// What a plan reads.
#[derive(Debug, Default)]
struct Plan {
    tables: BTreeSet<String>,
    indexes: BTreeSet<String>,
    /// Tables of which every row is read.
    scanned: BTreeSet<String>,
}

impl Plan {
    /// The plan that serves any parameter.
    async fn of(conn: &mut PgConnection, sql: &str) -> Self {
        let parameters = (1..10).filter(|n| sql.contains(&format!("${n}"))).count();
        let nulls = if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
        let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE it AS {sql}");
        sqlx::raw_sql(&prepare).execute(&mut *conn).await.unwrap();
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE it{nulls}");
        let explained: Value = sqlx::query_scalar(&explain).fetch_one(&mut *conn).await.unwrap();
        sqlx::raw_sql("DEALLOCATE it").execute(&mut *conn).await.unwrap();
        let mut plan = Self::default();
        plan.walk(&explained[0]["Plan"]);
        plan
    }

    fn walk(&mut self, node: &Value) {
        let name = |key: &str| node[key].as_str().map(str::to_owned);
        // The register has a few rows, whatever the builds hold.
        if !name("Relation Name").is_some_and(|table| REGISTER.contains(&table.as_str())) {
            self.tables.extend(name("Relation Name"));
            self.indexes.extend(name("Index Name"));
            if name("Node Type").is_some_and(|kind| kind.contains("Seq Scan")) {
                self.scanned.extend(name("Relation Name"));
            }
        }
        for below in node["Plans"].as_array().into_iter().flatten() {
            self.walk(below);
        }
    }

    fn check(&self, what: &str, expected: &Reads) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        match expected {
            Reads::All(tables) => assert_eq!(self.tables, set(tables), "{what}"),
            Reads::Few(indexes) => {
                assert_eq!(self.scanned, BTreeSet::new(), "{what} reads every row of these");
                assert_eq!(self.indexes, set(indexes), "{what}");
            }
        }
    }
}

/// Checks every statement, and the reads by id of the views.
async fn check(conn: &mut PgConnection, builds: &[Build], how: &str) {
    let mut open: BTreeMap<&str, &Reads> = STATEMENTS.iter().map(|(name, reads)| (*name, reads)).collect();
    for statement in READS {
        // What a statement calls its build is the projection's name, or `build`: one of several, or the history.
        let projection = if statement.name == "facts" { Projection::Graph } else { Projection::History };
        let schema = builds.iter().find(|build| build.projection == projection).unwrap().schema();
        let expected = open.remove(statement.name).unwrap_or_else(|| panic!("say how {} is read", statement.name));
        let sql = on(&statement.sql.replace("{build}", &schema), builds);
        for sql in BTreeSet::from(["flat", "nested"].map(|edge| sql.replace("{edge}", edge))) {
            Plan::of(conn, &sql).await.check(&format!("{} on a {how} build", statement.name), expected);
        }
    }
    assert!(open.is_empty(), "statements that are no more: {:?}", open.keys());
    for (view, column, indexes) in VIEWS_BY_ID {
        let sql = format!("SELECT * FROM public.{view} WHERE {column} = $1");
        let what = format!("{view} by {column} on a {how} build");
        Plan::of(conn, &sql).await.check(&what, &Reads::Few(indexes));
    }
}

#[tokio::test]
async fn statements_on_builds_read_by_their_indexes() {
    let db = Db::create().await;
    let mut conn = db.pool().acquire().await.unwrap();
    let builds = builds(&mut conn).await;
    check(&mut conn, &builds, "empty").await;
    sqlx::raw_sql(&on(ROWS, &builds)).execute(&mut *conn).await.unwrap();
    check(&mut conn, &builds, "filled").await;
}

#[tokio::test]
async fn a_build_without_its_indexes_is_noticed() {
    let db = Db::create().await;
    let mut conn = db.pool().acquire().await.unwrap();
    let builds = builds(&mut conn).await;
    sqlx::raw_sql(&on(ROWS, &builds)).execute(&mut *conn).await.unwrap();
    let history = on("ALTER TABLE {history}.span DROP CONSTRAINT span_pkey", &builds);
    sqlx::raw_sql(&history).execute(&mut *conn).await.unwrap();
    let plan = Plan::of(&mut conn, &on(HISTORY_OF_ONE.sql, &builds)).await;
    assert_eq!(plan.scanned, BTreeSet::from(["span".to_owned()]));
}
