//! The rows of the family's tables, and which of them differ.

use std::sync::Arc;

use domain::time::Timestamp;
use serde_json::json;

use super::family::{EDGE, FINDING, PROJECT, VERTEX};
use super::shown::EdgePatch;
use super::{EdgeClaim, Finding, Graph, Project, ResolvedEdge, Vertex};
use crate::table::{Row, RowSink, ShownCell, Table, TableDiff, by_id, known, surrogate};

/// All rows of a table, in the order of the graph; `None` for one that is made from something else. `latest` is by
/// vertex its latest commit.
pub(crate) fn rows(table: &Table, graph: &Graph, latest: &[Option<Timestamp>]) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    match table {
        table if *table == PROJECT => graph.projects.iter().for_each(|project| add_project(project, &mut rows)),
        table if *table == VERTEX => {
            let mut each = graph.vertices.iter().zip(latest);
            each.by_ref().for_each(|(vertex, latest)| add_vertex(graph, vertex, *latest, &mut rows));
        }
        table if *table == EDGE => graph.edges.iter().for_each(|edge| add_edge(graph, edge, &mut rows)),
        table if *table == FINDING => graph.findings.iter().for_each(|finding| add_finding(finding, &mut rows)),
        _ => return None,
    }
    Some(rows)
}

/// By how much the projects differ from those before.
pub(crate) fn projects<Changed: RowSink + Default>(before: &[Project], after: &[Project]) -> TableDiff<Changed> {
    fn shown(project: &Project) -> (&str, &str, [&Option<String>; 3]) {
        (&project.name, project.kind, [&project.git_url, &project.category, &project.website])
    }
    TableDiff::between(
        &PROJECT,
        before.iter(),
        after.iter(),
        |a, b| by_id(&a.id, &b.id),
        |a, b| shown(a) == shown(b),
        add_project,
    )
}

/// By how much the open questions differ from those before.
pub(crate) fn findings<Changed: RowSink + Default>(before: &[Finding], after: &[Finding]) -> TableDiff<Changed> {
    TableDiff::between(
        &FINDING,
        before.iter(),
        after.iter(),
        |a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)),
        |a, b| a.reason == b.reason,
        add_finding,
    )
}

/// By how much the edges differ from those before.
pub(crate) fn edges<Changed: RowSink + Default>(graph: &Graph, patch: EdgePatch) -> TableDiff<Changed> {
    let EdgePatch { gone, changed } = patch;
    let mut difference = TableDiff::<Changed>::none(&EDGE);
    gone.into_iter().for_each(|(from, to, edge)| add_named_edge(&from, &to, &edge, &mut difference.gone));
    changed.into_iter().for_each(|place| add_edge(graph, &graph.edges[place], &mut difference.changed));
    difference
}

/// The key of a vertex that is there no more.
pub(crate) fn gone_vertex(id: &str) -> Row {
    let mut row = vec![None; VERTEX.columns.len()];
    row[0] = Some(id.to_owned());
    row
}

fn add_project(project: &Project, rows: &mut dyn RowSink) {
    rows.add(&[
        Some(&project.id),
        Some(&surrogate("project", &project.id)),
        Some(&project.name),
        Some(&project.kind),
        known(&project.git_url),
        known(&project.category),
        known(&project.website),
    ]);
}

/// Adds the row of a vertex.
pub(crate) fn add_vertex(graph: &Graph, vertex: &Vertex, latest_commit: Option<Timestamp>, rows: &mut dyn RowSink) {
    let details = &vertex.details;
    let releases = details
        .releases
        .iter()
        .map(|(version, released)| json!({"version": version, "release_date": released.map(|time| time.to_string())}));
    let releases: Vec<serde_json::Value> = releases.collect();
    rows.add(&[
        Some(&vertex.id),
        Some(&surrogate("package", &vertex.id)),
        Some(&vertex.repo),
        Some(&details.name),
        known(&vertex.project.map(|project| &graph.projects[project as usize].id)),
        known(&vertex.evidence.map(|(kind, _)| kind)),
        known(&vertex.evidence.map(|(_, position)| position)),
        known(&details.latest_version),
        known(&(!releases.is_empty()).then_some(serde_json::Value::Array(releases))),
        known(&details.private.map(|private| if private { "private" } else { "public" })),
        known(&vertex.downloads),
        known(&vertex.stars),
        known(&vertex.forks),
        known(&details.license),
        known(&details.parent),
        known(&(!details.packages.is_empty()).then(|| json!(details.packages))),
        known(&latest_commit),
    ]);
}

fn add_edge(graph: &Graph, edge: &ResolvedEdge, rows: &mut dyn RowSink) {
    let id = |vertex: u32| &graph.vertices[vertex as usize].id;
    add_named_edge(id(edge.from), id(edge.to), edge, rows);
}

fn add_named_edge(from: &Arc<str>, to: &Arc<str>, edge: &ResolvedEdge, rows: &mut dyn RowSink) {
    fn version(claim: &Option<EdgeClaim>) -> ShownCell<'_> {
        claim.as_ref().and_then(|claim| known(&claim.version))
    }
    let confidence = |claim: &Option<EdgeClaim>| claim.as_ref().map(|claim| claim.confidence.name());
    rows.add(&[
        Some(from),
        Some(to),
        Some(&edge.root),
        version(&edge.flat),
        known(&confidence(&edge.flat)),
        version(&edge.nested),
        known(&confidence(&edge.nested)),
    ]);
}

fn add_finding(finding: &Finding, rows: &mut dyn RowSink) {
    rows.add(&[Some(&finding.kind), Some(&finding.id), Some(&finding.reason)]);
}
