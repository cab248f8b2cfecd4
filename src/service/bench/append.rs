//! `bench append` and `bench append-single`: the write side.

use ingest::bench::{Side, batch, once, settings, single};
use serde_json::json;

use super::measure::{Figures, compare};
use crate::service::{Deps, Result};

/// Batch appends, against plain rows of the same bytes.
///
/// # Errors
/// When the server fails, or lets us make no database.
pub async fn batch(deps: &Deps) -> Result<Figures> {
    let (ours, reference) = batch::sides()?;
    run(deps, "append", batch::EVENTS, &ours, &reference).await
}

/// Appends of one event over many connections, against the same without order.
///
/// # Errors
/// As [`batch()`].
pub async fn single(deps: &Deps) -> Result<Figures> {
    let (ours, reference) = single::sides()?;
    run(deps, "append-single", single::EVENTS, &ours, &reference).await
}

async fn run(deps: &Deps, work: &str, events: usize, ours: &impl Side, reference: &impl Side) -> Result<Figures> {
    let server = deps.server().await?;
    let mut ours = async || Ok(once(server, ours).await?);
    let mut reference = async || Ok(once(server, reference).await?);
    let mut report = compare(work, events as u64, &mut ours, &mut reference).await?;
    report.insert("server".to_owned(), json!(settings(server).await?));
    Ok(report)
}
