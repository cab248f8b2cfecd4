//! The artifact store: raw documents under the SHA-256 of their bytes, `artifacts/sha256/ab/cd...`, in a [`Place`].
//!
//! Documents are stored as they are, so `sha256sum` on a file gives the file's name. Nothing is ever half there: in a
//! folder a document is written beside its place and renamed. Every read checks the digest, so damage is an error that
//! names the digest, never a wrong or an empty document.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path as Folder;

use bytes::Bytes;
use domain::digest::Digest;
use futures_util::{StreamExt as _, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use thiserror::Error;

use crate::place::{FOLDER_MODE, Place, PlaceError, group};

#[cfg(test)]
pub(crate) mod tests;

/// Greatest size of one document, in bytes: 256 MiB.
pub const MAX_DOCUMENT_BYTES: u64 = 256 * 1024 * 1024;
/// Documents that are sent to a bucket at once.
const PUTS_AT_ONCE: usize = 16;
/// Name of the folder, and beginning of every key.
const FOLDER: &str = "artifacts";
const ROOT: &str = "artifacts/sha256";

/// What can go wrong with raw documents.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// The place cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// No such document.
    #[error("no document {0}")]
    NotFound(Digest),
    /// What is stored under the digest is something else.
    #[error("document {digest} is damaged: {found}")]
    Damaged {
        /// The digest asked for.
        digest: Digest,
        /// What is there instead.
        found: String,
    },
    /// The document exceeds [`MAX_DOCUMENT_BYTES`].
    #[error("a document of {0} bytes; the limit is {MAX_DOCUMENT_BYTES}")]
    TooLarge(u64),
    /// The store does not answer, or refuses.
    #[error("cannot {action} raw documents: {source}")]
    Store {
        /// What was tried: read, write, list, reach.
        action: &'static str,
        /// What the store says.
        source: object_store::Error,
    },
}

/// A place for raw documents. Cloning it is cheap and shares the place.
#[derive(Clone, Debug)]
pub struct Store {
    place: Place,
}

/// A document with its digest, which it is stored under.
#[derive(Clone, Debug)]
pub struct RawDocument {
    digest: Digest,
    bytes: Bytes,
}

impl RawDocument {
    /// The document of these bytes.
    pub fn of(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(&bytes), bytes }
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// Documents that were copied.
    pub copied: u64,
    /// Their size, in bytes.
    pub copied_bytes: u64,
    /// Documents that were already there.
    pub present: u64,
    /// Documents that are damaged in the old place and were not copied.
    pub damaged: Vec<Digest>,
}

impl Store {
    /// Documents in the folder `artifacts` of `dir`, both made if need be, readable by the owner alone.
    ///
    /// # Errors
    /// When the folder cannot be made or is no folder.
    pub fn local(dir: &Folder) -> Result<Self, ArtifactError> {
        Self::at(&Place::folder(dir)?)
    }

    /// Documents in a place, below `artifacts`; a folder of that name is readable by the owner alone.
    ///
    /// # Errors
    /// When the folder cannot be made or is no folder.
    pub fn at(place: &Place) -> Result<Self, ArtifactError> {
        if let Some(folder) = place.as_folder() {
            let path = folder.join(FOLDER);
            private_folder(&path).map_err(|source| PlaceError::Folder { path, source })?;
        }
        Ok(Self { place: place.clone() })
    }

    /// Documents that vanish with the store.
    #[must_use]
    pub fn memory() -> Self {
        Self { place: Place::memory() }
    }

    /// Stores a document unless it is there already, and answers its digest. Safe to repeat and to do at the same time;
    /// a damaged copy is replaced.
    ///
    /// # Errors
    /// When the document is too large or the store refuses it.
    pub async fn put(&self, document: impl Into<Bytes>) -> Result<Digest, ArtifactError> {
        let document = RawDocument::of(document);
        let digest = document.digest;
        self.put_all([document]).await?;
        Ok(digest)
    }

    /// Stores several documents, as [`Store::put`] does each. When it answers, all of them are kept.
    ///
    /// # Errors
    /// As [`Store::put`]. Where a document is too large none is stored; else some of them may be.
    pub async fn put_all(&self, documents: impl IntoIterator<Item = RawDocument>) -> Result<(), ArtifactError> {
        let documents: BTreeMap<Digest, Bytes> =
            documents.into_iter().map(|RawDocument { digest, bytes }| (digest, bytes)).collect();
        let sizes = documents.values().map(|document| document.len() as u64);
        if let Some(size) = sizes.max().filter(|size| *size > MAX_DOCUMENT_BYTES) {
            return Err(ArtifactError::TooLarge(size));
        }
        if let Some(folder) = self.place.as_folder() {
            let files = documents.into_iter().map(|(digest, document)| (String::from(key(&digest)), document));
            return Ok(group::put_all(folder.to_owned(), files.collect()).await?);
        }
        let puts = documents.into_iter().map(|(digest, document)| self.put_object(digest, document));
        stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_for_each(|()| async { Ok(()) }).await
    }

    /// Stores a document where each is an object by itself.
    async fn put_object(&self, digest: Digest, document: Bytes) -> Result<(), ArtifactError> {
        match self.get(&digest).await {
            Ok(_) => return Ok(()),
            Err(ArtifactError::NotFound(_) | ArtifactError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        // The same bytes whoever writes them: replacing is as good as not replacing, and needs no lock.
        let put = self.place.objects().put(&key(&digest), PutPayload::from(document)).await;
        put.map(drop).map_err(store_error("write"))
    }

    /// The document with this digest, checked.
    ///
    /// # Errors
    /// When it is not there, is damaged, or cannot be read.
    pub async fn get(&self, digest: &Digest) -> Result<Bytes, ArtifactError> {
        let found = match self.place.objects().get(&key(digest)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(ArtifactError::NotFound(*digest)),
            Err(source) => return Err(ArtifactError::Store { action: "read", source }),
        };
        let damaged = |found: String| Err(ArtifactError::Damaged { digest: *digest, found });
        if found.meta.size > MAX_DOCUMENT_BYTES {
            return damaged(format!("{} bytes, more than any document has", found.meta.size));
        }
        let document = found.bytes().await.map_err(store_error("read"))?;
        let actual = Digest::of(&document);
        if actual != *digest {
            return damaged(format!("its {} bytes have the digest {actual}", document.len()));
        }
        Ok(document)
    }

    /// Removes the document with this digest.
    ///
    /// # Errors
    /// When it is not there or the store refuses.
    pub async fn remove(&self, digest: &Digest) -> Result<(), ArtifactError> {
        // A bucket does not say whether there was something.
        if !self.exists(digest).await? {
            return Err(ArtifactError::NotFound(*digest));
        }
        self.place.objects().delete(&key(digest)).await.map_err(store_error("remove"))
    }

    /// Whether something is stored under this digest; only [`Store::get`] tells whether it is sound.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn exists(&self, digest: &Digest) -> Result<bool, ArtifactError> {
        match self.place.objects().head(&key(digest)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(source) => Err(ArtifactError::Store { action: "read", source }),
        }
    }

    /// The digests of all documents, sorted. What is no document, such as what a killed writer left, is not listed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(&self) -> Result<Vec<Digest>, ArtifactError> {
        let listing = self.place.objects().list(Some(&Path::from(ROOT)));
        let keys = listing.try_filter_map(|meta| async move { Ok(digest_in(&meta.location)) });
        let mut digests: Vec<Digest> = keys.try_collect().await.map_err(store_error("list"))?;
        digests.sort_unstable();
        Ok(digests)
    }
}

/// Copies every sound document of `from` that `to` lacks, in the order of their digests; nothing is deleted. Safe to
/// repeat after an interruption. Damaged documents are listed and skipped.
///
/// # Errors
/// When either store fails.
pub async fn migrate(from: &Store, to: &Store) -> Result<Migration, ArtifactError> {
    let mut done = Migration::default();
    for digest in from.list().await? {
        match to.get(&digest).await {
            Ok(_) => {
                done.present += 1;
                continue;
            }
            Err(ArtifactError::NotFound(_) | ArtifactError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        match from.get(&digest).await {
            Ok(document) => {
                done.copied += 1;
                done.copied_bytes += document.len() as u64;
                to.put(document).await?;
            }
            Err(ArtifactError::Damaged { .. }) => done.damaged.push(digest),
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Where a document is: the first byte of its digest names the folder, the rest the file.
fn key(digest: &Digest) -> Path {
    let digest = digest.to_string();
    Path::from_iter([FOLDER, "sha256", &digest[..2], &digest[2..]])
}

/// The digest a key stands for; `None` for keys of other things.
fn digest_in(location: &Path) -> Option<Digest> {
    let mut parts = location.as_ref().strip_prefix(ROOT)?.strip_prefix('/')?.split('/');
    let digest = Digest::parse(&format!("{}{}", parts.next()?, parts.next()?))?;
    // Upper-case digits and other spellings of a digest are no keys of ours.
    (key(&digest) == *location).then_some(digest)
}

fn store_error(action: &'static str) -> impl FnOnce(object_store::Error) -> ArtifactError {
    move |source| ArtifactError::Store { action, source }
}

/// Makes the folder, or takes from others what they may do in it.
fn private_folder(path: &Folder) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o777 != FOLDER_MODE {
        permissions.set_mode(FOLDER_MODE);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}
