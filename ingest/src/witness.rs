//! A witness of our own, by files in the data folder: its key, and what it saw last of each log.
//!
//! The key is `witness.key`, made on first use. What was seen of a log is `witness/HASH.json`, HASH being the SHA-256
//! of the log's name; it is written before a cosignature is given away, and by one process at a time.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domain::cosignature::Cosigner;
use domain::digest::Digest;
use domain::note::{MAX_NOTE_BYTES, NoteError, is_name};
use domain::witness::SeenTree;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::key_file::{self, KeyDraft, KeyFileError, SecretSource};

/// Environment variable that holds the witness's key.
pub const ENV_NAME: &str = "PG_ATLAS_WITNESS_KEY";
/// Environment variable that names a file which holds it.
pub const ENV_FILE_NAME: &str = "PG_ATLAS_WITNESS_KEY_FILE";
/// File in the data folder that holds it.
pub const FILE_NAME: &str = "witness.key";
/// Folder in the data folder of what was seen.
const FOLDER: &str = "witness";
/// Greatest size of what was seen of a log, in bytes: a note, escaped, and keys.
const MAX_SEEN_BYTES: u64 = 4 * MAX_NOTE_BYTES as u64;

/// Why there is no witness.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// The environment variable is set, but not to a key.
    #[error("{ENV_NAME} is set but does not hold a witness's key: {0}")]
    Environment(NoteError),
    /// The file holds something else.
    #[error("{} does not hold a witness's key: {source}", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        source: NoteError,
    },
    /// The environment names a file that is not there; only the one in the data folder is made.
    #[error("{ENV_FILE_NAME} names {}, and there is no such file", .0.display())]
    Missing(PathBuf),
    /// A name that is none, or not that of the key.
    #[error("`{asked}` cannot be the witness's name: {reason}")]
    Name {
        /// What was asked for.
        asked: String,
        /// Why not.
        reason: String,
    },
    /// A key file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// What the key has cosigned is not known any more: under the same key the witness would take a fork for a log that
    /// it never saw.
    #[error(
        "{} has cosigned, and what it saw is gone: {} is not there. Remove that key, cosign with a new one, and give its \
         verification key to every auditor",
        key.display(), folder.display()
    )]
    Forgotten {
        /// The key file.
        key: PathBuf,
        /// Where what was seen was kept.
        folder: PathBuf,
    },
    /// What was seen cannot be read or written.
    #[error("{}: {source}", path.display())]
    Seen {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// Where the key comes from.
#[derive(Clone, Debug)]
pub struct WitnessSource(SecretSource);

impl WitnessSource {
    /// The source, from the values of [`ENV_NAME`] and [`ENV_FILE_NAME`] and the data folder.
    #[must_use]
    pub fn of(text: Option<String>, file: Option<PathBuf>, data_dir: &Path) -> Self {
        Self(SecretSource::of(text, file, data_dir.join(FILE_NAME)))
    }

    /// The key. Where there is none in the data folder, a new one under `name`, or under a random one, and its draft,
    /// which is to be kept once something was cosigned with it.
    ///
    /// # Errors
    /// When there is something that is no key, the file can be read by others, or another name was asked for.
    pub fn load(&self, name: Option<&str>) -> Result<(Cosigner, Option<KeyDraft>), WitnessError> {
        let refused = |asked: &str, reason: String| WitnessError::Name { asked: asked.to_owned(), reason };
        if let Some(name) = name.filter(|name| !is_name(name)) {
            return Err(refused(name, "1 to 255 bytes without white space and `+`".to_owned()));
        }
        let wrong = |path: Option<&Path>, source| match path {
            Some(path) => WitnessError::Malformed { path: path.to_owned(), source },
            None => WitnessError::Environment(source),
        };
        let parsed = |text: &str, path: Option<&Path>| Cosigner::parse(text).map_err(|source| wrong(path, source));
        let fresh = |path: &Path| -> Result<String, WitnessError> {
            let name = match name {
                Some(name) => name.to_owned(),
                None => format!("pg-atlas-witness/{}", key_file::hex(&key_file::random::<8>()?)),
            };
            let secret = Cosigner::secret(&name, &key_file::random::<32>()?);
            Ok(secret.map_err(|source| wrong(Some(path), source))? + "\n")
        };
        let (key, new) = self.0.load(parsed, WitnessError::Missing, fresh)?;
        match name.filter(|asked| *asked != key.public().name()) {
            Some(asked) => {
                Err(refused(asked, format!("it is called {}, and the name is part of its key", key.public().name())))
            }
            None => Ok((key, new)),
        }
    }
}

/// What a witness knows of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenLog {
    /// Its name.
    pub origin: String,
    /// Verification keys that its checkpoints may be signed with.
    pub keys: BTreeSet<String>,
    /// Events, when it was cosigned last.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
    /// When that was, in seconds since 1970.
    pub time: u64,
    /// The note, as it was cosigned.
    pub note: String,
}

impl SeenLog {
    /// Where it stood.
    #[must_use]
    pub fn tree(&self) -> SeenTree {
        SeenTree { size: self.size, root: self.root }
    }
}

/// What a witness has seen, in the hands of one process.
#[derive(Debug)]
pub struct SeenLogs {
    folder: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
}

impl SeenLogs {
    /// Opens what is in the data folder. Waits for other processes that have it open.
    ///
    /// # Errors
    /// When the file system says no, or the key is in the data folder and what was seen with it is not.
    pub fn open(data_dir: &Path, source: &WitnessSource) -> Result<Self, WitnessError> {
        let folder = data_dir.join(FOLDER);
        let path = folder.join("lock");
        // The key first: it is made under the lock, so one that is there had a lock before.
        if let SecretSource::DataFolder(key) = &source.0
            && key.exists()
            && !path.exists()
        {
            return Err(WitnessError::Forgotten { key: key.clone(), folder });
        }
        key_file::folder_of(&path)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|source| seen_error(&path, source))?;
        Ok(Self { folder, _lock: lock })
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.json", Digest::of(origin.as_bytes())))
    }

    /// What was seen last of a log.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn of(&self, origin: &str) -> Result<Option<SeenLog>, WitnessError> {
        let path = self.path(origin);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_SEEN_BYTES).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| seen_error(&path, source))?,
        };
        let seen: SeenLog = serde_json::from_str(&text).map_err(|error| seen_error(&path, error.into()))?;
        if seen.origin != origin {
            return Err(seen_error(&path, io::Error::other(format!("it is of another log, {}", seen.origin))));
        }
        Ok(Some(seen))
    }

    /// Keeps what is seen now, in place of what was seen before. On the disk when this returns.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn put(&self, seen: &SeenLog) -> Result<(), WitnessError> {
        let path = self.path(&seen.origin);
        let text = serde_json::to_string_pretty(seen).map_err(|error| seen_error(&path, error.into()))?;
        Ok(key_file::replace(&path, &(text + "\n"))?)
    }

    /// Keeps signed notes that contradict each other, for whoever is to be shown them. Answers where.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn keep_evidence(&self, origin: &str, notes: &[String]) -> Result<Vec<PathBuf>, WitnessError> {
        let keep = |note: &String| {
            let name = format!("{}.{}.note", Digest::of(origin.as_bytes()), Digest::of(note.as_bytes()));
            let path = self.folder.join(name);
            key_file::replace(&path, note)?;
            Ok(path)
        };
        notes.iter().map(keep).collect()
    }
}

fn seen_error(path: &Path, source: io::Error) -> WitnessError {
    WitnessError::Seen { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_where_something_was_cosigned() {
        let folder = tempfile::tempdir().unwrap();
        let source = WitnessSource::of(None, None, folder.path());
        drop(source.load(None).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let (key, new) = source.load(Some("witness.example")).unwrap();
        let path = new.unwrap().keep().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, new) = source.load(None).unwrap();
        assert!(new.is_none() && again.public() == key.public());
        for wrong in ["other", "a b", ""] {
            assert!(matches!(source.load(Some(wrong)), Err(WitnessError::Name { .. })), "{wrong:?}");
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            WitnessSource::of(Some(text.clone()), None, folder.path()).load(None).unwrap().0.public(),
            key.public()
        );
        let error = WitnessSource::of(Some(text[..60].to_owned()), None, folder.path()).load(None).unwrap_err();
        assert!(matches!(error, WitnessError::Environment(_)) && !error.to_string().contains(&text[50..60]));
        let missing = WitnessSource::of(None, Some(folder.path().join("none")), folder.path());
        assert!(matches!(missing.load(None), Err(WitnessError::Missing(_))));
    }

    #[test]
    fn what_was_seen_is_kept_by_log() {
        let folder = tempfile::tempdir().unwrap();
        let source = WitnessSource::of(None, None, folder.path());
        let seen = SeenLogs::open(folder.path(), &source).unwrap();
        assert_eq!(seen.of("log").unwrap(), None);
        let (origin, note) = ("log".to_owned(), "note".to_owned());
        let log = SeenLog { origin, keys: BTreeSet::new(), size: 3, root: Digest::of(b""), time: 9, note };
        seen.put(&log).unwrap();
        seen.put(&SeenLog { size: 4, ..log.clone() }).unwrap();
        assert_eq!(seen.of("log").unwrap(), Some(SeenLog { size: 4, ..log }));
        assert_eq!(seen.of("other").unwrap(), None);
        let path = seen.path("log");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::copy(&path, seen.path("other")).unwrap();
        assert!(seen.of("other").is_err());
        fs::write(&path, "{").unwrap();
        assert!(seen.of("log").is_err());
    }
}
