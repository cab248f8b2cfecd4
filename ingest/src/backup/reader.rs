//! A backup that is there: every file is compared with its digest before one byte of it is used.

use std::io::{BufRead, BufReader, Read};

use bytes::{Buf as _, Bytes};
use domain::digest::Digest;

use super::BackupError;
use super::files::MAX_FILE_BYTES;
use super::manifest::{BackupFile, BackupId, BackupManifest, FILE, MAX_BYTES};
use crate::artifact::{MAX_DOCUMENT_BYTES, Store};
use crate::place::{Place, PlaceError};

/// Longest line before a document, in bytes: a digest, a size, and what is between and after them.
const MAX_LINE_BYTES: u64 = 96;

/// A complete backup.
#[derive(Clone, Debug)]
pub struct BackupReader {
    place: Place,
    manifest: BackupManifest,
}

impl BackupReader {
    /// Reads what a backup says of itself.
    ///
    /// # Errors
    /// When there is none of this name, or its manifest is damaged.
    pub async fn open(place: &Place, id: &BackupId) -> Result<Self, BackupError> {
        let text = match place.get(&format!("{id}/{FILE}"), MAX_BYTES).await {
            Ok(Some(text)) => text,
            Ok(None) => return Err(BackupError::NotFound(id.to_string())),
            Err(error @ PlaceError::TooLarge { .. }) => {
                let (id, file) = (id.to_string(), FILE.to_owned());
                return Err(BackupError::Damaged { id, file, found: error.to_string() });
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { place: place.clone(), manifest: BackupManifest::from_json(id, &text)? })
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &BackupManifest {
        &self.manifest
    }

    /// Reads every file and compares it with its digest, so that damage is found before anything is written anywhere.
    /// `progress` hears of each.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] names the file.
    pub async fn check(&self, progress: &mut dyn FnMut()) -> Result<(), BackupError> {
        for file in self.manifest.files() {
            self.packed(file).await?;
            progress();
        }
        Ok(())
    }

    /// The bytes of a file as they are stored, which are those that were written.
    async fn packed(&self, file: &BackupFile) -> Result<Bytes, BackupError> {
        let found = match self.place.get(&format!("{}/{}", self.manifest.id, file.name), MAX_FILE_BYTES).await {
            Ok(Some(bytes)) if Digest::of(&bytes) == file.sha256 => return Ok(bytes),
            Ok(Some(bytes)) => format!("its {} bytes have the digest {}", bytes.len(), Digest::of(&bytes)),
            Ok(None) => "it is missing".to_owned(),
            Err(error @ PlaceError::TooLarge { .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        Err(self.damaged(&file.name, found))
    }

    /// An unpacked file, to be read to its end.
    pub(super) async fn unpacked(&self, file: &BackupFile) -> Result<impl BufRead + use<>, BackupError> {
        let packed = self.packed(file).await?;
        Ok(BufReader::new(zstd::stream::read::Decoder::with_buffer(packed.reader())?))
    }

    /// Puts the raw documents into a store. Answers how many there are.
    ///
    /// # Errors
    /// When a file is damaged, or the store refuses.
    pub async fn documents(&self, store: &Store, progress: &mut dyn FnMut()) -> Result<u64, BackupError> {
        let said = &self.manifest.documents;
        let mut documents = DocumentReader::default();
        let mut count = 0;
        for file in &said.files {
            let mut content = self.unpacked(file).await?;
            loop {
                match documents.next(&mut content) {
                    Ok(Some((digest, document))) => {
                        if store.put(document).await? != digest {
                            return Err(self.damaged(&file.name, format!("it holds another document than {digest}")));
                        }
                        count += 1;
                        progress();
                    }
                    Ok(None) => break,
                    Err(found) => return Err(self.damaged(&file.name, found)),
                }
            }
        }
        if count != said.count || !documents.is_done() {
            return Err(self.damaged("documents", format!("{count} of {} are there", said.count)));
        }
        Ok(count)
    }

    pub(super) fn damaged(&self, file: &str, found: String) -> BackupError {
        BackupError::Damaged { id: self.manifest.id.to_string(), file: file.to_owned(), found }
    }
}

/// Documents out of a row of files: one may begin in one file and end in another.
#[derive(Default)]
struct DocumentReader {
    /// The line before the next document, as far as it was read.
    line: Vec<u8>,
    /// The document that was begun, with its size.
    begun: Option<(Digest, u64, Vec<u8>)>,
}

impl DocumentReader {
    fn is_done(&self) -> bool {
        self.line.is_empty() && self.begun.is_none()
    }

    /// The next document; `None` where the file ends before it does.
    fn next(&mut self, content: &mut impl BufRead) -> Result<Option<(Digest, Vec<u8>)>, String> {
        if self.begun.is_none() {
            let left = MAX_LINE_BYTES.saturating_sub(self.line.len() as u64);
            content.take(left).read_until(b'\n', &mut self.line).map_err(|error| error.to_string())?;
            if self.line.last() != Some(&b'\n') {
                let whole = (self.line.len() as u64) < MAX_LINE_BYTES;
                return if whole { Ok(None) } else { Err("a document without a size".to_owned()) };
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            let parsed = line.trim_end().split_once(' ').and_then(|(digest, size)| {
                let size = size.parse().ok().filter(|size| *size <= MAX_DOCUMENT_BYTES)?;
                Some((Digest::parse(digest)?, size, Vec::new()))
            });
            self.begun = Some(parsed.ok_or_else(|| format!("`{}` begins no document", line.trim_end()))?);
        }
        let Some((digest, size, mut document)) = self.begun.take() else { return Ok(None) };
        let left = size - document.len() as u64;
        content.take(left).read_to_end(&mut document).map_err(|error| error.to_string())?;
        if (document.len() as u64) < size {
            self.begun = Some((digest, size, document));
            return Ok(None);
        }
        Ok(Some((digest, document)))
    }
}
