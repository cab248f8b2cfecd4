//! Connections with limits: nothing of ours waits, or makes others wait, without end.

use std::time::Duration;

use domain::TenantId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool, Postgres, Transaction};

/// Most connections one process opens.
pub const MAX_CONNECTIONS: u32 = 16;
/// Longest wait for a connection, in seconds: a server that died is noticed soon.
pub(crate) const ACQUIRE_TIMEOUT_SECONDS: u64 = 5;
/// How long a connection may rest and still be used without asking whether it lives, in seconds.
pub(crate) const TRUSTED_IDLE_SECONDS: u64 = 2;
/// Longest run of one statement, in seconds.
pub(crate) const STATEMENT_TIMEOUT_SECONDS: u32 = 120;
/// Longest wait for a row, in seconds. Behind it stands a process that was stopped inside a transaction.
pub(crate) const LOCK_TIMEOUT_SECONDS: u32 = 30;
/// Longest silence inside a transaction, in seconds. A stopped process loses its locks after this.
pub const IDLE_IN_TRANSACTION_SECONDS: u32 = 15;

/// These options with the limits of the write side, for the log of `tenant`. Times are UTC (the driver sets the zone on
/// each connection).
#[must_use]
pub fn limited(options: PgConnectOptions, tenant: TenantId) -> PgConnectOptions {
    options.application_name("pg-atlas").options([
        tenant.setting(),
        // Not "$user" first: a role named like one of our schemas would see other tables.
        ("search_path", "public".to_owned()),
        ("statement_timeout", format!("{STATEMENT_TIMEOUT_SECONDS}s")),
        ("lock_timeout", format!("{LOCK_TIMEOUT_SECONDS}s")),
        ("idle_in_transaction_session_timeout", format!("{IDLE_IN_TRANSACTION_SECONDS}s")),
    ])
}

/// A pool for the write side of the log of `public`, of [`MAX_CONNECTIONS`]. Opens nothing yet.
#[must_use]
pub fn connect(options: PgConnectOptions) -> PgPool {
    pool(options, TenantId::PUBLIC, MAX_CONNECTIONS)
}

/// A pool for the write side of the log of `tenant`, of at most so many connections. Opens nothing yet.
#[must_use]
pub fn pool(options: PgConnectOptions, tenant: TenantId, most: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(Duration::from_secs(ACQUIRE_TIMEOUT_SECONDS))
        // A ping before every use would be a round trip before every statement; only a connection that rested may be
        // dead.
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for >= Duration::from_secs(TRUSTED_IDLE_SECONDS) {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(limited(options, tenant))
}

/// Begins a transaction. Who gives up meanwhile leaves nothing behind: the driver alone would put his connection back
/// inside a transaction, and what the next user writes there holds its locks and is nobody's to commit.
///
/// # Errors
/// When the database fails.
pub(crate) async fn begin(pool: &PgPool, statement: &'static str) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    // A task goes on when nobody waits for it, and what it made is rolled back.
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}
