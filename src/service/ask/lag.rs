//! How far the live builds are behind the log.

use domain::recorded::Position;
use projections::store::Build;
use replay::log;
use sqlx::PgConnection;

use crate::service::watch::Notice;
use crate::service::{Deps, Result};

/// The last position that every one of these builds holds; 0 where there are none.
pub(crate) fn position(live: &[Build]) -> Position {
    live.iter().map(|build| build.position).min().unwrap_or(0)
}

/// How many events the live builds lack; 0 where this login may not know.
pub(crate) async fn of(conn: &mut PgConnection, live: &[Build]) -> Result<u64> {
    // A login that reads the live tables need not be one that reads the log.
    if !sqlx::query_file_scalar!("sql/may_read_head.sql").fetch_one(&mut *conn).await? {
        return Ok(0);
    }
    Ok(log::head(conn).await?.position.saturating_sub(position(live)))
}

/// Says that the live builds lack the newest events, where they do.
pub(crate) fn note(deps: &Deps, lag: u64) {
    if lag > 0 {
        deps.notice(&Notice::Behind(lag));
    }
}
