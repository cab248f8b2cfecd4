//! The schema's history.

use crate::support::cli::Place;
use crate::support::{Db, log};

#[tokio::test]
async fn applying_the_migrations_twice_changes_nothing() {
    let db = Db::empty().await;
    ingest::migrate(db.pool()).await.unwrap();
    log::append(&db.log(), crate::support::events::repo("a/b", 1)).await;
    ingest::migrate(db.pool()).await.unwrap();
    assert_eq!(log::check(db.pool()).await.len(), 1);
    assert_eq!(
        log::count(db.pool(), "SELECT count(*) FROM _sqlx_migrations WHERE success").await,
        ingest::migrate::MIGRATOR.iter().count() as i64
    );
}

#[tokio::test]
async fn two_programs_may_migrate_at_once() {
    let db = Db::empty().await;
    let (one, two) = (ingest::connect(db.options()), ingest::connect(db.options()));
    let (first, second) = tokio::join!(ingest::migrate(&one), ingest::migrate(&two));
    first.unwrap();
    second.unwrap();
    assert_eq!(log::check(db.pool()).await.len(), 0);
}

#[tokio::test]
async fn another_schema_is_named_to_who_reads_and_brought_up_by_who_writes() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    let pool = place.db.pool();
    assert_eq!(log::count(pool, "SELECT max(version) FROM public._sqlx_migrations").await, replay::SCHEMA);
    // As the last migration but one left it.
    let undo = "DROP INDEX log.event_git_log; DELETE FROM public._sqlx_migrations WHERE version = 15;";
    sqlx::raw_sql(undo).execute(pool).await.unwrap();
    for line in [["scores"], ["status"], ["replay"], ["events"]] {
        let said = place.ends(2, &line).stderr;
        assert!(said.contains("version 13") && said.contains("pg-atlas migrate"), "{line:?}: {said}");
    }
    place.run(&["project"]);
    place.run(&["status"]);

    let later = "UPDATE public._sqlx_migrations SET version = 16 WHERE version = 15";
    sqlx::raw_sql(later).execute(pool).await.unwrap();
    let said = place.ends(2, &["scores"]).stderr;
    assert!(said.contains("version 16") && said.contains("newer program"), "{said}");
}
