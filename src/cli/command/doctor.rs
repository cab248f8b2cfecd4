//! `doctor`: looks at the set-up and says what to mend. Makes no schema and changes no setting.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ::replay::{SCHEMA, log};
use ingest::{pseudonym_key, signing_key};
use projections::store;
use serde_json::json;
use sqlx::PgConnection;

use super::ingest::gitlog;
use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

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
                let version = said(server(&mut conn).await).map(|version| format!("PostgreSQL {version}, {place}"));
                checks.push(("database".to_owned(), version));
                let schema = said(schema(&mut conn).await).and_then(|found| found);
                let usable = matches!(&schema, Ok(version) if !version.starts_with(NONE));
                checks.push(("schema".to_owned(), schema));
                if usable {
                    checks.push(("log".to_owned(), said(sequenced(&mut conn).await).and_then(|found| found)));
                    let pseudonyms = said(pseudonyms(&mut conn, &data_dir).await).and_then(|found| found);
                    checks.push(("pseudonyms".to_owned(), pseudonyms));
                    checks.push(("projections".to_owned(), said(builds(&mut conn).await).and_then(|found| found)));
                }
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
    let shown = path.display();
    match fs::metadata(path).map(|metadata| metadata.mode() & 0o777) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(format!("{NONE}: made on first use")),
        Err(error) => Err(format!("{shown}: {error}")),
        Ok(mode) if mode & 0o077 != 0 => {
            Err(format!("{shown} can be read by others (mode {mode:o}): run `chmod 600 {shown}`"))
        }
        Ok(_) => read().map(|()| format!("{shown} is private")),
    }
}

async fn server(conn: &mut PgConnection) -> Result<String> {
    Ok(sqlx::query_file_scalar!("sql/server_version.sql").fetch_one(conn).await?)
}

async fn schema(conn: &mut PgConnection) -> Result<Finding> {
    let there = sqlx::query_file_scalar!("sql/has_migrations.sql").fetch_one(&mut *conn).await?;
    if !there {
        let may_make = sqlx::query_file_scalar!("sql/may_make_schema.sql").fetch_one(conn).await?;
        return Ok(if may_make {
            Ok(format!("{NONE}: the first command that writes makes it"))
        } else {
            Err("none, and this login may not make it: run `pg-atlas migrate` as the owner of the database".to_owned())
        });
    }
    let migrations = sqlx::query_file!("sql/migrations_found.sql").fetch_one(conn).await?;
    let (found, broken) = (migrations.found.unwrap_or_default(), migrations.broken);
    Ok(if broken > 0 {
        Err(format!("{broken} migrations have failed half way: restore a backup, or ask for help"))
    } else if found < SCHEMA {
        Err(format!("version {found}, this program has {SCHEMA}: run `pg-atlas migrate`"))
    } else if found > SCHEMA {
        Err(format!("version {found}, this program knows {SCHEMA}: use a newer program"))
    } else {
        Ok(format!("version {found}"))
    })
}

async fn sequenced(conn: &mut PgConnection) -> Result<Finding> {
    let head = log::head(conn).await?.position;
    let waiting = sqlx::query_file_scalar!("sql/appends_waiting.sql").fetch_one(conn).await?;
    Ok(if waiting == 0 {
        Ok(format!("{head} events, all in their places"))
    } else {
        Err(format!("{head} events; {waiting} appends wait for their positions, which the next append gives them"))
    })
}

/// Whether git logs go on under the key they began with.
async fn pseudonyms(conn: &mut PgConnection, data_dir: &Path) -> Result<Finding> {
    let keys = pseudonym_key::used(conn).await?;
    if keys.is_empty() {
        return Ok(Ok(format!("{NONE}: no git log of a deployment's own")));
    }
    let environment = std::env::var(pseudonym_key::ENV_NAME).ok();
    let own = match pseudonym_key::existing(environment.as_deref(), data_dir) {
        Ok(own) => own.map(|key| key.id()).unwrap_or_default(),
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(match keys.iter().find(|key| **key != own) {
        Some(other) => Err(format!("the log holds git logs {}", gitlog::made_under(other))),
        None => Ok(format!("the log's git logs are made under the key {own}, which is here")),
    })
}

async fn builds(conn: &mut PgConnection) -> Result<Finding> {
    let head = log::head(conn).await?.position;
    let live = store::live_builds(conn).await?;
    let behind = live.iter().map(|build| head.saturating_sub(build.position)).max();
    Ok(match behind {
        None if head == 0 => Ok(format!("{NONE}: the log is empty")),
        None => Err("none: run `pg-atlas project`".to_owned()),
        Some(0) => Ok(format!("{} live builds at position {head}", live.len())),
        Some(lag) => Err(format!("{lag} events behind the log: run `pg-atlas project`")),
    })
}
