//! Digests of scores and of the state they rest on: SHA-256 over lines of canonical JSON.

use domain::digest::Digest;
use domain::formula::EdgePolicy;
use domain::status::ActivityStatus;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::exact::hundredths;
use super::{Score, Scores};
use crate::graph::Graph;
use crate::people::Contributions;

/// Takes one canonical line, its end included.
pub type Sink<'a> = &'a mut dyn FnMut(&[u8]);

/// Feeds one canonical line. The values hold text, integers and nulls only, and their keys are ASCII and sorted, so
/// the plain serialisation is the canonical one.
fn line<T: Serialize>(sink: Sink<'_>, value: &T) {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    sink(&bytes);
}

/// The digest of lines.
fn digest(lines: impl FnOnce(Sink<'_>)) -> Digest {
    let mut hasher = Sha256::new();
    lines(&mut |line| hasher.update(line));
    Digest(hasher.finalize().into())
}

impl Score {
    /// The terms of this row, as printed in a digest.
    #[must_use]
    pub fn terms(&self, composite: bool) -> Map<String, Value> {
        let mut terms = Map::new();
        terms.insert("activity_status".into(), json!(self.activity_status.map(ActivityStatus::name)));
        terms.insert("adoption_score".into(), json!(self.adoption.map(hundredths)));
        terms.insert("criticality_score".into(), json!(self.criticality));
        terms.insert("id".into(), json!(self.id));
        terms.insert("level".into(), json!(self.level.name()));
        if composite {
            terms.insert("pg_score".into(), json!(self.pg_score.map(hundredths)));
        }
        terms.insert("pony_factor".into(), json!(self.pony_factor));
        terms
    }
}

/// The digest of scores.
#[must_use]
pub fn scores_digest(scores: &Scores) -> Digest {
    digest(|sink| scores_lines(scores, sink))
}

/// The lines that the digest of scores is of.
pub fn scores_lines(scores: &Scores, sink: Sink<'_>) {
    for row in &scores.rows {
        line(sink, &row.terms(scores.composite));
    }
}

/// The digest of the state.
#[must_use]
pub fn state_digest(graph: &Graph, contributions: &Contributions<'_>, policy: EdgePolicy) -> Digest {
    digest(|sink| state_lines(graph, contributions, policy, sink))
}

/// The lines that the digest of the state is of: resolved edges by (dependent, dependency), memberships by (project,
/// repo), contributions by (contributor, repo, day); all bytewise.
pub fn state_lines(graph: &Graph, contributions: &Contributions<'_>, policy: EdgePolicy, sink: Sink<'_>) {
    #[derive(Serialize)]
    struct EdgeLine<'a> {
        confidence: &'a str,
        in_vertex: &'a str,
        out_vertex: &'a str,
        version_range: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct MemberLine<'a> {
        project: &'a str,
        repo: &'a str,
    }
    #[derive(Serialize)]
    struct DayLine<'a> {
        commits: u32,
        contributor: Digest,
        day: domain::time::Day,
        merges: u32,
        repo: &'a str,
    }
    let id = |vertex: u32| graph.vertices[vertex as usize].id.as_str();
    for edge in &graph.edges {
        if let Some(claim) = edge.under(policy) {
            line(
                sink,
                &EdgeLine {
                    confidence: claim.confidence.name(),
                    in_vertex: id(edge.from),
                    out_vertex: id(edge.to),
                    version_range: claim.version.as_deref(),
                },
            );
        }
    }
    let mut members: Vec<(&str, &str)> = graph
        .vertices
        .iter()
        .filter(|vertex| vertex.repo)
        .filter_map(|vertex| Some((graph.projects[vertex.project? as usize].id.as_str(), vertex.id.as_str())))
        .collect();
    members.sort_unstable();
    for (project, repo) in members {
        line(sink, &MemberLine { project, repo });
    }
    let mut days: Vec<(Digest, &str, domain::time::Day, u32, u32)> = contributions
        .repos
        .iter()
        .flat_map(|(vertex, repo)| {
            repo.days.iter().map(|row| (row.author, id(*vertex), row.day, row.commits, row.merges))
        })
        .collect();
    days.sort_unstable();
    for (contributor, repo, day, commits, merges) in days {
        line(sink, &DayLine { commits, contributor, day, merges, repo });
    }
}
