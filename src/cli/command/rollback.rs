//! `rollback`: the former builds live again.

use std::time::Instant;

use ::replay::rollback;
use projections::tables::Projection;
use serde_json::json;

use super::rebuild::promote_announced;
use crate::cli::failure::Result;
use crate::cli::flags::ProjectionArg;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// `rollback`.
pub(crate) async fn run(session: &Session, projection: Option<ProjectionArg>, actor: Option<&str>) -> Result<Output> {
    let which: &[Projection] = match projection {
        None => &[],
        Some(ProjectionArg::Graph) => &[Projection::Graph],
        Some(ProjectionArg::People) => &[Projection::People],
        Some(ProjectionArg::Metrics | ProjectionArg::History) => &[Projection::Metrics, Projection::History],
    };
    let mut conn = session.connect_to_write().await?;
    let started = Instant::now();
    let head = ::replay::log::head(&mut conn).await?.position;
    let mut progress = session.progress("reading back", head);
    let mut former = rollback::former(&mut conn, which, &mut |event| progress.event(event)).await?;
    drop(progress);
    promote_announced(session, &mut conn, &mut former, actor).await?;
    let metrics = former.builds().iter().find(|build| build.projection.needs_formula());
    Ok(Output::Object(object(json!({
        "build": former.builds().iter().map(|build| build.id).max(),
        "projections": former.builds().iter().map(|build| build.projection.name()).collect::<Vec<_>>(),
        "formula": metrics.and_then(|build| build.formula.clone()),
        "position": former.position(),
        "seconds": started.elapsed().as_secs_f64(),
    }))))
}
