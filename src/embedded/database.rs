//! The database inside the server.

use std::path::Path;
use std::time::Duration;
use std::{io, panic, thread};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor};

use super::{USER, socket};

/// Name of the database.
const DATABASE: &str = "pg_atlas";
/// The database that every cluster has, to create ours from.
const MAINTENANCE_DATABASE: &str = "postgres";
/// How long a ready server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// SQLSTATE: the database does not exist.
const NO_SUCH_DATABASE: &str = "3D000";
/// SQLSTATEs of a server that is starting or stopping.
const NOT_NOW: [&str; 3] = ["57P01", "57P02", "57P03"];

/// How a server answered.
pub(super) enum Readiness {
    /// It is there, and the database exists.
    Here,
    /// It does not accept connections, yet or any more.
    NotNow,
}

/// Options for our database in the server behind `socket`; nothing is taken from `.pgpass`, and settings of PG*
/// variables are overridden.
pub(super) fn options(socket: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(socket::PORT)
        .username(USER)
        .database(DATABASE)
        .application_name("pg-atlas")
        .ssl_mode(PgSslMode::Disable)
        .options([("timezone", "UTC")])
}

/// Connects once and creates the database when it is missing.
pub(super) fn ensure(socket: &Path) -> Result<Readiness, sqlx::Error> {
    let attempt = async {
        let ours = options(socket);
        match ours.connect().await {
            Err(error) if code(&error).as_deref() == Some(NO_SUCH_DATABASE) => {}
            connected => return connected?.close().await,
        }
        let mut connection = ours.database(MAINTENANCE_DATABASE).connect().await?;
        connection.execute(format!("create database {DATABASE}").as_str()).await?;
        connection.close().await
    };
    let limited = async { tokio::time::timeout(ANSWER_LIMIT, attempt).await };
    match block_on(limited)? {
        Err(_) => Ok(Readiness::NotNow),
        Ok(Err(sqlx::Error::Io(_))) => Ok(Readiness::NotNow),
        Ok(Err(error)) if code(&error).is_some_and(|code| NOT_NOW.contains(&code.as_str())) => Ok(Readiness::NotNow),
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
