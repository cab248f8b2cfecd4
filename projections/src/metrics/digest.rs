//! Digests of scores and of the state they rest on: SHA-256 over lines of canonical JSON.

use std::collections::BTreeSet;
use std::io::Write as _;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::formula::EdgePolicy;
use domain::status::ActivityStatus;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::exact::hundredths;
use super::{ScoreRow, Scores};
use crate::graph::Graph;
use crate::people::Contributions;
use crate::people::state::DayRow;

/// What the line of every row has, whatever the formula.
const NAMES: [&str; 6] = ["activity_status", "adoption_score", "criticality_score", "id", "level", "pony_factor"];

/// Takes one canonical line, its end included.
pub type Sink<'a> = &'a mut dyn FnMut(&[u8]);

/// Feeds one canonical line. The values hold text, integers and nulls only, and their keys are ASCII and sorted, so
/// the plain serialisation is the canonical one.
fn line<T: Serialize>(sink: Sink<'_>, value: &T) {
    let mut bytes = serde_json::to_vec(value).expect("text, integers and nulls are JSON");
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
    pub fn line(&self, row: &ScoreRow) -> Map<String, Value> {
        let composite = self.composite.then_some("pg_score");
        let each = NAMES.into_iter().chain(composite).map(|name| (name.to_owned(), self.value(row, name)));
        let mut line: Map<String, Value> = each.collect();
        line.extend(self.further(row));
        line
    }

    /// One value of a row, as its line has it; null where the formula lacks it.
    #[must_use]
    pub fn value(&self, row: &ScoreRow, name: &str) -> Value {
        match name {
            "activity_status" => json!(row.activity_status.map(ActivityStatus::name)),
            "adoption_score" => json!(row.adoption.map(hundredths)),
            "criticality_score" => json!(row.criticality),
            "id" => json!(&*row.id),
            "level" => json!(row.level.name()),
            "pony_factor" => json!(row.pony_factor),
            "pg_score" => json!(row.pg_score.map(hundredths)),
            "flags" if self.flagged => json!(row.flags),
            term => {
                let place = self.terms.iter().position(|known| known.name() == term);
                place.and_then(|place| row.terms[place]).map_or(Value::Null, |value| value.json())
            }
        }
    }

    /// The further terms of a row and the flags it raises, where the formula has any.
    #[must_use]
    pub fn further(&self, row: &ScoreRow) -> Map<String, Value> {
        let mut further = self.further_terms(row);
        if self.flagged {
            further.insert("flags".into(), json!(row.flags));
        }
        further
    }

    /// The further terms of a row alone.
    #[must_use]
    pub fn further_terms(&self, row: &ScoreRow) -> Map<String, Value> {
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
    let further = scores.terms.iter().map(|term| term.name());
    let others = [scores.composite.then_some("pg_score"), scores.flagged.then_some("flags")];
    let names: BTreeSet<&str> = NAMES.into_iter().chain(others.into_iter().flatten()).chain(further).collect();
    let mut line = Vec::new();
    for row in &scores.rows {
        line.clear();
        score_line(&mut line, scores, &names, row);
        sink(&line);
    }
}

/// Appends the line of a row, as [`Scores::line`] has it: what most rows have is written by hand, since a page of the
/// live projector writes those of all vertices.
fn score_line(line: &mut Vec<u8>, scores: &Scores, names: &BTreeSet<&str>, row: &ScoreRow) {
    // Writing to a vector cannot fail.
    for (n, name) in names.iter().enumerate() {
        let _ = write!(line, "{}\"{name}\":", if n == 0 { '{' } else { ',' });
        let text = |line: &mut Vec<u8>, text: &str| {
            let _ = write!(line, "\"{text}\"");
        };
        match (*name, row.activity_status, row.adoption, row.criticality, row.pony_factor) {
            ("id", ..) => line.extend_from_slice(&json_text(&row.id)),
            ("level", ..) => text(line, row.level.name()),
            ("activity_status", Some(status), ..) => text(line, status.name()),
            ("adoption_score", _, Some(adoption), ..) => text(line, &hundredths(adoption)),
            ("criticality_score", _, _, Some(count), _) => _ = write!(line, "{count}"),
            ("pony_factor", .., Some(people)) => _ = write!(line, "{people}"),
            (other, ..) => _ = serde_json::to_writer(&mut *line, &scores.value(row, other)),
        }
    }
    line.extend_from_slice(b"}\n");
}

/// The digest of the state.
#[must_use]
pub fn state_digest(graph: &Graph, contributions: &Contributions<'_>, policy: EdgePolicy) -> Digest {
    digest(|sink| state_lines(graph, contributions, policy, sink))
}

/// The lines that the digest of the state is of: resolved edges by (dependent, dependency), memberships by (project,
/// repo), contributions by (contributor, repo, day), those of nobody first; all bytewise.
pub fn state_lines(graph: &Graph, contributions: &Contributions<'_>, policy: EdgePolicy, sink: Sink<'_>) {
    graph_lines(graph, policy, sink);
    // Vertices are sorted by id, so their indices sort like their ids.
    let mut days: Vec<(u32, DayRow)> =
        contributions.iter().flat_map(|(vertex, repo)| repo.days.iter().map(move |row| (vertex, *row))).collect();
    days.sort_unstable_by_key(|(vertex, row)| (row.author, *vertex, *row));
    let mut line = Vec::new();
    for (vertex, repo) in contributions.iter().filter(|(_, repo)| !repo.unsigned.is_empty()) {
        let id = json_text(&graph.vertices[vertex as usize].id);
        for row in repo.unsigned {
            line.clear();
            day_line(&mut line, &id, None, row);
            sink(&line);
        }
    }
    for same in days.chunk_by(|a, b| a.0 == b.0) {
        let repo = json_text(&graph.vertices[same[0].0 as usize].id);
        for (_, row) in same {
            line.clear();
            day_line(&mut line, &repo, Some(row.author), &row.of_anybody());
            sink(&line);
        }
    }
}

fn graph_lines(graph: &Graph, policy: EdgePolicy, sink: Sink<'_>) {
    // Written out by hand, as are those of days: there are as many of these lines as there are edges.
    let ids: Vec<Vec<u8>> = graph.vertices.iter().map(|vertex| json_text(&vertex.id)).collect();
    let mut line = Vec::new();
    for edge in &graph.edges {
        if let Some(claim) = edge.under(policy) {
            line.clear();
            line.extend_from_slice(br#"{"confidence":""#);
            line.extend_from_slice(claim.confidence.name().as_bytes());
            line.extend_from_slice(br#"","in_vertex":"#);
            line.extend_from_slice(&ids[edge.from as usize]);
            line.extend_from_slice(br#","out_vertex":"#);
            line.extend_from_slice(&ids[edge.to as usize]);
            line.extend_from_slice(br#","version_range":"#);
            // Writing to a vector cannot fail.
            let _ = serde_json::to_writer(&mut line, &claim.version.as_deref());
            line.extend_from_slice(b"}\n");
            sink(&line);
        }
    }
    #[derive(Serialize)]
    struct MemberLine<'a> {
        project: &'a str,
        repo: &'a str,
    }
    let repos = graph.vertices.iter().filter(|vertex| vertex.repo);
    let mut members: Vec<(&str, &str)> =
        repos.filter_map(|vertex| Some((&*graph.projects[vertex.project? as usize].id, &*vertex.id))).collect();
    members.sort_unstable();
    for (project, repo) in members {
        self::line(sink, &MemberLine { project, repo });
    }
}

fn json_text(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).expect("text is JSON")
}

/// Appends the line of a day in a repository, whose id is given as JSON.
fn day_line(lines: &mut Vec<u8>, repo: &[u8], author: Option<Digest>, row: &UnsignedDay) {
    let UnsignedDay { day, commits, merges } = row;
    // Writing to a vector cannot fail.
    let _ = match author {
        Some(author) => write!(lines, r#"{{"commits":{commits},"contributor":"{author}","#),
        None => write!(lines, r#"{{"commits":{commits},"contributor":null,"#),
    };
    let _ = write!(lines, r#""day":"{day}","merges":{merges},"repo":"#);
    lines.extend_from_slice(repo);
    lines.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use domain::canonical;
    use domain::formula::Term;
    use domain::time::Day;

    use super::*;
    use crate::graph::Confidence;
    use crate::graph::{EdgeClaim, ResolvedEdge, Vertex};
    use crate::metrics::Level;
    use crate::metrics::value::TermValue;

    #[test]
    fn lines_of_scores_are_those_of_their_values() {
        let known = ScoreRow {
            level: Level::Repo,
            id: "a\"b\u{e9}".into(),
            activity_status: Some(ActivityStatus::InDev),
            criticality: Some(7),
            pony_factor: Some(0),
            adoption: Some(1_205),
            pg_score: Some(5),
            terms: vec![Some(TermValue::Millionths(1_500_000)), None],
            flags: vec!["risk".to_owned()],
        };
        let unknown = ScoreRow { terms: vec![None, None], ..ScoreRow::default() };
        for more in [true, false] {
            let terms = if more { vec![Term::Hhi, Term::Bridges] } else { Vec::new() };
            let rows = vec![known.clone(), unknown.clone()];
            let scores = Scores { rows, composite: more, terms, flagged: more };
            let mut lines = Vec::new();
            scores_lines(&scores, &mut |line| lines.push(line.to_vec()));
            for (row, line) in scores.rows.iter().zip(lines) {
                let value = Value::Object(scores.line(row));
                assert_eq!([canonical::to_vec(&value).unwrap().as_slice(), b"\n"].concat(), line);
            }
        }
    }

    #[test]
    fn lines_written_by_hand_are_canonical() {
        let texts = ["a\"b", "c\\d", "\u{1f}\u{7f}", "\u{e9}\n\u{2028}"];
        let vertex = |id: &str| Vertex { id: id.into(), repo: true, ..Vertex::default() };
        let edge = |(from, version): (u32, Option<&str>)| ResolvedEdge {
            from,
            to: 3 - from,
            root: true,
            flat: Some(EdgeClaim { version: version.map(Into::into), confidence: Confidence::VerifiedSbom }),
            nested: None,
        };
        let graph = Graph {
            vertices: texts.map(vertex).into(),
            edges: (0..).zip([Some(texts[0]), None, Some(texts[2]), Some(texts[3])]).map(edge).collect(),
            ..Graph::default()
        };
        let mut lines = Vec::new();
        graph_lines(&graph, EdgePolicy::Flat, &mut |line| lines.push(line.to_vec()));
        for text in texts {
            let row = DayRow { day: Day::from_number(20_000), author: Digest::of(b"a"), commits: 3, merges: 1 };
            let mut line = Vec::new();
            day_line(&mut line, &json_text(text), Some(row.author), &row.of_anybody());
            lines.push(line.clone());
            line.clear();
            day_line(&mut line, &json_text(text), None, &row.of_anybody());
            lines.push(line);
        }
        assert_eq!(lines.len(), 12);
        for line in lines {
            let value: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!([canonical::to_vec(&value).unwrap().as_slice(), b"\n"].concat(), line);
        }
    }
}
