//! `audit export`: the log in one file.

use std::path::Path;
use std::time::Instant;

use ::replay::audit::bundle::export::export;
use ::replay::{SNAPSHOT, log};
use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::cli::draft::{self, Draft};
use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::{Session, say};

/// The program, as a bundle names it.
const TOOL: &str = concat!("pg-atlas ", env!("CARGO_PKG_VERSION"));

/// `audit export`.
pub(crate) async fn run(session: &Session, file: &Path, artifacts: bool) -> Result<Output> {
    let started = Instant::now();
    let place = || file.display().to_string();
    if draft::is_stdout(file) {
        let reason = anyhow!("a bundle goes into a file: standard output is where the command says what is in it");
        return Err(Failure::environment(reason));
    }
    let draft = Draft::create(file).with_context(place).map_err(Failure::refused)?;
    let mut conn = session.connect().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut conn).await?;
    let mut progress = session.progress("exporting", head.position);
    let (mut writer, documents) = export(&mut conn, draft, TOOL, &mut |event| progress.event(event)).await?;
    drop(progress);
    conn.rollback().await?;
    let missing = if artifacts { raw(session, &mut writer, &documents).await? } else { Vec::new() };
    for (label, reason) in &writer.left_out {
        say(&session.common, &format!("warning: the scores of label `{label}` are left out: {reason}"));
    }
    for reason in &missing {
        say(&session.common, &format!("warning: {reason}"));
    }
    let left_out: Vec<Value> =
        writer.left_out.iter().map(|(label, reason)| json!({"label": label, "reason": reason})).collect();
    let (end, draft) = writer.end()?;
    let bytes = draft.end().with_context(place).map_err(Failure::environment)?;
    Ok(Output::Object(object(json!({
        "file": file.display().to_string(),
        "bytes": bytes,
        "tree_size": head.position,
        "root": head.root,
        "events": end.events,
        "checkpoints": end.checkpoints,
        "publications": end.publications,
        "artifacts": end.artifacts,
        "left_out": left_out,
        "missing": missing,
        "seconds": started.elapsed().as_secs_f64(),
    }))))
}

/// Adds the raw documents that events name. Answers what is wrong with those that cannot be added.
#[cfg(feature = "ingest")]
async fn raw<W: std::io::Write>(
    session: &Session,
    writer: &mut ::replay::audit::bundle::export::Writer<W>,
    documents: &std::collections::BTreeSet<domain::digest::Digest>,
) -> Result<Vec<String>> {
    use ingest::artifact::ArtifactError;
    let store = session.store()?;
    let mut missing = Vec::new();
    for digest in documents {
        match store.get(digest).await {
            Ok(document) => writer.artifact(*digest, &document)?,
            Err(error @ (ArtifactError::NotFound(_) | ArtifactError::Damaged { .. })) => {
                missing.push(error.to_string());
            }
            Err(error) => return Err(Failure::environment(error)),
        }
    }
    Ok(missing)
}

/// A program without the append path has no raw documents.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn raw<W: std::io::Write>(
    _: &Session,
    _: &mut ::replay::audit::bundle::export::Writer<W>,
    _: &std::collections::BTreeSet<domain::digest::Digest>,
) -> Result<Vec<String>> {
    Err(Failure::environment(anyhow::anyhow!("this program keeps no raw documents")))
}
