//! Files that a command writes for its user.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Links followed at most, as the system has it.
const MAX_LINKS: usize = 40;

/// A file being written. A regular file appears whole or not at all, private when it is new; a device, a FIFO or the
/// like is written through to, since replacing it would take it away from whoever holds its other end.
#[derive(Debug)]
pub(crate) struct FileDraft {
    place: DraftPlace,
    bytes: u64,
}

#[derive(Debug)]
enum DraftPlace {
    /// Beside the file that it becomes.
    Beside(NamedTempFile, PathBuf),
    Through(File),
}

impl FileDraft {
    /// Begins to write what `path`, or the file that it links to, is to hold.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let standing = match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return Ok(Self { place: DraftPlace::Through(OpenOptions::new().write(true).open(path)?), bytes: 0 });
            }
            Ok(metadata) => Some(metadata.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let target = followed(path)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        // The name of the draft is nobody's business.
        let draft = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(error.kind(), "No such file or directory: make the folder first"),
            kind => kind.into(),
        })?;
        if let Some(permissions) = standing {
            draft.as_file().set_permissions(permissions)?;
        }
        Ok(Self { place: DraftPlace::Beside(draft, target), bytes: 0 })
    }

    /// The file is complete. Answers how many bytes were written.
    pub(crate) fn end(mut self) -> io::Result<u64> {
        self.flush()?;
        if let DraftPlace::Beside(draft, target) = self.place {
            draft.as_file().sync_all()?;
            draft.persist(target)?;
        }
        Ok(self.bytes)
    }
}

impl Write for FileDraft {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match &mut self.place {
            DraftPlace::Beside(draft, _) => draft.write(buffer),
            DraftPlace::Through(file) => file.write(buffer),
        }?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            DraftPlace::Beside(draft, _) => draft.flush(),
            DraftPlace::Through(file) => file.flush(),
        }
    }
}

/// The path at the end of the links, whether or not there is a file.
fn followed(path: &Path) -> io::Result<PathBuf> {
    if let Ok(target) = fs::canonicalize(path) {
        return Ok(target);
    }
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Whether standard output is meant.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}
