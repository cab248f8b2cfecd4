//! `embedded-ping`: starts or joins the embedded server and says what it found; a hidden aid for diagnosis and tests.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use sqlx::{ConnectOptions, Connection};

use super::database::block_on;
use super::error::{At, EmbeddedError};

/// What to ping and how long to stay.
#[derive(Debug, clap::Args)]
pub(crate) struct PingArgs {
    /// Folder of the data
    #[arg(long, env = "PG_ATLAS_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Remain a user of the server until standard input ends
    #[arg(long)]
    hold: bool,
}

/// Prints one line of JSON: the server's process id, its version, the socket's folder and the answer to `select 1`.
pub(crate) fn ping(args: &PingArgs) -> Result<(), EmbeddedError> {
    let data = args.data_dir.clone().map_or_else(super::default_data_dir, Ok)?;
    let embedded = super::start(&data)?;
    let query = async {
        let mut connection = embedded.options().connect().await?;
        let row = sqlx::query_file!("sql/ping.sql").fetch_one(&mut connection).await?;
        connection.close().await.map(|()| row)
    };
    let answer = block_on(query).at(&data)?.map_err(EmbeddedError::Connect)?;
    let report = serde_json::json!({
        "select_1": answer.one,
        "server_version": answer.server_version,
        "fsync": answer.fsync,
        "timezone": answer.timezone,
        "postmaster": embedded.postmaster(),
        "socket_dir": embedded.socket_dir(),
    });
    let mut out = io::stdout();
    writeln!(out, "{report}").and_then(|()| out.flush()).at(&data)?;
    if args.hold {
        io::stdin().read_to_end(&mut Vec::new()).at(&data)?;
    }
    Ok(())
}
