//! `bench generate`: a generated log, to try things by hand.

pub use ingest::bench::generate::Size;
use ingest::bench::generate::fill;
use serde_json::{Value, json};

use super::measure::{Figures, report};
use crate::service::{Deps, Result};

/// A size as reports show it.
pub(super) fn json(size: Size) -> Value {
    let Size { repos, edges, events, seed } = size;
    json!({"repos": repos, "edges": edges, "events": events, "seed": seed})
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
