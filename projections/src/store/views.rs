//! The stable views over the live builds: the tables and columns of the working group's storage document.

use sqlx::PgConnection;

pub use super::statement::ViewDefinition;
use super::statement::ViewPlace;
use super::{Build, StoreError, live_builds, statement, switch};
use crate::tables::Projection;

/// The views of the session's tenant over live builds. None where a family has no live build.
///
/// # Errors
/// When the live formula is beyond this program, or the database refuses.
pub async fn definitions(conn: &mut PgConnection, live: &[Build]) -> Result<Vec<ViewDefinition>, StoreError> {
    let of = |projection: Projection| live.iter().find(|build| build.projection == projection);
    if Projection::ALL.into_iter().any(|projection| of(projection).is_none()) {
        return Ok(Vec::new());
    }
    let Some(metrics) = of(Projection::Metrics) else { return Ok(Vec::new()) };
    let edges = metrics.read_formula()?.graph.edges;
    let place = sqlx::query_file_as!(ViewPlace, "sql/views_schema.sql").fetch_one(conn).await?;
    let builds: Vec<(&str, &Build)> = live.iter().map(|build| (build.projection.name(), build)).collect();
    let texts = statement::views().map(|statement| statement.on_views(&place, edges, &builds));
    Ok(texts.flat_map(|text| statement::each_view(&text)).collect())
}

/// The names of all views that there are to be for the session's tenant, with their schema.
///
/// # Errors
/// When the database refuses.
pub async fn names(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let place = sqlx::query_file_as!(ViewPlace, "sql/views_schema.sql").fetch_one(conn).await?;
    Ok(statement::view_names().into_iter().map(|name| format!("{}.{name}", place.schema)).collect())
}

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses. Where a family has no live build yet, nothing changes.
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let views = definitions(&mut *conn, &live).await?;
    if views.is_empty() {
        return Ok(());
    }
    let replaced = |view: &ViewDefinition| format!("CREATE OR REPLACE VIEW {} {}", view.name, view.rest);
    let each: Vec<String> = views.iter().map(replaced).collect();
    switch::replace(&mut *conn, &each.join("\n")).await?;
    sqlx::query_file!("sql/share_views.sql", &statement::view_names()).execute(conn).await?;
    Ok(())
}
