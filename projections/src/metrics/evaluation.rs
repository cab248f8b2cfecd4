//! One evaluation of a formula, with all that its scores were computed from.

use domain::formula::Formula;

use super::Scores;
use super::adoption::KeptAdoption;
use super::basis::Basis;
use super::criticality::{self, Criticality};
use super::kept::{KeptScores, ScoreParts};
use super::network::{KeptNetwork, Network};
use super::pony;
use super::status::{StatusDecision, StatusRules};
use super::terms;
use super::vertex_columns::VertexColumns;
use super::windows::Windows;
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

/// What the looks at one log under one formula pass on: the next computes what is another.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScoreMemory {
    columns: VertexColumns,
    network: KeptNetwork,
    criticality: Criticality,
    adoption: KeptAdoption,
    /// The scores of the last look.
    pub(crate) scores: KeptScores,
}

/// What is made anew at every look.
pub(crate) struct FreshlyMade<'a> {
    basis: Basis<'a>,
    statuses: Vec<StatusDecision>,
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
        let mut memory = ScoreMemory::default();
        let FreshlyMade { basis, statuses } = evaluate(graph, contributions, formula, windows, &mut memory);
        Self { basis, statuses, network: memory.network.network, scores: memory.scores.into_scores() }
    }
}

/// Evaluates a formula, and writes its scores over those of the last look. `memory` and `windows` serve every look at
/// the states of one log under this formula.
pub(crate) fn evaluate<'a>(
    graph: &'a Graph,
    contributions: &'a Contributions<'a>,
    formula: &'a Formula,
    windows: &mut Windows,
    memory: &mut ScoreMemory,
) -> FreshlyMade<'a> {
    let basis = Basis::of(graph, contributions, formula, windows);
    let rules = StatusRules { graph, windows: &basis.windows, members: &basis.members, source: formula.status.source };
    let statuses: Vec<StatusDecision> = (0..graph.projects.len()).map(|n| rules.decide(n)).collect();
    let ScoreMemory { columns, network, criticality, adoption, scores } = memory;
    columns.follow(graph);
    let moved = network.follow(graph, columns, &statuses, formula);
    let network = &network.network;
    if moved || criticality.projects.len() != basis.members.len() {
        *criticality = criticality::evaluate(network, &basis.members, &formula.criticality);
    }
    let further: Vec<terms::Values> = formula.terms.as_ref().map_or_else(Vec::new, |policy| {
        formula.further().iter().map(|term| terms::compute(*term, &basis, network, policy)).collect()
    });
    let parts = ScoreParts {
        statuses: &statuses,
        groups: &network.groups,
        criticality,
        pony: &pony::evaluate(graph, &basis.windows, &basis.members, &formula.pony, windows),
        adoption: adoption.follow(columns, &basis.members, &formula.adoption),
        further: &further,
    };
    scores.write(graph, columns.news.placed, &parts, formula, basis.today);
    FreshlyMade { basis, statuses }
}
