//! Projection `history`: when which score changed, by ticks.
//!
//! A value holds from the tick that first saw it to the tick that first saw another. Ticks come from the events alone,
//! so living through the log and rebuilding it give the same rows, whatever the pages were.

use std::collections::BTreeMap;

use domain::recorded::Position;
use domain::time::{Day, Timestamp};
use serde_json::Value;

use crate::metrics::{Level, Scores};

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

/// Which value: level, vertex, metric.
pub type Key = (Level, String, String);

/// A value that held for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First tick that saw it.
    pub from: Position,
    /// First tick that saw another; `None` while it holds.
    pub to: Option<Position>,
    /// The value, as JSON; `null` when the vertex is gone or the value unknown.
    pub value: Value,
}

/// Scores over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Ticks, by position.
    pub ticks: BTreeMap<Position, Tick>,
    /// Values that hold.
    pub open: BTreeMap<Key, Span>,
    /// Values that ended since the last [`History::take_closed`].
    closed: Vec<(Key, Span)>,
}

impl History {
    /// Looks at the scores.
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
        let mut now: BTreeMap<Key, Value> = BTreeMap::new();
        for row in &scores.rows {
            let values = scores.line(row).into_iter().filter(|(name, _)| !NAMING.contains(&name.as_str()));
            now.extend(values.map(|(metric, value)| ((row.level, row.id.clone(), metric), value)));
        }
        for (key, span) in &mut self.open {
            let value = now.remove(key).unwrap_or(Value::Null);
            if span.value != value {
                let ended = std::mem::replace(span, Span { from: position, to: None, value });
                self.closed.push((key.clone(), Span { to: Some(position), ..ended }));
            }
        }
        self.open.extend(now.into_iter().map(|(key, value)| (key, Span { from: position, to: None, value })));
    }

    /// Takes the values that ended, leaving none.
    pub fn take_closed(&mut self) -> Vec<(Key, Span)> {
        std::mem::take(&mut self.closed)
    }
}
