//! The condensed core: one row for every strongly connected component, edges from lower to higher rows only.

use super::components::{Components, NO_ROW};
use super::graph::{DependencyGraph, to_u32};

/// An acyclic graph whose rows are numbered dependents first: every edge goes to a higher row.
pub(super) struct Dag {
    offsets: Vec<u32>,
    successors: Vec<u32>,
}

impl Dag {
    /// Condenses the core of `graph`; `extra` are further edges from a row to a sink behind all components, ascending.
    pub(super) fn condense(graph: &DependencyGraph, core: &Components, extra: &[(u32, u32)], sinks: u32) -> Self {
        let row_count = core.count + sinks;
        let mut offsets = Vec::with_capacity(row_count as usize + 1);
        let mut successors = Vec::new();
        let mut extra = extra.iter().peekable();
        let mut nodes = core.nodes.iter().peekable();
        offsets.push(0);
        for row in 0..row_count {
            let start = successors.len();
            while let Some(&node) = nodes.next_if(|&&node| core.row_of[node as usize] == row) {
                let rows = graph.dependencies(node).iter().map(|&dependency| core.row_of[dependency as usize]);
                successors.extend(rows.filter(|&successor| successor != row && successor != NO_ROW));
            }
            while let Some(&(_, sink)) = extra.next_if(|&&(from, _)| from == row) {
                successors.push(core.count + sink);
            }
            sort_distinct(&mut successors, start);
            offsets.push(to_u32(successors.len()));
        }
        Self { offsets, successors }
    }

    pub(super) fn row_count(&self) -> u32 {
        to_u32(self.offsets.len() - 1)
    }

    /// The rows that `row` depends on directly, ascending.
    pub(super) fn successors(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.successors[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

/// Sorts `list[start..]` and drops its duplicates.
fn sort_distinct(list: &mut Vec<u32>, start: usize) {
    list[start..].sort_unstable();
    let mut kept = start;
    for next in start..list.len() {
        if kept == start || list[kept - 1] != list[next] {
            list[kept] = list[next];
            kept += 1;
        }
    }
    list.truncate(kept);
}
