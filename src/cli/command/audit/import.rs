//! `audit import`: a database from a bundle, with the same positions and digests.

use std::path::Path;
use std::time::Instant;

use ::replay::audit::bundle::line::{ArtifactLine, Header, Line};
use ::replay::audit::bundle::reader::Reader;
use ::replay::audit::bundle::verify::verify;
use ::replay::audit::tiles;
use ::replay::log;
use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::checkpoint::Checkpoint;
use domain::note::Note;
use ingest::artifact::MAX_DOCUMENT_BYTES;
use ingest::import::{Import, ImportError, Imported};
use serde_json::json;

use super::trust;
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Trust;
use crate::cli::output::{Output, object};
use crate::cli::session::{Session, say};

/// `audit import`. The bundle is checked as a whole before its first event is written.
pub(crate) async fn run(session: &Session, path: &Path, brought: &Trust) -> Result<Output> {
    let started = Instant::now();
    let open = || super::open(path);
    let (keys, anchors) = trust::read(brought)?;
    let report = verify(open()?, anchors, &keys, &mut |_| Ok(()))?;
    if !report.ok {
        let reason = report.reason.unwrap_or_default();
        return Err(Failure::refused(anyhow!("the bundle does not hold: {reason}")));
    }
    let log = session.log().await?;
    let store = session.store()?;
    let mut import = Import::begin(&log).await?;
    let (mut reader, header) = Reader::open(open()?)?;
    let ahead = ahead(session, &header).await?;
    let mut progress = session.progress("importing", header.tree_size);
    let mut notes = Vec::new();
    let mut artifacts = 0u64;
    loop {
        match reader.line()? {
            Line::Event(line) => {
                let stored = line.stored()?;
                progress.event(&stored);
                import
                    .push(Imported {
                        position: stored.position,
                        append: stored.append,
                        index: stored.index,
                        envelope: stored.envelope,
                        leaf_hash: stored.leaf_hash,
                        payload: stored.payload,
                    })
                    .await?;
            }
            Line::Publication(section) => {
                for _ in 0..section.scores + section.state {
                    reader.raw()?;
                }
            }
            Line::Checkpoint(line) => notes.push(line.note),
            Line::Artifact(artifact) => {
                store.put(document(&mut reader, &artifact)?).await.map_err(Failure::environment)?;
                artifacts += 1;
            }
            Line::Header(_) | Line::Formula(_) | Line::Decision(_) | Line::Chunk(_) => {}
            Line::End(_) => break,
        }
    }
    drop(progress);
    let (new, root) = if ahead { (0, report.root) } else { import.end().await? };
    if root != header.root {
        return Err(Failure::refused(anyhow!("the bundle changed while it was read")));
    }
    for note in notes {
        let checkpoint = Note::parse(&note).map_err(Failure::refused)?;
        let checkpoint = Checkpoint::parse(&checkpoint.text).map_err(Failure::refused)?;
        ingest::checkpoint::keep(&log, &checkpoint, &note).await?;
    }
    Ok(Output::Object(object(json!({
        "tree_size": header.tree_size,
        "root": root,
        "events": new,
        "artifacts": artifacts,
        "trusted": report.trusted,
        "seconds": started.elapsed().as_secs_f64(),
    }))))
}

/// Whether the database holds the whole log of the bundle and goes on.
async fn ahead(session: &Session, header: &Header) -> Result<bool> {
    let mut conn = session.connect().await?;
    let (here, there) = (log::head(&mut conn).await?.position, header.tree_size);
    let ahead = here > there && tiles::root(&mut conn, there).await? == header.root;
    if ahead {
        say(
            &session.common,
            &format!(
                "the bundle ends at {there} and this database goes to {here}, after the same events: none are new"
            ),
        );
    }
    Ok(ahead)
}

/// A raw document out of its chunks; its digest was checked.
fn document<R: std::io::Read>(reader: &mut Reader<R>, artifact: &ArtifactLine) -> Result<Vec<u8>> {
    if artifact.bytes > MAX_DOCUMENT_BYTES {
        return Err(Failure::refused(anyhow!("document {} is too large", artifact.sha256)));
    }
    let mut document = Vec::new();
    for _ in 0..artifact.chunks {
        let Line::Chunk(chunk) = reader.line()? else { return Err(Failure::refused(anyhow!("expected a chunk"))) };
        document.extend(BASE64.decode(chunk).map_err(Failure::refused)?);
    }
    Ok(document)
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Another(_) | ImportError::Refused { .. } => Self::refused(error),
            ImportError::Sequence(_) | ImportError::Database(_) => Self::environment(error),
        }
    }
}
