//! How far the live builds are behind the log.

use projections::store::Build;
use replay::log;
use sqlx::PgConnection;

use crate::service::{Deps, Result};

/// Notes that the live builds lack the newest events, where they do: reading them says nothing of those.
pub(crate) async fn note(deps: &Deps, conn: &mut PgConnection, live: &[Build]) -> Result<()> {
    // A login that reads the live tables need not be one that reads the log.
    let readable = "SELECT CASE WHEN has_schema_privilege('log', 'USAGE') \
                                THEN has_table_privilege('log.head', 'SELECT') ELSE false END";
    if !sqlx::query_scalar::<_, bool>(readable).fetch_one(&mut *conn).await? {
        return Ok(());
    }
    let position = live.iter().map(|build| build.position).min().unwrap_or(0);
    match log::head(conn).await?.position.saturating_sub(position) {
        0 => {}
        1 => deps.note("1 event is not projected yet; run `pg-atlas project`"),
        lag => deps.note(format!("{lag} events are not projected yet; run `pg-atlas project`")),
    }
    Ok(())
}
