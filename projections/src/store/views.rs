//! The stable views over the live builds: the tables and columns of the working group's storage document.

use domain::formula::EdgePolicy;
use sqlx::PgConnection;

use super::{StoreError, live_builds, statement, switch};
use crate::tables::Projection;

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses, or fewer than four projections are live (then nothing changes).
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let schema_of = |projection| live.iter().find(|build| build.projection == projection).map(super::Build::schema);
    let (Some(graph), Some(people), Some(metrics)) =
        (schema_of(Projection::Graph), schema_of(Projection::People), schema_of(Projection::Metrics))
    else {
        return Ok(());
    };
    let metrics_build = live.iter().find(|build| build.projection == Projection::Metrics);
    let policy = metrics_build.map_or(Ok(EdgePolicy::Flat), |build| build.read_formula().map(|f| f.graph.edges))?;
    let edge = match policy {
        EdgePolicy::Flat => "flat",
        EdgePolicy::Nested => "nested",
    };
    let sql = statement::VIEWS.sql.replace("{edge}", edge);
    let sql = [("{graph}", graph), ("{people}", people), ("{metrics}", metrics)]
        .iter()
        .fold(sql, |sql, (name, schema)| sql.replace(name, schema));
    switch::replace(conn, &sql).await
}
