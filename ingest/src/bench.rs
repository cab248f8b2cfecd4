//! What the write side costs, measured against a reference in the same run on the same server.
//!
//! Every run has a database of its own, created before it and dropped after it; a log is never touched. The two sides
//! alternate (A B B A), so that a machine that slows down or warms up does so for both.

use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use thiserror::Error;
use uuid::Uuid;

use crate::connect::connect;
use crate::error::{AppendError, Corrupt, Refusal};
use crate::migrate::migrate;

mod batch;
pub mod generate;
mod load;
mod single;

pub use batch::append;
pub use single::append_single;

/// Runs of each side.
pub const RUNS: usize = 5;

/// What was measured. All rates are events per second.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name of the benchmark.
    pub work: &'static str,
    /// Median of our runs.
    pub ours_per_second: f64,
    /// Median of the reference's runs.
    pub reference_per_second: f64,
    /// Ours to the reference: 1 is as fast.
    pub ratio: f64,
    /// Events of one run.
    pub events: usize,
    /// Every run of ours, in order.
    pub ours: Vec<f64>,
    /// Every run of the reference, in order.
    pub reference: Vec<f64>,
    /// Settings of the server that decide what the figures mean: fsync, synchronous_commit.
    pub server: Vec<(String, String)>,
}

/// Why nothing could be measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The server failed, or does not let us make a database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be made.
    #[error("migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
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

/// A database for one run.
struct Scratch {
    server: PgConnectOptions,
    name: String,
    pool: PgPool,
}

impl Scratch {
    async fn create(server: &PgConnectOptions) -> Result<Self, BenchError> {
        let name = format!("pg_atlas_bench_{}", Uuid::now_v7().simple());
        let mut admin = server.connect().await?;
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        // Every run begins with a clean slate. Who may not do this measures without.
        let _ = admin.execute("CHECKPOINT").await;
        admin.close().await?;
        let pool = connect(server.clone().database(&name));
        Ok(Self { server: server.clone(), name, pool })
    }

    async fn drop(self) -> Result<(), BenchError> {
        self.pool.close().await;
        let mut admin = self.server.connect().await?;
        admin.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name).as_str()).await?;
        Ok(admin.close().await?)
    }
}

/// One side of a comparison: prepares a database, then works in it for a while that is measured.
trait Side {
    /// How long the work took.
    async fn run(&self, pool: &PgPool) -> Result<Duration, BenchError>;
}

/// Runs both sides alternately, [`RUNS`] times each.
async fn compare(
    work: &'static str,
    server: &PgConnectOptions,
    events: usize,
    ours: &impl Side,
    reference: &impl Side,
) -> Result<Report, BenchError> {
    let (mut our_rates, mut reference_rates) = (vec![], vec![]);
    for pair in 0..RUNS {
        if pair % 2 == 0 {
            our_rates.push(rate(server, events, ours).await?);
            reference_rates.push(rate(server, events, reference).await?);
        } else {
            reference_rates.push(rate(server, events, reference).await?);
            our_rates.push(rate(server, events, ours).await?);
        }
    }
    let (ours_per_second, reference_per_second) = (median(&our_rates), median(&reference_rates));
    Ok(Report {
        work,
        ours_per_second,
        reference_per_second,
        ratio: ours_per_second / reference_per_second,
        events,
        ours: our_rates,
        reference: reference_rates,
        server: settings(server).await?,
    })
}

async fn rate(server: &PgConnectOptions, events: usize, side: &impl Side) -> Result<f64, BenchError> {
    let scratch = Scratch::create(server).await?;
    let taken = async {
        migrate(&scratch.pool).await?;
        side.run(&scratch.pool).await
    };
    let taken = taken.await;
    scratch.drop().await?;
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let events = events as f64;
    Ok(events / taken?.as_secs_f64())
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

async fn settings(server: &PgConnectOptions) -> Result<Vec<(String, String)>, BenchError> {
    let mut conn = server.connect().await?;
    let rows = sqlx::query_as(
        "SELECT name, setting FROM pg_settings
         WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'server_version')
         ORDER BY name COLLATE \"C\"",
    )
    .fetch_all(&mut conn)
    .await?;
    conn.close().await?;
    Ok(rows)
}

/// How long `work` takes.
async fn timed<T>(work: impl Future<Output = Result<T, BenchError>>) -> Result<Duration, BenchError> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed())
}
