//! The set-up: looked at from the outside, with what to mend. Makes no schema and changes no setting.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use ingest::key_file::draft_of;
use ingest::{pseudonym_key, signing_key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::watch::Watch;
use crate::service::{Deps, Result, Settings};

mod database;
mod subjects;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Whether nothing is to be mended.
    pub ok: bool,
    /// What was found, or what to mend.
    pub detail: String,
    /// What helps, where a use case does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// What helps: a front says how it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// To bring the schema up to date.
    Migrate,
    /// The same, as the owner of the database.
    MigrateAsOwner,
    /// To bring the live builds to the head.
    Project,
    /// Another data folder.
    OtherFolder,
}

/// What all checks found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkup {
    /// Each check, in the order in which they build on each other.
    pub checks: Vec<Check>,
}

impl Checkup {
    /// Whether nothing is to be mended.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

/// What a check found; an error says what to mend.
type CheckResult = std::result::Result<String, ToMend>;

/// What is to be mended.
struct ToMend {
    said: String,
    remedy: Option<Remedy>,
}

impl From<String> for ToMend {
    fn from(said: String) -> Self {
        Self { said, remedy: None }
    }
}

impl Remedy {
    /// A fault that this mends.
    fn of<T>(self, said: impl Into<String>) -> std::result::Result<T, ToMend> {
        Err(ToMend { said: said.into(), remedy: Some(self) })
    }
}

/// A fault that is not for a use case to mend.
fn fault<T>(said: impl Into<String>) -> std::result::Result<T, ToMend> {
    Err(said.into().into())
}

/// Looks at the data folder, its keys and the database. A database that cannot be reached is a finding.
///
/// # Errors
/// When no data folder is named and this user has no home.
pub async fn checkup(settings: &Settings, watch: Arc<dyn Watch>) -> Result<Checkup> {
    let data_dir = settings.data_dir()?;
    let mut found: Vec<(String, CheckResult)> = vec![
        ("data folder".to_owned(), folder(&data_dir)),
        ("artifacts".to_owned(), folder(&data_dir.join("artifacts"))),
    ];
    found.extend(keys(&data_dir));
    match Deps::open(settings, watch) {
        Err(error) => found.push(("database".to_owned(), fault(error.to_string()))),
        Ok(deps) => match deps.looking().await {
            Err(error) => found.push(("database".to_owned(), fault(error.to_string()))),
            Ok(mut conn) => {
                let place = settings.database_url.as_ref().map_or("embedded", |_| "named by its URL");
                found.extend(database::checks(&mut conn, place, &data_dir).await);
            }
        },
    }
    let check = |(name, found): (String, CheckResult)| match found {
        Ok(detail) => Check { name, ok: true, detail, remedy: None },
        Err(ToMend { said, remedy }) => Check { name, ok: false, detail: said, remedy },
    };
    Ok(Checkup { checks: found.into_iter().map(check).collect() })
}

/// How what is missing, and will be made, begins.
const NONE: &str = "none yet";

fn said<T, E: ToString>(result: std::result::Result<T, E>) -> std::result::Result<T, ToMend> {
    result.map_err(|failure| failure.to_string().into())
}

/// A folder of our own: writable by us, readable by nobody else.
fn folder(path: &Path) -> CheckResult {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(format!("{NONE}: {shown} is made when it is needed"));
        }
        found => found.map_err(|error| format!("{shown}: {error}"))?,
    };
    if !metadata.is_dir() {
        return Remedy::OtherFolder.of(format!("{shown} is no folder"));
    }
    tempfile::tempfile_in(path).map_err(|error| format!("{shown} cannot be written to: {error}"))?;
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 != 0 => {
            fault(format!("{shown} is open to others (mode {mode:o}): run `chmod 700 {shown}`"))
        }
        _ => Ok(format!("{shown} is writable and private")),
    }
}

/// The files of the data folder that hold secrets.
fn keys(data_dir: &Path) -> [(String, CheckResult); 2] {
    let signing = || said(signing_key::KeySource::of(None, None, data_dir).load(None).map(drop));
    let pseudonym = || said(pseudonym_key::load(None, data_dir).map(drop));
    let key = |name: &str, read: &dyn Fn() -> std::result::Result<(), ToMend>| {
        (name.to_owned(), secret(&data_dir.join(name), read))
    };
    [key(signing_key::FILE_NAME, &signing), key(pseudonym_key::FILE_NAME, &pseudonym)]
}

/// A file with a secret, which is read only where there is one: reading would make it.
fn secret(path: &Path, read: &dyn Fn() -> std::result::Result<(), ToMend>) -> CheckResult {
    let (shown, draft) = (path.display(), draft_of(path));
    match fs::metadata(path).map(|metadata| metadata.mode() & 0o777) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && draft.exists() => Ok(format!(
            "{NONE}, but {}: a command is making it, or was killed; the next that needs the key goes on with it",
            draft.display()
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{NONE}: made, and announced, by the first command that uses it"))
        }
        Err(error) => fault(format!("{shown}: {error}")),
        Ok(mode) if mode & 0o077 != 0 => {
            fault(format!("{shown} can be read by others (mode {mode:o}): run `chmod 600 {shown}`"))
        }
        Ok(_) if draft.exists() => fault(format!(
            "{} may hold a key that was used before {shown} appeared: put the right one in its place, remove the other",
            draft.display()
        )),
        Ok(_) => read().map(|()| format!("{shown} is private; is it in your backup?")),
    }
}
