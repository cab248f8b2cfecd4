//! `bench page`: what the live projector's process spends on one bill of materials that was handed in again.

use std::time::Duration;

use domain::TenantId;
use ingest::bench::event;
use ingest::bench::generate::Size;
use ingest::{Append, Log};
use replay::{catch_up, log as reader};
use serde_json::json;
use sqlx::PgConnection;

use super::generate::measured;
use super::measure::{Figures, quantile, report};
use super::processor::ProcessTimes;
use crate::service::deps::context;
use crate::service::pools::{Work, connect};
use crate::service::{Deps, Error, Result};

/// Repositories whose documents are handed in again, in turn.
const STREAMS: usize = 100;
/// Pages that one reading of the clock covers: the system tells a process its time in hundredths of a second.
const PAGES_A_READING: usize = 10;
/// Readings, of which the median counts.
const READINGS: usize = 10;

/// Measures on a generated log of this size, in a database of its own, with the projector in this process. What the
/// database server spends is not in it, and neither are the appends.
///
/// # Errors
/// When the server fails or lets us make no database; where the system does not tell a process its time.
pub async fn run(deps: &Deps, size: Size) -> Result<Figures> {
    measured(deps, size, async |scratch, log| {
        let mut conn = connect(&scratch.options(), TenantId::PUBLIC, Work::LongRead).await?;
        measure(&mut conn, &log).await
    })
    .await
}

async fn measure(conn: &mut PgConnection, log: &Log) -> Result<Figures> {
    let mut projector = catch_up::open(&mut *conn).await?;
    let context = context(Some("bench"));
    let mut appended = 0;
    let mut hand_in = async || {
        let append = Append::from(event(appended, appended % STREAMS)?);
        appended += 1;
        log.append(append, &context).await.map_err(Error::from)
    };
    // The first document of each repository is another matter.
    for _ in 0..STREAMS {
        hand_in().await?;
    }
    let head = reader::head(&mut *conn).await?.position;
    projector.catch_up(&mut *conn, head, &mut |_| {}).await?;
    let mut readings = Vec::with_capacity(READINGS);
    for _ in 0..READINGS {
        let mut spent = Duration::ZERO;
        for _ in 0..PAGES_A_READING {
            let position = hand_in().await?.place().position;
            let before = processor()?;
            projector.catch_up(&mut *conn, position, &mut |_| {}).await?;
            spent += processor()? - before;
        }
        readings.push(spent.as_secs_f64() * 1_000.0 / PAGES_A_READING as f64);
    }
    let pages = READINGS * PAGES_A_READING;
    Ok(report(json!({"work": "page", "pages": pages, "cpu_ms": quantile(&readings, 50), "ours": readings})))
}

/// Processor time of this process so far.
fn processor() -> Result<Duration> {
    let times =
        ProcessTimes::of("self").ok_or_else(|| Error::unavailable("the system does not tell the time spent"))?;
    Ok(times.own)
}
