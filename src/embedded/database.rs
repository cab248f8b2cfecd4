//! The database inside the server.

use std::path::Path;
use std::time::Duration;
use std::{io, panic, thread};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::socket;

/// Name of the database.
pub(super) const DATABASE: &str = "pg_atlas";
/// The role that the program logs in as. (Names that begin with `pg_` belong to the server.)
pub(super) const PROGRAM: &str = "atlas_program";
/// How long a ready server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// SQLSTATE of a server that lets this role not in, or does not know it.
const NOT_LET_IN: &str = "28000";
/// SQLSTATEs of a server that is starting or stopping.
const NOT_NOW: [&str; 3] = ["57P01", "57P02", "57P03"];

/// How a server answered.
pub(super) enum Readiness {
    /// It is there, and the database exists.
    Here,
    /// It does not accept connections, yet or any more.
    NotNow,
    /// It was started by a program that had no role of its own.
    Earlier,
}

/// Options for our database in the server behind `socket`; nothing is taken from `.pgpass`, and settings of PG*
/// variables are overridden.
pub(super) fn options(socket: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(socket::PORT)
        .username(PROGRAM)
        .database(DATABASE)
        .application_name("pg-atlas")
        .ssl_mode(PgSslMode::Disable)
        .options([("timezone", "UTC")])
}

/// Connects once.
pub(super) fn reach(socket: &Path) -> Result<Readiness, sqlx::Error> {
    let attempt = async { options(socket).connect().await?.close().await };
    let limited = async { tokio::time::timeout(ANSWER_LIMIT, attempt).await };
    match block_on(limited)? {
        Err(_) => Ok(Readiness::NotNow),
        Ok(Err(sqlx::Error::Io(_))) => Ok(Readiness::NotNow),
        Ok(Err(error)) if code(&error).is_some_and(|code| NOT_NOW.contains(&code.as_str())) => Ok(Readiness::NotNow),
        Ok(Err(error)) if code(&error).as_deref() == Some(NOT_LET_IN) => Ok(Readiness::Earlier),
        Ok(result) => result.map(|()| Readiness::Here),
    }
}

/// Runs a future on a thread of its own, so that callers may themselves be inside a runtime.
pub(super) fn block_on<F>(future: F) -> io::Result<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    // The runtime is made and dropped on that thread too: dropping one blocks, which no runtime's own thread may.
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(future))
    };
    let joined = thread::scope(|scope| scope.spawn(run).join());
    joined.unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}
