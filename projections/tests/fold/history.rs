//! Scores over time: by definition, and wherever the fold was interrupted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::event::Event;
use domain::formula::Formula;
use domain::{Position, Recorded};
use projections::fold::{Fold, World};
use projections::history::table_rows::add_segment;
use projections::history::{History, HistorySegment, HistoryValue, Metric, MetricValue, Move, SEGMENT_POSITIONS, Tick};
use projections::metrics::Level;
use projections::tables::Row;
use proptest::prelude::*;

use super::facts::{FORMULAS, fold, formula};
use super::logs::{in_order, log};

/// Which value: level, vertex, metric.
type Key = (Level, Arc<str>, Metric);

/// The two tables of a history.
#[derive(Clone, Debug, Default)]
struct Stored {
    segments: BTreeMap<(Key, u64), Vec<Move>>,
    ticks: BTreeMap<Position, Tick>,
}

impl Stored {
    /// Writes what moved before a position, and the ticks there.
    fn write(&mut self, history: &mut History, before: Position) {
        history.take_moves(before, |HistorySegment { level, id, metric, number, moves }| {
            assert!(!moves.is_empty());
            self.segments.entry(((level, Arc::clone(id), metric), number)).or_default().extend_from_slice(moves);
        });
        self.ticks.extend(history.ticks.range(..before).map(|(position, tick)| (*position, tick.clone())));
    }

    /// The moves of every value, in order.
    fn moves(&self) -> BTreeMap<&Key, Vec<&Move>> {
        let mut moves: BTreeMap<&Key, Vec<&Move>> = BTreeMap::new();
        for ((key, _), of_segment) in &self.segments {
            moves.entry(key).or_default().extend(of_segment);
        }
        moves
    }

    /// The history that these tables hold.
    fn load(&self) -> History {
        let last = |((level, id, metric), moves): (&Key, Vec<&Move>)| HistoryValue {
            level: *level,
            id: Arc::clone(id),
            metric: *metric,
            value: MetricValue::Written(moves.last().unwrap().1.to_string()),
        };
        History::restored(self.ticks.clone(), self.moves().into_iter().map(last).collect())
    }

    /// The rows of both tables as text.
    fn rows(self) -> (Vec<Row>, BTreeMap<Position, Tick>) {
        let mut rows = Vec::new();
        for (((level, id, metric), number), moves) in &self.segments {
            add_segment(HistorySegment { level: *level, id, metric: *metric, number: *number, moves }, &mut rows);
        }
        (rows, self.ticks)
    }
}

/// What is written at a stop.
#[derive(Clone, Copy)]
enum Written {
    /// Nothing: somebody looks at the scores, and it goes on.
    Nothing,
    /// All there is, as the live projector does.
    All,
    /// What was before the last position, which is folded again with the history, as a rebuild does.
    Final,
}

/// A log, and where to stop in it, with so many positions before them in which nothing was told.
fn later(mut log: Vec<Recorded>, stops: &BTreeSet<Position>, by: Position) -> (Vec<Recorded>, BTreeSet<Position>) {
    log.iter_mut().for_each(|event| event.position += by);
    (log, stops.iter().map(|stop| stop + by).collect())
}

/// Folds with a stop after each position of `stops`: all that is remembered goes through the tables.
fn told(log: &[Recorded], formula: &Formula, stops: &BTreeSet<Position>, how: Written) -> Stored {
    let fresh = |world: World, history: History| Fold::new(world, formula.clone(), BTreeSet::new(), Some(history));
    let before = log.first().map_or(0, |first| first.position - 1);
    let mut fold = fresh(World { position: before, ..World::default() }, History::default());
    let mut stored = Stored::default();
    for event in log {
        let before = fold.world.clone();
        fold.apply(event).unwrap();
        if stops.contains(&event.position) {
            match how {
                Written::Nothing => {
                    fold.evaluate_cached();
                }
                Written::All => {
                    stored.write(fold.history.as_mut().unwrap(), Position::MAX);
                    fold = fresh(fold.world, stored.load());
                }
                Written::Final => {
                    stored.write(fold.history.as_mut().unwrap(), event.position);
                    fold = fresh(before, stored.load());
                    fold.apply(event).unwrap();
                }
            }
        }
    }
    stored.write(fold.history.as_mut().unwrap(), Position::MAX);
    stored
}

/// Where scores are looked at, by definition: before world time enters a new day, at publications, at promotions.
fn ticks(log: &[Recorded]) -> BTreeSet<Position> {
    let mut ticks = BTreeSet::new();
    for (n, event) in log.iter().enumerate() {
        let facts = |log: &[Recorded]| {
            let facts = log.iter().filter(|event| event.event.event_type().is_fact());
            facts.map(|event| event.envelope.observed_at.day()).max()
        };
        let (before, after) = (facts(&log[..n]), facts(&log[..=n]));
        if before.is_some() && before != after {
            ticks.insert(event.position - 1);
        }
        if matches!(event.event, Event::ScoresPublished(_) | Event::FormulaPromoted(_)) {
            ticks.insert(event.position);
        }
    }
    ticks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn interruptions_leave_no_trace(
        events in log(30),
        name in prop::sample::select(&FORMULAS[..]),
        stops in prop::collection::btree_set(1..31u64, 0..12),
        // Within a segment, or across the border of two.
        before in prop::sample::select(&[0, SEGMENT_POSITIONS - 15][..]),
    ) {
        let formula = formula(name);
        let (log, stops) = later(in_order(&events), &stops, before);
        let straight = told(&log, &formula, &BTreeSet::new(), Written::All).rows();
        for how in [Written::Nothing, Written::All, Written::Final] {
            prop_assert_eq!(told(&log, &formula, &stops, how).rows(), straight.clone());
            let everywhere = (before + 1..=before + 30).collect();
            prop_assert_eq!(told(&log, &formula, &everywhere, how).rows(), straight.clone());
        }
    }

    #[test]
    fn a_span_holds_what_the_scores_were_at_its_ticks(events in log(16), name in prop::sample::select(&FORMULAS[..])) {
        let log = in_order(&events);
        let stored = told(&log, &formula(name), &BTreeSet::new(), Written::All);
        prop_assert_eq!(stored.ticks.keys().copied().collect::<BTreeSet<_>>(), ticks(&log));
        for position in stored.ticks.keys() {
            let scores = fold(&log[..usize::try_from(*position).unwrap()], name).scores();
            let mut then: BTreeMap<Key, serde_json::Value> = BTreeMap::new();
            for row in &scores.rows {
                for (metric, value) in scores.line(row) {
                    if metric != "id" && metric != "level" {
                        let metric = Metric::from_name(&metric).unwrap();
                        then.insert((row.level, Arc::clone(&row.id), metric), value);
                    }
                }
            }
            for (key, moves) in stored.moves() {
                // Of a vertex never seen until then there is no move; all others have a value that holds.
                let held = moves.iter().rev().find(|(from, _)| from <= position).map(|(_, value)| value);
                prop_assert!(held.is_some() || !then.contains_key(key));
                if let Some(held) = held {
                    let held: serde_json::Value = serde_json::from_str(&held.to_string()).unwrap();
                    prop_assert_eq!(&held, then.get(key).unwrap_or(&serde_json::Value::Null));
                }
            }
            prop_assert!(then.keys().all(|key| stored.moves().contains_key(key)));
        }
        // A move is to another value, at a later tick.
        for moves in stored.moves().into_values() {
            prop_assert!(moves.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
        }
    }
}
