//! Connections by what they are for, each with limits: no statement runs, and no lock is waited for, without end, and
//! no work starves another. (The write side's pool has limits of its own, in `ingest::connect`.)

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

use super::error::{Error, Result};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections of one process for each kind of work that reads.
const READERS: u32 = 8;
/// Longest wait for a lock, in seconds. Behind it stands a process that was stopped inside a transaction, or a switch.
const LOCK_SECONDS: u32 = 30;
/// Longest run of one statement of an answer from the live tables, in seconds.
const ANSWER_SECONDS: u32 = 120;
/// Longest silence inside a transaction of such an answer, in seconds.
const ANSWER_SILENCE_SECONDS: u32 = 60;
/// Longest run of one statement of a long read ([`Work::LongRead`]), in seconds: 6 hours. The server counts a page of
/// the log as running while it is folded here, and a whole build is copied, or given its keys, by one statement.
const LONG_READ_SECONDS: u32 = 6 * 3_600;
/// Longest silence inside a transaction of a long read, in seconds: an hour. All of its pages are of one snapshot, and
/// between them it evaluates. A projector's own transactions, which hold locks, are kept much shorter by itself.
const LONG_READ_SILENCE_SECONDS: u32 = 3_600;

/// What a connection is for, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// An answer from the live tables, or a few rows of the log.
    Answer,
    /// Folds, checks, copies or rebuilds a whole log: for a large one that is hours, and no fault. What reads the log
    /// from its beginning, writes builds, or answers with everything there is.
    LongRead,
}

impl Work {
    /// Its limits, as settings of the server.
    fn settings(self) -> [(&'static str, String); 4] {
        let (statement, silence) = match self {
            Self::Answer => (ANSWER_SECONDS, ANSWER_SILENCE_SECONDS),
            Self::LongRead => (LONG_READ_SECONDS, LONG_READ_SILENCE_SECONDS),
        };
        [
            // Not "$user" first: a role named like one of our schemas would see other tables.
            ("search_path", "public".to_owned()),
            ("lock_timeout", format!("{LOCK_SECONDS}s")),
            ("statement_timeout", format!("{statement}s")),
            ("idle_in_transaction_session_timeout", format!("{silence}s")),
        ]
    }

    /// These options with its limits. Times are UTC (the driver sets the zone on each connection).
    fn limited(self, options: &PgConnectOptions) -> PgConnectOptions {
        options.clone().application_name("pg-atlas").options(self.settings())
    }

    /// Connections for it. Opens nothing yet.
    pub(super) fn pool(self, options: &PgConnectOptions) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(CONNECT_TIMEOUT);
        pool.connect_lazy_with(self.limited(options))
    }
}

/// A connection outside every pool, with the limits of its work.
///
/// # Errors
/// When the server cannot be reached, or not within [`CONNECT_TIMEOUT`].
pub(crate) async fn connect(options: &PgConnectOptions, work: Work) -> Result<PgConnection> {
    let options = work.limited(options);
    let connecting = <PgConnection as sqlx::Connection>::connect_with(&options);
    let connected = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(Error::unavailable),
        Err(_) => Err(Error::unavailable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
    };
    connected.map_err(|error| error.of("cannot connect to the database"))
}
