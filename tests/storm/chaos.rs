//! What goes wrong in the storm besides killed processes.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::support::Db;
use crate::support::random::Random;

/// Ends the server's side of a random connection now and then. Answers how many.
pub(crate) async fn cut_connections(database: PgConnectOptions, seed: u64, until: Instant) -> u64 {
    let mut random = Random::new(seed ^ 0xC07);
    let mut conn = database.application_name("chaos").connect().await.unwrap();
    let mut cut = 0;
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50 + random.below(200))).await;
        let done = sqlx::query(
            r"SELECT pg_terminate_backend(pid) FROM (
                  SELECT pid FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'pg-atlas'
                  ORDER BY hashint8extended(pid, $1) LIMIT 1) AS chosen",
        )
        .bind(random.next() as i64)
        .execute(&mut conn)
        .await
        .unwrap();
        cut += done.rows_affected();
    }
    cut
}

/// Begins appends by hand, holds their locks for a while and rolls them back: outbox numbers are drawn and lost.
/// Answers how many.
pub(crate) async fn abort_transactions(database: PgConnectOptions, seed: u64, streams: u64, until: Instant) -> u64 {
    let mut random = Random::new(seed ^ 0xAB0);
    let mut conn = database.application_name("chaos").connect().await.unwrap();
    let mut aborted = 0;
    while Instant::now() < until {
        let mut tx = conn.begin().await.unwrap();
        sqlx::query("UPDATE log.stream SET version = version + 1 WHERE kind = 'repo' AND id = $1")
            .bind(format!("pkg:github/storm/{}", random.below(streams)))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.execute(
            "INSERT INTO log.outbox (append_id, events, leaf_hashes) VALUES (gen_random_uuid(), 1, sha256('x'))",
        )
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_millis(random.below(10))).await;
        tx.rollback().await.unwrap();
        aborted += 1;
        tokio::time::sleep(Duration::from_millis(random.below(30))).await;
    }
    aborted
}

/// Opens a transaction that has written something, and leaves it open.
pub(crate) async fn open_writer(db: &Db) -> PgConnection {
    let mut conn = db.options().connect().await.unwrap();
    conn.execute("CREATE TABLE busy (n int)").await.unwrap();
    conn.execute("BEGIN").await.unwrap();
    conn.execute("INSERT INTO busy VALUES (1)").await.unwrap();
    conn
}

/// Ends it.
pub(crate) async fn close_writer(mut conn: PgConnection) {
    conn.execute("COMMIT").await.unwrap();
    conn.close().await.unwrap();
}
