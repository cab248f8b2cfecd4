//! The rows of the family's tables, and which of them differ.

use domain::time::Timestamp;
use serde_json::json;

use super::family::{EDGE, FINDING, PROJECT, VERTEX};
use super::{EdgeClaim, Finding, Graph, Project, ResolvedEdge, Vertex};
use crate::table::difference::side_by_side;
use crate::table::{Row, Table, TableDiff, some, surrogate};

/// What the tables are made from: a graph, and by vertex its latest commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GraphContent<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) latest: &'a [Option<Timestamp>],
}

/// By how much a table differs from what it held before; `None` for one that is made from something else.
pub(crate) fn difference(table: &Table, before: GraphContent<'_>, after: GraphContent<'_>) -> Option<TableDiff> {
    match table {
        table if *table == PROJECT => Some(projects(before.graph, after.graph)),
        table if *table == VERTEX => Some(vertices(before, after)),
        table if *table == EDGE => Some(edges(before.graph, after.graph)),
        table if *table == FINDING => Some(findings(before.graph, after.graph)),
        _ => None,
    }
}

fn projects(before: &Graph, after: &Graph) -> TableDiff {
    fn shown(project: &Project) -> (&str, &str, [&Option<String>; 3]) {
        (&project.name, project.kind, [&project.git_url, &project.category, &project.website])
    }
    TableDiff::between(
        &PROJECT,
        before.projects.iter(),
        after.projects.iter(),
        |a, b| a.id.cmp(&b.id),
        |a, b| shown(a) == shown(b),
        project_row,
    )
}

fn vertices(before: GraphContent<'_>, after: GraphContent<'_>) -> TableDiff {
    fn each<'a>(content: GraphContent<'a>) -> impl Iterator<Item = (&'a Graph, &'a Vertex, Option<Timestamp>)> {
        let each = content.graph.vertices.iter().zip(content.latest.iter());
        each.map(move |(vertex, latest)| (content.graph, vertex, *latest))
    }
    // The number of a project says nothing: others come and go.
    fn project<'a>(graph: &'a Graph, vertex: &Vertex) -> Option<&'a str> {
        vertex.project.map(|n| graph.projects[n as usize].id.as_ref())
    }
    TableDiff::between(
        &VERTEX,
        each(before),
        each(after),
        |a, b| a.1.id.cmp(&b.1.id),
        |a, b| {
            a.2 == b.2
                && (a.1.repo, a.1.evidence, &a.1.details) == (b.1.repo, b.1.evidence, &b.1.details)
                && project(a.0, a.1) == project(b.0, b.1)
        },
        |(graph, vertex, latest)| vertex_row(graph, vertex, latest),
    )
}

fn edges(before: &Graph, after: &Graph) -> TableDiff {
    fn each<'a>(graph: &'a Graph, numbers: &[u32]) -> impl Iterator<Item = ((u32, u32), &'a Graph, &'a ResolvedEdge)> {
        let number = |vertex: u32| numbers[vertex as usize];
        graph.edges.iter().map(move |edge| ((number(edge.from), number(edge.to)), graph, edge))
    }
    let [old, new] = numbers(&before.vertices, &after.vertices);
    TableDiff::between(
        &EDGE,
        each(before, &old),
        each(after, &new),
        |a, b| a.0.cmp(&b.0),
        |(_, _, a), (_, _, b)| (a.root, &a.flat, &a.nested) == (b.root, &b.flat, &b.nested),
        |(_, graph, edge)| edge_row(graph, edge),
    )
}

/// Numbers for the vertices of two graphs in the order of ids, the same for the same id.
fn numbers(before: &[Vertex], after: &[Vertex]) -> [Vec<u32>; 2] {
    let (mut old, mut new) = (Vec::with_capacity(before.len()), Vec::with_capacity(after.len()));
    let mut next = 0;
    side_by_side(
        before.iter(),
        after.iter(),
        |a, b| a.id.cmp(&b.id),
        |a, b| {
            old.extend(a.map(|_| next));
            new.extend(b.map(|_| next));
            next += 1;
        },
    );
    [old, new]
}

fn findings(before: &Graph, after: &Graph) -> TableDiff {
    TableDiff::between(
        &FINDING,
        before.findings.iter(),
        after.findings.iter(),
        |a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)),
        |a, b| a.reason == b.reason,
        finding_row,
    )
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

fn vertex_row(graph: &Graph, vertex: &Vertex, latest_commit: Option<Timestamp>) -> Row {
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

fn finding_row(finding: &Finding) -> Row {
    vec![some(finding.kind), some(&finding.id), some(&finding.reason)]
}
