//! `events`: a line of JSON each, written as they come.

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use anyhow::anyhow;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::output::{Output, OutputFormat};
use crate::cli::session;
use crate::service::ask::events::{EventsQuery, LogLine, events};

/// `events`.
pub(crate) async fn run(common: &Common, from: Option<u64>, to: Option<u64>, stream: Option<&str>) -> Result<Output> {
    if common.format == Some(OutputFormat::Csv) {
        let reason = "an event has no columns: `events` prints a line of JSON each, with --format ndjson or none";
        return Err(Failure::environment(anyhow!(reason)));
    }
    let deps = session::deps(common)?;
    let asked = EventsQuery { from, to, stream: stream.map(str::to_owned) };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let each = |line: &LogLine<'_>| {
        written = write(&mut out, line);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let read = events(&deps, &asked, each).await;
    match written.and_then(|()| out.flush()) {
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Output::None),
        written => written.map_err(Failure::environment)?,
    }
    read?;
    Ok(Output::None)
}

fn write(out: &mut impl io::Write, line: &LogLine<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
