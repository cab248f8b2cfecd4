//! Which backups there are.

use std::path::Path;

use domain::digest::Digest;
use domain::time::Timestamp;
use ingest::backup::shelf::{self, ShelvedBackup};
use ingest::place::Place;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::deps::TENANTS;
use crate::service::{Result, Settings};

/// The folder of backups inside the data folder, where no other place is named.
const FOLDER: &str = "backups";

/// A backup in a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedBackup {
    /// Its name.
    pub id: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Events of its log with a position; null where it is not complete.
    pub head: Option<u64>,
    /// Root of its log.
    pub root: Option<Digest>,
    /// Size of its files.
    pub bytes: u64,
    /// Whether it says of itself what is in it, and every file is there with its size.
    pub complete: bool,
    /// Why it is not.
    pub reason: Option<String>,
}

/// The backups of a place, the oldest first.
///
/// # Errors
/// When the place cannot be read.
pub async fn list(settings: &Settings, at: Option<&str>) -> Result<Vec<ListedBackup>> {
    let Some(place) = shelf_of(settings, at)? else { return Ok(Vec::new()) };
    Ok(shelf::list(&place).await?.iter().map(listed).collect())
}

/// As an answer shows it.
pub(crate) fn listed(backup: &ShelvedBackup) -> ListedBackup {
    let (head, root) = backup.head().unzip();
    ListedBackup {
        id: backup.id.to_string(),
        created_at: backup.created_at(),
        head,
        root,
        bytes: backup.bytes,
        complete: backup.manifest.is_ok(),
        reason: backup.manifest.as_ref().err().cloned(),
    }
}

/// The place of backups: the one named, else a folder inside the data folder. In a place that is named, those of a
/// tenant other than `public` have a folder of their own.
///
/// # Errors
/// When none is named and this user has no home.
pub(crate) fn place_of(settings: &Settings, named: Option<&str>) -> Result<String> {
    Ok(match named {
        None => settings.data_dir()?.join(FOLDER).display().to_string(),
        Some(place) if settings.tenant.is_public() => place.to_owned(),
        Some(place) => format!("{}/{TENANTS}/{}", place.trim_end_matches('/'), settings.tenant),
    })
}

/// That place, for who only reads; `None` where none is named and no backup was ever made there.
///
/// # Errors
/// When the place that is named is not there.
pub(crate) fn shelf_of(settings: &Settings, named: Option<&str>) -> Result<Option<Place>> {
    let place = place_of(settings, named)?;
    match named {
        None if !Path::new(&place).exists() => Ok(None),
        _ => Ok(Some(Place::found(&place)?)),
    }
}
