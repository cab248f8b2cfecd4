//! Files that hold a secret: readable by their owner alone, made once whoever comes first, never half written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Mode of a key file.
const FILE_MODE: u32 = 0o600;
/// Mode of a data folder that is made for it.
const FOLDER_MODE: u32 = 0o700;
/// Greatest size of a key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// Why a key file cannot be used. What it holds is in no message.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// Others could read the file.
    #[error("{} can be read by others (mode {mode:o}): run `chmod 600` on it", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The system has no random bytes.
    #[error("no random bytes for a new key: {0}")]
    Random(getrandom::Error),
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// What the file holds, `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, KeyFileError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io_error(path))?,
    };
    let metadata = file.metadata().map_err(io_error(path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(io_error(path))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes a new file beside its place and links it there: the link is refused when another process was first, and
/// nobody ever sees half a key. Answers what stands there then.
pub(crate) fn make(path: &Path, text: &str) -> Result<String, KeyFileError> {
    write(path, text, |draft| match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    })?;
    read(path)?.ok_or_else(|| io_error(path)(io::ErrorKind::NotFound.into()))
}

/// Puts another text in the place of a file, at once.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), KeyFileError> {
    write(path, text, |draft| fs::rename(draft, path))
}

/// Writes a draft, synced to the disk, and lets `place` put it where it belongs.
fn write(path: &Path, text: &str, place: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), KeyFileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(io_error(folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!("{name}.{}", hex(&random::<8>()?)));
    let written = write_new(&draft, text).and_then(|()| place(&draft).map_err(io_error(path)));
    let removed = match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&draft)(error)),
        _ => Ok(()),
    };
    written.and(removed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))
}

fn write_new(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(io_error(path))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyFileError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(KeyFileError::Random)?;
    Ok(bytes)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { path: path.clone(), source }
}
