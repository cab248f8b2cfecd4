//! Which nodes take part: the seeds and all they depend on.

use super::graph::{DependencyGraph, NodeId};

/// The active set: every seed, and every node that a seed reaches along dependencies.
///
/// # Panics
/// If `seeds` does not have one entry for every node.
#[must_use]
pub fn active_set(graph: &DependencyGraph, seeds: &[bool]) -> Vec<bool> {
    assert_eq!(seeds.len(), graph.node_count() as usize, "one seed flag a node");
    let mut active = seeds.to_vec();
    let mut waiting: Vec<NodeId> = Vec::new();
    for seed in (0..graph.node_count()).filter(|&node| seeds[node as usize]) {
        waiting.push(seed);
        while let Some(node) = waiting.pop() {
            for &dependency in graph.dependencies(node) {
                if !active[dependency as usize] {
                    active[dependency as usize] = true;
                    waiting.push(dependency);
                }
            }
        }
    }
    active
}
