//! The signals that ask a command to stop: what Ctrl-C sends, and what a service manager sends.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::failure::{Failure, Result};

/// What a shell adds to a signal's number to make an exit code of it.
#[cfg(feature = "ingest")]
const SIGNALLED: u8 = 128;

/// SIGINT and SIGTERM, no longer deadly from its making on.
pub(crate) struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

/// Which of them came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Interrupt {
    /// Catches the signals.
    pub(crate) fn catch() -> Result<Self> {
        let caught = |kind| signal(kind).map_err(Failure::environment);
        Ok(Self { interrupt: caught(SignalKind::interrupt())?, terminate: caught(SignalKind::terminate())? })
    }

    /// Waits for the first.
    pub(crate) async fn wait(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
    }
}

impl Asked {
    /// The exit code of a command that could not finish because of it: what a shell reports of one that died of it.
    #[cfg(feature = "ingest")]
    pub(crate) fn exit_code(self) -> u8 {
        let number = match self {
            Self::Interrupt => SignalKind::interrupt(),
            Self::Terminate => SignalKind::terminate(),
        };
        SIGNALLED + u8::try_from(number.as_raw_value()).unwrap_or_default()
    }
}
