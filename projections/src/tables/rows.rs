//! The rows of every table, one at a time.

use domain::digest::Digest;
use domain::time::Timestamp;
use serde_json::json;

use super::{Row, Table, surrogate};
use crate::graph::{EdgeClaim, Finding, Graph, Project, ResolvedEdge, Vertex};
use crate::metrics::exact::hundredths;
use crate::metrics::{ScoreRow, Scores};
use crate::people::state::DayRow;

/// A table with its rows, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// The table.
    pub table: &'static Table,
    /// Its rows.
    pub rows: Vec<Row>,
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and references alike, without an & at each of them")]
fn some(text: impl ToString) -> Option<String> {
    Some(text.to_string())
}

pub(super) fn project(project: &Project) -> Row {
    vec![
        some(&project.id),
        some(surrogate("project", &project.id)),
        some(&project.name),
        some(project.kind),
        project.git_url.clone(),
        project.category.clone(),
        project.website.clone(),
    ]
}

pub(super) fn vertex(graph: &Graph, vertex: &Vertex, latest_commit: Option<Timestamp>) -> Row {
    let details = &vertex.details;
    let releases = details
        .releases
        .iter()
        .map(|(version, released)| json!({"version": version, "release_date": released.map(|time| time.to_string())}));
    let releases: Vec<serde_json::Value> = releases.collect();
    vec![
        some(&vertex.id),
        some(surrogate("package", &vertex.id)),
        some(vertex.repo),
        some(&details.name),
        vertex.project.map(|project| graph.projects[project as usize].id.clone()),
        vertex.evidence.map(|(kind, _)| kind.to_owned()),
        vertex.evidence.map(|(_, position)| position.to_string()),
        details.latest_version.clone(),
        (!releases.is_empty()).then(|| serde_json::Value::Array(releases).to_string()),
        details.private.map(|private| if private { "private" } else { "public" }.to_owned()),
        details.downloads.map(|n| n.to_string()),
        details.stars.map(|n| n.to_string()),
        details.forks.map(|n| n.to_string()),
        details.license.clone(),
        details.parent.clone(),
        (!details.packages.is_empty()).then(|| json!(details.packages).to_string()),
        latest_commit.map(|time| time.to_string()),
    ]
}

pub(super) fn edge(graph: &Graph, edge: &ResolvedEdge) -> Row {
    let version = |claim: &Option<EdgeClaim>| claim.as_ref().and_then(|claim| claim.version.clone());
    let confidence = |claim: &Option<EdgeClaim>| claim.as_ref().map(|claim| claim.confidence.name().to_owned());
    vec![
        some(&graph.vertices[edge.from as usize].id),
        some(&graph.vertices[edge.to as usize].id),
        some(edge.root),
        version(&edge.flat),
        confidence(&edge.flat),
        version(&edge.nested),
        confidence(&edge.nested),
    ]
}

pub(super) fn finding(finding: &Finding) -> Row {
    vec![some(finding.kind), some(&finding.id), some(&finding.reason)]
}

/// What a contributor did in a repository, all days together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) bot: bool,
    pub(super) commits: u64,
    pub(super) merges: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

pub(super) fn contribution(repo: &str, author: Digest, total: &Total) -> Row {
    vec![
        some(author),
        some(repo),
        some(surrogate("contributor", &author.to_string())),
        some(total.bot),
        some(total.commits),
        some(total.merges),
        some(total.first),
        some(total.last),
    ]
}

pub(super) fn contribution_day(repo: &str, row: &DayRow) -> Row {
    vec![some(row.author), some(repo), some(row.day), some(row.commits), some(row.merges)]
}

pub(super) fn score(scores: &Scores, row: &ScoreRow) -> Row {
    vec![
        some(row.level.name()),
        some(&row.id),
        row.activity_status.map(|status| status.name().to_owned()),
        row.criticality.map(|n| n.to_string()),
        row.pony_factor.map(|n| n.to_string()),
        row.adoption.map(hundredths),
        row.pg_score.map(hundredths),
        (!scores.terms.is_empty()).then(|| serde_json::Value::from(scores.further_terms(row)).to_string()),
        scores.flagged.then(|| json!(row.flags).to_string()),
    ]
}
