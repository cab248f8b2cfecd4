//! `bench generate`: a generated log, to try things by hand.

use ingest::bench::generate::{Size, fill};
use serde_json::{Value, json};

use crate::cli::failure::Result;
use crate::cli::flags::LogSize;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

impl From<LogSize> for Size {
    fn from(size: LogSize) -> Self {
        let LogSize { repos, edges, events, seed } = size;
        Self { repos, edges, events, seed }
    }
}

impl LogSize {
    /// As reports show it.
    pub(super) fn json(self) -> Value {
        let Self { repos, edges, events, seed } = self;
        json!({"repos": repos, "edges": edges, "events": events, "seed": seed})
    }
}

pub(super) async fn run(session: &Session, size: LogSize) -> Result<Output> {
    let log = session.log().await?;
    let mut progress = session.progress("generating", size.events);
    let filled = fill(&log, size.into(), |done| progress.at(done)).await?;
    drop(progress);
    let seconds = filled.taken.as_secs_f64();
    Ok(Output::Object(object(json!({
        "repos": size.repos,
        "edges": size.edges,
        "seed": size.seed,
        "appended": filled.events,
        "seconds": seconds,
        "events_per_second": if seconds > 0.0 { filled.events as f64 / seconds } else { 0.0 },
    }))))
}
