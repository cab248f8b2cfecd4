//! What the engine must say, found the slow way: petgraph, one search a node.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed};

use crate::engine::AcrossGroups;

/// A graph with all that the engine is told about its nodes.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) edges: Vec<(u32, u32)>,
    pub(super) active: Vec<bool>,
    pub(super) counts: Vec<bool>,
    pub(super) group_of: Vec<Option<u32>>,
}

impl Case {
    pub(super) fn node_count(&self) -> u32 {
        u32::try_from(self.active.len()).unwrap()
    }

    fn graph(&self) -> DiGraph<(), ()> {
        let mut graph = DiGraph::new();
        for _ in &self.active {
            graph.add_node(());
        }
        graph.extend_with_edges(&self.edges);
        graph
    }

    /// The active counting nodes that reach each node through active nodes, itself included if it counts.
    fn dependents(&self) -> Vec<BTreeSet<usize>> {
        let graph = self.graph().filter_map(|node, ()| Some(self.active[node.index()]), |_, ()| Some(()));
        let graph = graph.filter_map(
            |_, &active| Some(active),
            |edge, ()| {
                let (source, target) = graph.edge_endpoints(edge)?;
                (graph[source] && graph[target]).then_some(())
            },
        );
        (0..self.active.len())
            .map(|node| {
                let mut found = BTreeSet::new();
                let reversed = Reversed(&graph);
                let mut search = Bfs::new(&reversed, NodeIndex::new(node));
                while let Some(dependent) = search.next(&reversed) {
                    let dependent = dependent.index();
                    if self.active[dependent] && self.counts[dependent] {
                        found.insert(dependent);
                    }
                }
                found
            })
            .collect()
    }

    pub(super) fn active_set(&self, seeds: &[bool]) -> Vec<bool> {
        let graph = self.graph();
        let mut active = vec![false; seeds.len()];
        for seed in (0..seeds.len()).filter(|&seed| seeds[seed]) {
            let mut search = Bfs::new(&graph, NodeIndex::new(seed));
            while let Some(node) = search.next(&graph) {
                active[node.index()] = true;
            }
        }
        active
    }

    pub(super) fn criticality(&self) -> Vec<u32> {
        let dependents = self.dependents();
        self.each_active(|node| dependents[node].iter().filter(|&&dependent| dependent != node).count())
    }

    pub(super) fn across_groups(&self) -> AcrossGroups {
        let dependents = self.dependents();
        let same = |a: usize, b: usize| a == b || (self.group_of[a].is_some() && self.group_of[a] == self.group_of[b]);
        let nodes =
            self.each_active(|node| dependents[node].iter().filter(|&&dependent| !same(dependent, node)).count());
        let group_count = self.group_of.iter().flatten().max().map_or(0, |&highest| highest + 1);
        let groups = (0..group_count)
            .map(|group| {
                let in_group = |node: usize| self.group_of[node] == Some(group);
                let members = (0..self.active.len()).filter(|&node| self.active[node] && in_group(node));
                let reaching: BTreeSet<usize> = members.flat_map(|member| dependents[member].clone()).collect();
                u32::try_from(reaching.into_iter().filter(|&node| !in_group(node)).count()).unwrap()
            })
            .collect();
        AcrossGroups { nodes, groups }
    }

    fn each_active(&self, count: impl Fn(usize) -> usize) -> Vec<u32> {
        let score = |node| {
            if self.active[node] { u32::try_from(count(node)).unwrap() } else { 0 }
        };
        (0..self.active.len()).map(score).collect()
    }
}
