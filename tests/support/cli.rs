//! The program as its users run it: arguments in, exit code and JSON out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions as _;
use tempfile::TempDir;

use super::Db;

/// A database and a data folder for the program.
pub(crate) struct Place {
    pub(crate) db: Db,
    folder: TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Said {
    /// Its result.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stdout: {}\nstderr: {}", String::from_utf8_lossy(&self.stdout), self.stderr)
    }
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::of(Db::empty().await)
    }

    pub(crate) fn of(db: Db) -> Self {
        Self { db, folder: tempfile::tempdir().unwrap() }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A path beside the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(Path::new(name))
    }

    /// A command of the program in this place.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pg-atlas"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG_ATLAS_")) {
            command.env_remove(name);
        }
        // What a busy machine makes slow is not what stories compare.
        command.env("PG_ATLAS_SLOW_STATEMENT_MS", "3600000");
        command.env("DATABASE_URL", self.db.bare().to_url_lossy().to_string());
        command.env("PG_ATLAS_DATA_DIR", self.data());
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command that succeeds, and reads its result.
    pub(crate) fn run(&self, args: &[&str]) -> Value {
        self.ends(0, args).json()
    }

    /// Runs a command that ends with this code.
    pub(crate) fn ends(&self, code: i32, args: &[&str]) -> Said {
        ended(code, self.command(args))
    }
}

/// Runs a command to its end, which must have this code.
pub(crate) fn ended(code: i32, mut command: Command) -> Said {
    let output = command.output().unwrap();
    let said = Said { stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() };
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{said:?}");
    said
}
