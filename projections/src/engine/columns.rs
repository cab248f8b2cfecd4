//! What flows through the rows: one column for every set of nodes that enters the core at the same rows.
//!
//! A column is a bit that is set in every row its nodes reach. Most nodes need none: what enters the core at one row
//! only, a leaf or a row with a single successor, adds its weight to that row. A column that stands for more than one
//! node is repeated once for every binary digit of its weight, so that all 64 columns of a word have one weight, a
//! power of two.

use super::components::{Components, NO_ROW};
use super::dag::Dag;
use super::graph::{DependencyGraph, offsets_of, to_u32};
use super::sweep::WORD_COLUMNS;

/// The columns of a graph, in words of one weight.
pub(super) struct Columns {
    /// Entry `e` enters the core at the rows `rows[offsets[e]..offsets[e + 1]]`, the first of them in front.
    offsets: Vec<u32>,
    rows: Vec<u32>,
    /// Words of up to [`WORD_COLUMNS`] columns, by their first row.
    pub(super) words: Vec<Word>,
    /// What each row counts without any column: the nodes in it and all that enters the core through it alone.
    pub(super) own: Vec<u32>,
}

/// Up to 64 columns of one weight.
pub(super) struct Word {
    pub(super) weight: u32,
    /// The entries that the columns stand for, by their first row.
    pub(super) entries: Vec<u32>,
}

impl Columns {
    /// Folds what can be folded and lays out the rest.
    ///
    /// ```text
    ///   leaf a ──► r1 ──► r2 ──► r4        a enters at r1 alone: r1 counts it as its own (own[r1] = 1 + 1)
    ///   leaf b ──► r1                      r1 passes on to r2 alone: own[r2] = 1 + own[r1], and so down the rows
    ///     │                                b enters at two rows: an entry, {r1, r3}, of weight 1
    ///     └──────► r3 ──► r4               a row that passes on to several, of weight own: an entry of that weight
    ///               └───► r5
    /// ```
    ///
    /// So what reaches a row is its own count and, of every entry that reaches it, the weight: each node is in exactly
    /// one of them. Rows come dependents first, so `own` of a row is complete when its turn comes.
    pub(super) fn new(graph: &DependencyGraph, active: &[bool], counts: &[bool], core: &Components, dag: &Dag) -> Self {
        let mut own = vec![0; dag.row_count() as usize];
        for &node in &core.nodes {
            own[core.row_of[node as usize] as usize] += u32::from(counts[node as usize]);
        }
        let mut columns = Self { offsets: vec![0], rows: Vec::new(), words: Vec::new(), own };
        columns.fold_leaves(graph, active, counts, core);
        let weights = columns.fold_rows(dag);
        columns.words = words(&columns.offsets, &columns.rows, &weights, dag.row_count());
        columns
    }

    /// Counts each leaf in the one row at which it enters, or makes it an entry.
    fn fold_leaves(&mut self, graph: &DependencyGraph, active: &[bool], counts: &[bool], core: &Components) {
        for leaf in 0..graph.node_count() {
            let node = leaf as usize;
            if !active[node] || !counts[node] || core.row_of[node] != NO_ROW {
                continue;
            }
            let start = self.rows.len();
            let entered = graph.dependencies(leaf).iter().map(|&dependency| core.row_of[dependency as usize]);
            self.rows.extend(entered.filter(|&row| row != NO_ROW));
            let rows = &mut self.rows[start..];
            // A row that is met twice is entered twice, which is the same as once.
            let Some(first) = (0..rows.len()).min_by_key(|n| rows[*n]) else { continue };
            rows.swap(0, first);
            if rows.iter().all(|row| *row == rows[0]) {
                self.own[rows[0] as usize] += 1;
                self.rows.truncate(start);
            } else {
                self.offsets.push(to_u32(self.rows.len()));
            }
        }
    }

    /// Passes what each row counts on to its one successor, or makes it an entry. Returns the weight of every entry;
    /// those there were are leaves.
    fn fold_rows(&mut self, dag: &Dag) -> Vec<u32> {
        let mut weights = vec![1; self.offsets.len() - 1];
        for row in 0..dag.row_count() {
            let weight = self.own[row as usize];
            match dag.successors(row) {
                [] => {}
                [successor] => self.own[*successor as usize] += weight,
                _ if weight == 0 => {}
                successors => {
                    self.rows.extend(successors);
                    self.offsets.push(to_u32(self.rows.len()));
                    weights.push(weight);
                }
            }
        }
        weights
    }

    /// The rows at which an entry enters the core, perhaps one of them more than once.
    pub(super) fn rows(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.rows[self.offsets[entry] as usize..self.offsets[entry + 1] as usize]
    }
}

/// Groups the columns into words: one list a binary digit, each by first row, cut into words; then all words by first
/// row.
fn words(offsets: &[u32], rows: &[u32], weights: &[u32], row_count: u32) -> Vec<Word> {
    let first = |entry: u32| rows[offsets[entry as usize] as usize];
    let entry_count = to_u32(weights.len());
    let mut next = offsets_of(row_count, (0..entry_count).map(first));
    let mut by_first = vec![0; weights.len()];
    for entry in 0..entry_count {
        let slot = &mut next[first(entry) as usize];
        by_first[*slot as usize] = entry;
        *slot += 1;
    }
    let mut words = Vec::new();
    for digit in 0..u32::BITS {
        let weight = 1 << digit;
        let entries: Vec<u32> =
            by_first.iter().copied().filter(|&entry| weights[entry as usize] & weight != 0).collect();
        words.extend(entries.chunks(WORD_COLUMNS).map(|chunk| Word { weight, entries: chunk.to_vec() }));
    }
    words.sort_by_key(|word| first(word.entries[0]));
    words
}
