//! Projection `history`: when which score changed, by ticks.
//!
//! A value holds from the tick that first saw it to the tick that first saw another. Ticks come from the events alone,
//! so living through the log and rebuilding it give the same rows, whatever the pages were.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::recorded::Position;
use domain::time::{Day, Timestamp};

use crate::metrics::{Level, ScoreRow, Scores};

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

/// A value that held for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySpan {
    /// Kind of vertex.
    pub level: Level,
    /// The vertex.
    pub id: Arc<str>,
    /// Which value.
    pub metric: Metric,
    /// First tick that saw it.
    pub from: Position,
    /// First tick that saw another; `None` while it holds.
    pub to: Option<Position>,
    /// The value.
    pub value: MetricValue<'static>,
}

/// A vertex and the first tick that saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Kind of vertex.
    pub level: Level,
    /// The vertex.
    pub id: Arc<str>,
    /// The tick.
    pub at: Position,
}

/// What the ticks since the last look at a history brought, besides what holds.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// Values that ended.
    pub ended: Vec<HistorySpan>,
    /// Vertices never seen before.
    pub born: Vec<Birth>,
}

/// A value that holds.
#[derive(Clone, Debug)]
struct HeldValue {
    metric: Metric,
    from: Position,
    value: MetricValue<'static>,
}

/// A vertex that was ever seen, and what holds of it.
#[derive(Clone, Debug)]
struct VertexHistory {
    level: Level,
    id: Arc<str>,
    open: Vec<HeldValue>,
}

/// Scores over time.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Ticks, by position.
    pub ticks: BTreeMap<Position, Tick>,
    /// Values that hold, by (level, id).
    vertices: Vec<VertexHistory>,
    news: News,
}

impl History {
    /// The history of these ticks, where these values hold.
    #[must_use]
    pub fn restored(ticks: BTreeMap<Position, Tick>, mut holding: Vec<HistorySpan>) -> Self {
        holding.sort_by(|a, b| (a.level, &a.id, a.metric).cmp(&(b.level, &b.id, b.metric)));
        let mut vertices: Vec<VertexHistory> = Vec::new();
        for HistorySpan { level, id, metric, from, value, .. } in holding {
            if vertices.last().is_none_or(|last| (last.level, &last.id) != (level, &id)) {
                vertices.push(VertexHistory { level, id, open: Vec::new() });
            }
            if let Some(vertex) = vertices.last_mut() {
                vertex.open.push(HeldValue { metric, from, value });
            }
        }
        Self { ticks, vertices, news: News::default() }
    }

    /// The history of these ticks, told from what ended and what was born until then: `ended` has the last end of each
    /// value that has one, `scores` are those of the last tick.
    #[must_use]
    pub fn told(
        ticks: BTreeMap<Position, Tick>,
        born: Vec<Birth>,
        ended: &BTreeMap<(Level, String, Metric), Position>,
        scores: &Scores,
    ) -> Self {
        let metrics = Metric::of(scores);
        let mut holding = Vec::with_capacity(born.len() * metrics.len());
        for Birth { level, id, at } in born {
            let row = scores.get(level, &id);
            for metric in &metrics {
                let value = match row {
                    Some(row) => metric.value(scores, row).map(MetricValue::into_owned),
                    None => Some(MetricValue::Unknown),
                };
                let from = ended.get(&(level, id.to_string(), *metric)).copied().unwrap_or(at);
                holding.extend(value.map(|value| HistorySpan {
                    level,
                    id: id.clone(),
                    metric: *metric,
                    from,
                    to: None,
                    value,
                }));
            }
        }
        Self::restored(ticks, holding)
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
    ///             a value that is another ends here, and the other begins
    /// ```
    ///
    /// So at any tick every value of every vertex ever seen holds exactly one span without an end.
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
                match rows.peek().map(|row| (row.level, row.id.as_str()).cmp(&(vertex.level, &vertex.id))) {
                    Some(Ordering::Less) => born.extend(rows.next()),
                    Some(Ordering::Equal) => break rows.next(),
                    Some(Ordering::Greater) | None => break None,
                }
            };
            vertex.take_in(&metrics, scores, row, position, &mut self.news.ended);
        }
        born.extend(rows);
        self.give_birth(&born, &metrics, scores, position);
    }

    /// Takes in the rows of vertices never seen, which are sorted.
    fn give_birth(&mut self, born: &[&ScoreRow], metrics: &[Metric], scores: &Scores, position: Position) {
        if born.is_empty() {
            return;
        }
        for row in born {
            let mut vertex = VertexHistory { level: row.level, id: row.id.as_str().into(), open: Vec::new() };
            vertex.take_in(metrics, scores, Some(row), position, &mut self.news.ended);
            self.news.born.push(Birth { level: vertex.level, id: vertex.id.clone(), at: position });
            self.vertices.push(vertex);
        }
        // Two sorted runs, which a stable sort merges.
        self.vertices.sort_by(|a, b| (a.level, &a.id).cmp(&(b.level, &b.id)));
    }

    /// The values that hold and began at or after a position, by (level, id).
    pub fn holding(&self, since: Position) -> impl Iterator<Item = HistorySpan> {
        let each = self.vertices.iter().flat_map(|vertex| vertex.open.iter().map(move |open| (vertex, open)));
        each.filter(move |(_, open)| open.from >= since).map(|(vertex, open)| HistorySpan {
            level: vertex.level,
            id: vertex.id.clone(),
            metric: open.metric,
            from: open.from,
            to: None,
            value: open.value.clone(),
        })
    }

    /// Takes what is new, leaving none.
    pub fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }
}

impl VertexHistory {
    /// Takes in what a row says of the vertex; nothing is known of one that is gone.
    fn take_in(
        &mut self,
        metrics: &[Metric],
        scores: &Scores,
        row: Option<&ScoreRow>,
        position: Position,
        ended: &mut Vec<HistorySpan>,
    ) {
        let Some(row) = row else {
            let of: Vec<Metric> = self.open.iter().map(|open| open.metric).collect();
            of.into_iter()
                .enumerate()
                .for_each(|(n, metric)| self.set(n, metric, &MetricValue::Unknown, position, ended));
            return;
        };
        let each = metrics.iter().filter_map(|metric| Some((*metric, metric.value(scores, row)?)));
        for (n, (metric, value)) in each.enumerate() {
            self.set(n, metric, &value, position, ended);
        }
    }

    /// Notes a value, which most likely is the one at place `n`.
    fn set(
        &mut self,
        n: usize,
        metric: Metric,
        value: &MetricValue<'_>,
        position: Position,
        ended: &mut Vec<HistorySpan>,
    ) {
        let here = self.open.get(n).filter(|open| open.metric == metric).map(|_| n);
        let place = here.or_else(|| self.open.iter().position(|open| open.metric == metric));
        let Some(open) = place.map(|n| &mut self.open[n]) else {
            self.open.push(HeldValue { metric, from: position, value: value.clone().into_owned() });
            return;
        };
        if open.value.same(value) {
            return;
        }
        let was = std::mem::replace(open, HeldValue { metric, from: position, value: value.clone().into_owned() });
        ended.push(HistorySpan {
            level: self.level,
            id: self.id.clone(),
            metric,
            from: was.from,
            to: Some(position),
            value: was.value,
        });
    }
}
