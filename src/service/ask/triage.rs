//! Open questions, and what sources contradict each other about.

use projections::store::{self, Build, query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};

use super::lag;
use crate::service::{Deps, Result};

/// The questions in which two sources say different things; the others are questions because no source says enough.
const CONTRADICTIONS: [&str; 3] = ["membership", "owner", "publication"];

/// An open question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// `KIND/SUBJECT`: what names it.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// What is unclear.
    pub reason: String,
}

/// Every open question of the live build, by id.
///
/// # Errors
/// When the database fails.
pub async fn questions(deps: &Deps) -> Result<Vec<Question>> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(replay::SNAPSHOT).await?;
    let live = store::live_builds(&mut conn).await?;
    of(deps, &mut conn, &live).await
}

async fn of(deps: &Deps, conn: &mut PgConnection, live: &[Build]) -> Result<Vec<Question>> {
    lag::note(deps, conn, live).await?;
    let findings = if live.is_empty() { Vec::new() } else { query::findings(conn, live).await? };
    let question = |(kind, subject, reason)| Question { id: format!("{kind}/{subject}"), kind, reason };
    Ok(findings.into_iter().map(question).collect())
}

/// The questions behind which two sources stand, and what the registry says of a repository's dependencies that its own
/// bill of materials does not know; by id.
///
/// # Errors
/// When the database fails.
pub async fn conflicts(deps: &Deps) -> Result<Vec<Question>> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(replay::SNAPSHOT).await?;
    let live = store::live_builds(&mut conn).await?;
    let mut found = of(deps, &mut conn, &live).await?;
    found.retain(|question| CONTRADICTIONS.contains(&question.kind.as_str()));
    let edges = if live.is_empty() { Vec::new() } else { query::undeclared(&mut conn).await? };
    found.extend(edges.into_iter().map(|edge| {
        let requirement = edge.version_range.map(|range| format!(" ({range})")).unwrap_or_default();
        let (from, to) = (&edge.in_vertex, &edge.out_vertex);
        Question {
            id: format!("edge/{from} -> {to}"),
            kind: "edge".to_owned(),
            reason: format!(
                "a registry says that it depends on {to}{requirement}; its bill of materials does not list it"
            ),
        }
    }));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}
