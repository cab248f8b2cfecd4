//! The former builds live again.

use std::time::Instant;

use projections::tables::Projection;
use replay::{log, rollback};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rebuild::{make_live, switched_with};
use crate::service::{Deps, Result};

/// What is live again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RolledBack {
    /// Number of the newest build.
    pub build: Option<i64>,
    /// What the builds are of.
    pub projections: Vec<String>,
    /// Name of the formula, where one decides their rows.
    pub formula: Option<String>,
    /// The last position folded in.
    pub position: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Makes the former builds live again: of one projection and those that switch together with it, or of all that
/// switched last.
///
/// # Errors
/// When there are none, or the switch cannot be made.
pub async fn run(deps: &Deps, projection: Option<Projection>, actor: Option<&str>) -> Result<RolledBack> {
    let which = projection.map(switched_with).unwrap_or_default();
    // Of its own: where builds are made anew, the connection is their maker's.
    let mut conn = deps.write().await?.detach();
    let started = Instant::now();
    let head = log::head(&mut conn).await?.position;
    let mut progress = deps.begin("reading back", head);
    let mut former = rollback::former(&mut conn, &which, &mut |_| progress.step()).await?;
    drop(progress);
    make_live(deps, &mut conn, &mut former, actor).await?;
    let metrics = former.builds().iter().find(|build| build.projection.needs_formula());
    Ok(RolledBack {
        build: former.builds().iter().map(|build| build.id).max(),
        projections: former.builds().iter().map(|build| build.projection.name().to_owned()).collect(),
        formula: metrics.and_then(|build| build.formula.clone()),
        position: former.position(),
        seconds: started.elapsed().as_secs_f64(),
    })
}
