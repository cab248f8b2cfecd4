//! The backups of a place.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::time::Timestamp;

use super::BackupError;
use super::manifest::{BackupId, BackupManifest, FILE};
use super::reader::BackupReader;
use crate::place::Place;

/// A backup as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelvedBackup {
    /// Its name.
    pub id: BackupId,
    /// Size of the files that are there.
    pub bytes: u64,
    /// What it says of itself, where it does and every file is there with its size; else what is wrong with it.
    pub manifest: Result<BackupManifest, String>,
}

impl ShelvedBackup {
    /// When it was begun.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.manifest.as_ref().map_or_else(|_| self.id.begun(), |manifest| manifest.created_at)
    }

    /// Events of its log, and the root over them.
    #[must_use]
    pub fn head(&self) -> Option<(u64, Digest)> {
        self.manifest.as_ref().ok().map(|manifest| (manifest.head, manifest.root))
    }
}

/// Every backup of a place, the oldest first, also those that an interruption has left.
///
/// # Errors
/// When the place cannot be read.
pub async fn list(place: &Place) -> Result<Vec<ShelvedBackup>, BackupError> {
    let mut found = Vec::new();
    for folder in place.folders().await? {
        let Ok(id) = BackupId::parse(&folder) else { continue };
        let files = place.files(&folder).await?;
        let bytes = files.iter().map(|file| file.bytes).sum();
        let sizes: BTreeMap<&str, u64> = files.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
        let manifest = if sizes.contains_key(FILE) {
            match BackupReader::open(place, &id).await {
                Ok(reader) => lacking(reader.manifest(), &sizes).map_or_else(|| Ok(reader.manifest().clone()), Err),
                Err(BackupError::Damaged { file, found, .. }) => Err(format!("{file}: {found}")),
                // It went between the two looks.
                Err(BackupError::NotFound(_)) => continue,
                Err(error) => return Err(error),
            }
        } else {
            Err("interrupted, or at work".to_owned())
        };
        found.push(ShelvedBackup { id, bytes, manifest });
    }
    // Ids say no more than the second.
    found.sort_by_cached_key(|backup| (backup.created_at(), backup.id.clone()));
    Ok(found)
}

/// What is wrong with the first file that is not there as it was written.
fn lacking(manifest: &BackupManifest, sizes: &BTreeMap<&str, u64>) -> Option<String> {
    manifest.files().find_map(|file| match sizes.get(file.name.as_str()) {
        None => Some(format!("{} is missing", file.name)),
        Some(bytes) if *bytes != file.bytes => Some(format!("{} has {bytes} bytes of {}", file.name, file.bytes)),
        Some(_) => None,
    })
}

/// The newest complete backup of a place.
///
/// # Errors
/// [`BackupError::None`], or when the place cannot be read.
pub async fn newest(place: &Place) -> Result<BackupId, BackupError> {
    let complete = list(place).await?.into_iter().filter(|backup| backup.manifest.is_ok());
    complete.map(|backup| backup.id).next_back().ok_or(BackupError::None)
}

/// Those of some backups, the oldest first, that are older than so many whole days of the calendar (UTC). The newest
/// complete one stays, whatever its age.
#[must_use]
pub fn outdated(backups: &[ShelvedBackup], now: Timestamp, keep_days: u16) -> Vec<&ShelvedBackup> {
    let newest = backups.iter().rfind(|backup| backup.manifest.is_ok()).map(|backup| &backup.id);
    let first_kept = now.days_before(keep_days).day();
    let old = |backup: &&ShelvedBackup| backup.created_at().day() < first_kept && Some(&backup.id) != newest;
    backups.iter().filter(old).collect()
}

/// Removes a backup: its manifest first, so that what an interruption leaves of it is none.
///
/// # Errors
/// When the place refuses.
pub async fn remove(place: &Place, id: &BackupId) -> Result<(), BackupError> {
    Ok(place.remove(id.as_str(), FILE).await?)
}
