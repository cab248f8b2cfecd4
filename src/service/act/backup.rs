//! All that cannot be made again, kept elsewhere; put back where nothing is; and removed when it is old.

pub mod drill;
pub mod prune;
pub mod restore;

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::digest::Digest;
use domain::facts::document;
use domain::merkle::Frontier;
use domain::recorded::Position;
use domain::time::Timestamp;
use ingest::backup::manifest::{BackupDocuments, BackupId, BackupManifest, FORMAT, LiveDigests};
use ingest::backup::writer::BackupWriter;
use ingest::backup::{self, BackupError};
use ingest::place::Place;
use ingest::{pseudonym_key, signing_key};
use projections::families;
use projections::store;
use projections::tables::Projection;
use replay::as_of::FoldDigests;
use replay::audit::live::checkpoints;
use replay::log::{self, Head, Stored};
use replay::{SCHEMA, SNAPSHOT, catch_up, present};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};

use crate::service::act::ingest::now;
use crate::service::ask::backup::place_of;
use crate::service::deps::TOOL;
use crate::service::{Deps, Error, Result};

/// Digests of documents that a warning names.
const NAMED: usize = 3;

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeBackup {
    /// Its name.
    pub id: String,
    /// Events with a position.
    pub head: u64,
    /// Root of the log.
    pub root: Digest,
    /// Size of its files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// Where it is.
    pub place: String,
    /// Raw documents in it.
    pub documents: u64,
    /// How many documents events name that are missing or damaged here, hence there too; its manifest lists them.
    pub missing: u64,
    /// Events without a position yet.
    pub pending: u64,
    /// Whether the digests of the live tables are in it: those of a projection that stands at the head.
    pub live: bool,
    /// Files of keys that are not in it, and without which some of the work cannot go on.
    pub keys: Vec<PathBuf>,
}

/// Makes a backup of the database as it is at one moment, with the raw documents, in a folder or a bucket. Whoever
/// appends or projects meanwhile is not kept waiting. It is there as a whole or not at all.
///
/// # Errors
/// When the log is at fault: of such a one no backup is made. When the database cannot be read or the place written.
pub async fn create(deps: &Deps, to: Option<&str>) -> Result<MadeBackup> {
    let name = place_of(deps.settings(), to)?;
    // Of its own: a copy that is given up leaves a connection in the middle of it.
    let mut conn = deps.read_long().await?.detach();
    let created_at = now()?;
    let writer = BackupWriter::begin(Place::open(&name)?, BackupId::new(created_at))?;
    match contents(deps, &mut conn, &writer, created_at).await {
        Ok(manifest) => {
            writer.end(&manifest).await?;
            conn.close().await?;
            Ok(made(deps, name, &manifest))
        }
        Err(error) => {
            // The first error is the one to know of; what is left counts for nothing without a manifest.
            let _ = writer.give_up().await;
            Err(error)
        }
    }
}

/// Writes all but the manifest.
async fn contents(
    deps: &Deps,
    conn: &mut PgConnection,
    writer: &BackupWriter,
    created_at: Timestamp,
) -> Result<BackupManifest> {
    let mut snapshot = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut snapshot).await?;
    let named = sound(deps, &mut snapshot, &head).await?;
    let live = live(&mut snapshot, &head).await?;
    let checkpoint = checkpoints(&mut snapshot).await?.pop();
    let pseudonym_keys = pseudonym_key::used(&mut *snapshot).await?.into_iter().collect();
    let pending = backup::pending(&mut snapshot).await?;
    let mut progress = deps.watch().begin("copying rows", None);
    let tables = writer.tables(&mut snapshot, &mut |rows| progress.reach(rows)).await?;
    drop(progress);
    snapshot.rollback().await?;
    // A document is stored before the event that names it: those of the snapshot are there by now.
    let mut progress = deps.begin("copying documents", named.len() as u64);
    let documents = writer.documents(&deps.store()?, &named, &mut || progress.step()).await?;
    drop(progress);
    let mut manifest = BackupManifest {
        format: FORMAT.to_owned(),
        id: writer.id().clone(),
        created_at,
        tool: TOOL.to_owned(),
        schema: SCHEMA,
        head: head.position,
        root: head.root,
        pending,
        checkpoint,
        live,
        pseudonym_keys,
        bytes: 0,
        tables,
        documents,
    };
    manifest.bytes = manifest.files().map(|file| file.bytes).sum();
    Ok(manifest)
}

/// Reads the whole log: each event against its own hashes, and all of them against the root. Answers the documents that
/// they name.
async fn sound(deps: &Deps, conn: &mut PgConnection, head: &Head) -> Result<BTreeSet<Digest>> {
    let mut named = BTreeSet::new();
    let root = root_of(deps, conn, head.position, |stored| {
        named.extend(document(&stored.payload).map(|document| document.sha256));
    });
    match root.await? == head.root {
        true => Ok(named),
        false => Err(Error::Corrupt {
            position: head.position,
            cause: "the root of the head is not that of the events: no backup is made of such a log".into(),
        }),
    }
}

/// The root of the first events of a log, each of which is compared with its own hashes and handed on.
async fn root_of(deps: &Deps, conn: &mut PgConnection, to: Position, mut each: impl FnMut(&Stored)) -> Result<Digest> {
    let mut progress = deps.begin("checking the log", to);
    let mut frontier = Frontier::default();
    log::read(conn, 1, to, |stored| {
        progress.step();
        frontier.push(stored.leaf_hash);
        each(&stored);
        Ok::<(), Error>(())
    })
    .await?;
    Ok(frontier.root())
}

/// The digests of the live tables, where they stand at the head and are of this program's versions.
async fn live(conn: &mut PgConnection, head: &Head) -> Result<Option<LiveDigests>> {
    // Before the first event they hold nothing.
    if head.position == 0 || !catch_up::reached(conn, head.position).await? {
        return Ok(None);
    }
    let live = store::live_builds(conn).await?;
    let Some(FoldDigests { digest, state_digest }) = present::digests(conn, &live).await? else { return Ok(None) };
    let metrics = live.into_iter().find(|build| build.projection == Projection::Metrics);
    Ok(metrics.and_then(|build| {
        let (formula, formula_hash) = (build.formula?, build.formula_hash?);
        Some(LiveDigests { formula, formula_hash, digest, state_digest, families: families::published() })
    }))
}

/// What is said of a backup that was made.
fn made(deps: &Deps, place: String, manifest: &BackupManifest) -> MadeBackup {
    let BackupDocuments { count, missing, .. } = &manifest.documents;
    if !missing.is_empty() {
        let few: Vec<String> = missing.iter().take(NAMED).map(Digest::to_string).collect();
        let more = if missing.len() > NAMED { ", ..." } else { "" };
        let are = if missing.len() == 1 { "document is" } else { "documents are" };
        let count = missing.len();
        deps.warn(format!("{count} {are} missing or damaged here, and not in the backup: {}{more}", few.join(", ")));
    }
    let keys: Vec<PathBuf> = [signing_key::FILE_NAME, pseudonym_key::FILE_NAME]
        .into_iter()
        .map(|name| deps.data_dir().join(name))
        .filter(|path| path.exists())
        .collect();
    MadeBackup {
        files: manifest.files().count() as u64,
        id: manifest.id.to_string(),
        head: manifest.head,
        root: manifest.root,
        bytes: manifest.bytes,
        place,
        documents: *count,
        missing: missing.len() as u64,
        pending: manifest.pending,
        live: manifest.live.is_some(),
        keys,
    }
}

/// The database into which a backup should go holds something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this database is not empty: there are rows in {0}; a backup is put back into an empty one alone")]
pub struct NotEmpty(pub String);

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Place(error) => error.into(),
            BackupError::Artifact(error) => error.into(),
            BackupError::NotFound(ref id) => Self::not_found("backup", id.clone(), error),
            BackupError::None => Self::not_found("backup", "", error),
            BackupError::Id(_) => Self::invalid("id", error),
            BackupError::NotEmpty(table) => Self::refused(NotEmpty(table)),
            BackupError::Damaged { .. } | BackupError::OtherSchema { .. } => Self::refused(error),
            BackupError::Newer { .. }
            | BackupError::Migrate(_)
            | BackupError::Packing(_)
            | BackupError::Canonical(_)
            | BackupError::Database(_) => Self::unavailable(error),
        }
    }
}
