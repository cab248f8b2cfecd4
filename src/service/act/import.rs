//! A database from a bundle, with the same positions and digests.

use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::note::Note;
use ingest::artifact::MAX_DOCUMENT_BYTES;
use ingest::import::{Import, ImportError, ImportedEvent as Row};
use replay::audit::bundle::line::{ArtifactLine, BundleLine, Header};
use replay::audit::bundle::reader::BundleReader;
use replay::audit::bundle::verify::verify;
use replay::audit::tiles;
use replay::log;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::ask::audit::bundle;
use crate::service::ask::audit::trust::{Brought, Trust};
use crate::service::{Deps, Error, Result};

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedBundle {
    /// Events of the log that it holds.
    pub tree_size: u64,
    /// Root of that log.
    pub root: Digest,
    /// Events that were new here.
    pub events: u64,
    /// Raw documents taken in.
    pub artifacts: u64,
    /// Whether the auditor's policy trusts it as far as every checkpoint that was brought.
    pub trusted: bool,
}

/// Takes a bundle in. It is checked as a whole before its first event is written; an interrupted import goes on.
///
/// # Errors
/// When the bundle does not hold, or the log here has other events.
pub async fn import(deps: &Deps, path: &Path, brought: &Trust) -> Result<ImportedBundle> {
    let open = || bundle::open(path);
    let Brought { policy, anchors, remarks } = brought.read()?;
    deps.warn_all(&remarks);
    let mut report = verify(open()?, anchors, &policy, false, &mut |_| Ok(()))?;
    if !brought.allow_unprovable {
        report.require_provable();
    }
    if !report.ok {
        let reason = report.reason.unwrap_or_default();
        return Err(Error::refused(format!("the bundle does not hold: {reason}")));
    }
    let log = deps.log().await?;
    let store = deps.store()?;
    let mut import = Import::begin(&log).await?;
    let (mut reader, header) = BundleReader::open(open()?)?;
    let ahead = ahead(deps, &header).await?;
    let mut progress = deps.begin("importing", header.tree_size);
    let mut notes = Vec::new();
    let mut artifacts = 0u64;
    loop {
        match reader.line()? {
            BundleLine::Event(line) => {
                let stored = line.stored()?;
                progress.step();
                import
                    .push(Row {
                        position: stored.position,
                        append: stored.append,
                        index: stored.index,
                        envelope: stored.envelope,
                        leaf_hash: stored.leaf_hash,
                        payload: stored.payload,
                    })
                    .await?;
            }
            BundleLine::Publication(section) => {
                for _ in 0..section.scores + section.state {
                    reader.raw()?;
                }
            }
            BundleLine::Checkpoint(line) => notes.push(line.note),
            BundleLine::Artifact(artifact) => {
                store.put(document(&mut reader, &artifact)?).await.map_err(Error::unavailable)?;
                artifacts += 1;
            }
            BundleLine::Header(_) | BundleLine::Formula(_) | BundleLine::Decision(_) | BundleLine::Chunk(_) => {}
            BundleLine::End(_) => break,
        }
    }
    drop(progress);
    let (new, root) = if ahead { (0, report.root) } else { import.end().await? };
    if root != header.root {
        return Err(Error::refused("the bundle changed while it was read"));
    }
    for note in notes {
        let checkpoint = Note::parse(&note).map_err(Error::refused)?;
        let checkpoint = Checkpoint::parse(&checkpoint.text).map_err(Error::refused)?;
        ingest::checkpoint::keep(&log, &checkpoint, &note).await?;
    }
    Ok(ImportedBundle { tree_size: header.tree_size, root, events: new, artifacts, trusted: report.trusted })
}

/// Whether the database holds the whole log of the bundle and goes on.
async fn ahead(deps: &Deps, header: &Header) -> Result<bool> {
    let mut conn = deps.read().await?;
    let (here, there) = (log::head(&mut conn).await?.position, header.tree_size);
    let ahead = here > there && tiles::root_at(&mut conn, there).await? == header.root;
    if ahead {
        deps.note(format!(
            "the bundle ends at {there} and this database goes to {here}, after the same events: none are new"
        ));
    }
    Ok(ahead)
}

/// A raw document out of its chunks; its digest was checked.
fn document<R: Read>(reader: &mut BundleReader<R>, artifact: &ArtifactLine) -> Result<Vec<u8>> {
    if artifact.bytes > MAX_DOCUMENT_BYTES {
        return Err(Error::refused(format!("document {} is too large", artifact.sha256)));
    }
    let mut document = Vec::new();
    for _ in 0..artifact.chunks {
        let BundleLine::Chunk(chunk) = reader.line()? else { return Err(Error::refused("expected a chunk")) };
        document.extend(BASE64.decode(chunk).map_err(Error::refused)?);
    }
    Ok(document)
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Another(_) | ImportError::Refused { .. } => Self::refused(error),
            ImportError::Sequence(_) | ImportError::Database(_) => Self::unavailable(error),
        }
    }
}
