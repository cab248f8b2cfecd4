//! Commands that come to an end whoever appends or projects beside them, and keep what they did when asked to stop.

mod asking;
mod late;
mod parts;
mod slow;
mod stopping;
mod traffic;

use std::process::{Child, Command};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::cli::Said;
use crate::support::wait::AT_ALL;

/// Runs a command that must come to an end, on a thread of its own; its exit code and what it said.
async fn run(mut command: Command) -> (i32, Said) {
    let what = format!("{command:?}");
    let running = tokio::task::spawn_blocking(move || end(command.spawn().unwrap(), &what));
    running.await.unwrap()
}

/// Kills a process that is still there when something should long have happened.
struct Watch {
    happened: Option<Sender<()>>,
    thread: Option<JoinHandle<bool>>,
}

impl Watch {
    fn over(child: &Child) -> Self {
        let (pid, (happened, happens)) = (Pid::from_child(child), channel::<()>());
        let thread = std::thread::spawn(move || {
            let late = happens.recv_timeout(AT_ALL) == Err(RecvTimeoutError::Timeout);
            if late {
                let _ = kill_process(pid, Signal::KILL);
            }
            late
        });
        Self { happened: Some(happened), thread: Some(thread) }
    }

    /// It has happened; whether it was too late.
    fn came_late(mut self) -> bool {
        drop(self.happened.take());
        self.thread.take().is_some_and(|thread| thread.join().unwrap())
    }
}

/// Waits for the end of a process, which is killed if there is none.
fn end(child: Child, what: &str) -> (i32, Said) {
    let watch = Watch::over(&child);
    let output = child.wait_with_output().unwrap();
    assert!(!watch.came_late(), "it does not end: {what}");
    let code = output.status.code().unwrap_or_else(|| panic!("{what} ended by {}", output.status));
    (code, Said { stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() })
}
