//! What no source says of the projects and repositories that scores are shown of: a zero has a reason.

use domain::formula::StatusSource;
pub use projections::store::unsaid::UnsaidNumbers;
use projections::store::{Build, unsaid as numbers};
use projections::tables::Projection;
use sqlx::PgConnection;

use super::filter::ScoresFilter;
use crate::service::Result;

/// How many projects and repositories lack which source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// How many.
    pub numbers: UnsaidNumbers,
    /// Whether the survey is what a status begins with; else grants records alone are.
    pub by_survey: bool,
}

/// What is missing of the scores of live builds, of those that are wanted. To be called in a snapshot, or while nobody
/// projects.
pub(crate) async fn of_live(conn: &mut PgConnection, live: &[Build], wanted: &ScoresFilter) -> Result<Unsaid> {
    let Some(metrics) = live.iter().find(|build| build.projection == Projection::Metrics) else {
        return Ok(Unsaid::default());
    };
    let by_survey = metrics.read_formula()?.status.source != StatusSource::IntegrationStatus;
    Ok(Unsaid { numbers: numbers::numbers(conn, live, &wanted.projects, &wanted.status_names()).await?, by_survey })
}
