//! A database that refuses: what it said first is what is told.

use replay::audit::policy::Policy;
use replay::snapshot;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::cli::Place;

#[tokio::test]
async fn a_lock_that_does_not_come_is_told_as_what_it_is() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let mut holder = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    held.execute("LOCK TABLE log.event").await.unwrap();
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    conn.execute("SET lock_timeout = '50ms'").await.unwrap();
    let read = snapshot::read(&mut conn, async |conn| -> Result<_, replay::ReplayError> {
        replay::audit::live::verify(conn, Vec::new(), &Policy::default(), &mut |_| {}).await
    });
    let said = read.await.unwrap_err();
    let said = format!("{:#}", anyhow::Error::from(said));
    assert!(said.contains("lock timeout"), "{said}");
    held.rollback().await.unwrap();
}
