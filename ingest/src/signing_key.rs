//! What checkpoints are signed with: the environment, else a file in the data folder that is made on first use. Never
//! the database, and no secret in any message.
//!
//! Either holds one key a line, and every key signs: that is how one key takes the place of another.

use std::path::{Path, PathBuf};

use domain::TenantName;
use domain::note::{NoteError, SigningKey, is_name};
use thiserror::Error;

use crate::key_file::{self, KeyDraft, KeyFileError, SecretSource};

/// Environment variable that holds the keys, one a line.
pub const ENV_NAME: &str = "PG_ATLAS_SIGNING_KEY";
/// Environment variable that names a file which holds them.
pub const ENV_FILE_NAME: &str = "PG_ATLAS_SIGNING_KEY_FILE";
/// File in the data folder that holds them.
pub const FILE_NAME: &str = "signing.key";
/// Greatest number of keys that sign at once.
const MAX_KEYS: usize = 8;

/// Why there is no key to sign with.
#[derive(Debug, Error)]
pub enum SigningKeyError {
    /// The environment variable is set, but not to keys.
    #[error("{ENV_NAME} is set but does not hold a signing key a line: {0}")]
    Environment(NoteError),
    /// The file holds something else.
    #[error("{} does not hold a signing key a line: {source}", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        source: NoteError,
    },
    /// The environment names a file that is not there; only the one in the data folder is made.
    #[error(
        "{ENV_FILE_NAME} names {}, and there is no such file: correct it, or unset it to use {FILE_NAME}",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file cannot be read or made.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The keys are of different logs.
    #[error("the signing keys name different logs: {0} and {1}")]
    Names(String, String),
    /// The key was made under another name.
    #[error("the log is called {held}, not {asked}: the name is part of the key")]
    Renamed {
        /// The name of the keys.
        held: String,
        /// The name asked for.
        asked: String,
    },
    /// The key is of another tenant, or of the whole place.
    #[error(
        "the log that the signing key names, {held}, is not one of the tenant {tenant}: its name would end in /{tenant}"
    )]
    Tenant {
        /// The name of the keys.
        held: String,
        /// Whose log it is.
        tenant: TenantName,
    },
    /// A name that is none.
    #[error("`{0}` is no name of a log: 1 to 255 bytes without white space and `+`")]
    Name(String),
    /// Only a key file can be rotated here.
    #[error("the signing key is in the environment: give both keys there, one a line, and then only the new one")]
    NotOurs,
}

/// Where the keys come from.
#[derive(Clone, Debug)]
pub struct KeySource(SecretSource);

impl KeySource {
    /// The source, from the values of [`ENV_NAME`] and [`ENV_FILE_NAME`] and the data folder.
    #[must_use]
    pub fn of(text: Option<String>, file: Option<PathBuf>, data_dir: &Path) -> Self {
        Self(SecretSource::of(text, file, data_dir.join(FILE_NAME)))
    }

    /// Whether there is a key, or is said to be: none is made by asking for it.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match &self.0 {
            SecretSource::Text(_) | SecretSource::File(_) => true,
            SecretSource::DataFolder(path) => path.exists(),
        }
    }

    /// The keys. Where there are none in the data folder, a new one under `name`, or under a random one, and its draft,
    /// which is to be kept once something was signed with it.
    ///
    /// # Errors
    /// When there is something that is no key, the file can be read by others, or another name was asked for.
    pub fn load(&self, name: Option<&str>) -> Result<(Vec<SigningKey>, Option<KeyDraft>), SigningKeyError> {
        self.load_for(&TenantName::default(), name)
    }

    /// As [`KeySource::load`], the keys of a tenant's log, whose name ends in the tenant.
    ///
    /// # Errors
    /// As [`KeySource::load`], and when the keys are not of the tenant.
    pub fn load_for(
        &self,
        tenant: &TenantName,
        name: Option<&str>,
    ) -> Result<(Vec<SigningKey>, Option<KeyDraft>), SigningKeyError> {
        if let Some(name) = name.filter(|name| !is_name(name)) {
            return Err(SigningKeyError::Name(name.to_owned()));
        }
        let name = name.map(|name| tenant.origin(name));
        let name = name.as_deref();
        let parsed = |text: &str, path: Option<&Path>| match path {
            Some(path) => in_file(path, text),
            None => parse(text).map_err(SigningKeyError::Environment),
        };
        let fresh = |path: &Path| -> Result<String, SigningKeyError> {
            let name = match name {
                Some(name) => name.to_owned(),
                None => tenant.origin(&format!("pg-atlas/{}", key_file::hex(&key_file::random::<8>()?))),
            };
            Ok(secret(&name, &key_file::random::<32>()?, path)? + "\n")
        };
        // A draft that was left under another name may have signed: it is refused below, and stays.
        let (keys, new) = self.0.load(parsed, SigningKeyError::Missing, fresh)?;
        let held = keys.first().map(|key| key.public().name().to_owned()).unwrap_or_default();
        if let Some(other) = keys.iter().find(|key| key.public().name() != held) {
            return Err(SigningKeyError::Names(held, other.public().name().to_owned()));
        }
        if !tenant.owns(&held) {
            return Err(SigningKeyError::Tenant { held, tenant: tenant.clone() });
        }
        match name.filter(|asked| **asked != held) {
            Some(asked) => Err(SigningKeyError::Renamed { held, asked: asked.to_owned() }),
            None => Ok((keys, new)),
        }
    }

    /// The file in the data folder, where the keys come from there.
    fn own(&self) -> Result<&Path, SigningKeyError> {
        match &self.0 {
            SecretSource::DataFolder(path) => Ok(path),
            SecretSource::Text(_) | SecretSource::File(_) => Err(SigningKeyError::NotOurs),
        }
    }

    /// Adds a new key of the same name, so that both sign. Where an interrupted rotation left two, it goes on with
    /// those.
    ///
    /// # Errors
    /// When the keys are not in the data folder, or as [`KeySource::load`].
    pub fn add(&self) -> Result<Vec<SigningKey>, SigningKeyError> {
        let path = self.own()?;
        let held = key_file::read(path)?.ok_or_else(|| SigningKeyError::Missing(path.to_owned()))?;
        let keys = in_file(path, &held)?;
        if keys.len() > 1 {
            return Ok(keys);
        }
        let name = keys.first().map(|key| key.public().name().to_owned()).unwrap_or_default();
        let text = format!("{}\n{}\n", held.trim(), secret(&name, &key_file::random::<32>()?, path)?);
        key_file::replace(path, &text)?;
        in_file(path, &text)
    }

    /// Takes back the key that [`KeySource::add`] has added, where nothing was signed with it.
    ///
    /// # Errors
    /// As [`KeySource::add`].
    pub fn drop_newest(&self) -> Result<(), SigningKeyError> {
        let path = self.own()?;
        let held = key_file::read(path)?.unwrap_or_default();
        if let [older @ .., _] = &held.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>()[..]
            && !older.is_empty()
        {
            key_file::replace(path, &format!("{}\n", older.join("\n")))?;
        }
        Ok(())
    }

    /// Keeps only the newest key. Called once both keys have signed.
    ///
    /// # Errors
    /// As [`KeySource::add`].
    pub fn drop_older(&self) -> Result<(), SigningKeyError> {
        let path = self.own()?;
        let held = key_file::read(path)?.unwrap_or_default();
        let newest = held.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        key_file::replace(path, &format!("{}\n", newest.trim()))?;
        Ok(())
    }
}

fn secret(name: &str, seed: &[u8; 32], path: &Path) -> Result<String, SigningKeyError> {
    let malformed = |source| SigningKeyError::Malformed { path: path.to_owned(), source };
    SigningKey::secret(name, seed).map_err(malformed)
}

fn in_file(path: &Path, text: &str) -> Result<Vec<SigningKey>, SigningKeyError> {
    parse(text).map_err(|source| SigningKeyError::Malformed { path: path.to_owned(), source })
}

fn parse(text: &str) -> Result<Vec<SigningKey>, NoteError> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() || lines.len() > MAX_KEYS {
        return Err(NoteError::Key { kind: "signing", reason: "expected 1 to 8 lines" });
    }
    lines.into_iter().map(SigningKey::parse).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_rotated_under_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::of(None, None, folder.path());
        let path = folder.path().join(FILE_NAME);
        drop(source.load(None).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what signed nothing is not there");
        let (keys, new) = source.load(Some("log.example")).unwrap();
        assert!(keys.len() == 1 && keys[0].public().name() == "log.example");
        new.unwrap().keep().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let first = keys[0].public().clone();
        assert!(matches!(source.load(Some("other")), Err(SigningKeyError::Renamed { .. })));

        let both: Vec<_> = source.add().unwrap().iter().map(|key| key.public().clone()).collect();
        let again: Vec<_> = source.add().unwrap().iter().map(|key| key.public().clone()).collect();
        assert_eq!((both.len(), &both[0], &both), (2, &first, &again), "an interrupted rotation goes on");
        source.drop_newest().unwrap();
        assert_eq!(source.load(None).unwrap().0[0].public(), &first, "a rotation that signed nothing is taken back");
        source.drop_newest().unwrap();
        assert_eq!(source.load(None).unwrap().0[0].public(), &first, "the last key stays");
        let both: Vec<_> = source.add().unwrap().iter().map(|key| key.public().clone()).collect();
        source.drop_older().unwrap();
        let (keys, new) = source.load(None).unwrap();
        assert!(new.is_none() && *keys[0].public() == both[1] && keys.len() == 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_key_of_a_tenant_is_of_a_log_whose_name_ends_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::of(None, None, folder.path());
        let acme = TenantName::new("acme").unwrap();
        let (keys, new) = source.load_for(&acme, Some("log.example")).unwrap();
        assert_eq!(keys[0].public().name(), "log.example/acme");
        new.unwrap().keep().unwrap();
        for name in [None, Some("log.example"), Some("log.example/acme")] {
            assert_eq!(source.load_for(&acme, name).unwrap().0[0].public(), keys[0].public());
        }
        let other = TenantName::new("other").unwrap();
        assert!(matches!(source.load_for(&other, None), Err(SigningKeyError::Tenant { .. })));
        let unnamed = KeySource::of(None, None, &folder.path().join("empty"));
        assert!(unnamed.load_for(&acme, None).unwrap().0[0].public().name().ends_with("/acme"));
    }

    #[test]
    fn a_draft_that_was_left_under_another_name_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::of(None, None, folder.path());
        let left = SigningKey::secret("log.example", &[3; 32]).unwrap();
        let draft = key_file::draft_of(&folder.path().join(FILE_NAME));
        fs::write(&draft, &left).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
        let error = source.load(Some("other.example")).unwrap_err();
        assert!(matches!(error, SigningKeyError::Renamed { .. }), "{error}");
        assert_eq!(fs::read_to_string(&draft).unwrap(), left);
        let (keys, new) = source.load(Some("log.example")).unwrap();
        assert_eq!(*keys[0].public(), *SigningKey::parse(&left).unwrap().public());
        assert_eq!(fs::read_to_string(new.unwrap().keep().unwrap()).unwrap(), left);
    }

    #[test]
    fn the_environment_comes_first_and_is_never_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let text = SigningKey::secret("log.example", &[3; 32]).unwrap();
        let source = KeySource::of(Some(text.clone()), Some("/nowhere".into()), folder.path());
        assert_eq!(source.load(None).unwrap().0.len(), 1);
        assert!(matches!(source.add(), Err(SigningKeyError::NotOurs)));
        let (head, tail) = text.split_at(text.len() - 9);
        for wrong in ["", head] {
            let error = KeySource::of(Some(wrong.to_owned()), None, folder.path()).load(None).unwrap_err();
            assert!(matches!(error, SigningKeyError::Environment(_)) && !error.to_string().contains(tail));
        }
        let missing = KeySource::of(None, Some(folder.path().join("none")), folder.path());
        assert!(missing.load(None).is_err(), "a file that is named is not made");
        let other = SigningKey::secret("log.other", &[3; 32]).unwrap();
        let mixed = KeySource::of(Some(format!("{text}\n{other}\n")), None, folder.path());
        assert!(matches!(mixed.load(None), Err(SigningKeyError::Names(..))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
