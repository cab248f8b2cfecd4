//! Random graphs with cycles, self edges and repeated edges; random active sets, counting nodes and groups; 1 to 8
//! threads.

use proptest::prelude::*;

use super::oracle::Case;
use crate::engine::{DependencyGraph, active_set, criticality, criticality_across_groups};

/// Graphs of up to `nodes` nodes with up to `degree` edges a node.
fn cases(nodes: usize, degree: usize) -> impl Strategy<Value = Case> {
    (1..=nodes).prop_flat_map(move |node_count| {
        let node = 0..u32::try_from(node_count).unwrap();
        let edges = prop::collection::vec((node.clone(), node), 0..=node_count * degree);
        // Real graphs are mostly acyclic: with `forward` almost all edges go to a higher node.
        let edges = (edges, 0_usize..4).prop_map(|(mut edges, forward)| {
            for (index, (source, target)) in edges.iter_mut().enumerate() {
                if forward > 0 && source > target && index % 50 != 0 {
                    std::mem::swap(source, target);
                }
            }
            edges
        });
        let flags = |probability| prop::collection::vec(prop::bool::weighted(probability), node_count);
        // From one group that holds nearly everything to groups of a few nodes.
        let group_of = (1..=u32::try_from(node_count).unwrap()).prop_flat_map(move |count| {
            let group = prop::option::weighted(0.8, 0..count.div_ceil(3));
            prop::collection::vec(group, node_count)
        });
        (edges, flags(0.85), flags(0.7), group_of).prop_map(|(edges, active, counts, group_of)| Case {
            edges,
            active,
            counts,
            group_of,
        })
    })
}

fn check(case: &Case, threads: usize) -> Result<(), TestCaseError> {
    let graph = DependencyGraph::from_edges(case.node_count(), &case.edges);
    prop_assert_eq!(criticality(&graph, &case.active, &case.counts, threads), case.criticality());
    let across = criticality_across_groups(&graph, &case.active, &case.counts, &case.group_of, threads);
    prop_assert_eq!(across, case.across_groups());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn small_graphs(case in cases(12, 3), threads in 1_usize..=8) {
        check(&case, threads)?;
    }

    #[test]
    fn the_active_set_is_what_the_seeds_reach(case in cases(30, 2)) {
        let graph = DependencyGraph::from_edges(case.node_count(), &case.edges);
        let seeds = &case.counts;
        prop_assert_eq!(active_set(&graph, seeds), case.active_set(seeds));
    }

    #[test]
    fn a_graph_holds_each_edge_once(case in cases(30, 4)) {
        let graph = DependencyGraph::from_edges(case.node_count(), &case.edges);
        let mut edges = case.edges.clone();
        edges.retain(|(source, target)| source != target);
        edges.sort_unstable();
        edges.dedup();
        let held: Vec<(u32, u32)> = (0..case.node_count())
            .flat_map(|node| graph.dependencies(node).iter().map(move |&target| (node, target)))
            .collect();
        prop_assert_eq!(&held, &edges);
        prop_assert_eq!(DependencyGraph::from_edges(case.node_count(), &edges), graph.clone());
        prop_assert_eq!(graph.reversed().reversed(), graph.clone());
        let dependents: Vec<u32> = graph.in_degrees();
        let reversed = graph.reversed();
        for node in 0..case.node_count() {
            prop_assert_eq!(dependents[node as usize] as usize, reversed.dependencies(node).len());
            prop_assert_eq!(graph.has_dependents()[node as usize], dependents[node as usize] > 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Enough columns for several blocks, so that threads share them.
    #[test]
    fn larger_graphs(case in cases(1500, 4), threads in 1_usize..=8) {
        check(&case, threads)?;
    }
}
