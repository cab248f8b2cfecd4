//! How many of a row's dependents are members of the same group.
//!
//! The members of a group become columns, swept like all others but only as far as the last row that holds a member;
//! each row that holds one is then asked which columns of its group have arrived. Small groups share a block, large
//! ones take several.

use super::components::{Components, NO_ROW};
use super::dag::Dag;
use super::graph::{DependencyGraph, NodeId};
use super::parallel::sums;
use super::sweep::{BLOCK_COLUMNS, Bits, Sweep, columns_between};

/// The active members of a group of which at least one has dependents.
pub(super) struct SiblingGroup {
    /// The number the caller knows the group by.
    pub(super) id: u32,
    pub(super) members: Vec<NodeId>,
    /// The rows that hold a member, ascending; at least one.
    pub(super) rows: Vec<u32>,
}

/// How many counting members of a group reach it from inside, the reached ones included.
pub(super) struct Siblings {
    /// For each of the group's rows: the members that reach the row or are in it.
    pub(super) by_row: Vec<u32>,
    /// The members that reach any of the rows or are in one.
    pub(super) together: u32,
}

/// All groups with dependents, by last row, so that groups that are swept equally far share a block.
pub(super) fn groups(active: &[bool], group_of: &[Option<u32>], core: &Components) -> Vec<SiblingGroup> {
    let mut members: Vec<(u32, NodeId)> = (0..)
        .zip(group_of)
        .filter(|&(node, _): &(NodeId, _)| active[node as usize])
        .filter_map(|(node, group)| Some(((*group)?, node)))
        .collect();
    members.sort_unstable();
    let mut groups: Vec<SiblingGroup> = members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| {
            let members: Vec<NodeId> = same.iter().map(|&(_, node)| node).collect();
            let mut rows: Vec<u32> =
                members.iter().map(|&node| core.row_of[node as usize]).filter(|&row| row != NO_ROW).collect();
            rows.sort_unstable();
            rows.dedup();
            SiblingGroup { id: same[0].0, members, rows }
        })
        .filter(|group| !group.rows.is_empty())
        .collect();
    groups.sort_by_key(|group| group.rows.last().copied());
    groups
}

/// Counts the siblings in every group.
pub(super) fn siblings(
    graph: &DependencyGraph,
    counts: &[bool],
    core: &Components,
    dag: &Dag,
    groups: &[SiblingGroup],
    threads: usize,
) -> Vec<Siblings> {
    let (blocks, width) = blocks(counts, groups);
    let mut all = sums(
        &blocks,
        threads,
        width,
        || Sweep::new(dag.row_count()),
        |block, sweep, sums| block.add(graph, core, dag, sweep, sums),
    )
    .into_iter();
    groups
        .iter()
        .map(|group| Siblings {
            together: all.next().expect("every group has a sum"),
            by_row: all.by_ref().take(group.rows.len()).collect(),
        })
        .collect()
}

/// Up to 512 columns, each a counting member of one of the block's groups.
#[derive(Default)]
struct Block<'a> {
    columns: Vec<NodeId>,
    shares: Vec<Share<'a>>,
}

/// The columns of a block that are members of one group.
struct Share<'a> {
    columns: Bits,
    rows: &'a [u32],
    /// Where the group's sums lie: first the one for all rows together, then one for every row.
    sums: usize,
}

/// Deals the counting members out to blocks; also says how many sums there are in all.
///
/// ```text
/// groups:    A (700 members, 2 rows)      B (3 members, 1 row)
/// columns:   ├──── 512 ────┤├─ 188 ─┤├3┤
/// blocks:    ├── block 0 ──┤├───── block 1 ─────┤      a share is the columns of one group within a block
/// sums:      [A together, A row 1, A row 2, B together, B row 1]
/// ```
///
/// A group's sums lie at one place whatever blocks its members are in, and blocks are added up: so a member is counted
/// once, in the one block that has its column.
fn blocks<'a>(counts: &[bool], groups: &'a [SiblingGroup]) -> (Vec<Block<'a>>, usize) {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    let mut width = 0;
    for group in groups {
        let mut rest: Vec<NodeId> = group.members.iter().copied().filter(|&node| counts[node as usize]).collect();
        while !rest.is_empty() {
            let start = block.columns.len();
            let later = rest.split_off(rest.len().min(BLOCK_COLUMNS - start));
            block.columns.append(&mut rest);
            block.shares.push(Share {
                columns: columns_between(start, block.columns.len()),
                rows: &group.rows,
                sums: width,
            });
            rest = later;
            if block.columns.len() == BLOCK_COLUMNS {
                blocks.push(std::mem::take(&mut block));
            }
        }
        width += 1 + group.rows.len();
    }
    blocks.push(block);
    (blocks, width)
}

impl Block<'_> {
    /// Sweeps the block's columns, and adds to the sums what arrives. Each row that holds members of a group asks one
    /// question, which columns of the group's share are here; questions are sorted by row, and the sweep shows rows in
    /// that order, so each is asked when its row is shown and passed over when nothing reaches it.
    fn add(&self, graph: &DependencyGraph, core: &Components, dag: &Dag, sweep: &mut Sweep, sums: &mut [u32]) {
        let questions = self.questions();
        let Some(&(last, ..)) = questions.last() else {
            return;
        };
        self.enter(graph, core, last, sweep);
        let mut together = vec![Bits::default(); self.shares.len()];
        let mut questions = questions.into_iter().peekable();
        sweep.run(dag, last + 1, |reached, bits| {
            while let Some((row, share, sum)) = questions.next_if(|&(row, ..)| row <= reached) {
                if row == reached {
                    for ((all, bits), own) in together[share].iter_mut().zip(bits).zip(self.shares[share].columns) {
                        *all |= bits & own;
                        sums[sum] += (bits & own).count_ones();
                    }
                }
            }
        });
        for (share, together) in self.shares.iter().zip(together) {
            sums[share.sums] += together.iter().map(|word| word.count_ones()).sum::<u32>();
        }
    }

    /// What is asked of the sweep: (row, share, place of the sum), by row.
    fn questions(&self) -> Vec<(u32, usize, usize)> {
        let mut questions: Vec<(u32, usize, usize)> = Vec::new();
        for (index, share) in self.shares.iter().enumerate() {
            questions.extend(share.rows.iter().zip(share.sums + 1..).map(|(&row, sum)| (row, index, sum)));
        }
        questions.sort_unstable();
        questions
    }

    /// Lets the columns begin: a node of the core at its row, a leaf at those of its dependencies, as far as `last`.
    fn enter(&self, graph: &DependencyGraph, core: &Components, last: u32, sweep: &mut Sweep) {
        for (column, &node) in self.columns.iter().enumerate() {
            match core.row_of[node as usize] {
                NO_ROW => {
                    let rows = graph.dependencies(node).iter().map(|&dependency| core.row_of[dependency as usize]);
                    rows.filter(|&row| row <= last).for_each(|row| sweep.enter(row, column));
                }
                row => sweep.enter(row, column),
            }
        }
    }
}
