//! Commands that come to an end whoever appends or projects beside them, and keep what they did when asked to stop.

mod asking;
mod late;
mod stopping;
mod traffic;

use std::process::{Child, Command};
use std::time::Duration;

use crate::support::cli::Said;

/// A bound on what takes seconds: whoever needs longer never ends.
const AT_ALL: Duration = Duration::from_secs(150);

/// Runs a command that must come to an end, on a thread of its own; its exit code and what it said.
async fn run(mut command: Command) -> (i32, Said) {
    let what = format!("{command:?}");
    let running = tokio::task::spawn_blocking(move || end(command.spawn().unwrap(), &what));
    running.await.unwrap()
}

/// Waits for the end of a process, which is killed if there is none.
fn end(child: Child, what: &str) -> (i32, Said) {
    let pid = rustix::process::Pid::from_child(&child);
    let (ended, ends) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let timeout = ends.recv_timeout(AT_ALL) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
        if timeout {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        timeout
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    assert!(!watch.join().unwrap(), "it does not end: {what}");
    let code = output.status.code().unwrap_or_else(|| panic!("{what} ended by {}", output.status));
    (code, Said { stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() })
}
