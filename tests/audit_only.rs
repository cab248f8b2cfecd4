//! The program that an auditor builds, without any append code, on what the whole program has made:
//!
//!   PG_ATLAS_WHOLE_PROGRAM=FILE cargo test --no-default-features --features audit --test audit_only
//!
//! `DATABASE_URL` names a server on which databases may be created. `.ci/run` does all of this.
#![cfg(not(feature = "ingest"))]
#![allow(clippy::unwrap_used, reason = "a story that meets the unexpected ends there and then")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The program under test.
const AUDITORS: &str = env!("CARGO_BIN_EXE_pg-atlas");
/// Beginnings of statements that only appending needs.
const APPENDING: &[&[u8]] = &[b"INSERT INTO log.event", b"INSERT INTO log.outbox", b"UPDATE log.head"];

/// The whole program, which makes what is audited.
fn whole() -> PathBuf {
    let path = std::env::var_os("PG_ATLAS_WHOLE_PROGRAM");
    PathBuf::from(path.expect("set PG_ATLAS_WHOLE_PROGRAM to a program that was built with default features"))
}

/// A database with the demo in it, and a bundle of it.
struct Made {
    runtime: Runtime,
    name: String,
    server: PgConnectOptions,
    folder: TempDir,
}

impl Made {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = std::env::var("DATABASE_URL").expect("set DATABASE_URL to a PostgreSQL server");
        let server = PgConnectOptions::from_str(&url).unwrap();
        let name = format!("atlas_test_{}", uuid::Uuid::now_v7().simple());
        let made = Self { runtime, name, server, folder: tempfile::tempdir().unwrap() };
        made.administer(&format!("CREATE DATABASE {}", made.name));
        made.run(&whole(), 0, &["demo"]);
        made.run(&whole(), 0, &["audit", "export", &made.bundle()]);
        made
    }

    fn administer(&self, statement: &str) {
        self.runtime.block_on(async {
            let mut admin = self.server.connect().await.unwrap();
            admin.execute(statement).await.unwrap();
            admin.close().await.unwrap();
        });
    }

    fn bundle(&self) -> String {
        self.folder.path().join("log.bundle").to_str().unwrap().to_owned()
    }

    /// Runs a program on the database; what it printed as JSON.
    fn run(&self, program: &Path, code: i32, args: &[&str]) -> Value {
        let mut command = Command::new(program);
        command.args(args).args(["--format", "json"]).env("PG_ATLAS_DATA_DIR", self.folder.path());
        command.env("DATABASE_URL", self.server.clone().database(&self.name).to_url_lossy().as_str());
        answer(command, code)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn answer(mut command: Command, code: i32) -> Value {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn holds(program: &Path, text: &[u8]) -> bool {
    let bytes = std::fs::read(program).unwrap();
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn it_verifies_what_the_whole_program_published() {
    let made = Made::new();
    let auditors = Path::new(AUDITORS);
    let whole = made.run(&whole(), 0, &["audit", "verify"]);
    let live = made.run(auditors, 0, &["audit", "verify"]);
    assert_eq!(live["ok"], true, "{live:#}");
    assert_eq!((&live["root"], &live["tree_size"]), (&whole["root"], &whole["tree_size"]));
    let replayed = made.run(auditors, 0, &["replay", "--verify", "--label", "demo"]);
    assert_eq!((&replayed["verified"], replayed["digest"].is_string()), (&Value::Bool(true), true), "{replayed:#}");

    let mut offline = Command::new(AUDITORS);
    offline.env_clear().args(["audit", "verify", &made.bundle(), "--format", "json"]);
    let bundle = answer(offline, 0);
    assert_eq!((&bundle["ok"], &bundle["root"]), (&Value::Bool(true), &live["root"]), "{bundle:#}");

    let proof = made.run(auditors, 0, &["audit", "prove", "5"]);
    let file = made.folder.path().join("proof.json");
    std::fs::write(&file, proof.to_string()).unwrap();
    let mut offline = Command::new(AUDITORS);
    offline.env_clear().args(["audit", "check", file.to_str().unwrap(), "--format", "json"]);
    assert_eq!(answer(offline, 0)["ok"], true, "{proof:#}");
}

#[test]
fn it_cannot_append() {
    for text in APPENDING {
        let text_shown = String::from_utf8_lossy(text);
        assert!(holds(&whole(), text), "the whole program appends: {text_shown}");
        assert!(!holds(Path::new(AUDITORS), text), "an auditor's program appends: {text_shown}");
    }
    for args in [["ingest", "--help"], ["publish", "--help"], ["erase", "--help"]] {
        let mut command = Command::new(whole());
        command.args(args);
        answer(command, 0);
        let mut command = Command::new(AUDITORS);
        command.args(args);
        answer(command, 2);
    }
}
