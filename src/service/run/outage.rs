//! A database that went away: whether it may come back, and how long to wait for it.

use std::time::Duration;

use projections::store::StoreError;
use replay::ReplayError;

use crate::service::Error;
use crate::service::error::find;

/// Pause before the first try to reach a database that went away; it doubles with each further one.
const RECONNECT: Duration = Duration::from_millis(100);
/// Longest pause between two tries.
const RECONNECT_MAX: Duration = Duration::from_secs(5);

/// SQLSTATE classes of a database that cannot answer now and may later: connection lost, resources short, transaction
/// undone, operator at work, system trouble.
const PASSING_CLASSES: [&str; 5] = ["08", "53", "40", "57", "58"];
/// SQLSTATEs of the same kind outside those classes: a lock that did not come, a transaction that was silent too long.
const PASSING: [&str; 2] = ["55P03", "25P03"];

/// Whether the cause is a database that may be back soon, rather than a refusal.
pub(super) fn is_passing(error: &Error) -> bool {
    is_held(error)
        || match error.database() {
            Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                PASSING.contains(&code.as_ref()) || PASSING_CLASSES.iter().any(|class| code.starts_with(class))
            }),
            Some(sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut) => {
                true
            }
            _ => false,
        }
}

/// Whether readers stand in the way of a switch: they go some day.
fn is_held(error: &Error) -> bool {
    matches!(find(error.cause()), Some(ReplayError::Store(StoreError::Held { .. })))
}

/// Whether the server answers, and says "not now".
pub(super) fn says_not_now(error: &Error) -> bool {
    is_passing(error) && matches!(error.database(), Some(sqlx::Error::Database(_)))
}

/// Pauses between tries, longer and longer.
pub(super) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(RECONNECT)
    }
}

impl Pauses {
    /// The next pause.
    pub(super) async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = RECONNECT_MAX.min(self.0 * 2);
    }
}
