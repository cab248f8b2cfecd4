//! The dependency graph of a formula: its edges, its active set, who counts as a dependent.

use domain::formula::{ConfidenceWeights, DependentPolicy, Formula, SeedPolicy, SiblingPolicy};
use domain::number::fit;

use super::status::StatusDecision;
use super::vertex_columns::VertexColumns;
use crate::engine;
use crate::graph::Confidence;
use crate::graph::{Graph, ResolvedLink};

/// What criticality and its relatives are computed on. All lists have one entry a vertex.
#[derive(Clone, Debug, Default)]
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

/// A network that follows the looks at one log under one formula.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptNetwork {
    pub(super) network: Network,
    /// Where the active set begins.
    seeds: Vec<bool>,
    /// Where the next edges and seeds are written.
    spare: (engine::DependencyGraph, Vec<bool>),
}

impl KeptNetwork {
    /// Becomes the network of the formula, where projects have these statuses. Says whether it is another than before.
    pub(super) fn follow(
        &mut self,
        graph: &Graph,
        columns: &VertexColumns,
        statuses: &[StatusDecision],
        formula: &Formula,
    ) -> bool {
        let Self { network, seeds, spare: (spare_edges, spare_seeds) } = self;
        let known = graph.links.iter().filter(|link| weight(link, formula).is_some());
        let count = fit(graph.vertices.len(), "vertices");
        spare_edges.refill(count, known.map(|link| (link.from, link.to)));
        std::mem::swap(&mut network.edges, spare_edges);
        let is_active: Vec<bool> = statuses.iter().map(|decided| decided.status.is_active()).collect();
        let every = formula.graph.seeds == SeedPolicy::EveryActive;
        let depended_upon = if every { Vec::new() } else { network.edges.has_dependents() };
        spare_seeds.clear();
        spare_seeds.extend(columns.repos.iter().zip(&columns.groups).enumerate().map(|(n, (repo, group))| {
            let active = group.is_some_and(|project| is_active[project as usize]);
            *repo && active && (every || !depended_upon[n])
        }));
        std::mem::swap(seeds, spare_seeds);
        let moved = *seeds != *spare_seeds || network.edges != *spare_edges;
        if moved {
            network.active = engine::active_set(&network.edges, seeds);
        }
        if columns.news.placed || columns.news.grouped {
            let everybody = formula.criticality.dependents == DependentPolicy::Vertices;
            network.counts.clear();
            network.counts.extend(columns.repos.iter().map(|repo| *repo || everybody));
            network.groups.clone_from(&columns.groups);
            return true;
        }
        moved
    }
}

impl Network {
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
