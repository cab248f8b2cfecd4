//! A folder to begin in: a configuration file with comments, and an example of every kind of document.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::{Error, Result, configuration};

/// The files, with their modes: the configuration may come to hold a password.
const FILES: &[(&str, u32, &str)] = &[
    (configuration::FILE_NAME, 0o600, include_str!("init/pg-atlas.toml")),
    ("survey.csv", 0o644, include_str!("init/survey.csv")),
    ("grants.json", 0o644, include_str!("init/grants.json")),
    ("repo.json", 0o644, include_str!("init/repo.json")),
    ("batch.ndjson", 0o644, include_str!("init/batch.ndjson")),
];
/// Mode of a folder that is made.
const FOLDER_MODE: u32 = 0o755;
/// What stands in an example for the day on which it is made.
const TODAY: &str = "{today}";

/// A folder that was made ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Initialised {
    /// The folder.
    pub folder: PathBuf,
    /// The files that were made in it.
    pub files: Vec<String>,
}

/// Makes the files in a folder, which is made where it is missing. All of them, or none.
///
/// # Errors
/// [`Error::Refused`] when one of them is there already; [`Error::Unavailable`] when one cannot be written.
pub fn init(folder: &Path) -> Result<Initialised> {
    let there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
    if let Some((name, ..)) = FILES.iter().find(|(name, ..)| there(name)) {
        return Err(Error::refused(format!(
            "{} is there already, and nothing is overwritten",
            folder.join(name).display()
        )));
    }
    let mut made = Vec::new();
    let written = write(folder, &mut made);
    if let Err(error) = written {
        for path in made {
            let _ = fs::remove_file(path);
        }
        return Err(Error::unavailable(error).of(folder.display()));
    }
    let files = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    Ok(Initialised { folder: folder.to_owned(), files })
}

/// Writes the files, and says which are there by its doing.
fn write(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    for (name, mode, text) in FILES {
        let path = folder.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(&path)?;
        made.push(path);
        file.write_all(text.replace(TODAY, &today).as_bytes())?;
    }
    Ok(())
}
