//! What the live tables do not hold: how much no source has told.

use sqlx::{PgConnection, Row as _};

use super::query::of;
use super::{Build, StoreError, statement};
use crate::tables::Projection;

/// How many projects and Repos lack which source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnsaidNumbers {
    /// Projects.
    pub projects: u64,
    /// Of these, non-responsive ones.
    pub non_responsive: u64,
    /// Of those, such as no survey row and no grants record describes.
    pub undescribed: u64,
    /// Repos.
    pub repos: u64,
    /// Of these, such as belong to no project.
    pub without_project: u64,
    /// Repos of which no git log was read.
    pub without_log: u64,
    /// Repos of which neither downloads nor stars nor forks are known.
    pub without_signals: u64,
}

/// What no source says of the live builds: of these projects and their Repos, and of those of these statuses alone,
/// where any is named.
///
/// # Errors
/// When the database refuses.
pub async fn numbers(
    conn: &mut PgConnection,
    builds: &[Build],
    projects: &[String],
    statuses: &[&str],
) -> Result<UnsaidNumbers, StoreError> {
    let graph = ("graph", of(builds, Projection::Graph)?);
    let people = ("people", of(builds, Projection::People)?);
    let metrics = ("metrics", of(builds, Projection::Metrics)?);
    let sql = statement::UNSAID.on(&[graph, people, metrics]);
    let row = sqlx::query(&sql).bind(projects).bind(statuses).fetch_one(conn).await?;
    let number = |column: &str| -> Result<u64, StoreError> {
        Ok(domain::number::fit(row.try_get::<i64, _>(column)?, "a count of rows"))
    };
    Ok(UnsaidNumbers {
        projects: number("projects")?,
        non_responsive: number("non_responsive")?,
        undescribed: number("undescribed")?,
        repos: number("repos")?,
        without_project: number("without_project")?,
        without_log: number("without_log")?,
        without_signals: number("without_signals")?,
    })
}
