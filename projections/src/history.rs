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

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::number::fit;
use domain::recorded::Position;
use domain::time::{Day, Timestamp};

use self::held::HeldValue;
use self::journal::Journal;
use crate::metrics::{KeptScores, Level};
use crate::table::by_id;
use crate::table::difference::side_by_side;

pub mod family;
mod held;
mod journal;
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

/// A vertex that was ever seen.
#[derive(Clone, Debug)]
struct SeenVertex {
    level: Level,
    id: Arc<str>,
}

/// Scores over time.
///
/// Vertices are numbered as they are first seen, so that a number stays what it is.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Ticks, by position.
    pub ticks: BTreeMap<Position, Tick>,
    vertices: Vec<SeenVertex>,
    /// The numbers of vertices, by (level, id).
    order: Vec<u32>,
    /// What is kept over time, in order.
    metrics: Vec<Metric>,
    /// By number of vertex and then by metric the value that holds; `None` before its first move.
    held: Vec<Option<HeldValue>>,
    journal: Journal,
    /// The vertices of the rows of the scores, as they were at [`Self::look`].
    of_rows: Vec<u32>,
    /// At which look scores were taken in last.
    look: Option<u64>,
}

impl History {
    /// The history of these ticks, where these values hold.
    #[must_use]
    pub fn restored(ticks: BTreeMap<Position, Tick>, mut holding: Vec<HistoryValue>) -> Self {
        let mut history = Self { ticks, ..Self::default() };
        history.keep(holding.iter().map(|value| value.metric).collect());
        holding.sort_by(|a, b| (a.level, &a.id, a.metric).cmp(&(b.level, &b.id, b.metric)));
        for HistoryValue { level, id, metric, value } in holding {
            if history.vertices.last().is_none_or(|last| (last.level, &last.id) != (level, &id)) {
                let number = history.number(level, &id);
                history.order.push(number);
            }
            let vertex = history.vertices.len() - 1;
            if let Ok(n) = history.metrics.binary_search(&metric) {
                history.held[vertex * history.metrics.len() + n] = Some(HeldValue::of(&value));
            }
        }
        history
    }

    /// Looks at the scores of the fold whose history this is. Where rows came or went, vertices ever seen and rows are
    /// walked side by side, both by (level, id):
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
    /// Then only rows that moved since the last tick are looked at. So at any tick exactly one of the moves of every
    /// value of every vertex ever seen holds.
    pub fn tick(
        &mut self,
        position: Position,
        day: Day,
        recorded_at: Option<Timestamp>,
        kept: &KeptScores,
        label: Option<&str>,
    ) {
        let tick = self.ticks.entry(position).or_insert(Tick { day, recorded_at, labels: Vec::new() });
        tick.labels.extend(label.map(str::to_owned));
        let seen = self.look.replace(kept.look());
        let metrics = Metric::of(kept.scores());
        self.keep(metrics.clone());
        if kept.is_placed_since(seen) {
            self.align(kept, position);
        }
        self.take_in(kept, seen, &metrics, position);
    }

    /// Takes the moves before a position, by (level, id, metric) and segment, leaving those at it and after.
    pub fn take_moves(&mut self, before: Position, mut take: impl FnMut(HistorySegment<'_>)) {
        let mut ranks = vec![0; self.vertices.len()];
        for (rank, vertex) in (0..).zip(&self.order) {
            ranks[*vertex as usize] = rank;
        }
        self.journal.take(before, &ranks, |vertex, metric, moves| {
            let SeenVertex { level, id } = &self.vertices[vertex as usize];
            for same in moves.chunk_by(|a, b| segment_of(a.0) == segment_of(b.0)) {
                let number = segment_of(same[0].0);
                take(HistorySegment { level: *level, id, metric, number, moves: same });
            }
        });
    }

    /// Makes room for what is kept over time from here on.
    fn keep(&mut self, metrics: Vec<Metric>) {
        if metrics.iter().all(|metric| self.metrics.binary_search(metric).is_ok()) {
            return;
        }
        let former = std::mem::take(&mut self.metrics);
        self.metrics = former.iter().copied().chain(metrics).collect();
        self.metrics.sort_unstable();
        self.metrics.dedup();
        let mut held = vec![None; self.vertices.len() * self.metrics.len()];
        for (n, value) in std::mem::take(&mut self.held).into_iter().enumerate() {
            let (vertex, metric) = (n / former.len(), former[n % former.len()]);
            let place = self.metrics.partition_point(|other| *other < metric);
            held[vertex * self.metrics.len() + place] = value;
        }
        self.held = held;
    }

    /// Numbers a vertex that was never seen.
    fn number(&mut self, level: Level, id: &Arc<str>) -> u32 {
        self.vertices.push(SeenVertex { level, id: Arc::clone(id) });
        self.held.resize_with(self.vertices.len() * self.metrics.len(), || None);
        fit(self.vertices.len() - 1, "vertices")
    }

    /// Finds the vertex of every row. Of those that are gone nothing is known.
    fn align(&mut self, kept: &KeptScores, position: Position) {
        let former = std::mem::take(&mut self.order);
        let mut order = Vec::with_capacity(former.len());
        self.of_rows.clear();
        let mut gone = Vec::new();
        let mut born = Vec::new();
        side_by_side(
            former.into_iter(),
            kept.scores().rows.iter(),
            |seen, row| {
                let vertex = &self.vertices[*seen as usize];
                vertex.level.cmp(&row.level).then_with(|| by_id(&vertex.id, &row.id))
            },
            |seen, row| {
                let next = || {
                    born.push(row);
                    fit(self.vertices.len() + born.len() - 1, "vertices")
                };
                let vertex = seen.unwrap_or_else(next);
                order.push(vertex);
                match row {
                    Some(_) => self.of_rows.push(vertex),
                    None => gone.push(vertex),
                }
            },
        );
        self.order = order;
        for row in born.into_iter().flatten() {
            self.number(row.level, &row.id);
        }
        for vertex in gone {
            let metrics = self.metrics.len();
            let held = &mut self.held[vertex as usize * metrics..][..metrics];
            for (metric, held) in self.metrics.iter().zip(held) {
                if held.as_ref().is_some_and(|held| !held.same(&MetricValue::Unknown)) {
                    *held = Some(HeldValue::Unknown);
                    self.journal.note(position, vertex, *metric, HeldValue::Unknown);
                }
            }
        }
    }

    /// Takes in what the rows say that moved since a look.
    fn take_in(&mut self, kept: &KeptScores, seen: Option<u64>, metrics: &[Metric], position: Position) {
        let places: Vec<(Metric, usize)> =
            metrics.iter().filter_map(|metric| Some((*metric, self.metrics.binary_search(metric).ok()?))).collect();
        let scores = kept.scores();
        for row in kept.moved_since(seen) {
            let vertex = self.of_rows[row];
            let held = &mut self.held[vertex as usize * self.metrics.len()..];
            for (metric, place) in &places {
                let Some(value) = metric.value(scores, &scores.rows[row]) else { continue };
                let held = &mut held[*place];
                if held.as_ref().is_none_or(|held| !held.same(&value)) {
                    let now = HeldValue::of(&value);
                    *held = Some(now.clone());
                    self.journal.note(position, vertex, *metric, now);
                }
            }
        }
    }
}
