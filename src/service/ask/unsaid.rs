//! What no source says of the projects and repositories that scores are shown of: a zero has a reason.

use domain::formula::StatusSource;
pub use projections::store::unsaid::UnsaidNumbers;
use projections::store::{self, unsaid as numbers};
use projections::tables::Projection;
use replay::snapshot;
use sqlx::PgConnection;

use crate::service::{Deps, Result};

/// How many projects and repositories lack which source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// How many.
    pub numbers: UnsaidNumbers,
    /// Whether the survey is what a status begins with; else grants records alone are.
    pub by_survey: bool,
}

/// What is missing of the live scores; nothing where nothing is projected.
///
/// # Errors
/// When the database fails.
pub async fn unsaid(deps: &Deps) -> Result<Unsaid> {
    let mut conn = deps.read().await?;
    snapshot::read(&mut conn, async |conn| of_live(conn).await).await
}

/// The same, on a connection that is there. To be called in a snapshot, or while nobody projects.
pub(crate) async fn of_live(conn: &mut PgConnection) -> Result<Unsaid> {
    let live = store::live_builds(conn).await?;
    let Some(metrics) = live.iter().find(|build| build.projection == Projection::Metrics) else {
        return Ok(Unsaid::default());
    };
    let by_survey = metrics.read_formula()?.status.source != StatusSource::IntegrationStatus;
    Ok(Unsaid { numbers: numbers::numbers(conn, &live).await?, by_survey })
}
