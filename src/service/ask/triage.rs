//! Open questions, and what sources contradict each other about.

use projections::store::{self, query};
use replay::snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lag;
#[cfg(feature = "serve")]
use super::page::{PageQuery, RowsPage};
#[cfg(feature = "serve")]
use super::resident::Resident;
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
    Ok(read(deps, false).await?.0)
}

/// The open questions, and the edges that only a registry claims where they are asked for, of one moment.
async fn read(deps: &Deps, with_edges: bool) -> Result<(Vec<Question>, Vec<query::EdgeLine>)> {
    let mut conn = deps.read().await?;
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let live = store::live_builds(conn).await?;
        let lag = lag::of(conn, &live).await?;
        let findings = if live.is_empty() { Vec::new() } else { query::findings(conn, &live).await? };
        let asked = with_edges && !live.is_empty();
        let edges = if asked { query::undeclared(conn, &live).await? } else { Vec::new() };
        Ok((findings, edges, lag))
    });
    let (findings, edges, lag) = read.await?;
    lag::note(deps, lag);
    Ok((findings.into_iter().map(|(kind, subject, reason)| question(&kind, &subject, reason)).collect(), edges))
}

fn question(kind: &str, subject: &str, reason: String) -> Question {
    Question { id: format!("{kind}/{subject}"), kind: kind.to_owned(), reason }
}

/// A page of the open questions of a snapshot, or of what its sources contradict each other about as [`conflicts`] has
/// it, by id.
///
/// # Errors
/// As [`PageQuery::cut`].
#[cfg(feature = "serve")]
pub fn listed(atlas: &Resident, contradictory: bool, page: &PageQuery) -> Result<RowsPage<Question>> {
    let cut = |rows: &[Question]| page.cut(rows, |row| (row.id.clone(), row.reason.clone()), Question::clone);
    if contradictory {
        cut(&atlas.made.get(|| Contradictions(conflicts_of_resident(atlas))).0)
    } else {
        cut(&atlas.made.get(|| OpenQuestions(of_resident(atlas))).0)
    }
}

/// Every open question of a snapshot.
#[cfg(feature = "serve")]
struct OpenQuestions(Vec<Question>);

/// Whatever sources of a snapshot contradict each other about.
#[cfg(feature = "serve")]
struct Contradictions(Vec<Question>);

#[cfg(feature = "serve")]
fn of_resident(atlas: &Resident) -> Vec<Question> {
    let found = atlas.graph().findings.iter();
    let mut found: Vec<Question> =
        found.map(|finding| question(finding.kind, &finding.id, finding.reason.clone())).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

#[cfg(feature = "serve")]
fn conflicts_of_resident(atlas: &Resident) -> Vec<Question> {
    let lines = query::edges_of(atlas.graph(), atlas.formula.graph.edges);
    let repos = atlas.repos().map(|repo| atlas.graph().vertices[repo as usize].id.to_string()).collect();
    contradictions(of_resident(atlas), query::only_claimed(lines, &repos))
}

/// The questions behind which two sources stand, and what the registry says of a repository's dependencies that its own
/// bill of materials does not know; by id.
///
/// # Errors
/// When the database fails.
pub async fn conflicts(deps: &Deps) -> Result<Vec<Question>> {
    let (found, edges) = read(deps, true).await?;
    Ok(contradictions(found, edges))
}

fn contradictions(mut found: Vec<Question>, edges: Vec<query::EdgeLine>) -> Vec<Question> {
    found.retain(|question| CONTRADICTIONS.contains(&question.kind.as_str()));
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
    found
}
