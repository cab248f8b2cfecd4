//! Scores over time: by definition, and wherever the fold was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::Event;
use domain::formula::Formula;
use domain::{Position, Recorded};
use projections::fold::{Fold, World};
use projections::history::{History, Key, Span, Tick};
use proptest::prelude::*;

use super::facts::{FORMULAS, fold, formula};
use super::logs::{in_order, log};

/// The two tables of a history.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stored {
    spans: BTreeMap<(Key, Position), Span>,
    ticks: BTreeMap<Position, Tick>,
}

impl Stored {
    fn write(&mut self, history: &mut History) {
        let ended = history.take_closed();
        let held = history.open.iter().map(|(key, span)| (key.clone(), span.clone()));
        for (key, span) in ended.into_iter().chain(held) {
            self.spans.insert((key, span.from), span);
        }
        self.ticks.clone_from(&history.ticks);
    }

    fn load(&self) -> History {
        let mut history = History::default();
        history.ticks.clone_from(&self.ticks);
        let open = self.spans.iter().filter(|(_, span)| span.to.is_none());
        history.open = open.map(|((key, _), span)| (key.clone(), span.clone())).collect();
        history
    }
}

/// Folds with a stop after each position of `stops`: all that is remembered goes through the tables.
fn told(log: &[Recorded], formula: &Formula, stops: &BTreeSet<Position>) -> Stored {
    let fresh = |world: World, history: History| Fold::new(world, formula.clone(), BTreeSet::new(), Some(history));
    let mut fold = fresh(World::default(), History::default());
    let mut stored = Stored::default();
    for event in log {
        fold.apply(event).unwrap();
        if stops.contains(&event.position) {
            stored.write(fold.history.as_mut().unwrap());
            fold = fresh(fold.world, stored.load());
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
        let straight = told(&log, &formula, &BTreeSet::new());
        prop_assert_eq!(&told(&log, &formula, &stops), &straight);
        prop_assert_eq!(&told(&log, &formula, &(1..=30).collect()), &straight);
    }

    #[test]
    fn a_span_holds_what_the_scores_were_at_its_ticks(events in log(16), name in prop::sample::select(&FORMULAS[..])) {
        let log = in_order(&events);
        let stored = told(&log, &formula(name), &BTreeSet::new());
        prop_assert_eq!(stored.ticks.keys().copied().collect::<BTreeSet<_>>(), ticks(&log));
        for position in stored.ticks.keys() {
            let scores = fold(&log[..usize::try_from(*position).unwrap()], name).scores();
            let mut then: BTreeMap<Key, serde_json::Value> = BTreeMap::new();
            for row in &scores.rows {
                for (metric, value) in scores.line(row) {
                    if metric != "id" && metric != "level" {
                        then.insert((row.level, row.id.clone(), metric), value);
                    }
                }
            }
            let holds = |span: &Span| span.from <= *position && span.to.is_none_or(|to| to > *position);
            let held: Vec<(&Key, &Span)> =
                stored.spans.iter().filter(|(_, span)| holds(span)).map(|((key, _), span)| (key, span)).collect();
            let keys: BTreeSet<&Key> = held.iter().map(|(key, _)| *key).collect();
            prop_assert_eq!(keys.len(), held.len(), "one value at a time");
            for (key, span) in held {
                prop_assert_eq!(&span.value, then.get(key).unwrap_or(&serde_json::Value::Null));
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
