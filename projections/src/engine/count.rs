//! How many counting nodes reach each row.

use domain::number::fit;

use super::columns::{Columns, Word};
use super::dag::Dag;
use super::parallel::sums;
use super::sweep::{BLOCK_WORDS, Bits, Sweep, WORD_COLUMNS};

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

/// The sum of the weights of the columns in a row. Eight times at most 64 x 2^31 is far from 2^64, so nothing wraps:
/// checking every one of these sums would take half as long again as the whole engine does.
fn weighted(bits: &Bits, weights: &[u32; BLOCK_WORDS]) -> u32 {
    let each =
        bits.iter().zip(weights).map(|(word, weight)| u64::from(word.count_ones()).wrapping_mul((*weight).into()));
    fit(each.fold(0, u64::wrapping_add), "nodes that reach a row")
}
