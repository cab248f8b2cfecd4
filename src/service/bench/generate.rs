//! `bench generate`: a generated log, to try things by hand; and one to measure on, in a database that goes away.

use domain::TenantId;
use ingest::Log;
pub use ingest::bench::generate::Size;
use ingest::bench::generate::fill;
use ingest::bench::{Scratch, settings};
use serde_json::json;

use super::measure::{Figures, report};
use crate::service::{Deps, Result};

/// Measures on a generated log of this size in a database of its own, which is gone afterwards whatever comes of it.
/// The report says, too, how large the log was and how the server is set.
pub(super) async fn measured(
    deps: &Deps,
    size: Size,
    measure: impl AsyncFnOnce(&Scratch, Log) -> Result<Figures>,
) -> Result<Figures> {
    let server = deps.server().await?;
    let scratch = Scratch::create(server).await?;
    let report = async {
        let log = Log::new(scratch.pool().clone(), TenantId::PUBLIC);
        let mut progress = deps.begin("generating", size.events);
        fill(&log, size, |done| progress.reach(done)).await?;
        drop(progress);
        measure(&scratch, log).await
    };
    let report = report.await;
    let settings = settings(server).await;
    scratch.drop().await?;
    let mut report = report?;
    let Size { repos, edges, events, seed } = size;
    report.insert("log".to_owned(), json!({"repos": repos, "edges": edges, "events": events, "seed": seed}));
    report.insert("server".to_owned(), json!(settings?));
    Ok(report)
}

/// Fills an empty log.
///
/// # Errors
/// When the log holds something, or the database fails.
pub async fn run(deps: &Deps, size: Size) -> Result<Figures> {
    let log = deps.log().await?;
    let mut progress = deps.begin("generating", size.events);
    let filled = fill(&log, size, |done| progress.reach(done)).await?;
    drop(progress);
    let seconds = filled.taken.as_secs_f64();
    Ok(report(json!({
        "repos": size.repos,
        "edges": size.edges,
        "seed": size.seed,
        "appended": filled.events,
        "seconds": seconds,
        "events_per_second": if seconds > 0.0 { filled.events as f64 / seconds } else { 0.0 },
    })))
}
