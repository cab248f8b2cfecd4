//! `events`: the log in order.

use std::io::{self, Write as _};

use ::replay::log::{self, Stored};
use anyhow::anyhow;
use domain::StreamId;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::canonical_id;
use crate::cli::output::Output;
use crate::cli::session::Session;

/// One line: everything that is needed to recompute the leaf hash.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    event: String,
    stream: &'a StreamId,
    sequence: u64,
    r#type: &'a str,
    version: u32,
    observed_at: String,
    recorded_at: String,
    payload: &'a RawValue,
    metadata: &'a std::collections::BTreeMap<String, String>,
    payload_sha256: String,
    leaf_hash: String,
}

/// `events`.
pub(crate) async fn run(session: &Session, from: Option<u64>, to: Option<u64>, stream: Option<&str>) -> Result<Output> {
    let stream = stream.map(canonical).transpose().map_err(Failure::environment)?;
    let mut conn = session.connect().await?;
    let head = log::head(&mut conn).await?.position;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (from, to) = (from.unwrap_or(1), to.unwrap_or(head).min(head));
    let each = |stored| line(&mut out, &stored);
    let written = match &stream {
        Some(stream) => log::of_stream(&mut conn, stream, from, to, each).await,
        None => log::read(&mut conn, from, to, each).await,
    };
    match written.and_then(|()| out.flush().map_err(Failure::environment)) {
        // A reader that has seen enough is no failure.
        Err(failure) if is_closed_pipe(&failure) => Ok(Output::None),
        done => done.map(|()| Output::None),
    }
}

/// The stream that is meant, its id in the form in which ids are kept.
fn canonical(text: &str) -> anyhow::Result<StreamId> {
    let stream = StreamId::parse(text)?;
    Ok(if stream == StreamId::atlas() { stream } else { StreamId::new(stream.kind(), canonical_id(stream.id())?)? })
}

fn line(out: &mut impl io::Write, stored: &Stored) -> Result<()> {
    let Stored { position, append, index, envelope, leaf_hash, payload } = stored;
    let payload = if stored.is_erased() { b"null" } else { payload.as_slice() };
    let payload = std::str::from_utf8(payload).map_err(Failure::refused)?;
    let payload: &RawValue = serde_json::from_str(payload)
        .map_err(|error| Failure::refused(anyhow!("position {position}: the payload is no JSON: {error}")))?;
    let line = Line {
        position: *position,
        event: format!("{append}/{index}"),
        stream: &envelope.stream,
        sequence: envelope.sequence,
        r#type: &envelope.event_type,
        version: envelope.version,
        observed_at: envelope.observed_at.to_string(),
        recorded_at: envelope.recorded_at.to_string(),
        payload,
        metadata: &envelope.metadata,
        payload_sha256: envelope.payload_sha256.to_string(),
        leaf_hash: leaf_hash.to_string(),
    };
    let text = serde_json::to_string(&line).map_err(Failure::refused)?;
    writeln!(out, "{text}").map_err(Failure::environment)
}

fn is_closed_pipe(failure: &Failure) -> bool {
    failure.error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
