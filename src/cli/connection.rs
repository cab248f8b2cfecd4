//! The one place that makes connections for commands, each with limits: no statement runs, and no lock is waited for,
//! without end. (The write side's pool has its own, in `ingest::connect`.)

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use crate::cli::flags::{Command, FormulaCommand};
use crate::cli::failure::{Failure, Result};

/// How long a server may take to accept a connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a lock, in seconds. Behind it stands a process that was stopped inside a transaction, or a switch.
pub(crate) const LOCK_SECONDS: u32 = 30;
/// Longest run of one statement of an answer from the live tables, in seconds.
pub(crate) const ANSWER_SECONDS: u32 = 120;
/// Longest silence inside a transaction of such an answer, in seconds.
pub(crate) const ANSWER_SILENCE_SECONDS: u32 = 60;
/// Longest run of one statement of a long read ([`Work::LongRead`]), in seconds: 6 hours. The server counts a page of
/// the log as running while it is folded here, and a whole build is copied, or given its keys, by one statement.
pub(crate) const LONG_READ_SECONDS: u32 = 6 * 3_600;
/// Longest silence inside a transaction of a long read, in seconds: an hour. All of its pages are of one snapshot, and
/// between them it evaluates. A projector's own transactions, which hold locks, are kept much shorter by itself.
pub(crate) const LONG_READ_SILENCE_SECONDS: u32 = 3_600;

/// What a connection is for, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// An answer from the live tables, or a few rows of the log.
    Answer,
    /// Folds, checks, copies or rebuilds a whole log: for a large one that is hours, and no fault.
    LongRead,
}

impl Work {
    /// What a command's connection is for. Long reads are those that read the log from its beginning (`replay`,
    /// `events`, `audit`, `publish`, `scores` and `edges` at another position or formula, `edges --why`, `formula
    /// diff`), those that write builds (`project`, `rebuild`, `rollback`, `demo`, `quarantine`, `erase`), and those
    /// that answer with everything there is (`export`, `artifact`, `bench`).
    pub(crate) fn of(command: &Command) -> Self {
        let long = match command {
            Command::Scores { at, .. } => at.as_of.is_some() || at.formula.is_some(),
            Command::Edges { why, as_of, .. } => why.is_some() || as_of.is_some(),
            Command::Project { .. }
            | Command::Events { .. }
            | Command::Replay { .. }
            | Command::Rebuild { .. }
            | Command::Rollback { .. }
            | Command::Formula(FormulaCommand::Diff { .. })
            | Command::Export(_)
            | Command::Audit(_)
            | Command::Bench(_) => true,
            #[cfg(feature = "ingest")]
            Command::Demo
            | Command::Publish { .. }
            | Command::Quarantine { .. }
            | Command::Erase(_)
            | Command::Artifact(_) => true,
            _ => false,
        };
        if long { Self::LongRead } else { Self::Answer }
    }

    /// Its limits, as settings of the server.
    fn settings(self) -> [(&'static str, String); 3] {
        let (statement, silence) = match self {
            Self::Answer => (ANSWER_SECONDS, ANSWER_SILENCE_SECONDS),
            Self::LongRead => (LONG_READ_SECONDS, LONG_READ_SILENCE_SECONDS),
        };
        [
            ("lock_timeout", format!("{LOCK_SECONDS}s")),
            ("statement_timeout", format!("{statement}s")),
            ("idle_in_transaction_session_timeout", format!("{silence}s")),
        ]
    }
}

/// A connection with the limits of its work. Times are UTC (the driver sets the zone on each connection).
///
/// # Errors
/// When the server cannot be reached, or not within [`CONNECT_TIMEOUT`].
pub(crate) async fn connect(options: &PgConnectOptions, work: Work) -> Result<PgConnection> {
    // Not "$user" first: a role named like one of our schemas would see other tables.
    let options = options.clone().application_name("pg-atlas").options([("search_path", "public")]);
    let options = options.options(work.settings());
    let connecting = <PgConnection as sqlx::Connection>::connect_with(&options);
    let connected = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(anyhow::Error::from),
        Err(_) => Err(anyhow!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    };
    connected.context("cannot connect to the database").map_err(Failure::environment)
}
