//! `bench rebuild` and `bench replay`: the readers of the log, against a fixed reader.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ::replay::{as_of, catch_up, formulas, rebuild};
use domain::number::fit;
use domain::{TenantId, codec, formula};
use futures_util::TryStreamExt as _;
use projections::store::schema::FormulaDocument;
use projections::tables::Projection;
use serde_json::json;
use sqlx::PgConnection;

use super::generate::{Size, measured};
use super::measure::{Figures, RUNS, compare, quantile};
use crate::service::pools::{Work, connect};
use crate::service::{Deps, Error, Result};

/// All projections from a generated log, against the fixed reader.
///
/// # Errors
/// When the server fails, or lets us make no database.
pub async fn rebuild(deps: &Deps, size: Size) -> Result<Figures> {
    with_log(deps, size, async |mut conn, mut other, formula| {
        catch_up::ensure_live(&mut conn).await?;
        let mut ours = async || {
            let started = Instant::now();
            let built = rebuild::build(&mut conn, &Projection::ALL, &formula, size.events, &mut |_| {}).await?;
            let taken = started.elapsed();
            rebuild::discard(&mut conn, &built).await?;
            Ok(taken)
        };
        let mut reference = async || decode(&mut other, size.events).await;
        compare("rebuild", size.events, &mut ours, &mut reference).await
    })
    .await
}

/// The fold in memory of a generated log, against the fixed reader.
///
/// # Errors
/// As [`rebuild()`].
pub async fn replay(deps: &Deps, size: Size) -> Result<Figures> {
    with_log(deps, size, async |mut conn, mut other, formula| {
        let mut evaluations = Vec::with_capacity(RUNS);
        let mut ours = async || {
            let started = Instant::now();
            let fold = as_of::fold(&mut conn, formula.clone(), size.events, &mut |_| {}).await?;
            let taken = started.elapsed();
            // What a replay does once, at its end.
            black_box(as_of::outcome(&fold));
            evaluations.push((started.elapsed() - taken).as_secs_f64());
            Ok(taken)
        };
        let mut reference = async || decode(&mut other, size.events).await;
        let mut report = compare("replay", size.events, &mut ours, &mut reference).await?;
        report.insert("outcome_seconds".to_owned(), json!(quantile(&evaluations, 50)));
        Ok(report)
    })
    .await
}

/// The reference: one ordered statement, each payload decoded as it comes and counted, on one thread. It shares nothing
/// with our reader and checks no hash, so that what makes ours faster makes no other bar.
async fn decode(conn: &mut PgConnection, to: u64) -> Result<Duration> {
    let started = Instant::now();
    let mut events = 0;
    let mut rows = sqlx::query_file!("sql/read_all_events.sql").fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let version = fit::<u32>(row.version, "versions");
        black_box(codec::decode(&row.event_type, version, &row.payload).map_err(Error::refused)?);
        events += 1;
    }
    let taken = started.elapsed();
    if events == to { Ok(taken) } else { Err(Error::refused(format!("{events} of {to} events were read"))) }
}

/// Measures on a generated log in a database of its own.
async fn with_log(
    deps: &Deps,
    size: Size,
    measure: impl AsyncFnOnce(PgConnection, PgConnection, FormulaDocument) -> Result<Figures>,
) -> Result<Figures> {
    measured(deps, size, async |scratch, _| {
        let mut conn = connect(&scratch.options(), TenantId::PUBLIC, Work::LongRead).await?;
        sqlx::query("VACUUM ANALYZE").execute(&mut conn).await?;
        let formula = formulas::named(&mut conn, formula::DEFAULT, 0).await?;
        measure(conn, connect(&scratch.options(), TenantId::PUBLIC, Work::LongRead).await?, formula).await
    })
    .await
}
