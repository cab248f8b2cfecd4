//! The dependency graph of a formula: its edges, its active set, who counts as a dependent.

use domain::formula::{ConfidenceWeights, DependentPolicy, Formula, SeedPolicy, SiblingPolicy};
use domain::number::fit;

use super::status::StatusDecision;
use crate::engine;
use crate::graph::Confidence;
use crate::graph::{Graph, ResolvedLink};

/// What criticality and its relatives are computed on. All lists have one entry a vertex.
#[derive(Clone, Debug)]
pub struct Network {
    /// The edges that count.
    pub edges: engine::DependencyGraph,
    /// The active set.
    pub active: Vec<bool>,
    /// Who counts as a dependent.
    pub counts: Vec<bool>,
    /// The project of each vertex.
    pub groups: Vec<Option<u32>>,
}

/// The weight of an edge under a formula, in percent; `None` when the formula does not know the edge.
#[must_use]
pub fn weight(link: &ResolvedLink, formula: &Formula) -> Option<u32> {
    let confidence = link.under(formula.graph.edges)?;
    let ConfidenceWeights { verified_sbom, inferred_shadow } = formula.graph.confidence;
    let weight = match confidence {
        Confidence::VerifiedSbom => verified_sbom,
        Confidence::InferredShadow => inferred_shadow,
    };
    (weight > 0).then_some(weight)
}

impl Network {
    /// The network of a formula, where projects have these statuses.
    #[must_use]
    pub fn of(graph: &Graph, statuses: &[StatusDecision], formula: &Formula) -> Self {
        let known = graph.links.iter().filter(|link| weight(link, formula).is_some());
        let count = fit(graph.vertices.len(), "vertices");
        let edges = engine::DependencyGraph::from_ascending(count, known.map(|link| (link.from, link.to)));
        let depended_upon = edges.has_dependents();
        let seed = |(n, vertex): (usize, &crate::graph::Vertex)| {
            let active = vertex.project.is_some_and(|project| statuses[project as usize].status.is_active());
            vertex.repo && active && (formula.graph.seeds == SeedPolicy::EveryActive || !depended_upon[n])
        };
        let seeds: Vec<bool> = graph.vertices.iter().enumerate().map(seed).collect();
        let active = engine::active_set(&edges, &seeds);
        let everybody = formula.criticality.dependents == DependentPolicy::Vertices;
        let counts = graph.vertices.iter().map(|vertex| vertex.repo || everybody).collect();
        let groups = graph.vertices.iter().map(|vertex| vertex.project).collect();
        Self { edges, active, counts, groups }
    }

    /// Why something that reaches a vertex of this project does not count as its dependent; `None` where it counts.
    #[must_use]
    pub fn hindrance(&self, source: u32, project: Option<u32>, siblings: SiblingPolicy) -> Option<Hindrance> {
        let group = self.groups[source as usize];
        if !self.active[source as usize] {
            Some(Hindrance::Inactive)
        } else if !self.counts[source as usize] {
            Some(Hindrance::NoRepo)
        } else if siblings == SiblingPolicy::Exclude && group.is_some() && group == project {
            Some(Hindrance::Sibling)
        } else {
            None
        }
    }
}

/// What keeps one that reaches a vertex from counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// It is of the same project.
    Sibling,
    /// It is outside the active set.
    Inactive,
    /// It is no Repo, and the formula counts only those.
    NoRepo,
}
