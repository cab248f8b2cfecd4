//! One child process: its output read as it comes, its time and size bounded, its whole process group ended when it
//! oversteps, so that nothing it started outlives it.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::error::{GitLogError, detail};

/// Greatest size of the folder git writes to, in bytes: 4 GiB.
pub const MAX_FETCHED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// How often time and size are looked at while a process is silent.
const POLL: Duration = Duration::from_millis(100);
/// How often the end of a process that has closed its output is looked for.
const REAP_POLL: Duration = Duration::from_millis(2);
/// Size of one read of its output, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for the reader at most.
const CHUNKS_WAITING: usize = 16;
/// How much of its complaints is kept, in bytes: the last ones.
const MAX_COMPLAINT_BYTES: usize = 8 * 1024;

/// When a process must have ended, and what it may write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    /// The moment at which it is ended.
    pub(super) deadline: Instant,
    /// The time that was allowed, for the error.
    pub(super) limit: Duration,
    /// The folder it writes to.
    pub(super) folder: &'a Path,
    /// Greatest size of that folder, in bytes.
    pub(super) max_bytes: u64,
    /// Whether it is to end at once. Git runs in process groups of its own, so the terminal's signals do not reach it.
    pub(super) interrupted: &'a AtomicBool,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct ProcessEnd {
    /// Whether with exit code 0.
    pub(super) ok: bool,
    /// Its last words on stderr.
    pub(super) complaint: Vec<u8>,
}

impl ProcessEnd {
    /// The error of a process that said no.
    pub(super) fn error(&self, step: &'static str) -> GitLogError {
        GitLogError::Git { step, detail: detail(&self.complaint) }
    }
}

/// Runs a command to its end and hands its output to `sink`. An error of the sink ends the process.
pub(super) fn run(
    command: &mut Command,
    step: &'static str,
    bounds: &Bounds<'_>,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), GitLogError>,
) -> Result<ProcessEnd, GitLogError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => GitLogError::GitMissing,
        _ => GitLogError::io(format!("git, {step}"))(error),
    })?;
    let output = pipes(&mut child);
    let mut group = ProcessGroup { child, ended: false };

    let mut complaint = Vec::new();
    loop {
        match output.recv_timeout(POLL) {
            Ok(PipeChunk::Output(bytes)) => sink(&bytes)?,
            Ok(PipeChunk::Complaint(bytes)) => {
                complaint.extend_from_slice(&bytes);
                let excess = complaint.len().saturating_sub(MAX_COMPLAINT_BYTES);
                complaint.drain(..excess);
            }
            Ok(PipeChunk::Broken(error)) => return Err(GitLogError::io(format!("git, {step}"))(error)),
            Err(RecvTimeoutError::Timeout) => check_size(bounds)?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
        check_time(step, bounds)?;
    }
    loop {
        if let Some(status) = group.child.try_wait().map_err(GitLogError::io(format!("git, {step}")))? {
            group.ended = true;
            check_size(bounds)?;
            return Ok(ProcessEnd { ok: status.success(), complaint });
        }
        check_time(step, bounds)?;
        thread::sleep(REAP_POLL);
    }
}

/// A child that leads a process group of its own; dropped before its end it is killed with all it started.
struct ProcessGroup {
    child: Child,
    ended: bool,
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Not reaped yet, so its id cannot have become that of another process.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

enum PipeChunk {
    Output(Vec<u8>),
    Complaint(Vec<u8>),
    Broken(io::Error),
}

/// Reads both pipes on threads of their own, which end when the pipes close or nobody listens any more.
fn pipes(child: &mut Child) -> Receiver<PipeChunk> {
    let (send, receive) = mpsc::sync_channel(CHUNKS_WAITING);
    if let Some(pipe) = child.stdout.take() {
        let send = send.clone();
        thread::spawn(move || forward(pipe, &send, PipeChunk::Output));
    }
    if let Some(pipe) = child.stderr.take() {
        thread::spawn(move || forward(pipe, &send, PipeChunk::Complaint));
    }
    receive
}

fn forward(mut pipe: impl Read, send: &SyncSender<PipeChunk>, chunk: fn(Vec<u8>) -> PipeChunk) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let next = match pipe.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => chunk(buffer[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => PipeChunk::Broken(error),
        };
        if send.send(next).is_err() {
            return;
        }
    }
}

fn check_time(step: &'static str, bounds: &Bounds<'_>) -> Result<(), GitLogError> {
    if bounds.interrupted.load(Ordering::Relaxed) {
        return Err(GitLogError::Interrupted { step });
    }
    if Instant::now() < bounds.deadline { Ok(()) } else { Err(GitLogError::Timeout { step, limit: bounds.limit }) }
}

fn check_size(bounds: &Bounds<'_>) -> Result<(), GitLogError> {
    if folder_bytes(bounds.folder) <= bounds.max_bytes {
        return Ok(());
    }
    Err(GitLogError::TooLarge { what: "the fetched history", limit: bounds.max_bytes, unit: "bytes" })
}

/// Size of all files below a folder; what vanishes meanwhile counts nothing. Symbolic links are not followed.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Duration = Duration::from_secs(120);

    static GOES_ON: AtomicBool = AtomicBool::new(false);

    fn bounds(folder: &Path, limit: Duration) -> Bounds<'_> {
        Bounds { deadline: Instant::now() + limit, limit, folder, max_bytes: 1_000_000, interrupted: &GOES_ON }
    }

    fn shell(script: &str, folder: &Path, limit: Duration) -> (Result<ProcessEnd, GitLogError>, Vec<u8>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(folder);
        let mut output = Vec::new();
        let ended = run(&mut command, "testing", &bounds(folder, limit), &mut |bytes| {
            output.extend_from_slice(bytes);
            Ok(())
        });
        (ended, output)
    }

    /// Whether a process is gone, or dead and only waiting for its parent to notice.
    fn is_dead(pid: &str) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])))
    }

    #[test]
    fn output_complaints_and_exit_code_arrive() {
        let folder = tempfile::tempdir().unwrap();
        let (ended, output) = shell("echo out; echo err >&2; exit 3", folder.path(), ENOUGH);
        let ended = ended.unwrap();
        assert_eq!((ended.ok, output.as_slice(), ended.complaint.as_slice()), (false, &b"out\n"[..], &b"err\n"[..]));
        assert_eq!(ended.error("testing").to_string(), "git, testing: err");
        let (ended, output) = shell("head -c 3000000 /dev/zero; head -c 99999 /dev/zero >&2", folder.path(), ENOUGH);
        assert_eq!((output.len(), ended.unwrap().complaint.len()), (3_000_000, MAX_COMPLAINT_BYTES));
    }

    #[test]
    fn time_over_ends_the_child_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let script = "sleep 1000 & echo $! > grandchild; echo $$ > child; while true; do sleep 1000; done";
        let (ended, _) = shell(script, folder.path(), Duration::from_secs(3));
        assert!(matches!(ended, Err(GitLogError::Timeout { step: "testing", .. })), "{ended:?}");
        for name in ["child", "grandchild"] {
            let pid = fs::read_to_string(folder.path().join(name)).unwrap();
            // A killed process needs a moment to become visibly dead.
            for _ in 0..1000 {
                if is_dead(pid.trim()) {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            assert!(is_dead(pid.trim()), "{name} {pid} lives");
        }
    }

    #[test]
    fn an_error_of_the_reader_ends_the_child() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > child; while true; do echo y; done"]).current_dir(folder.path());
        let full = || GitLogError::TooLarge { what: "output", limit: 1, unit: "bytes" };
        let ended = run(&mut command, "testing", &bounds(folder.path(), ENOUGH), &mut |_| Err(full()));
        assert!(matches!(ended, Err(GitLogError::TooLarge { .. })));
        let pid = fs::read_to_string(folder.path().join("child")).unwrap();
        assert!(is_dead(pid.trim()));
    }

    #[test]
    fn an_interruption_ends_the_child_and_no_other_use() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > child; echo up; sleep 1000"]).current_dir(folder.path());
        let interrupted = AtomicBool::new(false);
        let bounds = Bounds { interrupted: &interrupted, ..bounds(folder.path(), ENOUGH) };
        let ended = run(&mut command, "testing", &bounds, &mut |_| {
            interrupted.store(true, Ordering::Relaxed);
            Ok(())
        });
        assert!(matches!(ended, Err(GitLogError::Interrupted { step: "testing" })), "{ended:?}");
        assert!(is_dead(fs::read_to_string(folder.path().join("child")).unwrap().trim()));
        let (ended, _) = shell("exit 0", folder.path(), ENOUGH);
        assert!(ended.unwrap().ok, "the next use goes on");
    }

    #[test]
    fn a_folder_that_grows_too_large_ends_the_child() {
        let folder = tempfile::tempdir().unwrap();
        let grow = "mkdir deep; head -c 900000 /dev/zero > deep/file; head -c 200000 /dev/zero > other;";
        for end in ["while true; do sleep 1000; done", "exit 0"] {
            let (ended, _) = shell(&format!("{grow} {end}"), folder.path(), ENOUGH);
            assert!(matches!(ended, Err(GitLogError::TooLarge { limit: 1_000_000, .. })), "{ended:?}");
            fs::remove_dir_all(folder.path().join("deep")).unwrap();
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(folder.path().join("git"));
        let ended = run(&mut command, "x", &bounds(folder.path(), ENOUGH), &mut |_| Ok(()));
        assert!(matches!(ended, Err(GitLogError::GitMissing)));
    }
}
