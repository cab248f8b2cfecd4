//! A backup that is being made: file by file, and last the manifest, which makes it one.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::digest::Digest;
use domain::number::fit;
use sqlx::PgConnection;

use super::BackupError;
use super::files::PackedFiles;
use super::manifest::{BackupDocuments, BackupId, BackupManifest, BackupTable, FILE};
use super::tables::{self, TABLES};
use crate::artifact::{ArtifactError, Store};
use crate::place::Place;

/// Name of the files of raw documents.
const DOCUMENTS: &str = "documents";

/// A backup that is being made.
#[derive(Debug)]
pub struct BackupWriter {
    place: Place,
    id: BackupId,
}

impl BackupWriter {
    /// Begins one.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn begin(place: Place, id: BackupId) -> Result<Self, BackupError> {
        place.make_folder(id.as_str())?;
        Ok(Self { place, id })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &BackupId {
        &self.id
    }

    /// Writes every table that cannot be made again, as a transaction of one snapshot sees them. `progress` hears how
    /// many rows there were.
    ///
    /// # Errors
    /// When the database fails or the place refuses.
    pub async fn tables(
        &self,
        conn: &mut PgConnection,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<BackupTable>, BackupError> {
        let mut written = Vec::new();
        let mut before = 0;
        for name in TABLES {
            let mut files = PackedFiles::new(&self.place, &self.id, name);
            let (columns, rows) = tables::write(conn, name, &mut files, &mut |rows| progress(before + rows)).await?;
            before += rows;
            written.push(BackupTable { name: name.to_owned(), columns, rows, files: files.end().await? });
        }
        Ok(written)
    }

    /// Writes every sound document of a store. Of those that events name, the ones that are not there are listed.
    /// `progress` hears of each.
    ///
    /// # Errors
    /// When the store or the place fails.
    pub async fn documents(
        &self,
        store: &Store,
        named: &BTreeSet<Digest>,
        progress: &mut dyn FnMut(),
    ) -> Result<BackupDocuments, BackupError> {
        let mut files = PackedFiles::new(&self.place, &self.id, DOCUMENTS);
        let mut written = BackupDocuments::default();
        let mut missing = named.clone();
        for digest in store.list().await? {
            progress();
            let document = match store.get(&digest).await {
                Ok(document) => document,
                // Of those that no event names nobody will ask; one that went meanwhile was erased.
                Err(ArtifactError::Damaged { .. } | ArtifactError::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            files.write(format!("{digest} {}\n", document.len()).as_bytes()).await?;
            files.write(&document).await?;
            missing.remove(&digest);
            written.count += 1;
            written.bytes += fit::<u64>(document.len(), "bytes of a document");
        }
        written.files = files.end().await?;
        written.missing = missing.into_iter().collect();
        Ok(written)
    }

    /// Makes it a backup.
    ///
    /// # Errors
    /// When the place refuses.
    pub async fn end(self, manifest: &BackupManifest) -> Result<(), BackupError> {
        let text = manifest.to_json()?;
        Ok(self.place.put(&format!("{}/{FILE}", self.id), Bytes::from(text)).await?)
    }

    /// Takes back what was written. What cannot be removed now is removed with old backups.
    ///
    /// # Errors
    /// When the place refuses.
    pub async fn give_up(self) -> Result<(), BackupError> {
        Ok(self.place.remove(self.id.as_str(), FILE).await?)
    }
}
