//! What was learnt at earlier looks never changes what is seen.

use domain::formula::Formula;
use projections::fold::{Fold, World};
use projections::graph::{Depth, Graph, Names};
use proptest::prelude::*;

use super::facts::{FORMULAS, formula};
use super::logs::{in_order, log};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_look_that_remembers_sees_what_a_fresh_one_sees(events in log(40)) {
        let formulas: Vec<Formula> = FORMULAS.iter().map(|name| formula(name)).collect();
        let mut fold = Fold::new(World::default(), formulas[0].clone(), Default::default(), None);
        let (mut names, mut shown) = (Names::default(), Names::default());
        for event in in_order(&events) {
            fold.apply(&event).unwrap();
            let fresh = fold.world.view();
            prop_assert_eq!(&Graph::resolve(&fold.world.graph, &mut shown, Depth::Shown), &fresh.graph);
            let scored = fold.world.scored(&mut names);
            for formula in &formulas {
                prop_assert_eq!(scored.scores(formula), fresh.scores(formula));
            }
        }
    }
}
