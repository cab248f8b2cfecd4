//! What is stored row by row is the whole state.

use std::collections::BTreeMap;

use domain::formula::Formula;
use projections::family::FactRows as _;
use projections::fold::{Fold, World};
use projections::graph::GraphState;
use projections::people::PeopleState;
use proptest::prelude::*;

use super::logs::{in_order, log};

/// Rows by kind and key, as the two `fact` tables hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stored {
    graph: BTreeMap<(String, String), String>,
    people: BTreeMap<(String, String), String>,
}

impl Stored {
    /// Writes what a fold says it touched.
    fn write(&mut self, fold: &mut Fold) {
        let changes = fold.take_changes();
        for (kind, key) in changes.rows() {
            let place = (kind.to_owned(), key.to_owned());
            if let Some(value) = fold.world.graph.row(kind, key).unwrap() {
                self.graph.insert(place.clone(), value);
            }
            if let Some(value) = fold.world.people.row(kind, key).unwrap() {
                self.people.insert(place, value);
            }
        }
    }

    /// Every row of a state.
    fn all(world: &World) -> Self {
        let owned = |(kind, key): (&'static str, &str)| (kind.to_owned(), key.to_owned());
        let graph =
            world.graph.rows().map(|(kind, key)| (owned((kind, key)), world.graph.row(kind, key).unwrap().unwrap()));
        let people =
            world.people.rows().map(|(kind, key)| (owned((kind, key)), world.people.row(kind, key).unwrap().unwrap()));
        Self { graph: graph.collect(), people: people.collect() }
    }

    fn load(&self, position: u64) -> World {
        let (mut graph, mut people) = (GraphState::default(), PeopleState::default());
        for ((kind, key), value) in &self.graph {
            assert!(graph.restore(kind, key.clone(), value).unwrap());
        }
        for ((kind, key), value) in &self.people {
            assert!(people.restore(kind, key.clone(), value).unwrap());
        }
        World { position, graph, people }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// `load(store(s)) = s`, where only the rows that an event touched are written, whatever the pages are.
    #[test]
    fn a_state_is_its_rows(events in log(40), page in 1..9usize) {
        let log = in_order(&events);
        let formula = Formula::shipped("seed").unwrap();
        let mut fold = Fold::new(World::default(), formula.clone(), Default::default(), None);
        let mut stored = Stored::default();
        for run in log.chunks(page) {
            for event in run {
                fold.apply(event).unwrap();
            }
            stored.write(&mut fold);
            prop_assert_eq!(&stored, &Stored::all(&fold.world));
            let loaded = stored.load(fold.world.position);
            prop_assert_eq!(&loaded, &fold.world);
            // Going on from what was loaded is going on.
            fold = Fold::new(loaded, formula.clone(), Default::default(), None);
        }
    }
}

#[test]
fn a_row_of_an_unknown_kind_is_not_taken_in() {
    let mut state = GraphState::default();
    assert!(!state.restore("log", "x".to_owned(), "{}").unwrap());
    assert!(state.restore("repo", "x".to_owned(), "{\"stars\":").is_err());
    assert!(!PeopleState::default().restore("repo", "x".to_owned(), "{}").unwrap());
}
