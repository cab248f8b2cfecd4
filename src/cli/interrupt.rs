//! The signals that ask a command to stop: what Ctrl-C sends, and what a service manager sends.

use domain::number::fit;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

#[cfg(feature = "ingest")]
use crate::cli::failure::REFUSED;
use crate::cli::failure::{Failure, Result};
#[cfg(feature = "ingest")]
use crate::service::Error;
use crate::service::run::Stop;

/// What a shell adds to a signal's number to make an exit code of it.
const SIGNALLED: u8 = 128;

/// SIGINT and SIGTERM, no longer deadly from its making on.
pub(crate) struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

/// Which of them came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopSignal {
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
    pub(crate) async fn wait(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
        }
    }
}

impl StopSignal {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// The exit code of a command that could not finish because of it: what a shell reports of one that died of it.
    pub(crate) fn exit_code(self) -> u8 {
        let number = match self {
            Self::Interrupt => SignalKind::interrupt(),
            Self::Terminate => SignalKind::terminate(),
        };
        SIGNALLED + fit::<u8>(number.as_raw_value(), "number of a signal")
    }
}

/// Why work came to nothing that may have been asked to stop, by this signal.
#[cfg(feature = "ingest")]
pub(crate) fn stopped(error: Error, signal: Option<StopSignal>) -> Failure {
    match error {
        Error::Interrupted(_) => {
            Failure { code: signal.map_or(REFUSED, StopSignal::exit_code), error: anyhow::anyhow!("{error}") }
        }
        error => error.into(),
    }
}

/// Does work that ends early where it is asked to stop, which the first signal does; further ones change nothing.
/// Answers also which signal came.
#[cfg(feature = "ingest")]
pub(crate) async fn until_signal<T>(work: impl AsyncFnOnce(&Stop) -> T) -> Result<(T, Option<StopSignal>)> {
    let mut interrupt = Interrupt::catch()?;
    let stop = Stop::default();
    let mut work = std::pin::pin!(work(&stop));
    tokio::select! {
        done = &mut work => Ok((done, None)),
        asked = interrupt.wait() => {
            stop.ask();
            Ok((work.await, Some(asked)))
        }
    }
}

/// From its making on the first signal asks for an end in order, and a further one ends the program at once.
pub(crate) struct Stopping {
    /// What the signal asks for.
    pub(crate) stop: Stop,
    came: Arc<OnceLock<StopSignal>>,
    _listening: JoinSet<()>,
}

impl Stopping {
    /// Catches the signals. `saying` is called at the first.
    pub(crate) fn begin(saying: impl FnOnce(StopSignal) + Send + 'static) -> Result<Self> {
        let mut interrupt = Interrupt::catch()?;
        let (stop, came) = (Stop::default(), Arc::new(OnceLock::new()));
        let (wish, first) = (stop.clone(), Arc::clone(&came));
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let asked = interrupt.wait().await;
            let _ = first.set(asked);
            wish.ask();
            saying(asked);
            #[allow(clippy::exit, reason = "whoever asks twice does not want to wait for an end in order")]
            std::process::exit(interrupt.wait().await.exit_code().into());
        });
        Ok(Self { stop, came, _listening: listening })
    }

    /// The first signal, if one came.
    pub(crate) fn came(&self) -> Option<StopSignal> {
        self.came.get().copied()
    }
}
