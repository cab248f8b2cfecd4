//! From rows back to nodes and groups: the scores themselves.

use super::columns::Columns;
use super::components::{Components, NO_ROW, components};
use super::count::totals;
use super::dag::Dag;
use super::graph::DependencyGraph;
use super::siblings::{SiblingGroup, Siblings, groups, siblings};

/// For every active node the number of distinct other nodes that are active, count, and reach it along dependencies; 0
/// for the others.
///
/// `counts` says which nodes count as dependents. Paths lead through active nodes only, whether these count or not.
/// Members of a cycle reach each other. The result is the same for any number of `threads`, of which at least one is
/// used.
///
/// # Panics
/// If `active` or `counts` does not have one entry for every node.
#[must_use]
pub fn criticality(graph: &DependencyGraph, active: &[bool], counts: &[bool], threads: usize) -> Vec<u32> {
    assert_one_per_node(graph, &[active.len(), counts.len()]);
    let core = components(graph, active);
    let dag = Dag::condense(graph, &core, &[], 0);
    let columns = Columns::new(graph, active, counts, &core, &dag);
    let totals = totals(&dag, &columns, threads);
    without_itself(&core, counts, &totals)
}

/// Criticality that leaves out what comes from the same group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcrossGroups {
    /// For every active node the number of distinct counting active nodes that reach it and are neither the node itself
    /// nor in its group; 0 for the others.
    pub nodes: Vec<u32>,
    /// For every group, from 0 to the highest that has a member, the number of distinct counting active nodes outside
    /// the group that reach any of its active members, each counted once; 0 for a group without any.
    pub groups: Vec<u32>,
}

/// [`criticality`] between groups, where `group_of` says for every node which group it is in, if any.
///
/// Paths may lead through members and outsiders alike: a member that reaches another only through outside nodes is
/// still left out, an outsider that reaches one only through another member still counts. Group numbers should be
/// dense; the result has an entry for every number up to the highest.
///
/// # Panics
/// If `active`, `counts` or `group_of` does not have one entry for every node.
#[must_use]
pub fn criticality_across_groups(
    graph: &DependencyGraph,
    active: &[bool],
    counts: &[bool],
    group_of: &[Option<u32>],
    threads: usize,
) -> AcrossGroups {
    assert_one_per_node(graph, &[active.len(), counts.len(), group_of.len()]);
    let core = components(graph, active);
    let groups = groups(active, group_of, &core);
    let (sinks, sink_edges) = sinks(&groups);
    let dag = Dag::condense(graph, &core, &sink_edges, sinks);
    let columns = Columns::new(graph, active, counts, &core, &dag);
    let totals = totals(&dag, &columns, threads);
    let siblings = siblings(graph, counts, &core, &dag, &groups, threads);

    let group_count = group_of.iter().flatten().max().map_or(0, |&highest| highest as usize + 1);
    let mut scores = AcrossGroups { nodes: without_itself(&core, counts, &totals), groups: vec![0; group_count] };
    let mut next_sink = core.count as usize;
    for (group, Siblings { by_row, together }) in groups.iter().zip(siblings) {
        for &node in &group.members {
            let row = core.row_of[node as usize];
            if let Ok(index) = group.rows.binary_search(&row) {
                scores.nodes[node as usize] = totals[row as usize] - by_row[index];
            }
        }
        let reached = match group.rows[..] {
            [row] => row as usize,
            _ => {
                next_sink += 1;
                next_sink - 1
            }
        };
        scores.groups[group.id as usize] = totals[reached] - together;
    }
    scores
}

/// A group with dependents in several rows gets a row of its own behind them, a sink, in which what reaches any of them
/// is counted once. Returns how many sinks there are and the edges (row, sink), ascending.
fn sinks(groups: &[SiblingGroup]) -> (u32, Vec<(u32, u32)>) {
    let mut edges = Vec::new();
    let mut sinks = 0;
    for group in groups.iter().filter(|group| group.rows.len() > 1) {
        edges.extend(group.rows.iter().map(|&row| (row, sinks)));
        sinks += 1;
    }
    edges.sort_unstable();
    (sinks, edges)
}

fn without_itself(core: &Components, counts: &[bool], totals: &[u32]) -> Vec<u32> {
    let of = |(&row, &counted): (&u32, &bool)| {
        if row == NO_ROW { 0 } else { totals[row as usize] - u32::from(counted) }
    };
    core.row_of.iter().zip(counts).map(of).collect()
}

fn assert_one_per_node(graph: &DependencyGraph, lengths: &[usize]) {
    assert!(lengths.iter().all(|&length| length == graph.node_count() as usize), "every list has one entry a node");
}
