//! `bench page`: what the live projector's process spends on one bill of materials that was handed in again.

use domain::TenantId;
use ingest::bench::event;
use ingest::bench::generate::Size;
use ingest::{Append, Log};
use replay::{catch_up, log as reader};
use serde_json::json;
use sqlx::PgConnection;

use super::generate::measured;
use super::measure::{Figures, quantile, report};
use crate::service::deps::context;
use crate::service::pools::{Work, connect};
use crate::service::{Deps, Error, Result};

/// Repositories whose documents are handed in again, in turn.
const STREAMS: usize = 100;
/// Pages that one reading of the clock covers: the system tells a process its time in hundredths of a second.
const PAGES_A_READING: usize = 10;
/// Readings, of which the median counts.
const READINGS: usize = 10;
/// Milliseconds in a tick of that clock, the same on every Linux.
const TICK_MS: u64 = 10;

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
        let mut spent = 0;
        for _ in 0..PAGES_A_READING {
            let position = hand_in().await?.place().position;
            let before = processor_ms()?;
            projector.catch_up(&mut *conn, position, &mut |_| {}).await?;
            spent += processor_ms()? - before;
        }
        readings.push(spent as f64 / PAGES_A_READING as f64);
    }
    let pages = READINGS * PAGES_A_READING;
    Ok(report(json!({"work": "page", "pages": pages, "cpu_ms": quantile(&readings, 50), "ours": readings})))
}

/// Processor time of this process so far, ended threads included, in milliseconds.
fn processor_ms() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").map_err(Error::unavailable)?;
    // The name of the program comes before, in parentheses; of what follows the 12th and 13th are user's and system's.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Option<u64> = fields.skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum();
    ticks.map(|ticks| ticks * TICK_MS).ok_or_else(|| Error::unavailable("/proc/self/stat does not tell the time spent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_spends_time() {
        let before = processor_ms().unwrap();
        // Some seconds at most, where a hundredth will do.
        let work =
            |sum, round| (0..1_000_000_u64).fold(sum, |sum: u64, n| std::hint::black_box(sum.wrapping_add(n + round)));
        let mut sum = 0;
        let spent = (0..1_000).any(|round| {
            sum = work(sum, round);
            processor_ms().unwrap() > before
        });
        assert!(spent, "no time was spent on {sum}");
    }
}
