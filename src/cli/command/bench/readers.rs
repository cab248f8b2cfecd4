//! `bench rebuild` and `bench replay`: the readers of the log, against reading and decoding alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ::replay::{ReplayError, as_of, catch_up, formulas, log, rebuild};
use anyhow::anyhow;
use domain::formula;
use ingest::Log;
use ingest::bench::{Scratch, generate, settings};
use projections::store::schema::FormulaDocument;
use projections::tables::Projection;
use serde_json::{Map, Value, json};
use sqlx::{ConnectOptions as _, PgConnection};

use super::measure::{RUNS, compare, quantile};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::LogSize;
use crate::cli::output::Output;
use crate::cli::session::Session;

pub(super) async fn rebuild(session: &Session, size: LogSize) -> Result<Output> {
    with_log(session, size, async |mut conn, mut other, formula| {
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

pub(super) async fn replay(session: &Session, size: LogSize) -> Result<Output> {
    with_log(session, size, async |mut conn, mut other, formula| {
        let mut evaluations = Vec::with_capacity(RUNS);
        let mut ours = async || {
            let started = Instant::now();
            let fold = as_of::fold(&mut conn, formula.clone(), size.events, None, &mut |_| {}).await?;
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

/// The reference: the same reader and decoder, the fold replaced by a counter.
async fn decode(conn: &mut PgConnection, to: u64) -> Result<Duration> {
    let started = Instant::now();
    let mut events = 0;
    log::read(conn, 1, to, |stored| {
        stored.decode()?;
        events += 1;
        Ok::<(), ReplayError>(())
    })
    .await?;
    let taken = started.elapsed();
    if events == to { Ok(taken) } else { Err(Failure::refused(anyhow!("{events} of {to} events were read"))) }
}

/// Measures on a generated log in a database of its own.
async fn with_log(
    session: &Session,
    size: LogSize,
    measure: impl AsyncFnOnce(PgConnection, PgConnection, FormulaDocument) -> Result<Map<String, Value>>,
) -> Result<Output> {
    let scratch = Scratch::create(session.server()).await?;
    let report = async {
        let mut progress = session.progress("generating", size.events);
        generate::fill(&Log::new(scratch.pool().clone()), size.into(), |done| progress.at(done)).await?;
        drop(progress);
        let mut conn = scratch.options().connect().await?;
        sqlx::query("VACUUM ANALYZE").execute(&mut conn).await?;
        let formula = formulas::named(&mut conn, formula::DEFAULT, 0).await?;
        measure(conn, scratch.options().connect().await?, formula).await
    };
    let report = report.await;
    let settings = settings(session.server()).await;
    scratch.drop().await?;
    let mut report = report?;
    report.insert("log".to_owned(), size.json());
    report.insert("server".to_owned(), json!(settings?));
    Ok(Output::Object(report))
}
