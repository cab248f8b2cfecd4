//! Strongly connected components of the part of the graph that has dependents.
//!
//! Two thirds of a real dependency graph are leaves: nothing depends on them, so they are in no cycle and nothing but
//! their own weight flows from them. Only the rest, the core, is numbered here; that leaves about a tenth of the edges.
//!
//! petgraph's Tarjan calls itself for every step down and so needs a stack as deep as the longest chain of packages.
//! This one, after Pearce's "A space-efficient algorithm for finding strongly connected components" (2016), keeps its
//! own stack and one number a node.

use super::graph::{DependencyGraph, NodeId};

/// The row of a node that has none: an inactive one, or one without active dependents.
pub(super) const NO_ROW: u32 = u32::MAX;

/// The components of the active core, numbered so that every edge between two of them goes from a lower to a higher
/// number.
pub(super) struct Components {
    /// The component of every node, or [`NO_ROW`].
    pub(super) row_of: Vec<u32>,
    /// The nodes of the core, grouped by component, components ascending.
    pub(super) nodes: Vec<NodeId>,
    /// How many components there are.
    pub(super) count: u32,
}

/// Not reached yet. A node on the way has the index of its visit, from 1; a finished one its component, counted down
/// from [`LAST`].
const UNVISITED: u32 = 0;
const LAST: u32 = NO_ROW - 1;

/// A node that is being visited.
struct Frame {
    node: NodeId,
    /// The index of its visit; its number falls below this when it turns out to reach an earlier visit.
    index: u32,
    /// Which of its dependencies comes next.
    next: u32,
}

/// Finds the components of the nodes that are active and have an active dependent.
pub(super) fn components(graph: &DependencyGraph, active: &[bool]) -> Components {
    let mut search = Search {
        graph,
        numbers: core(graph, active),
        frames: Vec::new(),
        open: Vec::new(),
        finished: Vec::new(),
        index: 1,
        component: LAST,
    };
    for node in 0..graph.node_count() {
        if search.numbers[node as usize] == UNVISITED {
            search.visit(node);
        }
    }
    let Search { numbers: mut row_of, finished: mut nodes, component, .. } = search;
    nodes.reverse();
    for &node in &nodes {
        row_of[node as usize] -= component + 1;
    }
    Components { row_of, nodes, count: LAST - component }
}

/// [`UNVISITED`] for every node of the core, [`NO_ROW`] for the others.
fn core(graph: &DependencyGraph, active: &[bool]) -> Vec<u32> {
    let mut numbers = vec![NO_ROW; active.len()];
    for node in (0..graph.node_count()).filter(|&node| active[node as usize]) {
        for &dependency in graph.dependencies(node) {
            if active[dependency as usize] {
                numbers[dependency as usize] = UNVISITED;
            }
        }
    }
    numbers
}

struct Search<'a> {
    graph: &'a DependencyGraph,
    numbers: Vec<u32>,
    frames: Vec<Frame>,
    /// Visited nodes whose component is not known yet.
    open: Vec<NodeId>,
    /// Nodes in the order in which their components were closed, dependencies first.
    finished: Vec<NodeId>,
    index: u32,
    component: u32,
}

impl Search<'_> {
    fn visit(&mut self, root: NodeId) {
        self.enter(root);
        while let Some(frame) = self.frames.last_mut() {
            let node = frame.node as usize;
            let dependencies = self.graph.dependencies(frame.node);
            let mut lowest = self.numbers[node];
            let mut unvisited = None;
            while let Some(&dependency) = dependencies.get(frame.next as usize) {
                let number = self.numbers[dependency as usize];
                if number == UNVISITED {
                    unvisited = Some(dependency);
                    break;
                }
                // Finished components and nodes outside the core have numbers above every index.
                lowest = lowest.min(number);
                frame.next += 1;
            }
            self.numbers[node] = lowest;
            match unvisited {
                // The dependency is looked at again afterwards, to take over its number.
                Some(dependency) => self.enter(dependency),
                None => self.leave(),
            }
        }
    }

    fn enter(&mut self, node: NodeId) {
        self.numbers[node as usize] = self.index;
        self.frames.push(Frame { node, index: self.index, next: 0 });
        self.index += 1;
    }

    /// Closes the component of the node on top, if that node was the first of it to be visited.
    fn leave(&mut self) {
        let Some(Frame { node, index, .. }) = self.frames.pop() else {
            return;
        };
        if self.numbers[node as usize] < index {
            self.open.push(node);
            return;
        }
        while let Some(&member) = self.open.last() {
            if self.numbers[member as usize] < index {
                break;
            }
            self.open.pop();
            self.numbers[member as usize] = self.component;
            self.finished.push(member);
            self.index -= 1;
        }
        self.numbers[node as usize] = self.component;
        self.finished.push(node);
        self.index -= 1;
        self.component -= 1;
    }
}
