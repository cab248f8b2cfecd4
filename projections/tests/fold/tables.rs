//! The tables that grow page by page are those that would be written at once.

use std::collections::BTreeMap;
use std::fmt::Display;

use domain::{Event, Timestamp};
use projections::fold::{Fold, World};
use projections::history::History;
use projections::table::RowSink as _;
use projections::table::text::CopyText;
use projections::tables::{Content, Materialized, Projection, Row, TableDiff};
use proptest::prelude::*;

use super::facts::{FORMULAS, formula};
use super::logs::{in_order, log};

/// Tables as the database holds them: rows by key.
type Tables = BTreeMap<&'static str, BTreeMap<Row, Row>>;

/// What every table must hold.
fn whole(content: &Content<'_>) -> Tables {
    let tables = Projection::ALL.into_iter().flat_map(Projection::tables);
    let by_key = |key: usize, rows: Vec<Row>| rows.into_iter().map(|row| (row[..key].to_vec(), row)).collect();
    tables.filter_map(|table| Some((table.name, by_key(table.key, content.rows(table)?)))).collect()
}

/// Another count of the commits of every git log, on the same days.
fn recounted(events: &[(Timestamp, Event)]) -> Vec<(Timestamp, Event)> {
    let again = |(observed_at, event): &(Timestamp, Event)| {
        let Event::GitLogObserved(mut log) = event.clone() else { return None };
        log.days.iter_mut().for_each(|row| row.commits += 1);
        let later = Timestamp::from_micros(observed_at.micros() + 1_000_000).unwrap();
        Some((later, Event::GitLogObserved(log)))
    };
    events.iter().filter_map(again).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn differences_of_pages_add_up_to_the_whole(
        (events, pages, name) in (log(60), prop::collection::vec(1..12usize, 1..40), prop::sample::select(&FORMULAS)),
        // Looks between pages: what comes and goes between two of them must show all the same.
        (ticks, looks) in (any::<bool>(), prop::collection::btree_set(1..=120u64, 0..60)),
    ) {
        let history = ticks.then(History::default);
        let mut fold = Fold::new(World::default(), formula(name), Default::default(), history);
        fold.note_changes();
        let (mut kept, mut tables) = (Materialized::default(), Tables::new());
        let events = in_order(&[events.clone(), recounted(&events)].concat());
        let mut pages = pages.into_iter().cycle();
        let mut left = events.as_slice();
        while !left.is_empty() {
            let (page, rest) = left.split_at(left.len().min(pages.next().unwrap()));
            left = rest;
            for event in page {
                fold.apply(event).unwrap();
                if looks.contains(&event.position) {
                    fold.evaluate_cached();
                }
            }
            let changes = fold.take_changes();
            let turned: Vec<TableDiff> = kept.advance_to(&mut fold, &changes);
            let view = fold.world.view();
            let scores = view.scores(fold.formula());
            let content = Content::of(&view, &scores);
            for difference in turned {
                let key = |row: &Row| row[..difference.table.key].to_vec();
                let rows = tables.entry(difference.table.name).or_default();
                for row in &difference.gone {
                    prop_assert!(rows.remove(&key(row)).is_some(), "only what is there can go: {:?}", row);
                }
                for row in difference.changed {
                    let former = rows.insert(key(&row), row.clone());
                    prop_assert_ne!(former, Some(row), "only what differs is written");
                }
            }
            prop_assert_eq!(&tables, &whole(&content));
            for table in Projection::ALL.into_iter().flat_map(Projection::tables) {
                let Some(by_key) = content.rows_by_key(table) else { continue };
                let sorted: Vec<Row> = tables[table.name].values().cloned().collect();
                prop_assert_eq!(by_key.collect::<Vec<_>>(), sorted, "{}", table.name);
            }
        }
    }
    #[test]
    fn what_is_copied_is_what_would_be_written(events in log(60), name in prop::sample::select(&FORMULAS)) {
        let mut fold = Fold::new(World::default(), formula(name), Default::default(), None);
        fold.note_changes();
        for event in in_order(&events) {
            fold.apply(&event).unwrap();
        }
        let changes = fold.take_changes();
        let copied: Vec<TableDiff<CopyText>> = Materialized::default().advance_to(&mut fold.clone(), &changes);
        let written: Vec<TableDiff> = Materialized::default().advance_to(&mut fold, &changes);
        for (copied, written) in copied.iter().zip(&written) {
            let mut text = CopyText::default();
            for row in &written.changed {
                text.add(&row.iter().map(|cell| cell.as_ref().map(|cell| cell as &dyn Display)).collect::<Vec<_>>());
            }
            prop_assert_eq!(copied.table.name, written.table.name);
            prop_assert_eq!(str::from_utf8(copied.changed.bytes()), str::from_utf8(text.bytes()));
        }
        prop_assert_eq!(copied.len(), written.len());
    }
}
