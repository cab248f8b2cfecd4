//! The log in one file, for whoever checks it elsewhere.

#[cfg(feature = "serve")]
mod chunks;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use domain::digest::Digest;
use replay::audit::bundle::export::{Writer, export};
use replay::{SNAPSHOT, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;

use crate::service::deps::TOOL;
use crate::service::{Deps, Error, Result};

/// What is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exported {
    /// Events of the log.
    pub tree_size: u64,
    /// Root of the log.
    pub root: Digest,
    /// Events in the bundle.
    pub events: u64,
    /// Checkpoints in the bundle.
    pub checkpoints: u64,
    /// Publications in the bundle.
    pub publications: u64,
    /// Raw documents in the bundle.
    pub artifacts: u64,
    /// Publications whose scores are not in it.
    pub left_out: Vec<LeftOutPublication>,
    /// Raw documents that are not in it, and why.
    pub missing: Vec<String>,
}

/// A publication whose scores a bundle does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutPublication {
    /// Its label.
    pub label: String,
    /// Why.
    pub reason: String,
}

/// Writes the log, with the raw documents if asked for. Answers also what it was written to.
///
/// # Errors
/// When the database fails or what is written to does.
pub async fn write<W: Write>(deps: &Deps, to: W, artifacts: bool) -> Result<(Exported, W)> {
    let mut conn = deps.read_long().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut conn).await?;
    let mut progress = deps.begin("exporting", head.position);
    let (mut writer, documents) = export(&mut conn, to, TOOL, &mut |_| progress.step()).await?;
    drop(progress);
    conn.rollback().await?;
    let missing = if artifacts { raw(deps, &mut writer, &documents).await? } else { Vec::new() };
    let left_out: Vec<LeftOutPublication> = writer
        .left_out
        .iter()
        .map(|(label, reason)| LeftOutPublication { label: label.clone(), reason: reason.clone() })
        .collect();
    for LeftOutPublication { label, reason } in &left_out {
        deps.warn(format!("the scores of label `{label}` are left out: {reason}"));
    }
    deps.warn_all(&missing);
    let (end, to) = writer.end()?;
    let exported = Exported {
        tree_size: head.position,
        root: head.root,
        events: end.events,
        checkpoints: end.checkpoints,
        publications: end.publications,
        artifacts: end.artifacts,
        left_out,
        missing,
    };
    Ok((exported, to))
}

/// Adds the raw documents that events name. Answers what is wrong with those that cannot be added.
#[cfg(feature = "ingest")]
async fn raw<W: Write>(deps: &Deps, writer: &mut Writer<W>, documents: &BTreeSet<Digest>) -> Result<Vec<String>> {
    use ingest::artifact::ArtifactError;
    let store = deps.store()?;
    let mut missing = Vec::new();
    for digest in documents {
        match store.get(digest).await {
            Ok(document) => writer.artifact(*digest, &document)?,
            Err(error @ (ArtifactError::NotFound(_) | ArtifactError::Damaged { .. })) => {
                missing.push(error.to_string());
            }
            Err(error) => return Err(Error::unavailable(error)),
        }
    }
    Ok(missing)
}

/// A program without the append path has no raw documents.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn raw<W: Write>(_: &Deps, _: &mut Writer<W>, _: &BTreeSet<Digest>) -> Result<Vec<String>> {
    Err(Error::unavailable("this program keeps no raw documents"))
}

/// Writes the log into chunks, as they are taken, without raw documents. `place` is kept until it is written.
#[cfg(feature = "serve")]
pub fn streamed<P: Send + 'static>(
    deps: &Deps,
    place: P,
) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> + Send + 'static {
    let (deps, (to, taken)) = (deps.clone(), chunks::pipe());
    tokio::spawn(async move {
        let failed = to.clone();
        let written = crate::service::aside::aside(async move || {
            let (_, mut to) = write(&deps, to, false).await?;
            to.flush().map_err(Error::unavailable)
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "a bundle ends early");
            failed.fail(&error).await;
        }
        drop(place);
    });
    taken
}

/// A bundle to read.
pub(crate) fn open(bundle: &Path) -> Result<File> {
    let opened = File::open(bundle).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(std::io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    opened.map_err(|error| Error::refused(error).of(bundle.display()))
}
