//! The dependency graph as the engine reads it: compressed sparse rows over dense node numbers.

/// A node number, dense from 0.
pub type NodeId = u32;

/// A directed graph, dependent -> dependency, without self edges and parallel edges. It never changes once built.
///
/// The dependencies of one node lie side by side in ascending order, so walking a node costs one cache miss, not one
/// for every edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyGraph {
    /// The edges of node `v` are `targets[offsets[v]..offsets[v + 1]]`.
    offsets: Vec<u32>,
    targets: Vec<NodeId>,
}

impl Default for DependencyGraph {
    /// The graph without a node.
    fn default() -> Self {
        Self { offsets: vec![0], targets: Vec::new() }
    }
}

impl DependencyGraph {
    /// Builds the graph from (dependent, dependency) pairs in any order; repeated pairs count once, self edges not at
    /// all.
    ///
    /// Pairs that are already in strictly ascending order are copied without sorting.
    ///
    /// # Panics
    /// If a pair names a node at or above `node_count`, or if there are more than `u32::MAX` pairs.
    #[must_use]
    pub fn from_edges(node_count: u32, edges: &[(NodeId, NodeId)]) -> Self {
        assert!(u32::try_from(edges.len()).is_ok(), "more than u32::MAX edges");
        assert!(
            edges.iter().fold(0, |max, &(source, target)| max.max(source).max(target)) < node_count || edges.is_empty(),
            "an edge names a node at or above {node_count}"
        );
        let offsets = offsets_of(node_count, edges.iter().map(|&(source, _)| source));
        let ascending = edges.is_sorted_by(|a, b| a < b) && edges.iter().all(|(source, target)| source != target);
        if ascending {
            let targets = edges.iter().map(|&(_, target)| target).collect();
            return Self { offsets, targets };
        }
        let mut next = offsets.clone();
        let mut targets = vec![0; edges.len()];
        for &(source, target) in edges {
            let slot = &mut next[source as usize];
            targets[*slot as usize] = target;
            *slot += 1;
        }
        Self { offsets, targets }.tidied()
    }

    /// Becomes the graph of pairs in strictly ascending order, none of them a self edge.
    ///
    /// # Panics
    /// If they are in another order, or if a pair names a node at or above `node_count`.
    pub fn refill(&mut self, node_count: u32, edges: impl Iterator<Item = (NodeId, NodeId)>) {
        let Self { offsets, targets } = self;
        offsets.clear();
        targets.clear();
        offsets.reserve(node_count as usize + 1);
        // The row that is being written, and its last target.
        let (mut row, mut last) = (None, None);
        for (source, target) in edges {
            if row != Some(source) {
                assert!(row < Some(source) && source < node_count, "edges are in order, below {node_count}");
                offsets.resize(source as usize + 1, to_u32(targets.len()));
                (row, last) = (Some(source), None);
            }
            assert!(last < Some(target) && source != target, "edges are in order, and none is to itself");
            assert!(target < node_count, "an edge names a node at or above {node_count}");
            last = Some(target);
            targets.push(target);
        }
        offsets.resize(node_count as usize + 1, to_u32(targets.len()));
    }

    /// The same graph with every row sorted, repeated and self edges dropped.
    fn tidied(mut self) -> Self {
        let mut kept = 0;
        let mut start = 0;
        for node in 0..self.offsets.len() - 1 {
            let end = self.offsets[node + 1] as usize;
            self.targets[start..end].sort_unstable();
            let row = kept;
            for edge in start..end {
                let target = self.targets[edge];
                let repeated = kept > row && self.targets[kept - 1] == target;
                if !repeated && target as usize != node {
                    self.targets[kept] = target;
                    kept += 1;
                }
            }
            self.offsets[node + 1] = to_u32(kept);
            start = end;
        }
        self.targets.truncate(kept);
        self
    }

    /// How many nodes there are; they are numbered 0 to this, exclusive.
    #[must_use]
    pub fn node_count(&self) -> u32 {
        to_u32(self.offsets.len() - 1)
    }

    /// How many distinct edges there are.
    #[must_use]
    pub fn edge_count(&self) -> u32 {
        to_u32(self.targets.len())
    }

    /// The direct dependencies of `node`, ascending.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn dependencies(&self, node: NodeId) -> &[NodeId] {
        let node = node as usize;
        &self.targets[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    /// For every node whether any other depends on it directly.
    #[must_use]
    pub fn has_dependents(&self) -> Vec<bool> {
        let mut depended_on = vec![false; self.node_count() as usize];
        for &target in &self.targets {
            depended_on[target as usize] = true;
        }
        depended_on
    }

    /// For every node how many others depend on it directly.
    #[must_use]
    pub fn in_degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.node_count() as usize];
        for &target in &self.targets {
            degrees[target as usize] += 1;
        }
        degrees
    }

    /// The graph with every edge turned round: the dependencies of a node in it are its dependents here.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let offsets = offsets_of(self.node_count(), self.targets.iter().copied());
        let mut next = offsets.clone();
        let mut targets = vec![0; self.targets.len()];
        for node in 0..self.node_count() {
            for &target in self.dependencies(node) {
                let slot = &mut next[target as usize];
                targets[*slot as usize] = node;
                *slot += 1;
            }
        }
        Self { offsets, targets }
    }
}

/// Where each row begins, and where the last one ends, when `sources` holds one row number for every entry.
pub(super) fn offsets_of(row_count: u32, sources: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut offsets = vec![0; row_count as usize + 1];
    for source in sources {
        offsets[source as usize + 1] += 1;
    }
    let mut total = 0;
    for offset in &mut offsets {
        total += *offset;
        *offset = total;
    }
    offsets
}

/// Narrows a length that is known to fit: nothing in the engine is longer than the number of nodes or edges.
pub(super) fn to_u32(length: usize) -> u32 {
    u32::try_from(length).expect("lengths are bounded by the number of nodes and edges")
}
