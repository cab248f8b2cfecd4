//! Projection `history`: when which score changed, by ticks.
//!
//! A value holds from the tick that first saw it to the tick that first saw another, so where it moved says all:
//!
//! ```text
//! ticks:       ├─────┬─────┬─────┬─────┬─────┬─────►      a row a segment and value: {at, at, ...}, {held, held, ...}
//! criticality: 3           4           7                  of a vertex never seen before there is no move
//! status:      "live"                  null               of one that is gone nothing is known from there on
//!              └── segment 0 ──┴── segment 1 ──┴── ...
//! ```
//!
//! Ticks come from the events alone, so living through the log and rebuilding it give the same rows, whatever the pages
//! were.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::recorded::Position;
use domain::time::{Day, Timestamp};

use crate::metrics::{Level, ScoreRow, Scores};
use crate::table::{by_id, insert};

pub mod family;
pub mod table_rows;
mod value;

pub use value::{Metric, MetricValue};

/// What of a score's line says which vertex it is about; everything else is kept over time.
pub const NAMING: [&str; 2] = ["id", "level"];

/// A moment at which scores were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// World day.
    pub day: Day,
    /// Log time of the last event taken in.
    pub recorded_at: Option<Timestamp>,
    /// Labels published here.
    pub labels: Vec<String>,
}

/// Positions in a segment. A segment is what is stored of a value in one row: its moves at the positions
/// `n * SEGMENT_POSITIONS ..`, so many of them. The log alone says where it ends, so pages and restarts leave no trace.
/// The longer it is, the fewer rows there are, and the more is written again when a value moves.
pub const SEGMENT_POSITIONS: u64 = 20_000;

/// The number of the segment that a position lies in.
#[must_use]
pub fn segment_of(position: Position) -> u64 {
    position / SEGMENT_POSITIONS
}

/// From a position on a value holds, until the next move.
pub type Move = (Position, MetricValue<'static>);

/// What is stored in one row.
#[derive(Clone, Copy, Debug)]
pub struct HistorySegment<'a> {
    /// Kind of vertex.
    pub level: Level,
    /// The vertex.
    pub id: &'a Arc<str>,
    /// Which value.
    pub metric: Metric,
    /// Which segment.
    pub number: u64,
    /// Its moves, ascending; at least one.
    pub moves: &'a [Move],
}

/// A value that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryValue {
    /// Kind of vertex.
    pub level: Level,
    /// The vertex.
    pub id: Arc<str>,
    /// Which value.
    pub metric: Metric,
    /// The value.
    pub value: MetricValue<'static>,
}

/// A value that holds, and its moves that nobody has taken.
#[derive(Clone, Debug)]
struct HeldValue {
    metric: Metric,
    value: MetricValue<'static>,
    moves: Vec<Move>,
}

/// A vertex that was ever seen, and what holds of it.
#[derive(Clone, Debug)]
struct VertexHistory {
    level: Level,
    id: Arc<str>,
    open: Vec<HeldValue>,
    /// What was said of it when it was looked at last, if that is known: most often it is said again.
    last: Option<ScoreRow>,
}

/// Scores over time.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Ticks, by position.
    pub ticks: BTreeMap<Position, Tick>,
    /// Values that hold, by (level, id).
    vertices: Vec<VertexHistory>,
}

impl History {
    /// The history of these ticks, where these values hold.
    #[must_use]
    pub fn restored(ticks: BTreeMap<Position, Tick>, mut holding: Vec<HistoryValue>) -> Self {
        holding.sort_by(|a, b| (a.level, &a.id, a.metric).cmp(&(b.level, &b.id, b.metric)));
        let mut vertices: Vec<VertexHistory> = Vec::new();
        for HistoryValue { level, id, metric, value } in holding {
            if vertices.last().is_none_or(|last| (last.level, &last.id) != (level, &id)) {
                vertices.push(VertexHistory { level, id, open: Vec::new(), last: None });
            }
            if let Some(vertex) = vertices.last_mut() {
                vertex.open.push(HeldValue { metric, value, moves: Vec::new() });
            }
        }
        Self { ticks, vertices }
    }

    /// Looks at the scores. Vertices ever seen and rows are walked side by side, both by (level, id):
    ///
    /// ```text
    /// vertices:   a     c  d
    /// rows:       a  b  c     e
    ///             │  │  │  │  │
    ///             │  │  │  │  born: a vertex, its values begin here
    ///             │  │  │  gone: its values are unknown from here
    ///             │ born │
    ///             a value that is another moves here
    /// ```
    ///
    /// So at any tick exactly one of the moves of every value of every vertex ever seen holds.
    pub fn tick(
        &mut self,
        position: Position,
        day: Day,
        recorded_at: Option<Timestamp>,
        scores: &Scores,
        label: Option<&str>,
    ) {
        let tick = self.ticks.entry(position).or_insert(Tick { day, recorded_at, labels: Vec::new() });
        tick.labels.extend(label.map(str::to_owned));
        let metrics = Metric::of(scores);
        let mut rows = scores.rows.iter().peekable();
        let mut born: Vec<&ScoreRow> = Vec::new();
        for vertex in &mut self.vertices {
            // Rows that come before this vertex are of vertices never seen.
            let row = loop {
                match rows.peek().map(|row| row.level.cmp(&vertex.level).then_with(|| by_id(&row.id, &vertex.id))) {
                    Some(Ordering::Less) => born.extend(rows.next()),
                    Some(Ordering::Equal) => break rows.next(),
                    Some(Ordering::Greater) | None => break None,
                }
            };
            vertex.take_in(&metrics, scores, row, position);
        }
        born.extend(rows);
        self.give_birth(&born, &metrics, scores, position);
    }

    /// Takes in the rows of vertices never seen, which are sorted.
    fn give_birth(&mut self, born: &[&ScoreRow], metrics: &[Metric], scores: &Scores, position: Position) {
        if born.is_empty() {
            return;
        }
        let order = |vertex: &VertexHistory, row: &ScoreRow| {
            vertex.level.cmp(&row.level).then_with(|| by_id(&vertex.id, &row.id))
        };
        let mut placed = Vec::with_capacity(born.len());
        for row in born {
            let mut vertex = VertexHistory { level: row.level, id: Arc::clone(&row.id), open: Vec::new(), last: None };
            vertex.take_in(metrics, scores, Some(row), position);
            placed.push((self.vertices.partition_point(|held| order(held, row).is_lt()), vertex));
        }
        insert(&mut self.vertices, placed);
    }

    /// Takes the moves before a position, by (level, id, metric) and segment, leaving those at it and after.
    pub fn take_moves(&mut self, before: Position, mut take: impl FnMut(HistorySegment<'_>)) {
        for VertexHistory { level, id, open, .. } in &mut self.vertices {
            for HeldValue { metric, moves, .. } in open {
                let end = moves.partition_point(|(position, _)| *position < before);
                for same in moves[..end].chunk_by(|a, b| segment_of(a.0) == segment_of(b.0)) {
                    let number = segment_of(same[0].0);
                    take(HistorySegment { level: *level, id, metric: *metric, number, moves: same });
                }
                moves.drain(..end);
            }
        }
    }
}

impl VertexHistory {
    /// Takes in what a row says of the vertex; nothing is known of one that is gone.
    fn take_in(&mut self, metrics: &[Metric], scores: &Scores, row: Option<&ScoreRow>, position: Position) {
        let Some(row) = row else {
            self.open.iter_mut().for_each(|held| held.set(&MetricValue::Unknown, position));
            self.last = None;
            return;
        };
        if self.last.as_ref().is_some_and(|last| last.says_the_same(row)) {
            return;
        }
        self.last = Some(row.clone());
        let each = metrics.iter().filter_map(|metric| Some((*metric, metric.value(scores, row)?)));
        for (n, (metric, value)) in each.enumerate() {
            // Most likely it is the one at place `n`.
            let here = self.open.get(n).filter(|held| held.metric == metric).map(|_| n);
            match here.or_else(|| self.open.iter().position(|held| held.metric == metric)) {
                Some(n) => self.open[n].set(&value, position),
                None => self.open.push(HeldValue::new(metric, &value, position)),
            }
        }
    }
}

impl HeldValue {
    fn new(metric: Metric, value: &MetricValue<'_>, position: Position) -> Self {
        let value = value.clone().into_owned();
        Self { metric, moves: vec![(position, value.clone())], value }
    }

    fn set(&mut self, value: &MetricValue<'_>, position: Position) {
        if !self.value.same(value) {
            self.value = value.clone().into_owned();
            self.moves.push((position, self.value.clone()));
        }
    }
}
