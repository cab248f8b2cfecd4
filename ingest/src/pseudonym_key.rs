//! Where a deployment's pseudonym key comes from: the environment, else a file in the data folder that is made on
//! first use. The key itself is in no message.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::identity::PseudonymKey;
use domain::{Event, EventType, codec};
use sqlx::PgExecutor;
use thiserror::Error;

use crate::key_file::{self, KeyDraft, KeyFile, KeyFileError};

/// Environment variable that holds the key: 64 hexadecimal digits.
pub const ENV_NAME: &str = "PG_ATLAS_PSEUDONYM_KEY";
/// File in the data folder that holds the key: 64 hexadecimal digits and a line end.
pub const FILE_NAME: &str = "pseudonym.key";

/// Why there is no key.
#[derive(Debug, Error)]
pub enum PseudonymKeyError {
    /// The environment variable is set, but not to a key. Falling back to the file would split every identity.
    #[error("{ENV_NAME} is set but is not 64 hexadecimal digits: correct it, or unset it to use {FILE_NAME}")]
    Environment,
    /// The file holds something else.
    #[error("{} does not hold 64 hexadecimal digits: restore it; with a new key every contributor is a new one", .0.display())]
    Malformed(PathBuf),
    /// The file cannot be read or made.
    #[error(transparent)]
    File(#[from] KeyFileError),
}

/// The deployment's key: `environment`, the value of [`ENV_NAME`], if it is set, else the file [`FILE_NAME`] in
/// `data_dir`. Where there is neither, a new key and its draft, which is to be kept once something that lasts was made
/// under it. Processes that start at once agree on one key: who comes second waits for what comes of the first.
///
/// # Errors
/// When either holds something that is no key, the file can be read by others, or cannot be read or made.
pub fn load(environment: Option<&str>, data_dir: &Path) -> Result<(PseudonymKey, Option<KeyDraft>), PseudonymKeyError> {
    if let Some(key) = existing(environment, data_dir)? {
        return Ok((key, None));
    }
    let path = data_dir.join(FILE_NAME);
    let is_key = |text: &str| PseudonymKey::from_hex(text.trim()).is_some();
    let fresh = || Ok::<_, KeyFileError>(key_file::hex(&key_file::random::<32>()?) + "\n");
    let (text, draft) = match key_file::read_or_draft(&path, is_key, fresh)? {
        KeyFile::There(text) => (text, None),
        KeyFile::New(text, draft) => (text, Some(draft)),
    };
    let key = PseudonymKey::from_hex(text.trim()).ok_or(PseudonymKeyError::Malformed(path))?;
    Ok((key, draft))
}

/// As [`load`], but makes no key: `None` where there is none.
///
/// # Errors
/// As [`load`].
pub fn existing(environment: Option<&str>, data_dir: &Path) -> Result<Option<PseudonymKey>, PseudonymKeyError> {
    if let Some(text) = environment {
        return PseudonymKey::from_hex(text.trim()).ok_or(PseudonymKeyError::Environment).map(Some);
    }
    let path = data_dir.join(FILE_NAME);
    let Some(text) = key_file::read(&path)? else { return Ok(None) };
    PseudonymKey::from_hex(text.trim()).ok_or(PseudonymKeyError::Malformed(path)).map(Some)
}

/// Ids of the keys under which the first and the latest git log of a log were made; without the demo's, which nobody
/// can lose. Reads two events, however many there are.
///
/// # Errors
/// When the database fails.
pub async fn used(executor: impl PgExecutor<'_>) -> Result<BTreeSet<String>, sqlx::Error> {
    let rows = sqlx::query_file!("sql/git_log_ends.sql").fetch_all(executor).await?;
    let demo = PseudonymKey::public_demo().id();
    let mut used = BTreeSet::new();
    for row in &rows {
        // What is not readable, a version below 0 as well, is for a quarantine, and tells of no key.
        let Ok(version) = u32::try_from(row.version) else { continue };
        if let Ok(Event::GitLogObserved(facts)) = codec::decode(EventType::GitLogObserved.name(), version, &row.payload)
        {
            used.extend(Some(facts.pseudonym_key).filter(|key| *key != demo));
        }
    }
    Ok(used)
}

/// What is to be said of git logs made under a key that is not here.
#[must_use]
pub fn made_under(key: &str) -> String {
    format!("made under {key}, whose contributors count as others: restore that key ({FILE_NAME}, or {ENV_NAME})")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use super::*;

    const HEX: &str = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff";

    #[test]
    fn the_environment_comes_first_and_is_never_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let (key, new) = load(Some(HEX), folder.path()).unwrap();
        assert!(new.is_none());
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
        let path = data.join(FILE_NAME);
        let (dropped, new) = load(None, &data).unwrap();
        assert!(new.is_some() && !path.exists());
        drop(new);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "what came to nothing leaves nothing");
        let (first, new) = load(None, &data).unwrap();
        assert_ne!(first.id(), dropped.id());
        assert_eq!(new.unwrap().keep().unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, new) = load(None, &data).unwrap();
        assert!(again.id() == first.id() && new.is_none());
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft stays");
        let (other, _) = load(None, &folder.path().join("other")).unwrap();
        assert_ne!(other.id(), first.id());
    }

    #[test]
    fn a_draft_whose_maker_was_killed_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let draft = key_file::draft_of(&folder.path().join(FILE_NAME));
        for (left, stays) in [(HEX, true), ("half a ke", false), ("", false)] {
            fs::write(&draft, left).unwrap();
            fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
            let (key, new) = load(None, folder.path()).unwrap();
            assert_eq!(key.id() == PseudonymKey::from_hex(HEX).unwrap().id(), stays, "{left}");
            // A command that comes to nothing takes its own draft with it, never one that it found.
            drop(new.unwrap());
            let (again, new) = load(None, folder.path()).unwrap();
            assert_eq!(again.id() == key.id(), stays, "{left}");
            drop(new.unwrap());
            assert_eq!(fs::read_to_string(&draft).ok().as_deref(), stays.then_some(left));
        }
    }

    #[test]
    fn a_draft_that_others_can_read_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let draft = key_file::draft_of(&folder.path().join(FILE_NAME));
        fs::write(&draft, HEX).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load(None, folder.path()).unwrap_err();
        assert!(
            matches!(&error, PseudonymKeyError::File(KeyFileError::Exposed { path, mode: 0o644 }) if *path == draft),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&draft).unwrap(), HEX);
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(load(None, folder.path()).unwrap().0.id(), PseudonymKey::from_hex(HEX).unwrap().id());
    }

    #[test]
    fn a_key_that_appears_meanwhile_is_not_replaced_and_the_one_in_use_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (used, new) = load(None, folder.path()).unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, HEX).unwrap();
        let error = new.unwrap().keep().unwrap_err();
        let KeyFileError::Overtaken { draft, .. } = &error else { panic!("{error}") };
        let kept = PseudonymKey::from_hex(fs::read_to_string(draft).unwrap().trim()).unwrap();
        assert_eq!((kept.id(), fs::read_to_string(&path).unwrap().as_str()), (used.id(), HEX));
    }

    #[test]
    fn those_who_start_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(8);
        let ids: Vec<String> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                let (key, new) = load(None, folder.path()).unwrap();
                new.map(|new| new.keep().unwrap());
                key.id()
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
        assert!(matches!(
            load(None, folder.path()),
            Err(PseudonymKeyError::File(KeyFileError::Exposed { mode: 0o640, .. }))
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a ke");
    }
}
