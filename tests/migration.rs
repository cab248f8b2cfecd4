//! The schema's history.

use std::sync::Arc;

use pg_atlas::service::watch::Unwatched;
use pg_atlas::service::{Deps, Settings};
use sqlx::ConnectOptions as _;

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
    let newest = Place::new().await;
    newest.run(&["migrate"]);
    let version = "SELECT max(version) FROM public._sqlx_migrations";
    assert_eq!(log::count(newest.db.pool(), version).await, replay::SCHEMA);
    // As the last migration but one left it.
    let place = Place::of(Db::before(replay::SCHEMA).await);
    let pool = place.db.pool();
    let before = log::count(pool, version).await;
    assert!(before < replay::SCHEMA);
    for line in [["scores"], ["status"], ["replay"], ["events"]] {
        let said = place.ends(2, &line).stderr;
        assert!(said.contains(&format!("version {before}")) && said.contains("pg-atlas migrate"), "{line:?}: {said}");
    }
    place.run(&["project"]);
    place.run(&["status"]);

    let (newest, newer) = (replay::SCHEMA, replay::SCHEMA + 1);
    let later = format!("UPDATE public._sqlx_migrations SET version = {newer} WHERE version = {newest}");
    sqlx::raw_sql(&later).execute(pool).await.unwrap();
    let said = place.ends(2, &["scores"]).stderr;
    assert!(said.contains(&format!("version {newer}")) && said.contains("newer program"), "{said}");
}

#[tokio::test]
async fn an_opened_atlas_brings_the_schema_up_to_date_once() {
    let place = Place::new().await;
    let database_url = Some(place.db.bare().to_url_lossy().to_string());
    let settings = Settings { database_url, data_dir: Some(place.data()), ..Settings::default() };
    let deps = Deps::open(&settings, Arc::new(Unwatched)).unwrap();
    deps.log().await.unwrap();
    // Whoever looks again finds a migration missing, and fails at what it made.
    let forget = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(forget).execute(place.db.pool()).await.unwrap();
    deps.clone().log().await.unwrap();
    deps.migrate().await.unwrap();
    assert!(Deps::open(&settings, Arc::new(Unwatched)).unwrap().log().await.is_err());
}
