//! `bench lag`: from an append's answer to the row that a following process writes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::TenantId;
use ingest::bench::{Scratch, event};
use ingest::{Append, Log};
use serde_json::json;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::process::{Child, Command};

use super::generate::{Size, measured};
use super::measure::{Figures, quantile, report};
use crate::service::deps::context;
use crate::service::pools::{Work, connect};
use crate::service::{Deps, Error, Result};

/// Streams that are appended to.
const STREAMS: usize = 100;
/// Pause between two looks at the row.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Longest lag that is waited for.
const LONGEST_LAG: Duration = Duration::from_secs(60);
/// Longest time that the follower takes to project the log that is there before.
const LONGEST_START: Duration = Duration::from_secs(1_800);

/// Measures so many appends to a generated log of this size. `follower` makes the command of a process that follows
/// the log of a database, by its URL: in its environment, where no other user reads it.
///
/// # Errors
/// When the server fails or lets us make no database, and when the follower ends.
pub async fn run(deps: &Deps, appends: u32, size: Size, follower: impl FnOnce(&str) -> Command) -> Result<Figures> {
    measured(deps, size, async |scratch, log| {
        let mut follower = follow(follower(scratch.options().to_url_lossy().as_str()))?;
        let report = measure(deps, scratch, &log, &mut follower, size.events, appends).await;
        follower.start_kill().map_err(Error::unavailable)?;
        follower.wait().await.map_err(Error::unavailable)?;
        report
    })
    .await
}

/// Starts it, in silence.
fn follow(mut command: Command) -> Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().map_err(|error| Error::unavailable(error).of("cannot start the follower"))
}

async fn measure(
    deps: &Deps,
    scratch: &Scratch,
    log: &Log,
    follower: &mut Child,
    events: u64,
    appends: u32,
) -> Result<Figures> {
    let mut conn = connect(&scratch.options(), TenantId::PUBLIC, Work::LongRead).await?;
    await_row(&mut conn, follower, events, LONGEST_START).await?;
    let context = context(Some("bench"));
    let mut lags = Vec::new();
    let mut progress = deps.begin("appending", appends.into());
    for n in 0..usize::try_from(appends).map_err(Error::refused)? {
        let append = Append::from(event(n, n % STREAMS)?);
        let position = log.append(append, &context).await?.place().position;
        let answered = Instant::now();
        await_row(&mut conn, follower, position, LONGEST_LAG).await?;
        lags.push(answered.elapsed().as_secs_f64() * 1_000.0);
        progress.step();
    }
    Ok(report(json!({
        "work": "lag",
        "appends": appends,
        "p50_ms": quantile(&lags, 50),
        "p99_ms": quantile(&lags, 99),
        "max_ms": quantile(&lags, 100),
        "ours": lags,
    })))
}

/// Waits until every live build shows a position.
async fn await_row(conn: &mut PgConnection, follower: &mut Child, position: u64, longest: Duration) -> Result<()> {
    let started = Instant::now();
    let position = i64::try_from(position).map_err(Error::refused)?;
    loop {
        let shown = sqlx::query_file_scalar!("sql/live_position_reached.sql", position).fetch_one(&mut *conn).await?;
        if shown {
            return Ok(());
        }
        if let Some(status) = follower.try_wait().map_err(Error::unavailable)? {
            return Err(Error::refused(format!("the follower ended: {status}")));
        }
        if started.elapsed() > longest {
            return Err(Error::refused(format!("position {position} is not projected after {} s", longest.as_secs())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
