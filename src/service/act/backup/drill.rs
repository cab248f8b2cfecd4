//! A restore that is tried: nobody knows what a backup is worth before it was put back once.

use std::sync::Arc;

use super::restore::{RestoredBackup, chosen, put_back};
use crate::embedded;
use crate::service::watch::Watch;
use crate::service::{Deps, Error, Result, Settings};

/// How the temporary folder's name begins.
const PREFIX: &str = "pg-atlas-drill-";

/// Puts a backup, the newest complete one where none is named, into a private database of a temporary folder, proves it
/// there as a restore does, and removes the folder. Nothing of the atlas itself is read or changed.
///
/// # Errors
/// As a restore, and when this machine has no server to start or no room.
pub async fn drill(
    settings: &Settings,
    watch: Arc<dyn Watch>,
    from: Option<&str>,
    id: Option<&str>,
) -> Result<RestoredBackup> {
    let (place, id) = chosen(settings, from, id).await?;
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(Error::unavailable)?;
    let of_its_own = Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
    let deps = Deps::open(&of_its_own, watch)?;
    let restored = put_back(&deps, &place, id).await;
    deps.close().await;
    drop(deps);
    let ended = embedded::await_end(folder.path());
    let closed = folder.close();
    // What went wrong first is what there is to know.
    let restored = restored?;
    ended.map_err(Error::unavailable)?;
    closed.map_err(Error::unavailable)?;
    // Nothing is to be put into a folder that is gone.
    Ok(RestoredBackup { keys: Vec::new(), ..restored })
}
