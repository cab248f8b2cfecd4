//! How many counting nodes reach each row.

use super::columns::{Columns, Word};
use super::dag::Dag;
use super::parallel::sums;
use super::sweep::{BLOCK_WORDS, Row, Sweep, WORD_COLUMNS};

/// For every row the number of counting nodes that reach it or are in it.
pub(super) fn totals(dag: &Dag, columns: &Columns, threads: usize) -> Vec<u32> {
    let blocks: Vec<&[Word]> = columns.words.chunks(BLOCK_WORDS).collect();
    let rows = dag.row_count();
    let mut totals = sums(
        &blocks,
        threads,
        rows as usize,
        || Sweep::new(rows),
        |block, sweep, sums| {
            let weights = enter(columns, block, sweep);
            sweep.run(dag, rows, |row, bits| {
                sums[row as usize] += weighted(bits, &weights);
            });
        },
    );
    for (total, own) in totals.iter_mut().zip(&columns.own) {
        *total += own;
    }
    totals
}

/// Lets the columns of a block enter the rows, and returns the weight of each word.
fn enter(columns: &Columns, block: &[Word], sweep: &mut Sweep) -> [u32; BLOCK_WORDS] {
    let mut weights = [0; BLOCK_WORDS];
    for (index, word) in block.iter().enumerate() {
        weights[index] = word.weight;
        for (bit, &entry) in word.entries.iter().enumerate() {
            for &row in columns.rows(entry) {
                sweep.enter(row, index * WORD_COLUMNS + bit);
            }
        }
    }
    weights
}

/// The sum of the weights of the columns in a row.
fn weighted(bits: &Row, weights: &[u32; BLOCK_WORDS]) -> u32 {
    bits.iter().zip(weights).map(|(word, weight)| word.count_ones() * weight).sum()
}
