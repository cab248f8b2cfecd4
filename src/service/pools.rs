//! Connections by what they are for, so that no work starves another.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

use super::error::{Error, Result};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections that answer questions.
const READS: u32 = 8;

/// Connections that answer questions. Opens nothing yet.
pub(super) fn reads(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(READS).acquire_timeout(CONNECT_TIMEOUT).connect_lazy_with(named(options))
}

/// A connection outside every pool.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    use sqlx::Connection as _;
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&named(options))).await;
    let connected = match connected {
        Ok(connected) => connected.map_err(Error::unavailable),
        Err(_) => Err(Error::unavailable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
    };
    connected.map_err(|error| error.of("cannot connect to the database"))
}

/// Not `"$user"` first: a role named like one of our schemas would see other tables.
fn named(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().application_name("pg-atlas").options([("search_path", "public")])
}
