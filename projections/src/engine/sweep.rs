//! The hot loop: 512 columns at a time are carried through the rows, each row passing on what reached it.
//!
//! Only rows that some column reaches are touched, found through a bitmap; since rows are numbered dependents first,
//! one pass upwards is enough.

use super::dag::Dag;
use super::graph::to_u32;

/// Words of columns carried at once: a row is then one cache line.
pub(super) const BLOCK_WORDS: usize = 8;
/// Columns carried at once.
pub(super) const BLOCK_COLUMNS: usize = BLOCK_WORDS * WORD_COLUMNS;
/// Columns in a word.
pub(super) const WORD_COLUMNS: usize = 64;

/// What has reached a row: one bit a column.
pub(super) type Bits = [u64; BLOCK_WORDS];

/// The row with the columns `start..end` set.
pub(super) fn columns_between(start: usize, end: usize) -> Bits {
    let mut row = Bits::default();
    for column in start..end {
        row[column / WORD_COLUMNS] |= 1 << (column % WORD_COLUMNS);
    }
    row
}

/// The working memory of one thread, empty between two blocks.
pub(super) struct Sweep {
    rows: Vec<Bits>,
    /// One bit a row that some column has reached.
    touched: Vec<u64>,
}

impl Sweep {
    pub(super) fn new(row_count: u32) -> Self {
        let rows = row_count as usize;
        Self { rows: vec![Bits::default(); rows], touched: vec![0; rows.div_ceil(64)] }
    }

    /// Lets a column of the block begin at `row`.
    pub(super) fn enter(&mut self, row: u32, column: usize) {
        let row = row as usize;
        self.rows[row][column / WORD_COLUMNS] |= 1 << (column % WORD_COLUMNS);
        self.touched[row / 64] |= 1 << (row % 64);
    }

    /// Carries the columns through the rows below `end`, shows every row that any of them reaches, and leaves the
    /// memory empty. No column may have begun at `end` or above.
    pub(super) fn run(&mut self, dag: &Dag, end: u32, mut visit: impl FnMut(u32, &Bits)) {
        for word in 0..(end as usize).div_ceil(64) {
            while self.touched[word] != 0 {
                let row = word * 64 + self.touched[word].trailing_zeros() as usize;
                self.touched[word] &= self.touched[word] - 1;
                let bits = std::mem::take(&mut self.rows[row]);
                let row = to_u32(row);
                visit(row, &bits);
                for &successor in dag.successors(row) {
                    if successor >= end {
                        break;
                    }
                    let successor = successor as usize;
                    for (into, from) in self.rows[successor].iter_mut().zip(bits) {
                        *into |= from;
                    }
                    self.touched[successor / 64] |= 1 << (successor % 64);
                }
            }
        }
    }
}
