//! What was learnt at earlier looks never changes what is seen.

use std::collections::BTreeSet;

use domain::Position;
use domain::formula::Formula;
use projections::fold::{Fold, World};
use proptest::prelude::*;

use super::facts::{FORMULAS, formula};
use super::logs::{in_order, log};

/// Every shipped formula, and the one that asks for everything.
fn formulas() -> Vec<Formula> {
    let example = Formula::parse(include_str!("../../../docs/example-formula.toml")).unwrap();
    FORMULAS.iter().map(|name| formula(name)).chain([example]).collect()
}

/// Few positions, or many, up to `length`.
fn positions(length: u64) -> impl Strategy<Value = BTreeSet<Position>> {
    prop::collection::btree_set(1..=length, 0..usize::try_from(length).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_look_that_remembers_sees_what_a_fresh_one_sees(
        events in log(60),
        looks in positions(60),
        quarantined in prop::collection::btree_set(1..=60u64, 0..4),
    ) {
        let fold = |formula| Fold::new(World::default(), formula, quarantined.clone(), None);
        let mut folds: Vec<Fold> = formulas().into_iter().map(fold).collect();
        for event in in_order(&events) {
            for fold in &mut folds {
                fold.apply(&event).unwrap();
            }
            if !looks.contains(&event.position) {
                continue;
            }
            for fold in &mut folds {
                let (fresh, scores) = (fold.world.scored().graph, fold.scores());
                let mut links = None;
                let look = fold.look(|graph| links = (*graph == fresh).then(|| graph.links.clone()));
                prop_assert_eq!(links.as_ref(), Some(&fold.world.view().graph.links));
                prop_assert_eq!(look, scores);
            }
        }
    }
}
