//! One evaluation of a formula, with all that its scores were computed from.

use std::sync::Arc;

use domain::formula::Formula;

use super::adoption::{self, Adoption};
use super::basis::Basis;
use super::criticality::{self, Criticality};
use super::network::Network;
use super::pony::{self, PonyFactors};
use super::status::{StatusDecision, StatusRules};
use super::terms::{self, Values};
use super::windows::Windows;
use super::{Level, ScoreRow, Scores, flags, score};
use crate::graph::Graph;
use crate::people::Contributions;

/// The scores of a formula, with the intermediate results that explain them.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// What was looked at.
    pub basis: Basis<'a>,
    /// Status by project index, each as it was decided.
    pub statuses: Vec<StatusDecision>,
    /// Edges, active set, dependents that count.
    pub network: Network,
    /// The scores.
    pub scores: Scores,
}

/// What was computed beside the network, by term.
struct ScoreParts {
    criticality: Criticality,
    pony: PonyFactors,
    adoption: Adoption,
    further: Vec<Values>,
}

impl<'a> Evaluation<'a> {
    /// Evaluates a formula. `windows` serve every look at the states of one log under this formula.
    #[must_use]
    pub fn of(
        graph: &'a Graph,
        contributions: &'a Contributions<'a>,
        formula: &'a Formula,
        windows: &mut Windows,
    ) -> Self {
        let basis = Basis::of(graph, contributions, formula, windows);
        let rules = StatusRules {
            graph,
            contributions,
            members: &basis.members,
            authors: &basis.authors,
            source: formula.status.source,
            today: basis.today,
        };
        let statuses: Vec<StatusDecision> = (0..graph.projects.len()).map(|n| rules.decide(n)).collect();
        let network = Network::of(graph, &statuses, formula);
        let further = formula.further();
        let parts = ScoreParts {
            criticality: criticality::evaluate(&network, &basis.members, &formula.criticality),
            pony: pony::evaluate(graph, &basis.windows, &basis.members, &formula.pony, windows),
            adoption: adoption::evaluate(graph, &basis.members, &formula.adoption),
            further: formula.terms.as_ref().map_or_else(Vec::new, |policy| {
                further.iter().map(|term| terms::compute(*term, &basis, &network, policy)).collect()
            }),
        };
        let mut rows = Vec::with_capacity(graph.projects.len() + graph.vertices.len());
        rows.extend(project_rows(graph, &statuses, &parts));
        if let Some(policy) = &formula.score {
            score::add(&mut rows, policy);
        }
        flags::raise(&mut rows, &further, &formula.flags, basis.today);
        for repo in [true, false] {
            let first = rows.len();
            rows.extend(vertex_rows(graph, repo, &statuses, &parts));
            flags::raise(&mut rows[first..], &further, &formula.flags, basis.today);
        }
        let scores =
            Scores { rows, composite: formula.score.is_some(), terms: further, flagged: !formula.flags.is_empty() };
        Self { basis, statuses, network, scores }
    }
}

fn project_rows(graph: &Graph, statuses: &[StatusDecision], parts: &ScoreParts) -> impl Iterator<Item = ScoreRow> {
    let row = move |(n, project): (usize, &crate::graph::Project)| ScoreRow {
        level: Level::Project,
        id: Arc::clone(&project.id),
        activity_status: Some(statuses[n].status),
        criticality: parts.criticality.projects[n],
        pony_factor: parts.pony.projects[n],
        adoption: parts.adoption.projects[n],
        pg_score: None,
        terms: parts.further.iter().map(|values| values.projects[n]).collect(),
        flags: Vec::new(),
    };
    graph.projects.iter().enumerate().map(row)
}

fn vertex_rows(
    graph: &Graph,
    repo: bool,
    statuses: &[StatusDecision],
    parts: &ScoreParts,
) -> impl Iterator<Item = ScoreRow> {
    let row = move |(n, vertex): (usize, &crate::graph::Vertex)| ScoreRow {
        level: if repo { Level::Repo } else { Level::External },
        id: Arc::clone(&vertex.id),
        activity_status: vertex.project.map(|project| statuses[project as usize].status),
        criticality: Some(u64::from(parts.criticality.vertices[n])),
        pony_factor: parts.pony.vertices[n],
        adoption: parts.adoption.vertices[n],
        pg_score: None,
        terms: parts.further.iter().map(|values| values.vertices[n]).collect(),
        flags: Vec::new(),
    };
    graph.vertices.iter().enumerate().filter(move |(_, vertex)| vertex.repo == repo).map(row)
}
