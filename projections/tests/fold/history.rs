//! Scores over time: by definition, and wherever the fold was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::Event;
use domain::formula::Formula;
use domain::{Position, Recorded};
use projections::fold::{Fold, World};
use projections::history::table_rows::span_row;
use projections::history::{Birth, History, HistorySpan, Metric, MetricValue, Tick};
use projections::metrics::Level;
use projections::tables::Row;
use proptest::prelude::*;

use super::facts::{FORMULAS, fold, formula};
use super::logs::{in_order, log};

/// Which value: level, vertex, metric.
type Key = (Level, String, Metric);

fn key(span: &HistorySpan) -> Key {
    (span.level, span.id.to_string(), span.metric)
}

fn json(span: &HistorySpan) -> serde_json::Value {
    serde_json::from_str(&span.value.to_string()).unwrap()
}

/// The two tables of a history, and its births.
#[derive(Clone, Debug, Default)]
struct Stored {
    spans: BTreeMap<(Key, Position), HistorySpan>,
    ticks: BTreeMap<Position, Tick>,
    born: Vec<Birth>,
}

impl Stored {
    fn write(&mut self, history: &mut History) {
        let news = history.take_news();
        for span in news.ended.into_iter().chain(history.holding(0)) {
            self.spans.insert((key(&span), span.from), span);
        }
        self.ticks.clone_from(&history.ticks);
        self.born.extend(news.born);
    }

    /// The history that these tables hold.
    fn load(&self) -> History {
        let read =
            |span: &HistorySpan| HistorySpan { value: MetricValue::Written(span.value.to_string()), ..span.clone() };
        let holding = self.spans.values().filter(|span| span.to.is_none());
        History::restored(self.ticks.clone(), holding.map(read).collect())
    }

    /// The same history, told without a look at what holds.
    fn tell(&self, log: &[Recorded], formula: &Formula) -> History {
        let mut ended: BTreeMap<Key, Position> = BTreeMap::new();
        for (span, to) in self.spans.values().filter_map(|span| Some((span, span.to?))) {
            let last = ended.entry(key(span)).or_default();
            *last = to.max(*last);
        }
        let last = self.ticks.keys().next_back().copied().unwrap_or(0);
        let mut world = Fold::new(World::default(), formula.clone(), BTreeSet::new(), None);
        log.iter().take(usize::try_from(last).unwrap()).for_each(|event| world.apply(event).unwrap());
        History::told(self.ticks.clone(), self.born.clone(), &ended, &world.scores())
    }

    /// The rows of both tables as text.
    fn rows(self) -> (Vec<Row>, BTreeMap<Position, Tick>) {
        (self.spans.values().map(span_row).collect(), self.ticks)
    }
}

/// How a history goes on after a stop.
#[derive(Clone, Copy)]
enum Resumed {
    Loaded,
    Told,
}

/// Folds with a stop after each position of `stops`: all that is remembered goes through the tables.
fn told(log: &[Recorded], formula: &Formula, stops: &BTreeSet<Position>, how: Resumed) -> Stored {
    let fresh = |world: World, history: History| Fold::new(world, formula.clone(), BTreeSet::new(), Some(history));
    let mut fold = fresh(World::default(), History::default());
    let mut stored = Stored::default();
    for event in log {
        fold.apply(event).unwrap();
        if stops.contains(&event.position) {
            stored.write(fold.history.as_mut().unwrap());
            let history = match how {
                Resumed::Loaded => stored.load(),
                Resumed::Told => stored.tell(log, formula),
            };
            fold = fresh(fold.world, history);
        }
    }
    stored.write(fold.history.as_mut().unwrap());
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
    ) {
        let (log, formula) = (in_order(&events), formula(name));
        let straight = told(&log, &formula, &BTreeSet::new(), Resumed::Loaded).rows();
        for how in [Resumed::Loaded, Resumed::Told] {
            prop_assert_eq!(told(&log, &formula, &stops, how).rows(), straight.clone());
            prop_assert_eq!(told(&log, &formula, &(1..=30).collect(), how).rows(), straight.clone());
        }
    }

    #[test]
    fn a_span_holds_what_the_scores_were_at_its_ticks(events in log(16), name in prop::sample::select(&FORMULAS[..])) {
        let log = in_order(&events);
        let stored = told(&log, &formula(name), &BTreeSet::new(), Resumed::Loaded);
        prop_assert_eq!(stored.ticks.keys().copied().collect::<BTreeSet<_>>(), ticks(&log));
        for position in stored.ticks.keys() {
            let scores = fold(&log[..usize::try_from(*position).unwrap()], name).scores();
            let mut then: BTreeMap<Key, serde_json::Value> = BTreeMap::new();
            for row in &scores.rows {
                for (metric, value) in scores.line(row) {
                    if metric != "id" && metric != "level" {
                        let metric = Metric::from_name(&metric).unwrap();
                        then.insert((row.level, row.id.clone(), metric), value);
                    }
                }
            }
            let holds = |span: &HistorySpan| span.from <= *position && span.to.is_none_or(|to| to > *position);
            let held: Vec<(&Key, &HistorySpan)> =
                stored.spans.iter().filter(|(_, span)| holds(span)).map(|((key, _), span)| (key, span)).collect();
            let keys: BTreeSet<&Key> = held.iter().map(|(key, _)| *key).collect();
            prop_assert_eq!(keys.len(), held.len(), "one value at a time");
            for (key, span) in held {
                prop_assert_eq!(&json(span), then.get(key).unwrap_or(&serde_json::Value::Null));
            }
            prop_assert!(then.keys().all(|key| keys.contains(key)));
        }
        // A span ends because another value begins.
        for ((key, _), span) in stored.spans.iter().filter(|(_, span)| span.to.is_some()) {
            let next = &stored.spans[&(key.clone(), span.to.unwrap())];
            prop_assert_ne!(&next.value, &span.value);
        }
    }
}
