//! Commands that use the embedded server, and looks at processes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_pg-atlas");
/// When a test stops waiting for what should have happened long ago.
const PATIENCE: Duration = Duration::from_secs(60);

/// Name of the cluster that [`data`] copies, followed by the process id of the tests.
const TEMPLATE: &str = "pg-atlas-template-";

/// A data folder that is removed after its server has stopped.
pub(crate) struct Data(TempDir);

impl Data {
    /// A folder for a first start.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let lock = File::open(self.path().join("postgres/supervisor.lock"));
        if let Some(lock) = lock.ok().filter(|_| !thread::panicking()) {
            eventually("the supervisor ends", || lock.try_lock().is_ok());
        }
    }
}

/// A data folder with a cluster in it whose server is stopped: a copy, much cheaper than a first start.
pub(crate) fn data() -> Data {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let template = MADE.get_or_init(|| {
        let folder = std::env::temp_dir();
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let name = entry.file_name();
            let maker = name.to_str().and_then(|name| name.strip_prefix(TEMPLATE));
            if maker.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_dir_all(entry.path()); // left by an earlier run
            }
        }
        let template = folder.join(format!("{TEMPLATE}{}", std::process::id()));
        Ping::hold(&template).stop();
        fs::remove_file(template.join("postgres/server.log")).unwrap();
        template
    });
    let data = Data::empty();
    let copied = Command::new("cp").arg("-a").arg(template.join("postgres")).arg(data.path()).status().unwrap();
    assert!(copied.success());
    data
}

/// The folder of the cluster in a data folder.
pub(crate) fn cluster(data: &Path) -> PathBuf {
    let mut entries = fs::read_dir(data.join("postgres")).unwrap().flatten().map(|entry| entry.path());
    entries.find(|path| path.join("PG_VERSION").exists()).unwrap()
}

/// A command that uses the server of `data` and stays its user while its standard input is open.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["embedded-ping", "--hold", "--data-dir"]).arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end and reads its report.
pub(crate) fn report(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that must end with exit code 2, and returns its complaint.
pub(crate) fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    complaint
}

/// A running user of the server.
pub(crate) struct Ping {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// Process id of the server.
    pub(crate) postmaster: i32,
    /// Folder of the server's socket.
    pub(crate) socket: PathBuf,
}

impl Ping {
    /// Starts a user and waits until it has the server.
    pub(crate) fn hold(data: &Path) -> Self {
        Self::ready(Self::spawn(&mut command(data)))
    }

    /// Starts a user.
    pub(crate) fn spawn(command: &mut Command) -> Child {
        command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
    }

    /// Waits until a started user has the server.
    pub(crate) fn ready(mut child: Child) -> Self {
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let report: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no report, see above: {line}"));
        let postmaster = i32::try_from(report["postmaster"].as_i64().unwrap()).unwrap();
        let socket = PathBuf::from(report["socket_dir"].as_str().unwrap());
        Self { child, stdin, stdout, postmaster, socket }
    }

    /// Lets the user end in its own way, and reads its output to the end.
    pub(crate) fn leave(mut self) {
        drop(self.stdin);
        assert!(self.child.wait().unwrap().success());
        self.stdout.read_to_end(&mut Vec::new()).unwrap();
    }

    /// Lets the last user end, and waits until the server has stopped and its supervisor has ended.
    pub(crate) fn stop(self) {
        let (postmaster, supervisor) = (self.postmaster, parent(self.postmaster));
        self.leave();
        eventually("the server stops", || gone(postmaster));
        eventually("the supervisor ends", || gone(supervisor));
    }

    /// Kills the user.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Kills a process at once.
pub(crate) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "still waiting: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process has ended, reaped or not.
pub(crate) fn gone(pid: i32) -> bool {
    status(pid, "State:").is_none_or(|state| state.starts_with('Z'))
}

/// The parent of a process.
pub(crate) fn parent(pid: i32) -> i32 {
    status(pid, "PPid:").unwrap().parse().unwrap()
}

/// User id that owns a process, as seen from here.
pub(crate) fn owner(pid: i32) -> u32 {
    status(pid, "Uid:").unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

fn status(pid: i32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix(field))?.trim().to_owned())
}

/// What the open files of a process are.
pub(crate) fn open_files(pid: i32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    entries.filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned())).collect()
}
