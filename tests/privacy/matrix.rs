//! Every role on every table with every verb, tried for real.

use std::collections::BTreeSet;

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::{Db, events, log};

/// SQLSTATE of a missing right.
const DENIED: &str = "42501";
/// Verbs in the order of the cells below.
const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];

/// What each role may do, by first letter of the verb: appender, sequencer, projector, reader, auditor. `build` is a
/// build's schema. `column` is one that an UPDATE may name.
const TABLES: [(&str, &str, [&str; 5]); 27] = [
    //                              appender sequencer projector reader  auditor
    ("log.tenant", "name", ["S----", "S----", "S----", "S----", "S----"]),
    ("log.event", "payload", ["SI---", "-----", "S----", "-----", "S----"]),
    ("log.append", "metadata", ["SI---", "-----", "S----", "-----", "S----"]),
    ("log.idempotency_key", "idx", ["SI---", "-----", "-----", "-----", "S----"]),
    ("log.stream", "version", ["SIU--", "-----", "-----", "-----", "S----"]),
    ("log.latest", "digest", ["SIUD-", "-----", "-----", "-----", "S----"]),
    ("log.outbox", "events", ["SI---", "S--D-", "-----", "-----", "S----"]),
    ("log.commit", "events", ["-----", "SI---", "S----", "-----", "S----"]),
    ("log.head", "root", ["-----", "S-U--", "S----", "S----", "S----"]),
    ("log.tile", "hashes", ["-----", "SIU--", "-----", "-----", "S----"]),
    ("log.checkpoint", "note", ["-----", "SI---", "-----", "-----", "S----"]),
    ("log.events", "payload", ["S----", "-----", "-----", "-----", "S----"]),
    ("atlas.build", "code", ["-----", "-----", "S-U--", "S----", "S----"]),
    ("atlas.live", "former", ["-----", "-----", "SIU--", "S----", "S----"]),
    ("atlas.person", "name", ["SIU--", "-----", "S----", "S----", "-----"]),
    ("atlas.submission", "actor", ["SI-D-", "-----", "-----", "S----", "S----"]),
    ("atlas.api_key", "name", ["S----", "-----", "-----", "-----", "-----"]),
    ("build.fact", "value", ["-----", "-----", "SIUDT", "S----", "-----"]),
    ("build.vertex", "visibility", ["-----", "-----", "SIUDT", "S----", "-----"]),
    ("build.edge", "flat_version", ["-----", "-----", "SIUDT", "S----", "-----"]),
    ("public._sqlx_migrations", "description", ["S----", "S----", "S----", "S----", "S----"]),
    ("public.projects", "type", ["-----", "-----", "S----", "S----", "-----"]),
    ("public.repos", "releases", ["-----", "-----", "S----", "S----", "-----"]),
    ("public.external_repos", "releases", ["-----", "-----", "S----", "S----", "-----"]),
    ("public.contributors", "name", ["-----", "-----", "S----", "S----", "-----"]),
    // Views of one table take what their table takes from those who may.
    ("public.depends_on", "version_range", ["-----", "-----", "SIUD-", "S----", "-----"]),
    ("public.contributed_to", "out_vertex", ["-----", "-----", "SIUD-", "S----", "-----"]),
];

/// Other rights: a statement, and whether each role may.
const STATEMENTS: [(&str, [bool; 5]); 15] = [
    ("CREATE SCHEMA build_0", [false; 5]),
    ("SELECT atlas.make_build('graph', NULL, NULL, NULL, '', '', '')", [false, false, true, false, false]),
    ("SELECT atlas.drop_build(0)", [false, false, true, false, false]),
    ("SELECT atlas.share(NULL, '{}')", [false, false, true, false, false]),
    ("SELECT log.make_tenant('other')", [false; 5]),
    ("CREATE SCHEMA tenant_2", [false; 5]),
    ("CREATE TABLE log.t ()", [false; 5]),
    ("CREATE TABLE atlas.t ()", [false; 5]),
    ("CREATE TABLE public.t ()", [false, false, true, false, false]),
    ("CREATE ROLE atlas_intruder", [false; 5]),
    ("SELECT nextval('log.outbox_oid_seq')", [true, false, false, false, false]),
    ("SELECT log.discard_unused('{repo}', '{pkg:github/a/b}')", [true, false, false, false, false]),
    ("SELECT log.fill_tiles(0)", [false, true, false, false, false]),
    ("ALTER TABLE log.event DISABLE TRIGGER ALL", [false; 5]),
    ("SET session_replication_role = replica", [false; 5]),
];

#[tokio::test]
async fn every_role_may_do_exactly_what_is_written_here() {
    let db = Db::create().await;
    ingest::roles::grant(db.pool()).await.unwrap();
    log::append(&db.log(), events::repo("a/b", 1)).await;
    let mut conn = PgConnection::connect_with(&db.options()).await.unwrap();
    crate::support::live::to_head(&mut conn, &mut |_| {}).await.unwrap();
    // Doing it again changes nothing.
    ingest::roles::grant(db.pool()).await.unwrap();
    let build: i64 = sqlx::query_scalar("SELECT build FROM atlas.live WHERE projection = 'graph'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let build = format!("build_{build}");

    let mut wrong = Vec::new();
    for (n, role) in ingest::roles::ALL.into_iter().enumerate() {
        for (table, column, cells) in TABLES {
            let table = table.replace("build.", &format!("{build}."));
            let found: String = {
                let mut found = String::new();
                for verb in VERBS {
                    let may = is_permitted(&mut conn, role, &statement(verb, &table, column)).await;
                    found.push(if may { char::from(verb.as_bytes()[0]) } else { '-' });
                }
                found
            };
            if found != cells[n] {
                wrong.push(format!("{role} on {table}: {found}, expected {}", cells[n]));
            }
        }
        for (sql, expected) in STATEMENTS {
            let may = is_permitted(&mut conn, role, sql).await;
            if may != expected[n] {
                wrong.push(format!("{role}: {sql}: {may}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(log::check(db.pool()).await.len(), 1);
    every_table_is_listed(&mut conn, &build).await;
}

fn statement(verb: &str, table: &str, column: &str) -> String {
    match verb {
        "SELECT" => format!("SELECT FROM {table} LIMIT 1"),
        "INSERT" => format!("INSERT INTO {table} DEFAULT VALUES"),
        "UPDATE" => format!("UPDATE {table} SET {column} = NULL"),
        "DELETE" => format!("DELETE FROM {table}"),
        other => format!("{other} {table}"),
    }
}

/// Whether a role gets past the question of rights. What the table itself says then (an empty column, the trigger that
/// refuses every change) is another matter; a view that takes no such verb from anybody permits nothing.
async fn is_permitted(conn: &mut PgConnection, role: &str, sql: &str) -> bool {
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute(format!("SET LOCAL ROLE {role}").as_str()).await.unwrap();
    let done = transaction.execute(sql).await;
    transaction.rollback().await.unwrap();
    let Err(error) = done else { return true };
    let error = error.into_database_error().expect("an answer of the database");
    match error.code().unwrap_or_default().as_ref() {
        DENIED => false,
        // A view that cannot be written to or emptied: the database does not even ask who it is.
        "55000" | "42809" => false,
        // Constraints, the triggers of the log, a foreign key in the way of a TRUNCATE.
        code if code.starts_with("23") || code == "0A000" => true,
        code => panic!("{role}: {sql}: {code}: {error}"),
    }
}

/// A table that is not in the matrix has rights that nobody has thought about.
async fn every_table_is_listed(conn: &mut PgConnection, build: &str) {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname IN ('log', 'atlas', 'public')",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let listed: BTreeSet<&str> = TABLES.iter().map(|(table, ..)| *table).filter(|t| !t.starts_with("build.")).collect();
    let tables: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
    assert_eq!(tables, listed);
    // The tables of builds are alike: owned by the projectors, read by the readers, in schemas of the owner.
    let odd: Vec<String> = sqlx::query_scalar(
        "SELECT format('%s.%s: %s', n.nspname, c.relname, c.relacl) \
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE c.relkind = 'r' AND n.nspname LIKE 'build\\_%' \
            AND (c.relowner <> 'atlas_projector'::regrole \
              OR n.nspowner <> (SELECT nspowner FROM pg_namespace WHERE nspname = 'atlas') \
              OR c.relacl::text <> (SELECT relacl::text FROM pg_class WHERE oid = $1::regclass) \
              OR n.nspacl::text NOT LIKE '%atlas_reader=U/%')",
    )
    .bind(format!("{build}.fact"))
    .fetch_all(conn)
    .await
    .unwrap();
    assert!(odd.is_empty(), "{odd:#?}");
}
