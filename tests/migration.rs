//! The schema's history.

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
