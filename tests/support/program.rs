//! The real program, run against a database and a data folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Db;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_pg-atlas");

/// The program as it is called without any setting of the caller's environment.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(BINARY);
    for name in ["DATABASE_URL", "PG_ATLAS_DATA_DIR", "PG_ATLAS_PSEUDONYM_KEY", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or_else(|| panic!("{command:?} ended by {}", output.status));
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Expects success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Expects this exit code with nothing on standard output, and answers the one complaint.
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        assert_eq!(self.stdout, "", "results of a failure");
        let complaint = self.stderr.lines().find_map(|line| line.strip_prefix("error: "));
        complaint.unwrap_or_else(|| panic!("no complaint: {self:#?}")).to_owned()
    }

    /// Expects that the command itself was not understood.
    pub(crate) fn fails_usage(self) {
        assert!(self.code == 2 && self.stderr.contains("Usage: "), "{self:#?}");
    }

    /// Expects that the value of a flag was refused before anything was done.
    pub(crate) fn fails_arguments(self) {
        assert!(self.code == 2 && self.stderr.contains("invalid value"), "{self:#?}");
    }

    /// The result as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The result as one JSON document a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program with a fresh database and a private data folder.
pub(crate) struct Program {
    runtime: Runtime,
    db: Db,
    data: TempDir,
}

impl Program {
    /// With a database that the program has never seen.
    pub(crate) fn fresh() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let db = runtime.block_on(Db::empty());
        Self { runtime, db, data: tempfile::tempdir().unwrap() }
    }

    /// The program, to be given arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = bare();
        command.env("DATABASE_URL", self.url());
        command.env("PG_ATLAS_DATA_DIR", self.data());
        command
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> String {
        self.db.bare().to_url_lossy().to_string()
    }

    /// Runs it with these arguments.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(self.command().args(args))
    }

    /// Runs it with arguments separated by spaces; it must succeed with one JSON document.
    pub(crate) fn json(&self, line: &str) -> Value {
        self.run(line.split_whitespace()).ok().json()
    }

    /// Runs it with arguments separated by spaces.
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }

    /// Runs it with a document on standard input.
    pub(crate) fn fed<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, document: &[u8]) -> Ran {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(document).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        Ran::of(self.command().args(args).stdin(file))
    }

    /// Ingests a bill of materials about `pkg:github/REPO`; the answer.
    pub(crate) fn sbom(&self, repo: &str, document: &Value, more: &[&str]) -> Value {
        let repo = format!("pkg:github/{repo}");
        let args = ["ingest", "sbom", "-", "--repo", &repo].into_iter().chain(more.iter().copied());
        self.fed(args, document.to_string().as_bytes()).ok().json()
    }

    /// The whole log, as `events` prints it.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.run(["events"]).ok().lines()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Writes a file beside the program's own.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let folder = self.data().join("given");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// How many events are in the log, by SQL.
    pub(crate) fn count(&self) -> i64 {
        let sql = "SELECT count(*) FROM log.event";
        let counted = self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(self.db.pool()));
        // A database without a schema has no event either.
        counted.unwrap_or(0)
    }

    /// The documents of the artifact store; every file there must be a whole document under its digest.
    pub(crate) fn artifacts(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files_below(&self.data().join("artifacts"), &mut found);
        for path in &found {
            let digest = domain::digest::Digest::of(&fs::read(path).unwrap()).to_string();
            assert!(path.ends_with(format!("sha256/{}/{}", &digest[..2], &digest[2..])), "{path:?} holds {digest}");
        }
        found
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}
