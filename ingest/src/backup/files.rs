//! Many bytes as files of a bounded size, packed by zstd, so that neither end holds more than one of them in memory.

use std::io::Write as _;

use bytes::Bytes;
use domain::digest::Digest;
use domain::number::fit;
use zstd::stream::write::Encoder;

use super::BackupError;
use super::manifest::{BackupFile, BackupId};
use crate::place::Place;

/// Packed bytes after which a file ends: 16 MiB. Greater ones would be a single put all the same.
const FILE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes packed between two looks at how large the file is: what a file may be larger, and then some.
const STEP_BYTES: usize = 1024 * 1024;
/// Greatest size of a file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 2 * FILE_BYTES as u64;
/// How hard zstd tries: its own default.
const LEVEL: i32 = 3;

/// Packs what is written into files `NAME/000001.zst` and on, of a backup that is being made.
pub struct PackedFiles<'a> {
    place: &'a Place,
    id: &'a BackupId,
    name: &'a str,
    file: Option<Encoder<'static, Vec<u8>>>,
    files: Vec<BackupFile>,
}

impl<'a> PackedFiles<'a> {
    /// Begins; nothing is written where nothing comes.
    pub(crate) fn new(place: &'a Place, id: &'a BackupId, name: &'a str) -> Self {
        Self { place, id, name, file: None, files: Vec::new() }
    }

    /// Writes bytes after those before.
    ///
    /// # Errors
    /// When the place refuses them.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        for step in bytes.chunks(STEP_BYTES) {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(Encoder::new(Vec::new(), LEVEL)?),
            };
            file.write_all(step)?;
            if file.get_ref().len() >= FILE_BYTES {
                self.put().await?;
            }
        }
        Ok(())
    }

    /// Puts the rest in its place. Answers the files.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) async fn end(mut self) -> Result<Vec<BackupFile>, BackupError> {
        self.put().await?;
        Ok(self.files)
    }

    async fn put(&mut self) -> Result<(), BackupError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let packed = Bytes::from(file.finish()?);
        let name = format!("{}/{:06}.zst", self.name, self.files.len() + 1);
        let (bytes, sha256) = (fit::<u64>(packed.len(), "bytes of a file"), Digest::of(&packed));
        self.place.put(&format!("{}/{name}", self.id), packed).await?;
        self.files.push(BackupFile { name, bytes, sha256 });
        Ok(())
    }
}
