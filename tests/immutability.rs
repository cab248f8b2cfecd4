//! What is written stays.

use sqlx::{Executor, PgPool};

use crate::support::{Db, events, log};

/// SQLSTATE of a refused change.
const REFUSED: &str = "0A000";

async fn refusal(pool: &PgPool, sql: &str) -> (String, String) {
    let error = pool.execute(sql).await.expect_err(sql);
    let error = error.into_database_error().expect("the database refuses");
    (error.code().unwrap_or_default().into_owned(), error.message().to_owned())
}

#[tokio::test]
async fn no_row_of_the_log_can_be_changed_or_removed() {
    let db = Db::create().await;
    let log = db.log();
    log.append(log::keyed(events::repo("a/b", 1), "k"), &log::context()).await.unwrap();
    let note = "INSERT INTO log.checkpoint VALUES (0, sha256(''), 'note')";
    db.pool().execute(note).await.unwrap();
    let before = log::check(db.pool()).await;
    for (table, column) in [
        ("event", "payload"),
        ("append", "metadata"),
        ("commit", "events"),
        ("idempotency_key", "idx"),
        ("checkpoint", "note"),
    ] {
        for sql in [
            format!("UPDATE log.{table} SET {column} = {column}"),
            format!("DELETE FROM log.{table}"),
            format!("TRUNCATE log.{table}"),
            format!("TRUNCATE log.{table} CASCADE"),
            format!("SET LOCAL session_replication_role = replica; DELETE FROM log.{table}"),
        ] {
            let (code, message) = refusal(db.pool(), &sql).await;
            assert_eq!(code, REFUSED, "{sql}: {message}");
            assert!(message.contains("append-only") && message.contains(table), "{sql}: {message}");
        }
    }
    assert_eq!(before.len(), log::check(db.pool()).await.len());
}

#[tokio::test]
async fn the_view_for_postgres_es_takes_no_writes() {
    let db = Db::create().await;
    log::append(&db.log(), events::repo("a/b", 1)).await;
    for sql in [
        "INSERT INTO log.events VALUES ('repo', 'x', 1, 'RepoObserved', '1', '{}', '{}')",
        "UPDATE log.events SET sequence = 2",
        "DELETE FROM log.events",
    ] {
        let (code, message) = refusal(db.pool(), sql).await;
        assert_eq!(code, "55000", "{sql}: {message}");
    }
}

#[tokio::test]
async fn a_tile_grows_and_does_nothing_else() {
    let db = Db::create().await;
    log::append(&db.log(), events::repo("a/b", 1)).await;
    for sql in [
        "UPDATE log.tile SET hashes = sha256('')",
        "UPDATE log.tile SET hashes = sha256('') || hashes",
        "UPDATE log.tile SET idx = 1",
        "UPDATE log.tile SET level = 1",
        "DELETE FROM log.tile",
        "TRUNCATE log.tile",
        "SET LOCAL session_replication_role = replica; DELETE FROM log.tile",
    ] {
        let (code, message) = refusal(db.pool(), sql).await;
        assert_eq!(code, REFUSED, "{sql}: {message}");
    }
    db.pool().execute("UPDATE log.tile SET hashes = hashes || sha256('')").await.unwrap();
}
