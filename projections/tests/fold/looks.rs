//! What was learnt at earlier looks never changes what is seen.

use std::collections::BTreeSet;

use domain::Position;
use domain::formula::Formula;
use projections::fold::{Fold, World};
use projections::graph::{Depth, Graph, Memory};
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
        let (mut scored, mut shown) = (Memory::default(), Memory::default());
        for event in in_order(&events) {
            for fold in &mut folds {
                fold.apply(&event).unwrap();
            }
            if !looks.contains(&event.position) {
                continue;
            }
            let world = &folds[0].world;
            let (seen, whole) = (world.scored(&mut scored).graph, world.view().graph);
            prop_assert_eq!(&seen.links, &whole.links);
            prop_assert_eq!(seen, Graph::resolve(&world.graph, &mut Memory::default(), Depth::Scored));
            prop_assert_eq!(Graph::resolve(&world.graph, &mut shown, Depth::Shown), whole);
            for fold in &mut folds {
                prop_assert_eq!(fold.look(), fold.scores());
            }
        }
    }
}
