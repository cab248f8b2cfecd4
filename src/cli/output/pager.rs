//! Standard output: through a pager where it is a terminal and there is more than it has lines, never into a pipe.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use tokio::signal::unix::{SignalKind, signal};

use super::looks::{Looks, looks};
use crate::service::environment;

/// The pager where nothing names another, with what makes it end by itself, keep colours and leave the screen as it is.
const PAGER: &str = "less";
const OPTIONS: &str = "FRX";

/// Where results go. To be made, and written to, within the runtime.
pub(crate) struct PagedOutput {
    /// What may still fit the terminal.
    held: Vec<u8>,
    /// Lines that do; `None` where nothing is held.
    room: Option<usize>,
    pager: Option<(Child, ChildStdin)>,
}

impl PagedOutput {
    /// Standard output as it looks.
    pub(crate) fn open() -> Self {
        let Looks { lines, show, .. } = looks();
        let room = lines.filter(|_| !show.no_pager).map(|lines| lines.saturating_sub(1));
        Self { held: Vec::new(), room, pager: None }
    }

    /// Everything was written: waits until it was read.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.finish()
    }

    fn finish(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.pass(&held)?;
        match self.pager.take() {
            Some((mut pager, pipe)) => {
                drop(pipe);
                pager.wait().map(drop)
            }
            None => io::stdout().lock().flush(),
        }
    }

    /// There is more than the terminal has lines.
    fn overflow(&mut self) -> io::Result<()> {
        self.room = None;
        self.pager = start();
        let held = std::mem::take(&mut self.held);
        self.pass(&held)
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.pager {
            Some((_, pipe)) => pipe.write_all(bytes),
            None => io::stdout().lock().write_all(bytes),
        }
    }
}

impl Write for PagedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(room) = self.room else {
            self.pass(bytes)?;
            return Ok(bytes.len());
        };
        self.held.extend_from_slice(bytes);
        if self.held.iter().filter(|byte| **byte == b'\n').count() > room {
            self.overflow()?;
        }
        Ok(bytes.len())
    }

    /// What is held stays held: the pager is started for all of it, or not at all.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.pager {
            Some((_, pipe)) => pipe.flush(),
            None => io::stdout().lock().flush(),
        }
    }
}

impl Drop for PagedOutput {
    /// A failure says nothing of what came before it, which is to be read as well.
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

/// Starts the pager that the environment names. `None` where it wants none, or that one does not start.
fn start() -> Option<(Child, ChildStdin)> {
    let named = environment::variable("PAGER").ok()?.unwrap_or_else(|| PAGER.to_owned());
    let mut words = named.split_whitespace();
    let program = words.next().filter(|program| *program != "cat")?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if environment::variable("LESS").is_ok_and(|options| options.is_none()) {
        command.env("LESS", OPTIONS);
    }
    let mut pager = command.spawn().ok()?;
    // Interrupting it ends its search, not this program with the terminal in its hands.
    let _caught = signal(SignalKind::interrupt());
    let pipe = pager.stdin.take()?;
    Some((pager, pipe))
}
