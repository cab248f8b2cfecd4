//! What an embedded server says of itself: for diagnosis and tests.

use std::path::Path;

use serde::Serialize;
use sqlx::{ConnectOptions as _, Connection as _};

use super::Embedded;
use super::database::block_on;
use super::error::{AtPath as _, EmbeddedError};

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Pong {
    /// The answer to `select 1`.
    pub(crate) select_1: i32,
    pub(crate) server_version: String,
    pub(crate) fsync: String,
    pub(crate) timezone: String,
    /// The server's process id.
    pub(crate) postmaster: i32,
    /// The socket's folder.
    pub(crate) socket_dir: String,
}

/// Asks a server that runs; `data` is where it was found.
pub(crate) fn ping(embedded: &Embedded, data: &Path) -> Result<Pong, EmbeddedError> {
    let query = async {
        let mut connection = embedded.options().connect().await?;
        let row = sqlx::query_file!("sql/ping.sql").fetch_one(&mut connection).await?;
        connection.close().await.map(|()| row)
    };
    let answer = block_on(query).at(data)?.map_err(EmbeddedError::Connect)?;
    Ok(Pong {
        select_1: answer.one,
        server_version: answer.server_version,
        fsync: answer.fsync,
        timezone: answer.timezone,
        postmaster: embedded.postmaster(),
        socket_dir: embedded.socket_dir().display().to_string(),
    })
}
