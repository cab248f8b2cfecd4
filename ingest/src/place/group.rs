//! Files of a folder, written together. Each is there whole or not at all, also once the power has failed: a file is
//! written beside its place, made durable and only then renamed, and the answer comes when the names are durable too.
//!
//! What takes time is the disk's word that something is on it, and a file alone needs it twice. So many files ask for
//! it together, by one `syncfs` before they are renamed and one after. That call waits also for whatever else is not
//! saved on the file system, which a few files are not worth: they are synced one by one.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::PlaceError;

/// Files from which on they are made durable together.
const TOGETHER: usize = 8;
/// Bytes of a file that are compared at once.
const COMPARED: usize = 64 * 1024;

/// Writes files below a folder, over those of their names. One that is there with its content is left as it is.
///
/// # Errors
/// When one of them cannot be written. Then some of the others may be there, whole as ever, and nothing half written
/// is left behind.
pub(crate) async fn put_all(folder: PathBuf, files: Vec<(String, Bytes)>) -> Result<(), PlaceError> {
    let written = tokio::task::spawn_blocking(move || {
        let mut group = Group::of(files.len());
        for (name, content) in &files {
            let path = folder.join(name);
            group.stage(&path, content).map_err(|source| PlaceError::File { path, source })?;
        }
        group.publish()
    });
    written.await.map_err(|error| PlaceError::Store { action: "write", source: error.into() })?
}

/// Files on their way to their names.
struct Group {
    /// Whether there are so many that they are made durable together.
    many: bool,
    /// File systems that are written to, by their number.
    systems: BTreeMap<u64, FileSystem>,
    /// Files that are written beside their places, and these.
    staged: Vec<(PathBuf, PathBuf)>,
    /// Folders whose entries are to be made durable one by one.
    folders: BTreeSet<PathBuf>,
}

/// A file system with files of the group.
struct FileSystem {
    path: PathBuf,
    /// A folder on it, opened before anything was written: what goes wrong from then on is said to whoever syncs by it.
    folder: File,
    /// Whether all on it is made durable by one call.
    together: bool,
}

impl Group {
    fn of(files: usize) -> Self {
        let (systems, staged, folders) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self { many: files >= TOGETHER, systems, staged, folders }
    }

    /// Writes a file beside its place, unless it is there.
    fn stage(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let parent = path.parent().ok_or(ErrorKind::InvalidFilename)?;
        if let Some(device) = holds(path, content)? {
            // Whoever wrote it may not have come to make its name durable yet.
            if !self.system(device, parent)?.together {
                self.folders.insert(parent.to_owned());
            }
            return Ok(());
        }
        let (beside, mut file, made) = create_beside(path, parent)?;
        self.staged.push((beside, path.to_owned()));
        let together = self.system(file.metadata()?.dev(), parent)?.together;
        file.write_all(content)?;
        if !together {
            file.sync_all()?;
            self.folders.insert(parent.to_owned());
            self.folders.extend(made);
        }
        Ok(())
    }

    /// The file system of this number, on which this folder is.
    fn system(&mut self, device: u64, path: &Path) -> io::Result<&FileSystem> {
        Ok(match self.systems.entry(device) {
            Entry::Occupied(system) => system.into_mut(),
            Entry::Vacant(new) => {
                let folder = File::open(path)?;
                let together = self.many && system::syncs_together(&folder);
                new.insert(FileSystem { path: path.to_owned(), folder, together })
            }
        })
    }

    /// Gives the files their names. All that is staged is durable before the first of them has its name.
    fn publish(mut self) -> Result<(), PlaceError> {
        if !self.staged.is_empty() {
            self.sync()?;
        }
        while let Some((beside, path)) = self.staged.last() {
            fs::rename(beside, path).map_err(|source| PlaceError::File { path: path.clone(), source })?;
            // Its former name may be somebody else's from now on.
            self.staged.pop();
        }
        self.sync()?;
        self.folders.iter().try_for_each(|path| {
            let synced = File::open(path).and_then(|folder| folder.sync_all());
            synced.map_err(|source| PlaceError::Folder { path: path.clone(), source })
        })
    }

    /// Makes durable what is on file systems where that is done together.
    fn sync(&self) -> Result<(), PlaceError> {
        self.systems.values().filter(|system| system.together).try_for_each(|FileSystem { path, folder, .. }| {
            system::sync(folder).map_err(|source| PlaceError::Folder { path: path.clone(), source })
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (beside, _) in &self.staged {
            // What cannot be removed is passed over by every listing.
            let _ = fs::remove_file(beside);
        }
    }
}

/// The file system of a file, if it has this content.
fn holds(path: &Path, content: &[u8]) -> io::Result<Option<u64>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if metadata.len() != content.len() as u64 {
        return Ok(None);
    }
    let mut block = vec![0; COMPARED.min(content.len())];
    for content in content.chunks(COMPARED) {
        let block = &mut block[..content.len()];
        match file.read_exact(block) {
            Ok(()) if block == content => {}
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
            _ => return Ok(None),
        }
    }
    Ok(Some(metadata.dev()))
}

/// Creates a file beside `path`, of a name that no listing of objects shows. Answers also in which folders others were
/// made for it.
fn create_beside(path: &Path, parent: &Path) -> io::Result<(PathBuf, File, Vec<PathBuf>)> {
    let mut made = Vec::new();
    for n in 1_u64.. {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!("#{n}"));
        let beside = PathBuf::from(beside);
        match File::create_new(&beside) {
            Ok(file) => return Ok((beside, file, made)),
            // That of another writer, or of one who was killed.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound && made.is_empty() => {
                let missing = parent.ancestors().take_while(|folder| !folder.exists());
                made = missing.filter_map(Path::parent).map(Path::to_owned).collect();
                fs::create_dir_all(parent)?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io;

    /// Kinds of file systems that make all durable at once and say what went wrong: ext4, XFS and Btrfs.
    const TOGETHER: [u64; 3] = [0xef53, 0x5846_5342, 0x9123_683e];
    /// The system from which on what went wrong is said: version and revision.
    const SAYS_ERRORS: (u32, u32) = (5, 8);

    /// Whether all that is on the file system of a folder can be relied on to be made durable by one call.
    pub(super) fn syncs_together(folder: &File) -> bool {
        let kind = rustix::fs::fstatfs(folder).map(|system| system.f_type);
        says_errors() && kind.is_ok_and(|kind| u64::try_from(kind).is_ok_and(|kind| TOGETHER.contains(&kind)))
    }

    fn says_errors() -> bool {
        let name = rustix::system::uname();
        let mut numbers = name.release().to_str().unwrap_or_default().split(['.', '-']).map(str::parse);
        matches!((numbers.next(), numbers.next()), (Some(Ok(version)), Some(Ok(revision)))
            if (version, revision) >= SAYS_ERRORS)
    }

    /// Makes all durable that is on the file system of a folder.
    pub(super) fn sync(folder: &File) -> io::Result<()> {
        Ok(rustix::fs::syncfs(folder)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::io;

    /// Nowhere else is there a call that waits for one file system.
    pub(super) fn syncs_together(_: &File) -> bool {
        false
    }

    pub(super) fn sync(folder: &File) -> io::Result<()> {
        folder.sync_all()
    }
}

#[cfg(test)]
mod tests;
