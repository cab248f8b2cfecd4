//! Terms about the shape of the active set, its edges taken without direction. 0 outside the active set.

use petgraph::algo::bridges::bridges as all_bridges;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef as _;

use super::{Values, per_project};
use crate::engine::{DependencyGraph, NodeId};
use crate::metrics::basis::Basis;
use crate::metrics::network::Network;
use crate::metrics::value::TermValue::Count;

/// Neighbours within the active set, ascending, each once.
fn neighbours(edges: &DependencyGraph, active: &[bool]) -> Vec<Vec<NodeId>> {
    let mut all: Vec<Vec<NodeId>> = vec![Vec::new(); active.len()];
    for from in (0..edges.node_count()).filter(|node| active[*node as usize]) {
        // What an active vertex depends on is active.
        for &to in edges.dependencies(from) {
            all[from as usize].push(to);
            all[to as usize].push(from);
        }
    }
    for near in &mut all {
        near.sort_unstable();
        near.dedup();
    }
    all
}

/// Core number: the greatest k so that the vertex belongs to a part in which everybody has k neighbours. A project has
/// its Repos' greatest. Source: Seidman 1983; computed by peeling in order of degree (Batagelj, Zaversnik 2003).
pub(super) fn k_core(basis: &Basis<'_>, network: &Network) -> Values {
    let cores = core_numbers(&neighbours(&network.edges, &network.active));
    let greatest = |repos: &[u32]| repos.iter().map(|repo| cores[*repo as usize]).max().map(Count);
    Values { projects: per_project(basis, greatest), vertices: cores.iter().map(|core| Some(Count(*core))).collect() }
}

fn core_numbers(neighbours: &[Vec<NodeId>]) -> Vec<u64> {
    let mut degree: Vec<usize> = neighbours.iter().map(Vec::len).collect();
    let mut buckets: Vec<Vec<usize>> = vec![Vec::new(); degree.iter().max().map_or(0, |max| max + 1)];
    for (node, degree) in degree.iter().enumerate() {
        buckets[*degree].push(node);
    }
    let mut core = vec![0u64; neighbours.len()];
    let mut peeled = vec![false; neighbours.len()];
    let (mut level, mut bucket) = (0, 0);
    while bucket < buckets.len() {
        let Some(node) = buckets[bucket].pop() else {
            bucket += 1;
            continue;
        };
        // An entry of a degree that the node no longer has.
        if peeled[node] || degree[node] != bucket {
            continue;
        }
        level = level.max(bucket);
        core[node] = level as u64;
        peeled[node] = true;
        for &near in &neighbours[node] {
            let near = near as usize;
            if !peeled[near] {
                degree[near] -= 1;
                buckets[degree[near]].push(near);
                bucket = bucket.min(degree[near]);
            }
        }
    }
    core
}

/// Edges at the vertex that are the only link between two parts. A project has the sum of its Repos'.
/// Source: Tarjan 1974.
pub(super) fn bridges(basis: &Basis<'_>, network: &Network) -> Values {
    let counts = bridge_counts(&neighbours(&network.edges, &network.active));
    let sum = |repos: &[u32]| Some(Count(repos.iter().map(|repo| counts[*repo as usize]).sum()));
    Values { projects: per_project(basis, sum), vertices: counts.iter().map(|count| Some(Count(*count))).collect() }
}

fn bridge_counts(neighbours: &[Vec<NodeId>]) -> Vec<u64> {
    let mut graph: UnGraph<(), ()> = UnGraph::with_capacity(neighbours.len(), 0);
    for _ in neighbours {
        graph.add_node(());
    }
    for (node, near) in neighbours.iter().enumerate() {
        for &other in near.iter().filter(|other| **other as usize > node) {
            graph.add_edge(NodeIndex::new(node), NodeIndex::new(other as usize), ());
        }
    }
    let mut counts = vec![0; neighbours.len()];
    for bridge in all_bridges(&graph) {
        counts[bridge.source().index()] += 1;
        counts[bridge.target().index()] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn undirected(count: u32, edges: &[(u32, u32)]) -> Vec<Vec<NodeId>> {
        neighbours(&DependencyGraph::from_edges(count, edges), &vec![true; count as usize])
    }

    #[test]
    fn known_shapes() {
        // A square with both diagonals, a tail of two at one corner, a loner; the edge 0-1 in both directions.
        let edges = [(0, 1), (1, 0), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (3, 4), (5, 4)];
        let graph = undirected(7, &edges);
        assert_eq!(core_numbers(&graph), [3, 3, 3, 3, 1, 1, 0]);
        assert_eq!(bridge_counts(&graph), [0, 0, 0, 1, 2, 1, 0]);
        assert_eq!(core_numbers(&[]), [0u64; 0]);
    }

    /// The definition: take away whoever has fewer than k neighbours until nobody does.
    fn in_core(neighbours: &[Vec<NodeId>], k: usize) -> Vec<bool> {
        let mut stays = vec![true; neighbours.len()];
        loop {
            let near = |node: usize| neighbours[node].iter().filter(|other| stays[**other as usize]).count();
            let leaving: Vec<usize> = (0..neighbours.len()).filter(|node| stays[*node] && near(*node) < k).collect();
            if leaving.is_empty() {
                return stays;
            }
            leaving.iter().for_each(|node| stays[*node] = false);
        }
    }

    fn parts(neighbours: &[Vec<NodeId>], without: Option<(u32, u32)>) -> usize {
        let mut seen = vec![false; neighbours.len()];
        (0..neighbours.len())
            .filter(|start| {
                let fresh = !seen[*start];
                let mut waiting = vec![*start];
                while let Some(node) = waiting.pop() {
                    if !std::mem::replace(&mut seen[node], true) {
                        let cut = |a: u32, b: u32| without == Some((a.min(b), a.max(b)));
                        let node = u32::try_from(node).unwrap();
                        let near = neighbours[node as usize].iter().filter(|other| !cut(node, **other));
                        waiting.extend(near.map(|other| *other as usize));
                    }
                }
                fresh
            })
            .count()
    }

    proptest! {
        #[test]
        fn cores_and_bridges_are_those_of_the_definitions(edges in prop::collection::vec((0..12u32, 0..12u32), 0..40)) {
            let graph = undirected(12, &edges);
            let cores = core_numbers(&graph);
            for k in 0..6usize {
                let expected: Vec<bool> = cores.iter().map(|core| *core >= k as u64).collect();
                prop_assert_eq!(in_core(&graph, k), expected, "{}", k);
            }
            let whole = parts(&graph, None);
            let mut counts = vec![0u64; 12];
            for (a, near) in graph.iter().enumerate() {
                for b in near {
                    let a = u32::try_from(a).unwrap();
                    counts[a as usize] += u64::from(parts(&graph, Some((a.min(*b), a.max(*b)))) > whole);
                }
            }
            prop_assert_eq!(bridge_counts(&graph), counts);
        }
    }
}
