//! Projection `history`: when which score changed, by ticks.
//!
//! A value holds from the tick that first saw it to the tick that first saw another. Ticks come from the events alone,
//! so living through the log and rebuilding it give the same rows, whatever the pages were.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use domain::recorded::Position;
use domain::time::{Day, Timestamp};
use serde_json::Value;

use crate::metrics::{Level, Score, Scores};

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
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Ticks, by position.
    pub ticks: BTreeMap<Position, Tick>,
    /// Values that hold.
    pub open: BTreeMap<Key, Span>,
    /// Values that ended since the last [`History::take_closed`].
    closed: Vec<(Key, Span)>,
    /// The scores of the last tick, where this process saw it: rows that are equal need no second look.
    seen: Option<Scores>,
}

/// What was seen is a shortcut, and no part of the history.
impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        (&self.ticks, &self.open, &self.closed) == (&other.ticks, &other.open, &other.closed)
    }
}

impl History {
    /// Looks at the scores.
    pub fn tick(
        &mut self,
        position: Position,
        day: Day,
        recorded_at: Option<Timestamp>,
        scores: Scores,
        label: Option<&str>,
    ) {
        let tick = self.ticks.entry(position).or_insert(Tick { day, recorded_at, labels: Vec::new() });
        tick.labels.extend(label.map(str::to_owned));
        let seen = self.seen.take().unwrap_or_else(|| Scores { rows: self.rows_of_open(), ..Scores::default() });
        let (mut old, mut new) = (seen.rows.iter().peekable(), scores.rows.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => (a.level, &a.id).cmp(&(b.level, &b.id)),
            };
            match order {
                Ordering::Less => old.next().into_iter().for_each(|row| self.gone(row, position)),
                Ordering::Greater => new.next().into_iter().for_each(|row| self.look(&scores, row, position)),
                Ordering::Equal => {
                    let (before, row) = (old.next(), new.next());
                    if before != row {
                        row.into_iter().for_each(|row| self.look(&scores, row, position));
                    }
                }
            }
        }
        self.seen = Some(scores);
    }

    /// A row for each vertex of which some value holds, with nothing but its name: unlike any that scores have.
    fn rows_of_open(&self) -> Vec<Score> {
        let mut rows: Vec<Score> = Vec::new();
        for (level, id, _) in self.open.keys() {
            if rows.last().is_none_or(|last| (last.level, last.id.as_str()) != (*level, id.as_str())) {
                rows.push(Score { level: *level, id: id.clone(), flags: vec![String::new()], ..Score::default() });
            }
        }
        rows
    }

    /// Takes in the values of a row that may differ.
    fn look(&mut self, scores: &Scores, row: &Score, position: Position) {
        for (metric, value) in scores.line(row) {
            if !NAMING.contains(&metric.as_str()) {
                self.set((row.level, row.id.clone(), metric), value, position);
            }
        }
    }

    /// Nothing is known any more of a vertex that is gone.
    fn gone(&mut self, row: &Score, position: Position) {
        let first = (row.level, row.id.clone(), String::new());
        let keys = self.open.range(first..).map(|(key, _)| key);
        let keys: Vec<Key> = keys.take_while(|key| (key.0, &key.1) == (row.level, &row.id)).cloned().collect();
        for key in keys {
            self.set(key, Value::Null, position);
        }
    }

    fn set(&mut self, key: Key, value: Value, position: Position) {
        match self.open.get_mut(&key) {
            Some(span) if span.value == value => {}
            Some(span) => {
                let ended = std::mem::replace(span, Span { from: position, to: None, value });
                self.closed.push((key, Span { to: Some(position), ..ended }));
            }
            None => {
                self.open.insert(key, Span { from: position, to: None, value });
            }
        }
    }

    /// Takes the values that ended, leaving none.
    pub fn take_closed(&mut self) -> Vec<(Key, Span)> {
        std::mem::take(&mut self.closed)
    }
}
