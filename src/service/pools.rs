//! Connections by what they are for, each with limits: no statement runs, and no lock is waited for, without end, and
//! no work starves another. (The write side's pool has limits of its own, in `ingest::connect`.)

use std::time::Duration;

use domain::TenantId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

use super::error::{Error, Result};
use super::{environment, slow};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections of one process at once, for each kind of work: what no setting can exceed.
const MOST: u32 = 1_000;
/// Connections that are kept for answers, where the environment does not say.
const READS: u32 = 8;
/// Further connections for answers when all of those are in use, where the environment does not say.
const OVERFLOW: u32 = 0;
/// Connections for what reads a whole log or writes builds, where the environment does not say.
const PROJECTION: u32 = 8;
/// Connections for what appends, where the environment does not say.
const INTAKE: u32 = 16;
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

/// How many connections one process opens at most, for each kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// For answers from the live tables.
    pub(super) reads: u32,
    /// For what reads a whole log or writes builds.
    pub(super) projection: u32,
    /// For what appends.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "an auditor's program appends nothing"))]
    pub(super) intake: u32,
}

impl Sizes {
    /// As the environment says.
    ///
    /// # Errors
    /// [`Error::Invalid`], which names the variable.
    pub(super) fn of_environment() -> Result<Self> {
        Self::read(environment::variable)
    }

    fn read(environment: impl Fn(&'static str) -> Result<Option<String>>) -> Result<Self> {
        let number = |name: &'static str, least: u32, default: u32| match environment(name)? {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(number) if (least..=MOST).contains(&number) => Ok(number),
                _ => {
                    let reason = format!("{name} is no number of connections: expected {least} to {MOST}");
                    Err(Error::invalid(name, reason))
                }
            },
        };
        Ok(Self {
            reads: number("PG_ATLAS_POOL_SIZE", 1, READS)? + number("PG_ATLAS_POOL_OVERFLOW", 0, OVERFLOW)?,
            projection: number("PG_ATLAS_PROJECTION_POOL_SIZE", 1, PROJECTION)?,
            intake: number("PG_ATLAS_INTAKE_POOL_SIZE", 1, INTAKE)?,
        })
    }
}

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
    /// Its limits and whose it is, as settings of the server.
    fn settings(self, tenant: TenantId) -> [(&'static str, String); 5] {
        let (statement, silence) = match self {
            Self::Answer => (ANSWER_SECONDS, ANSWER_SILENCE_SECONDS),
            Self::LongRead => (LONG_READ_SECONDS, LONG_READ_SILENCE_SECONDS),
        };
        [
            tenant.setting(),
            // Not "$user" first: a role named like one of our schemas would see other tables.
            ("search_path", "public".to_owned()),
            ("lock_timeout", format!("{LOCK_SECONDS}s")),
            ("statement_timeout", format!("{statement}s")),
            ("idle_in_transaction_session_timeout", format!("{silence}s")),
        ]
    }

    /// These options with its limits, for what is of `tenant`. Times are UTC (the driver sets the zone on each
    /// connection).
    pub(super) fn limited(self, options: &PgConnectOptions, tenant: TenantId) -> PgConnectOptions {
        slow::logged(options.clone()).application_name("pg-atlas").options(self.settings(tenant))
    }

    /// At most so many connections for it. Opens nothing yet.
    pub(super) fn pool(self, options: &PgConnectOptions, tenant: TenantId, most: u32) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(CONNECT_TIMEOUT);
        pool.connect_lazy_with(self.limited(options, tenant))
    }
}

/// A connection outside every pool, with the limits of its work.
///
/// # Errors
/// When the server cannot be reached, or not within [`CONNECT_TIMEOUT`].
pub(crate) async fn connect(options: &PgConnectOptions, tenant: TenantId, work: Work) -> Result<PgConnection> {
    let options = work.limited(options, tenant);
    let connecting = <PgConnection as sqlx::Connection>::connect_with(&options);
    let connected = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(Error::unavailable),
        Err(_) => Err(Error::unavailable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
    };
    connected.map_err(|error| error.of(format!("cannot connect to the database at {}", place(&options))))
}

/// Where a server is, without whoever connects and the password.
fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None if options.get_host().starts_with('/') => options.get_host().to_owned(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many() {
        let plain = Sizes { reads: 8, projection: 8, intake: 16 };
        assert_eq!(Sizes::read(|_| Ok(None)).ok(), Some(plain));
        let more = Sizes::read(|name| Ok(name.starts_with("PG_ATLAS_POOL").then(|| "3".to_owned())));
        assert_eq!(more.ok(), Some(Sizes { reads: 6, ..plain }));
        for wrong in ["0", "-1", "1001", "many", " "] {
            let refused = Sizes::read(|name| Ok((name == "PG_ATLAS_INTAKE_POOL_SIZE").then(|| wrong.to_owned())));
            let said = refused.map_err(|error| error.to_string());
            let reason = "PG_ATLAS_INTAKE_POOL_SIZE is no number of connections: expected 1 to 1000";
            assert_eq!(said, Err(reason.to_owned()));
        }
    }
}
