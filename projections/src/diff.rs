//! What moves when one formula takes the place of another, and why. A pure function of a state and two formulas.

use std::collections::BTreeMap;

use domain::formula::Formula;
use serde_json::{Map, Value};

use crate::fold::{View, World};
use crate::history::NAMING;
use crate::metrics::{Evaluation, Level, Scores};

mod because;
mod causes;
mod commits;
mod dependents;
mod parameters;
mod reason;
mod sources;
mod summary;
mod trials;

pub use reason::{ChangeReason, Direction, MAX_REASONS};
pub use summary::{Crossing, Summary};
use trials::Trials;

/// A value that moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Kind of vertex.
    pub level: Level,
    /// The vertex.
    pub id: String,
    /// Which value.
    pub metric: String,
    /// Under the first formula, as in a digest; null where it is unknown or the formula lacks it.
    pub before: Value,
    /// Under the second formula.
    pub after: Value,
    /// Place among all of its level before, the greatest value first, equals sharing the best; for numbers.
    pub rank_before: Option<u64>,
    /// Place after.
    pub rank_after: Option<u64>,
    /// The terms that moved and the events that feed them.
    pub because: Vec<ChangeReason>,
}

impl Change {
    /// How many places it moves.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.rank_before.zip(self.rank_after).map_or(0, |(before, after)| before.abs_diff(after))
    }
}

/// The difference between two formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// Every value that moves, by (level, id, metric).
    pub changed: Vec<Change>,
    /// Values that stay.
    pub unchanged: u64,
    /// Parameters that differ, with both values.
    pub parameters: Vec<ChangeReason>,
}

/// The values of one row by name, without what names the vertex.
fn values(scores: &Scores) -> Vec<Map<String, Value>> {
    let of = |row| {
        let mut line = scores.line(row);
        for name in NAMING {
            line.remove(name);
        }
        line
    };
    scores.rows.iter().map(of).collect()
}

/// Compares two formulas on the state of a world, of which `view` is the resolution.
#[must_use]
pub fn diff(world: &World, view: &View<'_>, before: &Formula, after: &Formula) -> Diff {
    let (a, b) = (view.evaluation(before), view.evaluation(after));
    let parameters = parameters::differing(before, after);
    let (mut changed, rows, unchanged) = changes(&a, &b);
    let mut trials = Trials::new(view, before, &parameters, &changed, &rows);
    let causes = causes::find(&mut trials, &changed, &parameters);
    let causes =
        causes.into_iter().map(|named| named.into_iter().map(|n| ChangeReason::from(parameters[n].clone())).collect());
    because::explain(&mut changed, causes.collect(), world, &a, &b);
    Diff { changed, unchanged, parameters: parameters.into_iter().map(ChangeReason::from).collect() }
}

/// The names of values that either formula has.
fn metrics(a: &[Map<String, Value>], b: &[Map<String, Value>]) -> Vec<String> {
    let first = |values: &[Map<String, Value>]| values.first().cloned().unwrap_or_default();
    let mut names: Vec<String> = first(a).into_iter().chain(first(b)).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every value that differs with the row it is in, and how many do not. Both evaluations score the same vertices: those
/// of one graph.
fn changes(a: &Evaluation<'_>, b: &Evaluation<'_>) -> (Vec<Change>, Vec<usize>, u64) {
    let (left, right) = (values(&a.scores), values(&b.scores));
    let names = metrics(&left, &right);
    let (mut changed, mut rows) = (Vec::new(), Vec::new());
    for (n, ((row, left), right)) in a.scores.rows.iter().zip(&left).zip(&right).enumerate() {
        for metric in &names {
            let value = |values: &Map<String, Value>| values.get(metric).cloned().unwrap_or(Value::Null);
            let (before, after) = (value(left), value(right));
            if before != after {
                rows.push(n);
                changed.push(Change {
                    level: row.level,
                    id: row.id.to_string(),
                    metric: metric.clone(),
                    before,
                    after,
                    rank_before: None,
                    rank_after: None,
                    because: Vec::new(),
                });
            }
        }
    }
    let (ranks_before, ranks_after) = (ranks(&a.scores, &left), ranks(&b.scores, &right));
    for change in &mut changed {
        let rank = |ranks: &Ranks, value: &Value| {
            let all = ranks.get(&(change.level, change.metric.as_str()))?;
            let own = number(value)?;
            Some(all.partition_point(|other| *other > own) as u64 + 1)
        };
        let found = (rank(&ranks_before, &change.before), rank(&ranks_after, &change.after));
        (change.rank_before, change.rank_after) = found;
    }
    let unchanged = left.len() * names.len() - changed.len();
    (changed, rows, unchanged as u64)
}

/// The numbers of a metric among one level, greatest first.
type Ranks<'a> = BTreeMap<(Level, &'a str), Vec<u64>>;

fn ranks<'a>(scores: &Scores, values: &'a [Map<String, Value>]) -> Ranks<'a> {
    let mut ranks = Ranks::new();
    for (row, values) in scores.rows.iter().zip(values) {
        for (metric, value) in values {
            if let Some(number) = number(value) {
                ranks.entry((row.level, metric.as_str())).or_default().push(number);
            }
        }
    }
    for numbers in ranks.values_mut() {
        numbers.sort_unstable_by(|a, b| b.cmp(a));
    }
    ranks
}

/// A count, or decimal text of fixed precision, as an integer that orders like it. Other text has no rank.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let (whole, fraction) = text.split_once('.')?;
            format!("{whole}{fraction}").parse().ok()
        }
        _ => None,
    }
}
