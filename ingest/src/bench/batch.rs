//! `append`: the batch path against a plain multi-row INSERT of the same bytes.

use std::time::Duration;

use domain::{Event, TenantId};
use sqlx::{Executor, PgPool};

use super::load::{STREAMS, context, event};
use super::{BenchError, Side, timed};
use crate::Log;
use crate::append::{Append, Prepared};
use crate::error::AppendError;

/// Events of one run.
pub const EVENTS: usize = 100_000;
/// Events handed to the batch path at once.
pub const BATCH: usize = 10_000;
/// Rows of one INSERT of the reference.
pub const ROWS: usize = 1_000;

/// Both sides: the batch path (version check, hashes, outbox, sequenced) and the plain rows.
///
/// # Errors
/// When the events cannot be made.
pub fn sides() -> Result<(BatchPath, PlainRows), BenchError> {
    let events: Vec<Append> = events()?.into_iter().map(Append::from).collect();
    let payloads = events.iter().map(|event| Ok(Prepared::new(event.clone())?.payload));
    let payloads = payloads.collect::<Result<Vec<_>, BenchError>>()?;
    Ok((BatchPath { events }, PlainRows { payloads }))
}

/// The events of one run, in the order in which they are handed in.
///
/// # Errors
/// When they cannot be made.
pub fn events() -> Result<Vec<Event>, BenchError> {
    (0..EVENTS).map(|n| event(n, n * 7 % STREAMS)).collect()
}

/// The batch path.
#[derive(Debug)]
pub struct BatchPath {
    events: Vec<Append>,
}

impl Side for BatchPath {
    async fn run(&self, pool: &PgPool) -> Result<Duration, BenchError> {
        let log = Log::new(pool.clone(), TenantId::PUBLIC);
        let batches: Vec<Vec<Append>> = self.events.chunks(BATCH).map(<[Append]>::to_vec).collect();
        let context = context();
        let taken = timed(async {
            for batch in batches {
                for outcome in log.append_batch(batch, &context).await? {
                    outcome?;
                }
            }
            Ok(())
        });
        let taken = taken.await?;
        let next = log.drain().await.map_err(AppendError::Unplaced)?;
        let expected = self.events.len() as u64 + 1;
        if next == expected { Ok(taken) } else { Err(BenchError::Wrong(format!("the log ends before {next}"))) }
    }
}

/// Plain rows of the same bytes.
#[derive(Debug)]
pub struct PlainRows {
    payloads: Vec<Vec<u8>>,
}

impl Side for PlainRows {
    async fn run(&self, pool: &PgPool) -> Result<Duration, BenchError> {
        plain_rows(pool, &self.payloads).await
    }
}

/// How long it takes to write these as rows of a table of their own, in statements of [`ROWS`] rows.
///
/// # Errors
/// When the server fails.
pub async fn plain_rows(pool: &PgPool, payloads: &[Vec<u8>]) -> Result<Duration, BenchError> {
    let mut conn = pool.acquire().await?;
    conn.execute("CREATE TABLE plain (id bigserial PRIMARY KEY, payload bytea)").await?;
    conn.execute("SET synchronous_commit = on").await?;
    let values: Vec<String> = (1..=ROWS).map(|n| format!("(${n})")).collect();
    let insert = format!("INSERT INTO plain (payload) VALUES {}", values.join(", "));
    timed(async {
        for rows in payloads.chunks_exact(ROWS) {
            let mut query = sqlx::query(&insert);
            for payload in rows {
                query = query.bind(payload);
            }
            query.execute(&mut *conn).await?;
        }
        Ok(())
    })
    .await
}
