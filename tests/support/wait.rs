//! Waiting for what another process or task does: for a state, long enough for any machine, and never without end.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::log::count;

/// A bound on what takes seconds: whoever needs longer never ends.
pub(crate) const AT_ALL: Duration = Duration::from_secs(150);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Looks until a number out of the database is as great as it should be.
pub(crate) async fn until(pool: &PgPool, what: &str, sql: &'static str, least: i64) {
    let begun = Instant::now();
    loop {
        let found = count(pool, sql).await;
        if found >= least {
            return;
        }
        assert!(begun.elapsed() < AT_ALL, "still waiting until {what}: {found} of {least}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks until there is nothing of what a statement counts.
pub(crate) async fn until_none(pool: &PgPool, what: &str, sql: &'static str) {
    let begun = Instant::now();
    loop {
        let found = count(pool, sql).await;
        if found == 0 {
            return;
        }
        assert!(begun.elapsed() < AT_ALL, "still waiting until {what}: {found} are left");
        tokio::time::sleep(LOOK).await;
    }
}
