//! `doctor`: looks at the set-up and says what to mend. Makes no schema and changes no setting.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ingest::key_file::draft_of;
use ingest::{pseudonym_key, signing_key};
use serde_json::json;

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

mod database;

/// What a check found; an error says what to mend.
type Finding = std::result::Result<String, String>;

/// `doctor`. Exit code 1 when something is to be mended.
pub(crate) async fn run(common: &Common) -> Result<(Output, u8)> {
    let data_dir = session::data_dir(common)?;
    let mut checks: Vec<(String, Finding)> = vec![
        ("data folder".to_owned(), folder(&data_dir)),
        ("artifacts".to_owned(), folder(&data_dir.join("artifacts"))),
    ];
    checks.extend(keys(&data_dir));
    match Session::open(common) {
        Err(failure) => checks.push(("database".to_owned(), Err(failure.to_string()))),
        Ok(session) => match session.bare().await {
            Err(failure) => checks.push(("database".to_owned(), Err(failure.to_string()))),
            Ok(mut conn) => {
                let place = common.database_url.as_ref().map_or("embedded", |_| "named by its URL");
                checks.extend(database::checks(&mut conn, place, &data_dir).await);
            }
        },
    }
    let well = checks.iter().all(|(_, found)| found.is_ok());
    let text: String = checks
        .iter()
        .map(|(name, found)| match found {
            Ok(detail) => format!("ok    {name}: {detail}\n"),
            Err(detail) => format!("MEND  {name}: {detail}\n"),
        })
        .collect();
    let rows: Vec<_> = checks
        .into_iter()
        .map(|(name, found)| {
            let ok = found.is_ok();
            json!({"name": name, "ok": ok, "detail": found.unwrap_or_else(|detail| detail)})
        })
        .collect();
    Ok((Output::Report(text, object(json!({"checks": rows}))), if well { 0 } else { REFUSED }))
}

/// How what is missing, and will be made, begins.
const NONE: &str = "none yet";

fn said<T, E: ToString>(result: std::result::Result<T, E>) -> std::result::Result<T, String> {
    result.map_err(|failure| failure.to_string())
}

/// A folder of our own: writable by us, readable by nobody else.
fn folder(path: &Path) -> Finding {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(format!("{NONE}: {shown} is made when it is needed"));
        }
        found => found.map_err(|error| format!("{shown}: {error}"))?,
    };
    if !metadata.is_dir() {
        return Err(format!("{shown} is no folder: move it away, or choose another with --data-dir"));
    }
    tempfile::tempfile_in(path).map_err(|error| format!("{shown} cannot be written to: {error}"))?;
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(format!("{shown} is open to others (mode {mode:o}): run `chmod 700 {shown}`")),
        _ => Ok(format!("{shown} is writable and private")),
    }
}

/// The files of the data folder that hold secrets.
fn keys(data_dir: &Path) -> [(String, Finding); 2] {
    let signing = || said(signing_key::Source::of(None, None, data_dir).load(None).map(drop));
    let pseudonym = || said(pseudonym_key::load(None, data_dir).map(drop));
    let key = |name: &str, read: &dyn Fn() -> std::result::Result<(), String>| {
        (name.to_owned(), secret(&data_dir.join(name), read))
    };
    [key(signing_key::FILE_NAME, &signing), key(pseudonym_key::FILE_NAME, &pseudonym)]
}

/// A file with a secret, which is read only where there is one: reading would make it.
fn secret(path: &Path, read: &dyn Fn() -> std::result::Result<(), String>) -> Finding {
    let (shown, draft) = (path.display(), draft_of(path));
    match fs::metadata(path).map(|metadata| metadata.mode() & 0o777) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && draft.exists() => Ok(format!(
            "{NONE}, but {}: a command is making it, or was killed; the next that needs the key goes on with it",
            draft.display()
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{NONE}: made, and announced, by the first command that uses it"))
        }
        Err(error) => Err(format!("{shown}: {error}")),
        Ok(mode) if mode & 0o077 != 0 => {
            Err(format!("{shown} can be read by others (mode {mode:o}): run `chmod 600 {shown}`"))
        }
        Ok(_) if draft.exists() => Err(format!(
            "{} may hold a key that was used before {shown} appeared: put the right one in its place, remove the other",
            draft.display()
        )),
        Ok(_) => read().map(|()| format!("{shown} is private; is it in your backup?")),
    }
}
