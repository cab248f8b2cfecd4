//! What the doctor asks the database.

use std::path::Path;

use ::replay::{SCHEMA, log};
use ingest::migrate::{self, ENCODING, MigrateError};
use ingest::pseudonym_key;
use projections::store::{self, switch};
use sqlx::PgConnection;

use super::{CheckResult, NONE, Remedy, fault, said, subjects};
use crate::service::acting::OWNER;
use crate::service::{Result, environment};

/// Age from which a reader of the views is worth a word, in seconds: a switch waits for it, and in the end gives up.
const LONG_READER_SECONDS: i64 = 300;

/// Everything about the database, as far as it has come.
pub(super) async fn checks(conn: &mut PgConnection, place: &str, data_dir: &Path) -> Vec<(String, CheckResult)> {
    let mut checks: Vec<(&str, CheckResult)> = Vec::new();
    let version = said(server(conn).await).map(|version| format!("PostgreSQL {version}, {place}"));
    checks.push(("database", version));
    checks.push(("limits", found(limits(conn).await)));
    checks.push(("session", found(session(conn).await)));
    let encoding = found(encoding(conn).await);
    let holds_texts = encoding.is_ok();
    checks.push(("encoding", encoding));
    if holds_texts {
        let schema = found(schema(conn).await);
        let usable = matches!(&schema, Ok(version) if !version.starts_with(NONE));
        checks.push(("schema", schema));
        if usable {
            checks.push(("tenants", found(walls(conn).await)));
            checks.push(("log", found(sequenced(conn).await)));
            checks.push(("ids", found(subjects::read_again(conn).await)));
            checks.push(("pseudonyms", found(pseudonyms(conn, data_dir).await)));
            checks.push(("projections", found(builds(conn).await)));
            checks.push(("readers", found(readers(conn).await)));
        }
    }
    checks.into_iter().map(|(name, found)| (name.to_owned(), found)).collect()
}

/// What was found. What a login may not look at is not for it to mend.
fn found(asked: Result<CheckResult>) -> CheckResult {
    match asked {
        Ok(finding) => finding,
        Err(error) if error.denied().is_some() => Ok(format!("not for this login to see ({error})")),
        Err(error) => fault(error.to_string()),
    }
}

/// Whether the limits that connections ask for hold: what stands between may have dropped them.
async fn limits(conn: &mut PgConnection) -> Result<CheckResult> {
    let set = sqlx::query_file!("sql/connection_limits.sql").fetch_one(conn).await?;
    let (lock, statement, silence) = (set.lock, set.statement, set.silence);
    let without = [("lock_timeout", &lock), ("statement_timeout", &statement)].into_iter().find(|(_, set)| *set == "0");
    Ok(match without {
        Some((name, _)) => fault(format!(
            "{name} is not set on this connection, so one process can keep all others waiting: connect to the server \
             itself, or let the pooler between pass startup options on"
        )),
        None => Ok(format!("locks are waited for {lock}, an answer takes {statement}, silence inside one {silence}")),
    })
}

/// As whom the program works here: policies hold for nobody who is above them.
async fn session(conn: &mut PgConnection) -> Result<CheckResult> {
    let found = sqlx::query_file!("sql/session.sql").fetch_one(conn).await?;
    let (login, acting) = (found.login, found.acting);
    Ok(if found.is_superuser && !found.is_standby {
        Ok(format!("{NONE}: {login} is a superuser, for whom the first command makes the role {OWNER} to work as"))
    } else if found.is_superuser || found.bypasses {
        fault(format!(
            "{acting} is above policies, so statements alone keep tenants apart: connect as a login that is neither \
             superuser nor has BYPASSRLS"
        ))
    } else if login == acting {
        Ok(format!("works as {acting}, for whom policies hold"))
    } else {
        Ok(format!("{login} logs in, and works as {acting}, for whom policies hold"))
    })
}

async fn encoding(conn: &mut PgConnection) -> Result<CheckResult> {
    let found = migrate::encoding(conn).await?;
    Ok(if found == ENCODING { Ok(found) } else { fault(MigrateError::Encoding(found).to_string()) })
}

/// Who has been reading the views for long: a switch of live builds waits for them.
async fn readers(conn: &mut PgConnection) -> Result<CheckResult> {
    let mut readers = switch::readers(conn).await?;
    readers.0.retain(|reader| reader.seconds.is_some_and(|seconds| seconds >= LONG_READER_SECONDS));
    Ok(if readers.0.is_empty() {
        Ok("nobody has been reading the views for long".to_owned())
    } else {
        fault(format!("a switch of live builds waits for who reads the views: {readers}; let them end, or end them"))
    })
}

async fn server(conn: &mut PgConnection) -> Result<String> {
    Ok(sqlx::query_file_scalar!("sql/server_version.sql").fetch_one(conn).await?)
}

async fn schema(conn: &mut PgConnection) -> Result<CheckResult> {
    let there = sqlx::query_file_scalar!("sql/has_migrations.sql").fetch_one(&mut *conn).await?;
    if !there {
        let may_make = sqlx::query_file_scalar!("sql/may_make_schema.sql").fetch_one(conn).await?;
        return Ok(if may_make {
            Ok(format!("{NONE}: the first command that writes makes it"))
        } else {
            Remedy::MigrateAsOwner.of("none, and this login may not make it")
        });
    }
    let migrations = sqlx::query_file!("sql/migrations_found.sql").fetch_one(conn).await?;
    let (found, broken) = (migrations.found.unwrap_or_default(), migrations.broken);
    Ok(if broken > 0 {
        fault(format!("{broken} migrations have failed half way: restore a backup, or ask for help"))
    } else if found < SCHEMA {
        Remedy::Migrate.of(format!("version {found}, this program has {SCHEMA}"))
    } else if found > SCHEMA {
        fault(format!("version {found}, this program knows {SCHEMA}: use a newer program"))
    } else {
        Ok(format!("version {found}"))
    })
}

/// Whether what keeps tenants apart is as the migrations made it.
async fn walls(conn: &mut PgConnection) -> Result<CheckResult> {
    let faults = sqlx::query_file_scalar!("sql/walls.sql").fetch_all(conn).await?;
    Ok(if faults.is_empty() {
        Ok("every table has its policy, every view the rights of who asks, every tenant its schema".to_owned())
    } else {
        fault(format!("tenants are not kept apart: {}", faults.join("; ")))
    })
}

async fn sequenced(conn: &mut PgConnection) -> Result<CheckResult> {
    let head = log::head(conn).await?.position;
    let waiting = sqlx::query_file_scalar!("sql/appends_waiting.sql").fetch_one(conn).await?;
    Ok(if waiting == 0 {
        Ok(format!("{head} events, all in their places"))
    } else {
        fault(format!("{head} events; {waiting} appends wait for their positions, which the next append gives them"))
    })
}

/// Whether git logs go on under the key they began with.
async fn pseudonyms(conn: &mut PgConnection, data_dir: &Path) -> Result<CheckResult> {
    let keys = pseudonym_key::used(conn).await?;
    if keys.is_empty() {
        return Ok(Ok(format!("{NONE}: no git log of a deployment's own")));
    }
    let environment = environment::variable(pseudonym_key::ENV_NAME)?;
    let own = match pseudonym_key::existing(environment.as_deref(), data_dir) {
        Ok(own) => own.map(|key| key.id()).unwrap_or_default(),
        Err(error) => return Ok(fault(error.to_string())),
    };
    Ok(match keys.iter().find(|key| **key != own) {
        Some(other) => fault(format!("the log holds git logs {}", pseudonym_key::made_under(other))),
        None => Ok(format!("the log's git logs are made under the key {own}, which is here")),
    })
}

async fn builds(conn: &mut PgConnection) -> Result<CheckResult> {
    let head = log::head(conn).await?.position;
    let live = store::live_builds(conn).await?;
    let behind = live.iter().map(|build| head.saturating_sub(build.position)).max();
    Ok(match behind {
        None if head == 0 => Ok(format!("{NONE}: the log is empty")),
        None => Remedy::Project.of("none"),
        Some(0) => Ok(format!("{} live builds at position {head}", live.len())),
        Some(1) => Remedy::Project.of("1 event behind the log"),
        Some(lag) => Remedy::Project.of(format!("{lag} events behind the log")),
    })
}
