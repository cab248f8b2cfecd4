//! Criticality: transitive active dependents, by the exact engine.

use domain::formula::{DependentPolicy, Formula, ProjectCriticality, SeedPolicy, SiblingPolicy};
use domain::status::ActivityStatus;

use crate::engine;
use crate::graph::Graph;

/// Criticality by vertex and by project.
#[derive(Debug)]
pub struct Criticality {
    /// By vertex index; 0 outside the active set.
    pub vertices: Vec<u32>,
    /// By project index; `None` for projects without Repos.
    pub projects: Vec<Option<u64>>,
}

/// Evaluates every vertex and project.
#[must_use]
pub fn evaluate(graph: &Graph, statuses: &[ActivityStatus], members: &[Vec<u32>], formula: &Formula) -> Criticality {
    let policy = formula.graph.edges;
    let edges: Vec<(u32, u32)> =
        graph.edges.iter().filter(|edge| edge.under(policy).is_some()).map(|edge| (edge.from, edge.to)).collect();
    let count = u32::try_from(graph.vertices.len()).unwrap_or(u32::MAX);
    let compact = engine::Graph::from_edges(count, &edges);
    let mut depended_upon = vec![false; graph.vertices.len()];
    for (_, to) in &edges {
        depended_upon[*to as usize] = true;
    }
    let seeds: Vec<bool> = graph
        .vertices
        .iter()
        .zip(&depended_upon)
        .map(|(vertex, depended_upon)| {
            let active = vertex.project.is_some_and(|project| statuses[project as usize].is_active());
            vertex.repo && active && (formula.graph.seeds == SeedPolicy::EveryActive || !depended_upon)
        })
        .collect();
    let active = engine::active_set(&compact, &seeds);
    let counts: Vec<bool> = graph
        .vertices
        .iter()
        .map(|vertex| vertex.repo || formula.criticality.dependents == DependentPolicy::Vertices)
        .collect();
    let groups: Vec<Option<u32>> = graph.vertices.iter().map(|vertex| vertex.project).collect();
    // The engine's answer between projects costs more, so it is asked for only where the formula wants it.
    let across = (formula.criticality.siblings == SiblingPolicy::Exclude
        || formula.criticality.project == ProjectCriticality::Distinct)
        .then(|| engine::criticality_across_groups(&compact, &active, &counts, &groups, THREADS));
    let vertices = match (&across, formula.criticality.siblings) {
        (Some(across), SiblingPolicy::Exclude) => across.nodes.clone(),
        _ => engine::criticality(&compact, &active, &counts, THREADS),
    };
    let project = |(n, repos): (usize, &Vec<u32>)| {
        let sum = || repos.iter().map(|repo| u64::from(vertices[*repo as usize])).sum();
        let distinct = |across: &engine::AcrossGroups| u64::from(across.groups.get(n).copied().unwrap_or(0));
        (!repos.is_empty()).then(|| match (&across, formula.criticality.project) {
            (Some(across), ProjectCriticality::Distinct) => distinct(across),
            _ => sum(),
        })
    };
    let projects = members.iter().enumerate().map(project).collect();
    Criticality { vertices, projects }
}

/// Threads of one evaluation; the result does not depend on it.
const THREADS: usize = 1;
