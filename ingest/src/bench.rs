//! What the write side costs: the two sides of every comparison, and a log to measure readers on.
//!
//! Every run has a database of its own, created before it and dropped after it; a log is never touched. Who measures
//! runs the sides in turn.

use std::time::{Duration, Instant};

use domain::TenantId;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use thiserror::Error;
use uuid::Uuid;

use crate::connect::{connect, limited};
use crate::error::{AppendError, Corrupt, Refusal};
use crate::migrate::migrate;

pub mod batch;
pub mod generate;
mod load;
pub mod single;

pub use load::event;

/// How often a database is dropped that somebody is still in: the server waits some seconds each time.
const DROPS: u32 = 4;

/// Why nothing could be measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The server failed, or does not let us make a database.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be made.
    #[error("migrations: {0}")]
    Migrate(#[from] crate::migrate::MigrateError),
    /// An append failed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A task ended before its time.
    #[error("a worker of the benchmark ended: {0}")]
    Worker(#[from] tokio::task::JoinError),
    /// A log to be filled holds something.
    #[error("this log holds {events} events; a generated log needs an empty one")]
    NotEmpty {
        /// How many.
        events: u64,
    },
    /// What was written is not what should have been.
    #[error("measured the wrong thing: {0}")]
    Wrong(String),
}

impl From<Refusal> for BenchError {
    fn from(refusal: Refusal) -> Self {
        Self::Append(refusal.into())
    }
}

impl From<Corrupt> for BenchError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Append(corrupt.into())
    }
}

/// A migrated database that holds nothing, on a server that others may use.
#[derive(Debug)]
pub struct Scratch {
    server: PgConnectOptions,
    name: String,
    pool: PgPool,
}

impl Scratch {
    /// Creates it.
    ///
    /// # Errors
    /// When the server lets no database be made.
    pub async fn create(server: &PgConnectOptions) -> Result<Self, BenchError> {
        let name = format!("pg_atlas_bench_{}", Uuid::now_v7().simple());
        let mut admin = limited(server.clone(), TenantId::PUBLIC).connect().await?;
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        // Every run begins with a clean slate. Who may not do this measures without.
        let _ = admin.execute("CHECKPOINT").await;
        admin.close().await?;
        let scratch = Self { pool: connect(server.clone().database(&name)), server: server.clone(), name };
        match migrate(&scratch.pool).await {
            Ok(()) => Ok(scratch),
            Err(error) => {
                scratch.drop().await?;
                Err(error.into())
            }
        }
    }

    /// Connections to it.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How to connect to it.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// Drops it, whoever is connected. The server's own cleaners stand in the way of whoever is no superuser; asked
    /// without force, it ends them itself.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop(self) -> Result<(), BenchError> {
        self.pool.close().await;
        let mut admin = limited(self.server.clone(), TenantId::PUBLIC).connect().await?;
        let drop = format!("DROP DATABASE {}", self.name);
        let mut dropped = admin.execute(format!("{drop} WITH (FORCE)").as_str()).await;
        for _ in 0..DROPS {
            if dropped.is_ok() {
                break;
            }
            dropped = admin.execute(drop.as_str()).await;
        }
        dropped?;
        Ok(admin.close().await?)
    }
}

/// One side of a comparison: prepares a database, then works in it for a while that is measured.
pub trait Side {
    /// How long the work took.
    fn run(&self, pool: &PgPool) -> impl Future<Output = Result<Duration, BenchError>>;
}

/// Runs a side once, in a database of its own.
///
/// # Errors
/// When the server fails or lets no database be made.
pub async fn once(server: &PgConnectOptions, side: &impl Side) -> Result<Duration, BenchError> {
    let scratch = Scratch::create(server).await?;
    let taken = side.run(scratch.pool()).await;
    scratch.drop().await?;
    taken
}

/// Settings of the server that decide what figures mean: fsync, synchronous_commit and the like.
///
/// # Errors
/// When the server fails.
pub async fn settings(server: &PgConnectOptions) -> Result<Vec<(String, String)>, BenchError> {
    let mut conn = limited(server.clone(), TenantId::PUBLIC).connect().await?;
    let rows = sqlx::query_file!("sql/settings.sql").fetch_all(&mut conn).await?;
    conn.close().await?;
    Ok(rows.into_iter().map(|row| (row.name, row.setting)).collect())
}

/// How long `work` takes.
async fn timed<T>(work: impl Future<Output = Result<T, BenchError>>) -> Result<Duration, BenchError> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed())
}
