//! A backup is put back where nothing is, and proven to be what it was.

use std::path::PathBuf;

use domain::digest::Digest;
use ingest::backup::manifest::{BackupId, BackupManifest};
use ingest::backup::reader::BackupReader;
use ingest::backup::{BackupError, shelf, tables};
use ingest::place::Place;
use ingest::{pseudonym_key, signing_key};
use projections::families;
use projections::store;
use projections::tables::Projection;
use replay::as_of::FoldDigests;
use replay::log::{self, Head};
use replay::present;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};

use super::root_of;
use crate::service::ask::audit::{self, trust::Trust};
use crate::service::ask::backup::shelf_of;
use crate::service::run::project;
use crate::service::{Deps, Error, Result, Settings, environment};

/// A backup that was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RestoredBackup {
    /// Its name.
    pub id: String,
    /// Events with a position.
    pub head: u64,
    /// Root of the log: recomputed from every event, and equal to the backup's.
    pub root: Digest,
    /// Size of its files.
    pub bytes: u64,
    /// Raw documents that are there again.
    pub documents: u64,
    /// How many documents the backup did not have either; its manifest lists them.
    pub missing: u64,
    /// Events without a position: they get theirs where the log goes on.
    pub pending: u64,
    /// Publications that follow from the log as they did.
    pub publications: u64,
    /// Whether the live tables, made anew, hold what they held; null where the backup cannot tell.
    pub live_equal: Option<bool>,
    /// Always true: what does not hold is an error.
    pub verified: bool,
    /// Files of keys that are in no backup and that this log was worked with: to be put there by hand.
    pub keys: Vec<PathBuf>,
}

/// Puts a backup, the newest complete one where none is named, into an empty database, and its documents into the data
/// folder; makes the live tables anew; and checks all of it as `audit verify` does. Every file is compared with its
/// digest before anything is written, and the log is there as a whole or not at all.
///
/// # Errors
/// When there is no such backup or it is damaged, when the database is not empty, and when what came of it is not what
/// it was.
pub async fn restore(deps: &Deps, from: Option<&str>, id: Option<&str>) -> Result<RestoredBackup> {
    let (place, id) = chosen(deps.settings(), from, id).await?;
    put_back(deps, &place, id).await
}

/// The place, and the backup in it.
pub(super) async fn chosen(settings: &Settings, from: Option<&str>, id: Option<&str>) -> Result<(Place, BackupId)> {
    let id = id.map(BackupId::parse).transpose()?;
    let place = shelf_of(settings, from)?.ok_or(BackupError::None)?;
    let id = match id {
        Some(id) => id,
        None => shelf::newest(&place).await?,
    };
    Ok((place, id))
}

/// As [`restore`], this one.
pub(super) async fn put_back(deps: &Deps, place: &Place, id: BackupId) -> Result<RestoredBackup> {
    let backup = BackupReader::open(place, &id).await?;
    let manifest = backup.manifest();
    // Not of the pools: those look for a schema, and make one.
    let mut conn = deps.projecting().await?;
    tables::ensure_empty(&mut conn, &backup).await?;
    let mut progress = deps.begin("checking the backup", manifest.files().count() as u64);
    backup.check(&mut || progress.step()).await?;
    drop(progress);
    let mut progress = deps.begin("restoring documents", manifest.documents.count);
    backup.documents(&deps.store()?, &mut || progress.step()).await?;
    drop(progress);
    let rows = manifest.tables.iter().map(|table| table.rows).sum();
    let mut progress = deps.begin("restoring rows", rows);
    tables::restore(&mut conn, &backup, &mut |rows| progress.reach(rows), async |conn| {
        same(deps, conn, manifest).await
    })
    .await?;
    drop(progress);
    project::catch_up(deps, &mut conn).await?;
    let live_equal = live_equal(deps, &mut conn, manifest).await?;
    conn.close().await?;
    // What was erased before the backup was made is erased in it.
    let known = Trust { allow_unprovable: true, ..Trust::default() };
    let report = audit::verify(deps, &known, false).await?;
    if !report.ok {
        let reason = report.reason.unwrap_or_else(|| "what was published or is live differs from the log".to_owned());
        return Err(Error::refused(format!("backup {id} is restored, and does not hold: {reason}")));
    }
    Ok(RestoredBackup {
        id: id.to_string(),
        head: manifest.head,
        root: manifest.root,
        bytes: manifest.bytes,
        documents: manifest.documents.count,
        missing: manifest.documents.missing.len() as u64,
        pending: manifest.pending,
        publications: report.publications.len() as u64,
        live_equal,
        verified: true,
        keys: keys(deps, manifest),
    })
}

/// The log is the one that was written: every event by its own hashes, and all of them by the root.
async fn same(deps: &Deps, conn: &mut PgConnection, manifest: &BackupManifest) -> Result<()> {
    let said = Head { position: manifest.head, root: manifest.root };
    let root = root_of(deps, conn, said.position, |_| ()).await?;
    if log::head(conn).await? != said || root != said.root {
        return Err(Error::refused(format!("the log of backup {} does not have the root that it says", manifest.id)));
    }
    Ok(())
}

/// Whether the live tables hold what they held.
async fn live_equal(deps: &Deps, conn: &mut PgConnection, manifest: &BackupManifest) -> Result<Option<bool>> {
    let Some(then) = &manifest.live else { return Ok(None) };
    let builds = store::live_builds(conn).await?;
    let Some(metrics) = builds.iter().find(|build| build.projection == Projection::Metrics) else { return Ok(None) };
    let same_question = metrics.position == manifest.head
        && metrics.formula_hash == Some(then.formula_hash)
        && families::published() == then.families;
    if !same_question {
        deps.note(format!(
            "the live tables were of formula {} and other versions: they are made anew, and not compared",
            then.formula
        ));
        return Ok(None);
    }
    let held = present::digests(conn, &builds).await?;
    if held != Some(FoldDigests { digest: then.digest, state_digest: then.state_digest }) {
        let reason = "the live tables, made anew, do not hold what they held";
        return Err(Error::refused(format!("backup {} is restored, and {reason}", manifest.id)));
    }
    Ok(Some(true))
}

/// The files of keys that this log needs and that are not here, nor given by the environment.
fn keys(deps: &Deps, manifest: &BackupManifest) -> Vec<PathBuf> {
    let signing = [signing_key::ENV_NAME, signing_key::ENV_FILE_NAME];
    let needed = [
        (signing_key::FILE_NAME, &signing[..], manifest.checkpoint.is_some()),
        (pseudonym_key::FILE_NAME, &[pseudonym_key::ENV_NAME][..], !manifest.pseudonym_keys.is_empty()),
    ];
    let is_set = |name: &&'static str| environment::variable(name).is_ok_and(|value| value.is_some());
    let given = |names: &[&'static str]| names.iter().any(is_set);
    let named = needed.into_iter().filter(|(_, variables, needed)| *needed && !given(variables));
    named.map(|(name, ..)| deps.data_dir().join(name)).filter(|path| !path.exists()).collect()
}
