//! Where a deployment's pseudonym key comes from: the environment, else a file in the data folder that is made on
//! first use. The key itself is in no message.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::identity::PseudonymKey;
use thiserror::Error;

/// Environment variable that holds the key: 64 hexadecimal digits.
pub const ENV_NAME: &str = "PG_ATLAS_PSEUDONYM_KEY";
/// File in the data folder that holds the key: 64 hexadecimal digits and a line end.
pub const FILE_NAME: &str = "pseudonym.key";

/// Mode of the key file.
const FILE_MODE: u32 = 0o600;
/// Mode of a data folder that is made for it.
const FOLDER_MODE: u32 = 0o700;
/// Greatest size of a key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum PseudonymKeyError {
    /// The environment variable is set, but not to a key. Falling back to the file would split every identity.
    #[error("{ENV_NAME} is set but is not 64 hexadecimal digits: correct it, or unset it to use {FILE_NAME}")]
    Environment,
    /// The file holds something else.
    #[error("{} does not hold 64 hexadecimal digits: restore it; with a new key every contributor is a new one", .0.display())]
    Malformed(PathBuf),
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

/// The deployment's key: `environment`, the value of [`ENV_NAME`], if it is set, else the file [`FILE_NAME`] in
/// `data_dir`, which is made (0600) when it does not exist. Processes that start at once agree on one key.
///
/// # Errors
/// When either holds something that is no key, the file can be read by others, or cannot be read or made.
pub fn load(environment: Option<&str>, data_dir: &Path) -> Result<PseudonymKey, PseudonymKeyError> {
    if let Some(text) = environment {
        return PseudonymKey::from_hex(text.trim()).ok_or(PseudonymKeyError::Environment);
    }
    let path = data_dir.join(FILE_NAME);
    match read(&path)? {
        Some(key) => Ok(key),
        None => make(data_dir, &path),
    }
}

/// The key in the file, `None` when there is no file.
fn read(path: &Path) -> Result<Option<PseudonymKey>, PseudonymKeyError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io_error(path))?,
    };
    let metadata = file.metadata().map_err(io_error(path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PseudonymKeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(io_error(path))?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    PseudonymKey::from_hex(text.trim()).map(Some).ok_or_else(|| PseudonymKeyError::Malformed(path.to_owned()))
}

/// Writes a new key beside its place and links it there: the link is refused when another process was first, and
/// nobody ever sees half a key.
fn make(data_dir: &Path, path: &Path) -> Result<PseudonymKey, PseudonymKeyError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(data_dir).map_err(io_error(data_dir))?;
    let name: String = hex(&random::<8>()?);
    let draft = data_dir.join(format!("{FILE_NAME}.{name}"));
    let written = write_new(&draft).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io_error(path)(error)),
        _ => Ok(()),
    });
    let removed = match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&draft)(error)),
        _ => Ok(()),
    };
    written.and(removed)?;
    File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(io_error(data_dir))?;
    read(path)?.ok_or_else(|| io_error(path)(io::ErrorKind::NotFound.into()))
}

fn write_new(path: &Path) -> Result<(), PseudonymKeyError> {
    let text = hex(&random::<32>()?) + "\n";
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(io_error(path))
}

fn random<const N: usize>() -> Result<[u8; N], PseudonymKeyError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(PseudonymKeyError::Random)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> PseudonymKeyError {
    let path = path.to_owned();
    move |source| PseudonymKeyError::Io { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const HEX: &str = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff";

    #[test]
    fn the_environment_comes_first_and_is_never_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let key = load(Some(HEX), folder.path()).unwrap();
        assert_eq!(key.id(), PseudonymKey::from_hex(HEX).unwrap().id());
        assert!(!folder.path().join(FILE_NAME).exists());
        for wrong in ["", "secret-abc", &HEX[1..]] {
            let error = load(Some(wrong), folder.path()).unwrap_err();
            assert!(matches!(error, PseudonymKeyError::Environment));
            assert!(wrong.is_empty() || !error.to_string().contains(wrong));
        }
    }

    #[test]
    fn the_file_is_made_once_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("deep/data");
        let first = load(None, &data).unwrap();
        let path = data.join(FILE_NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load(None, &data).unwrap().id(), first.id());
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft stays");
        let other = load(None, &folder.path().join("other")).unwrap();
        assert_ne!(other.id(), first.id());
    }

    #[test]
    fn those_who_start_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(8);
        let ids: Vec<String> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                load(None, folder.path()).unwrap().id()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_or_exposed_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "half a ke").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = load(None, folder.path()).unwrap_err();
        assert!(matches!(error, PseudonymKeyError::Malformed(_)));
        assert!(!error.to_string().contains("half a ke"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(load(None, folder.path()), Err(PseudonymKeyError::Exposed { mode: 0o640, .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a ke");
    }
}
