//! `events`: the log in order, written as it comes. A line of JSON each for programs, a line of a table for people.

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use anyhow::anyhow;
use serde_json::{Map, Value, json};

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::output::pager::PagedOutput;
use crate::cli::output::{self, Output, OutputFormat, TableColumns, TablePages, looks, object};
use crate::cli::session;
use crate::service::ask::events::{EventsQuery, LogLine, events};

/// What people see.
const SHOWN: &[&str] = &["position", "recorded_at", "type", "stream", "actor", "bytes"];
/// What they see of it when they ask for it.
const ON_DEMAND: &[&str] = &["observed_at", "event", "sequence", "version", "payload_sha256", "leaf_hash"];
/// Events that say how wide the columns are, and are written at once.
const PAGE: usize = 500;

/// `events`.
pub(crate) async fn run(common: &Common, asked: &EventsQuery) -> Result<Output> {
    let written = match OutputFormat::or_default(common.format) {
        OutputFormat::Csv => {
            let reason = "an event is no row of CSV: `events` prints a line of JSON each, or a table";
            return Err(Failure::environment(anyhow!("{reason}: --format ndjson or table")));
        }
        OutputFormat::Table => table(common, asked).await?,
        OutputFormat::Json | OutputFormat::Ndjson if !looks().show.columns.is_empty() => return Err(output::whole()),
        OutputFormat::Json | OutputFormat::Ndjson => lines(common, asked).await?,
    };
    match written {
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(Output::None),
    }
}

/// Everything of each event.
async fn lines(common: &Common, asked: &EventsQuery) -> Result<io::Result<()>> {
    let deps = session::deps(common)?;
    let mut out = io::BufWriter::new(PagedOutput::open());
    let mut written = Ok(());
    let each = |line: &LogLine<'_>| {
        written = serde_json::to_writer(&mut out, line).map_err(io::Error::from).and_then(|()| out.write_all(b"\n"));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let read = events(&deps, asked, each).await;
    let written = written.and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error)?.end());
    read?;
    Ok(written)
}

/// What tells the events apart.
async fn table(common: &Common, asked: &EventsQuery) -> Result<io::Result<()>> {
    let all = SHOWN.iter().chain(ON_DEMAND).copied().collect();
    let mut pages = TablePages::new(&TableColumns { all, shown: SHOWN.to_vec() }, looks())?;
    let deps = session::deps(common)?;
    let mut out = PagedOutput::open();
    let mut written = Ok(());
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    let each = |line: &LogLine<'_>| {
        rows.push(row(line));
        if rows.len() == PAGE {
            written = out.write_all(pages.next(&rows, looks()).as_bytes());
            rows.clear();
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let read = events(&deps, asked, each).await;
    let rest = pages.next(&rows, looks());
    let written = written.and_then(|()| out.write_all(rest.as_bytes())).and_then(|()| out.end());
    read?;
    Ok(written)
}

fn row(line: &LogLine<'_>) -> Map<String, Value> {
    object(json!({
        "position": line.position,
        "recorded_at": line.recorded_at,
        "type": line.r#type,
        "stream": line.stream,
        "actor": line.metadata.get("actor"),
        "bytes": line.payload_bytes(),
        "observed_at": line.observed_at,
        "event": line.event,
        "sequence": line.sequence,
        "version": line.version,
        "payload_sha256": line.payload_sha256,
        "leaf_hash": line.leaf_hash,
    }))
}
