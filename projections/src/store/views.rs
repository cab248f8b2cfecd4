//! The stable views over the live builds: the tables and columns of the working group's storage document.

use sqlx::PgConnection;

use super::{StoreError, live_builds, statement, switch};
use crate::tables::Projection;

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses, or fewer than four projections are live (then nothing changes).
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let of = |projection| live.iter().find(|build| build.projection == projection);
    let (Some(graph), Some(people), Some(metrics)) =
        (of(Projection::Graph), of(Projection::People), of(Projection::Metrics))
    else {
        return Ok(());
    };
    let builds = [("graph", graph), ("people", people), ("metrics", metrics)];
    let sql = statement::VIEWS.on_edges(metrics.read_formula()?.graph.edges, &builds);
    switch::replace(conn, &sql).await
}
