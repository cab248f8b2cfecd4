//! Files that hold a secret: readable by their owner alone, made once whoever comes first, never half written.
//!
//! A new key is a draft beside its place until the work that needed it has come to something: a command that fails
//! leaves no key. Whoever makes the draft holds a lock on it, and others who need the key wait for what comes of it:
//! no two make one each. A draft whose maker was killed may be in use already (what it was for may be committed): the
//! next one goes on with that very key, and where that one comes to nothing too, the draft stays.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// Mode of a key file.
const FILE_MODE: u32 = 0o600;
/// Mode of a data folder that is made for it.
const FOLDER_MODE: u32 = 0o700;
/// Greatest size of a key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4096;
/// What the name of a draft ends with.
const DRAFT_SUFFIX: &str = ".draft";
/// Longest wait for another process that makes the same key, in seconds: longer than reading one git history may take.
pub(crate) const WAIT_SECONDS: u64 = 900;
/// Pause between two looks at what that process does, in milliseconds.
const POLL_MILLISECONDS: u64 = 20;

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
    /// Another process makes the key, and does not come to an end.
    #[error("{}: another command is making this key, for {WAIT_SECONDS} s: let it end, and try again", .0.display())]
    Busy(PathBuf),
    /// A key appeared while another one was being made, which is in use by now.
    #[error(
        "{} appeared while this command worked under a key of its own, which is kept as {}: put that one in its place",
        path.display(), draft.display()
    )]
    Overtaken {
        /// The key file.
        path: PathBuf,
        /// Where the key is that was used.
        draft: PathBuf,
    },
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

/// Where keys come from.
#[derive(Clone, Debug)]
pub(crate) enum SecretSource {
    /// Their text itself, from the environment.
    Text(String),
    /// A file that somebody else keeps.
    File(PathBuf),
    /// The file in the data folder, made where there is none.
    DataFolder(PathBuf),
}

impl SecretSource {
    /// The source, from the values of the two environment variables and the file in the data folder.
    pub(crate) fn of(text: Option<String>, file: Option<PathBuf>, own: PathBuf) -> Self {
        match (text, file) {
            (Some(text), _) => Self::Text(text),
            (None, Some(file)) => Self::File(file),
            (None, None) => Self::DataFolder(own),
        }
    }

    /// What `parse` makes of the text, which is told the file that it is from. Where there is none in the data folder,
    /// of what `fresh` makes for that file, as a draft.
    pub(crate) fn load<K, E: From<KeyFileError>>(
        &self,
        parse: impl Fn(&str, Option<&Path>) -> Result<K, E>,
        missing: impl FnOnce(PathBuf) -> E,
        fresh: impl FnOnce(&Path) -> Result<String, E>,
    ) -> Result<(K, Option<KeyDraft>), E> {
        match self {
            Self::Text(text) => Ok((parse(text, None)?, None)),
            Self::File(path) => match read(path)? {
                Some(text) => Ok((parse(&text, Some(path))?, None)),
                None => Err(missing(path.clone())),
            },
            Self::DataFolder(path) => {
                match read_or_draft(path, |text| parse(text, Some(path)).is_ok(), || fresh(path))? {
                    KeyFile::There(text) => Ok((parse(&text, Some(path))?, None)),
                    KeyFile::New(text, draft) => Ok((parse(&text, Some(path))?, Some(draft))),
                }
            }
        }
    }
}

/// What is there where a key is needed.
pub(crate) enum KeyFile {
    /// The text of the key file.
    There(String),
    /// A new text, and the draft that holds it.
    New(String, KeyDraft),
}

/// A new key, synced to the disk beside its place. Dropped, it is gone: nothing was made with it that lasts. One that a
/// killed command has left stays, for nobody knows what was made with it.
#[derive(Debug)]
pub struct KeyDraft {
    path: PathBuf,
    draft: PathBuf,
    /// Locked as long as the draft lives.
    _lock: File,
    /// Whether its key is in use, or may be.
    stays: bool,
}

/// What the file holds; where there is none, what `fresh` makes, as a draft. `is_key` tells a whole draft, left behind
/// by a command that was killed, from a torn one, which nothing was made with. One that others can read, or that cannot
/// be read, is an error, and stays. Waits for other processes that make the same key.
pub(crate) fn read_or_draft<E: From<KeyFileError>>(
    path: &Path,
    is_key: impl Fn(&str) -> bool,
    fresh: impl FnOnce() -> Result<String, E>,
) -> Result<KeyFile, E> {
    if let Some(text) = read(path)? {
        return Ok(KeyFile::There(text));
    }
    let folder = folder_of(path)?;
    let draft = draft_of(path);
    let lock = lock(path, &draft)?;
    // From here on nobody else makes this key. Whoever held the lock before may have made it.
    if let Some(text) = read(path)? {
        // Only our own empty one: another may hold a key that is in use.
        if lock.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(&draft);
        }
        return Ok(KeyFile::There(text));
    }
    let left = read(&draft)?.filter(|text| is_key(text));
    let mut new = KeyDraft { path: path.to_owned(), draft, _lock: lock, stays: left.is_some() };
    if let Some(text) = left {
        return Ok(KeyFile::New(text, new));
    }
    let text = fresh()?;
    new.write(&text)?;
    sync(folder)?;
    Ok(KeyFile::New(text, new))
}

/// Where the draft of a key file lies.
#[must_use]
pub fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(DRAFT_SUFFIX);
    path.with_file_name(name)
}

/// Opens the draft, which is made where there is none, and locks it. A draft that is another file by then, or gone, was
/// the one of a process that came to an end: then it is another's turn, perhaps ours.
fn lock(path: &Path, draft: &Path) -> Result<File, KeyFileError> {
    let deadline = Instant::now() + Duration::from_secs(WAIT_SECONDS);
    loop {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let file = options.open(draft).map_err(io_error(draft))?;
        match file.try_lock() {
            Ok(()) => {
                let held = file.metadata().map_err(io_error(draft))?;
                match fs::metadata(draft) {
                    Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => return Ok(file),
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(draft)(error)),
                    _ => continue,
                }
            }
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(KeyFileError::Busy(path.to_owned()));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(POLL_MILLISECONDS)),
            Err(TryLockError::Error(error)) => return Err(io_error(draft)(error)),
        }
    }
}

impl KeyDraft {
    fn write(&mut self, text: &str) -> Result<(), KeyFileError> {
        let write = || {
            let mut file = OpenOptions::new().write(true).truncate(true).open(&self.draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(io_error(&self.draft))
    }

    /// Puts the key in its place: what was made with it lasts.
    ///
    /// # Errors
    /// When a file has appeared there, or the file system says no. The draft stays then, for its key is in use.
    pub fn keep(mut self) -> Result<PathBuf, KeyFileError> {
        self.stays = true;
        match fs::hard_link(&self.draft, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyFileError::Overtaken { path: self.path.clone(), draft: self.draft.clone() });
            }
            linked => linked.map_err(io_error(&self.path))?,
        }
        fs::remove_file(&self.draft).map_err(io_error(&self.draft))?;
        sync(folder_of(&self.path)?)?;
        Ok(self.path.clone())
    }
}

impl Drop for KeyDraft {
    fn drop(&mut self) {
        if !self.stays {
            // What cannot be removed is taken by the next one who needs the key.
            let _ = fs::remove_file(&self.draft);
        }
    }
}

/// Puts another text in the place of a file, at once: a file of its own, synced to the disk, takes its name.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let folder = folder_of(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!("{name}.{}", hex(&random::<8>()?)));
    let written = write_new(&draft, text).and_then(|()| fs::rename(&draft, path).map_err(io_error(path)));
    let removed = match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&draft)(error)),
        _ => Ok(()),
    };
    written.and(removed)?;
    sync(folder)
}

/// The folder of a key file, made where it is missing.
pub(crate) fn folder_of(path: &Path) -> Result<&Path, KeyFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(io_error(folder))?;
    Ok(folder)
}

fn sync(folder: &Path) -> Result<(), KeyFileError> {
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
