//! The binary as others run it: processes that end, or are ended.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::embedded::server::{BINARY, eventually};

/// The binary with a database and a data folder.
#[derive(Clone, Debug)]
pub(super) struct Cli {
    url: String,
    data: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub(super) enum End {
    /// By our kill -9.
    Killed,
    /// In its own way.
    Exited(Said),
}

/// What a process said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Said {
    /// Its result.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no result: {self:?}"))
    }
}

impl Cli {
    /// For the database at `url`, artifacts and keys in `data`.
    pub(super) fn new(url: String, data: &Path) -> Self {
        Self { url, data: data.to_owned() }
    }

    /// A command that is ready to be started.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.data, args);
        command.args(["--database-url", &self.url]);
        command
    }

    /// Starts a command.
    pub(super) fn start(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args))
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, args: &[&str]) -> Said {
        self.start(args).wait()
    }

    /// Runs a command that must succeed.
    pub(super) fn ok(&self, args: &[&str]) -> Value {
        let said = self.run(args);
        assert_eq!(said.code, 0, "{args:?}: {said:?}");
        said.json()
    }
}

/// The binary without a database of its own choice: the embedded one of `data`.
pub(super) fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).args(["--format", "json", "--data-dir"]).arg(data);
    command.env_remove("DATABASE_URL").env_remove("RUST_LOG").env("PG_ATLAS_PSEUDONYM_KEY", "00".repeat(32));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Running(Option<Child>);

impl Running {
    /// Starts it.
    pub(super) fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    /// Its number.
    pub(super) fn pid(&self) -> i32 {
        self.0.as_ref().unwrap().id() as i32
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Whether it has ended.
    pub(super) fn ended(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// Waits for its own end.
    pub(super) fn wait(self) -> Said {
        match self.end() {
            End::Exited(said) => said,
            End::Killed => panic!("nobody was to kill it"),
        }
    }

    /// Ends it at once, unless it was faster.
    pub(super) fn kill(mut self) -> End {
        let _ = self.0.as_mut().unwrap().kill();
        self.end()
    }

    /// Asks it to stop as soon as it listens (one that was started a moment ago does not yet, and would die of the
    /// signal), and waits until it has.
    pub(super) fn stop(mut self, signal: Signal) -> Said {
        eventually("it catches the signal", || self.ended() || self.catches(signal));
        if !self.ended() {
            self.signal(signal);
        }
        self.wait()
    }

    /// Whether it has a handler for a signal.
    fn catches(&self, signal: Signal) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        u64::from_str_radix(mask, 16).unwrap() >> (signal.as_raw() - 1) & 1 == 1
    }

    fn end(mut self) -> End {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        match (output.status.code(), output.status.signal()) {
            (Some(code), _) => End::Exited(Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }),
            (None, Some(9)) => End::Killed,
            (None, signal) => panic!("ended by signal {signal:?}: {}", text(output.stderr)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
