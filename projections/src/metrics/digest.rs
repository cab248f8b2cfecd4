//! Digests of scores and of the state they rest on: SHA-256 over lines of canonical JSON.

use std::io::Write as _;

use domain::digest::Digest;
use domain::formula::EdgePolicy;
use domain::status::ActivityStatus;
use domain::time::Day;
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

impl Scores {
    /// The line of a row, as a digest has it.
    #[must_use]
    pub fn line(&self, row: &Score) -> Map<String, Value> {
        let mut line = Map::new();
        line.insert("activity_status".into(), json!(row.activity_status.map(ActivityStatus::name)));
        line.insert("adoption_score".into(), json!(row.adoption.map(hundredths)));
        line.insert("criticality_score".into(), json!(row.criticality));
        line.insert("id".into(), json!(row.id));
        line.insert("level".into(), json!(row.level.name()));
        line.insert("pony_factor".into(), json!(row.pony_factor));
        if self.composite {
            line.insert("pg_score".into(), json!(row.pg_score.map(hundredths)));
        }
        line.extend(self.further(row));
        line
    }

    /// The further terms of a row and the flags it raises, where the formula has any.
    #[must_use]
    pub fn further(&self, row: &Score) -> Map<String, Value> {
        let mut further = self.further_terms(row);
        if self.flagged {
            further.insert("flags".into(), json!(row.flags));
        }
        further
    }

    /// The further terms of a row alone.
    #[must_use]
    pub fn further_terms(&self, row: &Score) -> Map<String, Value> {
        let each = self.terms.iter().zip(&row.terms);
        each.map(|(term, value)| (term.name().to_owned(), value.map_or(Value::Null, |value| value.json()))).collect()
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
        line(sink, &scores.line(row));
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
    // Vertices are sorted by id, so their indices sort like their ids.
    let mut days: Vec<(Digest, u32, Day, u32, u32)> = contributions
        .repos
        .iter()
        .flat_map(|(vertex, repo)| repo.days.iter().map(|row| (row.author, *vertex, row.day, row.commits, row.merges)))
        .collect();
    days.sort_unstable();
    // Written out by hand: there are as many of these lines as people have days.
    let mut buffer = Vec::new();
    for same in days.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (contributor, repo) = (same[0].0, serde_json::Value::from(id(same[0].1)));
        for (_, _, day, commits, merges) in same {
            buffer.clear();
            // Writing to a vector cannot fail.
            let _ = writeln!(
                buffer,
                r#"{{"commits":{commits},"contributor":"{contributor}","day":"{day}","merges":{merges},"repo":{repo}}}"#
            );
            sink(&buffer);
        }
    }
}
