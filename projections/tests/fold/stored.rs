//! What is stored row by row is the whole state.

use std::collections::BTreeMap;

use domain::formula::Formula;
use projections::Projection;
use projections::fold::{Fold, World};
use proptest::prelude::*;

use super::logs::{in_order, log};

/// Rows by family, kind and key, as the `fact` tables hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stored(BTreeMap<(Projection, String, String), String>);

impl Stored {
    /// Takes in these rows of a state.
    fn take<'a>(&mut self, world: &World, rows: impl Iterator<Item = (&'static str, &'a str)>) {
        for (kind, key) in rows {
            for family in Projection::ALL {
                if let Some(value) = world.row(family, kind, key).unwrap() {
                    self.0.insert((family, kind.to_owned(), key.to_owned()), value);
                }
            }
        }
    }

    /// Every row of a state.
    fn all(world: &World) -> Self {
        let mut all = Self::default();
        all.take(world, world.rows());
        all
    }

    fn load(&self, position: u64) -> World {
        let mut world = World { position, ..World::default() };
        for ((family, kind, key), value) in &self.0 {
            assert!(world.restore(*family, kind, key.clone(), value).unwrap());
        }
        world
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
        fold.note_changes();
        let mut stored = Stored::default();
        for run in log.chunks(page) {
            for event in run {
                fold.apply(event).unwrap();
            }
            let changes = fold.take_changes();
            stored.take(&fold.world, changes.rows());
            prop_assert_eq!(&stored, &Stored::all(&fold.world));
            let loaded = stored.load(fold.world.position);
            prop_assert_eq!(&loaded, &fold.world);
            // Going on from what was loaded is going on.
            fold = Fold::new(loaded, formula.clone(), Default::default(), None);
            fold.note_changes();
        }
    }
}

#[test]
fn a_row_of_an_unknown_kind_is_not_taken_in() {
    let mut world = World::default();
    for family in Projection::ALL {
        assert!(!world.restore(family, "of nobody", "x".to_owned(), "{}").unwrap(), "{family:?}");
    }
    assert!(!world.restore(Projection::Graph, "log", "x".to_owned(), "{}").unwrap());
    assert!(!world.restore(Projection::People, "repo", "x".to_owned(), "{}").unwrap());
    assert!(world.restore(Projection::Graph, "repo", "x".to_owned(), "{\"stars\":").is_err());
    assert_eq!(world, World::default());
}
