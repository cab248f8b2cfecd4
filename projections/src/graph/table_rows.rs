//! The rows of the family's tables, and which of them differ.

use domain::time::Timestamp;
use serde_json::json;

use super::family::{EDGE, FINDING, PROJECT, VERTEX};
use super::shown::EdgePatch;
use super::{EdgeClaim, Finding, Graph, Project, ResolvedEdge, Vertex};
use crate::table::{Row, Table, TableDiff, by_id, some, surrogate};

/// All rows of a table, in the order of the graph; `None` for one that is made from something else. `latest` is by
/// vertex its latest commit.
pub(crate) fn rows(table: &Table, graph: &Graph, latest: &[Option<Timestamp>]) -> Option<Vec<Row>> {
    match table {
        table if *table == PROJECT => Some(graph.projects.iter().map(project_row).collect()),
        table if *table == VERTEX => {
            let each = graph.vertices.iter().zip(latest);
            Some(each.map(|(vertex, latest)| vertex_row(graph, vertex, *latest)).collect())
        }
        table if *table == EDGE => Some(graph.edges.iter().map(|edge| edge_row(graph, edge)).collect()),
        table if *table == FINDING => Some(graph.findings.iter().map(finding_row).collect()),
        _ => None,
    }
}

/// By how much the projects differ from those before.
pub(crate) fn projects(before: &[Project], after: &[Project]) -> TableDiff {
    fn shown(project: &Project) -> (&str, &str, [&Option<String>; 3]) {
        (&project.name, project.kind, [&project.git_url, &project.category, &project.website])
    }
    TableDiff::between(
        &PROJECT,
        before.iter(),
        after.iter(),
        |a, b| by_id(&a.id, &b.id),
        |a, b| shown(a) == shown(b),
        project_row,
    )
}

/// By how much the open questions differ from those before.
pub(crate) fn findings(before: &[Finding], after: &[Finding]) -> TableDiff {
    TableDiff::between(
        &FINDING,
        before.iter(),
        after.iter(),
        |a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)),
        |a, b| a.reason == b.reason,
        finding_row,
    )
}

/// By how much the edges differ from those before.
pub(crate) fn edges(graph: &Graph, patch: EdgePatch) -> TableDiff {
    let EdgePatch { gone, changed } = patch;
    TableDiff {
        table: &EDGE,
        gone: gone.into_iter().map(|(from, to, edge)| edge_cells(&from, &to, &edge)).collect(),
        changed: changed.into_iter().map(|place| edge_row(graph, &graph.edges[place])).collect(),
    }
}

/// The key of a vertex that is there no more.
pub(crate) fn gone_vertex(id: &str) -> Row {
    let mut row = vec![None; VERTEX.columns.len()];
    row[0] = some(id);
    row
}

fn project_row(project: &Project) -> Row {
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

/// The row of a vertex.
pub(crate) fn vertex_row(graph: &Graph, vertex: &Vertex, latest_commit: Option<Timestamp>) -> Row {
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
        vertex.project.map(|project| graph.projects[project as usize].id.to_string()),
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

fn edge_row(graph: &Graph, edge: &ResolvedEdge) -> Row {
    let id = |vertex: u32| &graph.vertices[vertex as usize].id;
    edge_cells(id(edge.from), id(edge.to), edge)
}

fn edge_cells(from: &str, to: &str, edge: &ResolvedEdge) -> Row {
    let version = |claim: &Option<EdgeClaim>| claim.as_ref().and_then(|claim| claim.version.clone());
    let confidence = |claim: &Option<EdgeClaim>| claim.as_ref().map(|claim| claim.confidence.name().to_owned());
    vec![
        some(from),
        some(to),
        some(edge.root),
        version(&edge.flat),
        confidence(&edge.flat),
        version(&edge.nested),
        confidence(&edge.nested),
    ]
}

fn finding_row(finding: &Finding) -> Row {
    vec![some(finding.kind), some(&finding.id), some(&finding.reason)]
}
