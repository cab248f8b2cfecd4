//! Criticality: transitive active dependents, by the exact engine.

use domain::formula::{CriticalityPolicy, ProjectCriticality, SiblingPolicy};

use super::network::Network;
use crate::engine;

/// Criticality by vertex and by project.
#[derive(Clone, Debug, Default)]
pub struct Criticality {
    /// By vertex index; 0 outside the active set.
    pub vertices: Vec<u32>,
    /// By project index; `None` for projects without Repos.
    pub projects: Vec<Option<u64>>,
}

/// Threads of one evaluation; the result does not depend on it.
pub(super) const THREADS: usize = 1;

/// Evaluates every vertex and project.
#[must_use]
pub fn evaluate(network: &Network, members: &[Vec<u32>], policy: &CriticalityPolicy) -> Criticality {
    let Network { edges, active, counts, groups } = network;
    // The engine's answer between projects costs more, so it is asked for only where the formula wants it.
    let across = (policy.siblings == SiblingPolicy::Exclude || policy.project == ProjectCriticality::Distinct)
        .then(|| engine::criticality_across_groups(edges, active, counts, groups, THREADS));
    let vertices = match (&across, policy.siblings) {
        (Some(across), SiblingPolicy::Exclude) => across.nodes.clone(),
        _ => engine::criticality(edges, active, counts, THREADS),
    };
    let project = |(n, repos): (usize, &Vec<u32>)| {
        let sum = || repos.iter().map(|repo| u64::from(vertices[*repo as usize])).sum();
        // Whoever has a Repo is a group.
        let distinct = |across: &engine::AcrossGroups| u64::from(across.groups[n]);
        (!repos.is_empty()).then(|| match (&across, policy.project) {
            (Some(across), ProjectCriticality::Distinct) => distinct(across),
            _ => sum(),
        })
    };
    let projects = members.iter().enumerate().map(project).collect();
    Criticality { vertices, projects }
}
