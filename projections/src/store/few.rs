//! Reading the few rows of the live tables that are asked for, by their indexes.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _};

use super::query::{EdgeLine, ScoreLine, edge_line, of, on_edges, on_scores, score_line};
use super::{Build, StoreError, statement};
use crate::metrics::Level;
use crate::tables::Projection;

/// The live score of one vertex of a level.
///
/// # Errors
/// When the database refuses.
pub async fn score(
    conn: &mut PgConnection,
    builds: &[Build],
    level: Level,
    id: &str,
) -> Result<Option<ScoreLine>, StoreError> {
    let statement = match level {
        Level::Project => statement::SCORE_OF_PROJECT,
        _ => statement::SCORE,
    };
    let sql = on_scores(statement, builds)?;
    let row = sqlx::query(&sql).bind(level.name()).bind(id).fetch_optional(conn).await?;
    row.map(|row| score_line(of(builds, Projection::Metrics)?, &row)).transpose()
}

/// The first `count` live scores of a level, by id.
///
/// # Errors
/// When the database refuses.
pub async fn first_scores(
    conn: &mut PgConnection,
    builds: &[Build],
    level: Level,
    count: u64,
) -> Result<Vec<ScoreLine>, StoreError> {
    let statement = match level {
        Level::Project => statement::FIRST_SCORES_OF_PROJECTS,
        _ => statement::FIRST_SCORES,
    };
    let sql = on_scores(statement, builds)?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = sqlx::query(&sql).bind(level.name()).bind(count).fetch_all(conn).await?;
    rows.iter().map(|row| score_line(of(builds, Projection::Metrics)?, row)).collect()
}

/// The live edges with one of these ends, under the live formula's policy, by (dependent, dependency).
///
/// # Errors
/// When the database refuses.
pub async fn edges(conn: &mut PgConnection, builds: &[Build], ends: &[String]) -> Result<Vec<EdgeLine>, StoreError> {
    let sql = on_edges(statement::EDGES_OF, builds)?;
    sqlx::query(&sql).bind(ends).fetch_all(conn).await?.iter().map(edge_line).collect()
}

/// The live Repos of a project.
///
/// # Errors
/// When the database refuses.
pub async fn repos(conn: &mut PgConnection, builds: &[Build], project: &str) -> Result<Vec<String>, StoreError> {
    let sql = statement::REPOS_OF_PROJECT.on(&[("graph", of(builds, Projection::Graph)?)]);
    Ok(sqlx::query_scalar(&sql).bind(project).fetch_all(conn).await?)
}

/// The project of each of these vertices that has one.
///
/// # Errors
/// When the database refuses.
pub async fn projects(
    conn: &mut PgConnection,
    builds: &[Build],
    vertices: &[String],
) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = statement::PROJECTS_OF.on(&[("graph", of(builds, Projection::Graph)?)]);
    let rows = sqlx::query(&sql).bind(vertices).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get("canonical_id")?, row.try_get("project")?))).collect()
}
