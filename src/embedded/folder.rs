//! The folder of the server inside the data folder, and the three locks in it.
//!
//! ```text
//! DATA/postgres/            0700
//!   users.lock              held shared by every pg-atlas that uses the server, exclusively by the supervisor that
//! stops it
//!   start.lock              held exclusively while somebody decides whether to start a server
//!   supervisor.lock         held exclusively by the supervisor as long as it lives
//!   server.log              output of supervisor, initdb and postgres
//!   cluster-15/             the data of PostgreSQL 15
//!   run/                    the socket, where its path is short enough
//! ```
//!
//! The kernel drops a lock with its last holder, however that died. Std opens files close-on-exec, so no lock leaks
//! into the server or into any other child.

use domain::number::fit;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::error::{AtPath, EmbeddedError};

/// Mode of every folder we make: for its owner alone.
pub(super) const PRIVATE_DIR: u32 = 0o700;
/// Mode of every file we make.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Above this size in bytes the log is put aside (one generation is kept) before the next start.
const LOG_BYTES_MAX: u64 = 8 << 20;
/// Pause between two looks at something that another process will change.
pub(super) const POLL: Duration = Duration::from_millis(2);

/// The server's folder.
#[derive(Debug)]
pub(super) struct Folder {
    /// The data folder, canonical.
    pub(super) data: PathBuf,
    /// `DATA/postgres`.
    pub(super) root: PathBuf,
    /// User id that owns `root`, hence runs the server.
    pub(super) owner: u32,
    /// Group id of `root`.
    pub(super) group: u32,
}

/// How to hold a lock.
#[derive(Clone, Copy)]
pub(super) enum Hold {
    /// With others who hold it shared.
    Shared,
    /// Alone.
    Exclusive,
}

impl Folder {
    /// Opens the folder below `data`, making both when they are missing.
    ///
    /// A new or empty data folder becomes private; one that holds other things is left as its owner made it.
    pub(super) fn open(data: &Path) -> Result<Self, EmbeddedError> {
        let user = rustix::process::geteuid().as_raw();
        let unusable = |source| EmbeddedError::DataFolder { path: data.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(PRIVATE_DIR).create(data).map_err(unusable)?;
        let data = data.canonicalize().map_err(unusable)?;
        let outer = fs::metadata(&data).at(&data)?;
        let root = data.join("postgres");
        if outer.uid() == user && fs::read_dir(&data).at(&data)?.next().is_none() {
            fs::set_permissions(&data, Permissions::from_mode(PRIVATE_DIR)).at(&data)?;
        }
        make_private(&root, outer.uid(), outer.gid())?;

        let inner = fs::symlink_metadata(&root).at(&root)?;
        if user != 0 && inner.uid() != user {
            return Err(EmbeddedError::ForeignOwner { path: root, owner: inner.uid(), user });
        }
        if inner.mode() & 0o777 != PRIVATE_DIR {
            fs::set_permissions(&root, Permissions::from_mode(PRIVATE_DIR)).at(&root)?;
        }
        Ok(Self { data, root, owner: inner.uid(), group: inner.gid() })
    }

    /// The folder of the data of one major version.
    pub(super) fn cluster(&self, major: u32) -> PathBuf {
        self.root.join(format!("cluster-{major}"))
    }

    /// Major versions whose data is here, ascending.
    pub(super) fn majors(&self) -> Result<Vec<u32>, EmbeddedError> {
        let mut majors = Vec::new();
        for entry in fs::read_dir(&self.root).at(&self.root)? {
            let name = entry.at(&self.root)?.file_name();
            majors.extend(name.to_str().and_then(|n| n.strip_prefix("cluster-")).and_then(|n| n.parse::<u32>().ok()));
        }
        majors.sort_unstable();
        Ok(majors)
    }

    /// Waits until `deadline` for a lock. It lasts as long as the returned file.
    pub(super) fn lock(&self, name: &str, hold: Hold, limit: Duration) -> Result<File, EmbeddedError> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(file) = self.try_lock(name, hold)? {
                return Ok(file);
            }
            if Instant::now() >= deadline {
                return Err(EmbeddedError::Busy { path: self.root.join(name), seconds: limit.as_secs() });
            }
            thread::sleep(POLL);
        }
    }

    /// Takes a lock if that is possible at once.
    pub(super) fn try_lock(&self, name: &str, hold: Hold) -> Result<Option<File>, EmbeddedError> {
        let file = self.file(name)?;
        let taken = match hold {
            Hold::Shared => file.try_lock_shared(),
            Hold::Exclusive => file.try_lock(),
        };
        match taken {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source).at(&self.root.join(name)),
        }
    }

    /// Opens a private file for appending and gives it to the folder's owner when it is new.
    ///
    /// Links are not followed: root may be at work in a folder that belongs to somebody else.
    pub(super) fn file(&self, name: &str) -> Result<File, EmbeddedError> {
        let path = self.root.join(name);
        let nofollow = fit::<i32>(OFlags::NOFOLLOW.bits(), "flag of a file");
        let mut options = OpenOptions::new();
        options.append(true).read(true).mode(PRIVATE_FILE).custom_flags(nofollow);
        loop {
            match options.open(&path) {
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
                opened => return opened.at(&path),
            }
            match options.clone().create_new(true).open(&path) {
                Err(raced) if raced.kind() == io::ErrorKind::AlreadyExists => {}
                Err(refused) => return Err(refused).at(&path),
                Ok(file) => {
                    if file.metadata().at(&path)?.uid() != self.owner {
                        fchown(&file, Some(self.owner), Some(self.group)).at(&path)?;
                    }
                    return Ok(file);
                }
            }
        }
    }

    /// Path of the log that supervisor, initdb and postgres write.
    pub(super) fn log_path(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// Opens the log for the next start, a long one put aside before.
    pub(super) fn log(&self) -> Result<File, EmbeddedError> {
        let path = self.log_path();
        if fs::symlink_metadata(&path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
            fs::rename(&path, self.root.join("server.log.1")).at(&path)?;
        }
        self.file("server.log")
    }
}

/// Makes a private folder for `owner`, or accepts the folder that is there already.
pub(super) fn make_private(path: &Path, owner: u32, group: u32) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(PRIVATE_DIR).create(path) {
        Ok(()) if rustix::process::geteuid().is_root() && owner != 0 => chown(path, Some(owner), Some(group)).at(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(path).at(path)?.is_dir() {
                return Ok(());
            }
            Err(io::Error::from(io::ErrorKind::NotADirectory)).at(path)
        }
        made => made.at(path),
    }
}
