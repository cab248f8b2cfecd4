//! Where files are put and found again: a folder, memory, or (feature `s3`) a bucket. A file is there whole or not at
//! all.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path as FolderPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use thiserror::Error;

pub(crate) mod group;
#[cfg(feature = "s3")]
mod s3;
#[cfg(test)]
pub(crate) mod tests;

/// Permissions of a folder that is made: the owner's alone.
pub(crate) const FOLDER_MODE: u32 = 0o700;

/// Why a place cannot be used.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// There are no places of this kind.
    #[error("no place of scheme `{0}`: expected a folder, or s3:// in a program built with the feature s3")]
    Scheme(String),
    /// The folder cannot be made or used.
    #[error("the folder {} cannot be used: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("the file {} cannot be written: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is there does not answer, or refuses.
    #[error("cannot {action} files: {source}")]
    Store {
        /// What was tried: read, write, list, remove, reach.
        action: &'static str,
        /// What it says.
        source: object_store::Error,
    },
    /// A file that nothing of ours is as large as.
    #[error("{file} has {bytes} bytes, more than the {most} of any such file")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
}

/// A file as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its name below what was listed, with slashes.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A place for files. Cloning it is cheap and shares the place.
#[derive(Clone, Debug)]
pub struct Place {
    objects: Arc<dyn ObjectStore>,
    /// The folder, where it is one.
    folder: Option<PathBuf>,
}

impl Place {
    /// The place of this name: a folder, or `s3://BUCKET[/PREFIX]` in a program with the feature `s3`.
    ///
    /// # Errors
    /// When there are no such places, or the folder cannot be made. Nothing is sent to a bucket yet.
    pub fn open(name: &str) -> Result<Self, PlaceError> {
        match name.split_once("://") {
            None => Self::folder(FolderPath::new(name)),
            #[cfg(feature = "s3")]
            Some(("s3", _)) => Self::bucket(object_store::aws::AmazonS3Builder::from_env(), name),
            Some((scheme, _)) => Err(PlaceError::Scheme(scheme.to_owned())),
        }
    }

    /// As [`Place::open`], for who only reads: a folder that is not there is not made.
    ///
    /// # Errors
    /// When there are no such places, or the folder is missing.
    pub fn found(name: &str) -> Result<Self, PlaceError> {
        if !name.contains("://") {
            let path = PathBuf::from(name);
            std::fs::read_dir(&path).map_err(|source| PlaceError::Folder { path, source })?;
        }
        Self::open(name)
    }

    /// A folder, made where it is missing, readable by the owner alone then.
    ///
    /// # Errors
    /// When the folder cannot be made or is no folder.
    pub fn folder(folder: &FolderPath) -> Result<Self, PlaceError> {
        made(folder)?;
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(store_error("reach"))?;
        Ok(Self { objects: Arc::new(objects), folder: Some(folder.to_owned()) })
    }

    /// Files that vanish with the place.
    #[must_use]
    pub fn memory() -> Self {
        Self { objects: Arc::new(InMemory::new()), folder: None }
    }

    /// What keeps the files.
    pub(crate) fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// The folder, where it is one.
    pub(crate) fn as_folder(&self) -> Option<&FolderPath> {
        self.folder.as_deref()
    }

    /// Makes a folder below the place for its owner alone, where folders are something to be made.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn make_folder(&self, name: &str) -> Result<(), PlaceError> {
        self.folder.as_ref().map_or(Ok(()), |folder| made(&folder.join(name)))
    }

    /// Writes a file, over one of that name. It is durable then: what names it must not outlive it.
    ///
    /// # Errors
    /// When the place refuses it.
    pub(crate) async fn put(&self, file: &str, content: Bytes) -> Result<(), PlaceError> {
        if let Some(folder) = &self.folder {
            return group::put_all(folder.clone(), vec![(file.to_owned(), content)]).await;
        }
        let put = self.objects.put(&Path::from(file), PutPayload::from(content)).await;
        put.map(drop).map_err(store_error("write"))
    }

    /// A whole file of at most so many bytes; `None` where there is none.
    ///
    /// # Errors
    /// When it is larger, or the place cannot be read.
    pub(crate) async fn get(&self, file: &str, most: u64) -> Result<Option<Bytes>, PlaceError> {
        let found = match self.objects.get(&Path::from(file)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(PlaceError::Store { action: "read", source }),
        };
        if found.meta.size > most {
            return Err(PlaceError::TooLarge { file: file.to_owned(), bytes: found.meta.size, most });
        }
        found.bytes().await.map(Some).map_err(store_error("read"))
    }

    /// Names of the folders of the place, sorted.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub(crate) async fn folders(&self) -> Result<Vec<String>, PlaceError> {
        let listing = self.objects.list_with_delimiter(None).await.map_err(store_error("list"))?;
        let name = |path: &Path| path.filename().map(str::to_owned);
        let mut names: Vec<String> = listing.common_prefixes.iter().filter_map(name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The files below a folder, sorted by name.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub(crate) async fn files(&self, folder: &str) -> Result<Vec<ListedFile>, PlaceError> {
        let prefix = Path::from(folder);
        let listing = self.objects.list(Some(&prefix));
        let named = listing.map_ok(|meta| ListedFile {
            name: meta.location.as_ref().strip_prefix(folder).unwrap_or_default().trim_start_matches('/').to_owned(),
            bytes: meta.size,
        });
        let mut files: Vec<ListedFile> = named.try_collect().await.map_err(store_error("list"))?;
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Removes a folder and all that is below it, one of its files before all others.
    ///
    /// # Errors
    /// When the place refuses. What is left can be removed later.
    pub(crate) async fn remove(&self, folder: &str, first: &str) -> Result<(), PlaceError> {
        let path = |name: &str| Path::from(format!("{folder}/{name}"));
        let mut files = self.files(folder).await?;
        files.sort_by_key(|file| file.name != first);
        for files in files.chunk_by(|a, b| (a.name == first) == (b.name == first)) {
            let paths: Vec<_> = files.iter().map(|file| Ok(path(&file.name))).collect();
            let removed = self.objects.delete_stream(stream::iter(paths).boxed());
            removed.try_for_each(|_| async { Ok(()) }).await.map_err(store_error("remove"))?;
        }
        // What a killed writer has left is in no listing.
        match self.folder.as_ref().map(|place| place.join(folder)) {
            Some(path) if path.exists() => {
                std::fs::remove_dir_all(&path).map_err(|source| PlaceError::Folder { path, source })
            }
            _ => Ok(()),
        }
    }
}

/// Makes a folder for its owner alone, unless it is there.
fn made(folder: &FolderPath) -> Result<(), PlaceError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder);
    made.map_err(|source| PlaceError::Folder { path: folder.to_owned(), source })
}

fn store_error(action: &'static str) -> impl FnOnce(object_store::Error) -> PlaceError {
    move |source| PlaceError::Store { action, source }
}
