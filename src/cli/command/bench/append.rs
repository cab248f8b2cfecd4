//! `bench append` and `bench append-single`: the write side.

use ingest::bench::{Side, batch, once, settings, single};
use serde_json::json;

use super::measure::compare;
use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::cli::session::Session;

pub(super) async fn batch(session: &Session) -> Result<Output> {
    let (ours, reference) = batch::sides()?;
    run(session, "append", batch::EVENTS, &ours, &reference).await
}

pub(super) async fn single(session: &Session) -> Result<Output> {
    let (ours, reference) = single::sides()?;
    run(session, "append-single", single::EVENTS, &ours, &reference).await
}

async fn run(session: &Session, work: &str, events: usize, ours: &impl Side, reference: &impl Side) -> Result<Output> {
    let server = session.server();
    let mut ours = async || Ok(once(server, ours).await?);
    let mut reference = async || Ok(once(server, reference).await?);
    let mut report = compare(work, events as u64, &mut ours, &mut reference).await?;
    report.insert("server".to_owned(), json!(settings(server).await?));
    Ok(Output::Object(report))
}
