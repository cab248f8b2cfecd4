//! The stable views over the live builds: the tables and columns of the working group's storage document.

use sqlx::PgConnection;

use super::statement::ViewPlace;
use super::{Build, StoreError, live_builds, statement, switch};
use crate::tables::Projection;

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses. Where a family has no live build yet, nothing changes.
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let of = |projection: Projection| live.iter().find(|build| build.projection == projection);
    if Projection::ALL.into_iter().any(|projection| of(projection).is_none()) {
        return Ok(());
    }
    let Some(metrics) = of(Projection::Metrics) else { return Ok(()) };
    let edges = metrics.read_formula()?.graph.edges;
    let place = sqlx::query_file_as!(ViewPlace, "sql/views_schema.sql").fetch_one(&mut *conn).await?;
    let builds: Vec<(&str, &Build)> = live.iter().map(|build| (build.projection.name(), build)).collect();
    let each: Vec<String> = statement::views().map(|statement| statement.on_views(&place, edges, &builds)).collect();
    switch::replace(&mut *conn, &each.join("\n")).await?;
    sqlx::query_file!("sql/share_views.sql", &statement::view_names()).execute(conn).await?;
    Ok(())
}
