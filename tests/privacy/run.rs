//! Commands of the binary as users of the database run them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

/// The connection string of `options`.
pub(super) fn url(options: &PgConnectOptions) -> String {
    options.to_url_lossy().to_string()
}

/// A command on a database (or the one that `arguments` name), with its own data folder and nothing else of the
/// environment that could matter.
pub(super) fn command(database: Option<&str>, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pg-atlas"));
    command.args(arguments).stdin(Stdio::null()).env("PG_ATLAS_DATA_DIR", data);
    for name in ["DATABASE_URL", "RUST_LOG", "PGPASSWORD", "PG_ATLAS_PSEUDONYM_KEY"] {
        command.env_remove(name);
    }
    if let Some(database) = database {
        command.env("DATABASE_URL", database);
    }
    command
}

/// Runs a command that must succeed and answers its JSON.
pub(super) fn json(database: &str, data: &Path, arguments: &[&str]) -> Value {
    let output = command(Some(database), data, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command said.
pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
