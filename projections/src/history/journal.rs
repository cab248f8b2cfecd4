//! Moves that nobody has taken, as they came: noting one costs the same however much there is to remember.

use domain::recorded::Position;

use super::held::HeldValue;
use super::{Metric, Move};

/// A move of one value.
#[derive(Clone, Debug)]
struct JournalMove {
    position: Position,
    /// The number of the vertex.
    vertex: u32,
    metric: Metric,
    value: HeldValue,
}

/// Moves by position.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(Vec<JournalMove>);

impl Journal {
    /// Notes a move. None that is there comes after it.
    pub(super) fn note(&mut self, position: Position, vertex: u32, metric: Metric, value: HeldValue) {
        self.0.push(JournalMove { position, vertex, metric, value });
    }

    /// Takes the moves before a position, value by value: by `ranks` of vertices, which are by number, and by metric.
    pub(super) fn take(&mut self, before: Position, ranks: &[u32], mut take: impl FnMut(u32, Metric, &[Move])) {
        let end = self.0.partition_point(|noted| noted.position < before);
        let noted = &self.0[..end];
        let rank = |noted: &JournalMove| ranks[noted.vertex as usize] as usize;
        // By rank: where the moves of each begin, then each to its place, in the order in which they came.
        let mut next = vec![0; ranks.len() + 1];
        noted.iter().for_each(|noted| next[rank(noted) + 1] += 1);
        (1..next.len()).for_each(|n| next[n] += next[n - 1]);
        let mut sorted = vec![0; end];
        for (n, noted) in noted.iter().enumerate() {
            let place = &mut next[rank(noted)];
            sorted[*place] = n;
            *place += 1;
        }
        let mut moves = Vec::new();
        for of_vertex in sorted.chunk_by_mut(|a, b| noted[*a].vertex == noted[*b].vertex) {
            of_vertex.sort_by_key(|n| noted[*n].metric);
            for same in of_vertex.chunk_by(|a, b| noted[*a].metric == noted[*b].metric) {
                moves.clear();
                moves.extend(same.iter().map(|n| (noted[*n].position, noted[*n].value.value())));
                take(noted[same[0]].vertex, noted[same[0]].metric, &moves);
            }
        }
        self.0.drain(..end);
    }
}
