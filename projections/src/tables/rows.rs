//! Rows of every derived table.

use domain::time::{Day, Timestamp};
use serde_json::json;

use super::{CONTRIBUTION, CONTRIBUTION_DAY, EDGE, FINDING, PROJECT, Row, SCORE, Table, VERTEX, surrogate};
use crate::fold::View;
use crate::graph::{EdgeClaim, Graph, Vertex};
use crate::metrics::Scores;
use crate::metrics::exact::hundredths;
use crate::people::{Contributions, RepoContributions};

/// A table with its rows, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// Its rows.
    pub rows: Vec<Row>,
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and references alike, without an & at each of them")]
fn some(text: impl ToString) -> Option<String> {
    Some(text.to_string())
}

/// The derived tables of a view and its scores. Those of the history are written as they grow.
#[must_use]
pub fn derived(view: &View<'_>, scores: &Scores) -> Vec<Rows> {
    let today = view.graph.world_time.map_or(Day::from_number(0), Timestamp::day);
    vec![
        Rows { table: &PROJECT, rows: projects(&view.graph) },
        Rows { table: &VERTEX, rows: vertices(&view.graph, &view.contributions, today) },
        Rows { table: &EDGE, rows: edges(&view.graph) },
        Rows { table: &FINDING, rows: findings(&view.graph) },
        Rows { table: &CONTRIBUTION, rows: contributions(&view.graph, &view.contributions) },
        Rows { table: &CONTRIBUTION_DAY, rows: days(&view.graph, &view.contributions) },
        Rows { table: &SCORE, rows: score_rows(scores) },
    ]
}

fn projects(graph: &Graph) -> Vec<Row> {
    let each = graph.projects.iter().map(|project| {
        vec![
            some(&project.id),
            some(surrogate("project", &project.id)),
            some(&project.name),
            some(project.kind),
            project.git_url.clone(),
            project.category.clone(),
            project.website.clone(),
        ]
    });
    each.collect()
}

fn vertices(graph: &Graph, contributions: &Contributions<'_>, today: Day) -> Vec<Row> {
    let each = graph.vertices.iter().enumerate().map(|(n, vertex)| {
        let log = u32::try_from(n).ok().and_then(|n| contributions.repos.get(&n));
        let latest = log.and_then(|log| log.latest_commit(today));
        vertex_row(graph, vertex, latest.map(|time| time.to_string()))
    });
    each.collect()
}

fn vertex_row(graph: &Graph, vertex: &Vertex, latest_commit: Option<String>) -> Row {
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
        latest_commit,
    ]
}

fn edges(graph: &Graph) -> Vec<Row> {
    let version = |claim: &Option<EdgeClaim>| claim.as_ref().and_then(|claim| claim.version.clone());
    let confidence = |claim: &Option<EdgeClaim>| claim.as_ref().map(|claim| claim.confidence.name().to_owned());
    let each = graph.edges.iter().map(|edge| {
        vec![
            some(&graph.vertices[edge.from as usize].id),
            some(&graph.vertices[edge.to as usize].id),
            some(edge.root),
            version(&edge.flat),
            confidence(&edge.flat),
            version(&edge.nested),
            confidence(&edge.nested),
        ]
    });
    each.collect()
}

fn findings(graph: &Graph) -> Vec<Row> {
    let each = graph.findings.iter();
    each.map(|finding| vec![some(finding.kind), some(&finding.id), some(&finding.reason)]).collect()
}

fn contributions(graph: &Graph, contributions: &Contributions<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (vertex, repo) in &contributions.repos {
        let id = &graph.vertices[*vertex as usize].id;
        rows.extend(authors(repo).into_iter().map(|(author, total)| {
            let facts = repo.authors.get(&author);
            // The exact time where the log that told it still speaks for that day.
            let first = facts.map(|facts| facts.first).filter(|time| time.day() == total.first);
            let last = facts.map(|facts| facts.last).filter(|time| time.day() == total.last);
            vec![
                some(author),
                some(id),
                some(surrogate("contributor", &author.to_string())),
                some(facts.is_some_and(|facts| facts.bot)),
                some(total.commits),
                some(total.merges),
                some(first.unwrap_or_else(|| total.first.start())),
                some(last.unwrap_or_else(|| total.last.start())),
            ]
        }));
    }
    rows.sort_unstable();
    rows
}

struct Total {
    commits: u64,
    merges: u64,
    first: Day,
    last: Day,
}

fn authors(repo: &RepoContributions<'_>) -> std::collections::BTreeMap<domain::digest::Digest, Total> {
    let mut totals = std::collections::BTreeMap::new();
    for row in repo.days.iter() {
        let total = totals.entry(row.author).or_insert(Total { commits: 0, merges: 0, first: row.day, last: row.day });
        total.commits += u64::from(row.commits.saturating_sub(row.merges));
        total.merges += u64::from(row.merges);
        total.last = row.day;
    }
    totals
}

fn days(graph: &Graph, contributions: &Contributions<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = contributions
        .repos
        .iter()
        .flat_map(|(vertex, repo)| {
            let id = &graph.vertices[*vertex as usize].id;
            let each = repo.days.iter();
            each.map(move |row| vec![some(row.author), some(id), some(row.day), some(row.commits), some(row.merges)])
        })
        .collect();
    rows.sort_unstable();
    rows
}

fn score_rows(scores: &Scores) -> Vec<Row> {
    let mut rows: Vec<Row> = scores
        .rows
        .iter()
        .map(|row| {
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
        })
        .collect();
    rows.sort_unstable();
    rows
}
