//! What was learnt at earlier looks never changes what is seen.

use std::collections::BTreeSet;

use domain::Position;
use domain::formula::{ConfidenceWeights, EdgePolicy, Formula, GraphPolicy};
use projections::fold::{Fold, World};
use proptest::prelude::*;

use super::facts::{FORMULAS, formula};
use super::logs::{in_order, log};

/// Every shipped formula, the one that asks for everything, and that one where only edges of one kind, claimed with one
/// confidence, count: an edge that is forgotten, or is surer than it was, shows.
fn formulas() -> Vec<Formula> {
    let example = Formula::parse(include_str!("../../../docs/example-formula.toml")).unwrap();
    let narrow = |(edges, verified_sbom, inferred_shadow)| {
        let confidence = ConfidenceWeights { verified_sbom, inferred_shadow };
        Formula { graph: GraphPolicy { edges, confidence, ..example.graph.clone() }, ..example.clone() }
    };
    let kinds = [EdgePolicy::Flat, EdgePolicy::Nested];
    let narrow: Vec<Formula> =
        kinds.iter().flat_map(|edges| [(*edges, 100, 0), (*edges, 0, 100)]).map(narrow).collect();
    FORMULAS.iter().map(|name| formula(name)).chain([example]).chain(narrow).collect()
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
                let fresh = fold.scores();
                prop_assert_eq!(fold.evaluate_cached(), fresh);
            }
        }
    }

    #[test]
    fn what_is_read_sooner_is_what_a_fresh_view_gives(
        events in log(60),
        reads in positions(60),
        looks in positions(60),
    ) {
        let mut fold = Fold::new(World::default(), formula("atlas-1"), BTreeSet::new(), None);
        for event in in_order(&events) {
            fold.apply(&event).unwrap();
            if looks.contains(&event.position) {
                fold.evaluate_cached();
            }
            if reads.contains(&event.position) {
                fold.read(|view, scores| {
                    let fresh = view.world().view();
                    prop_assert_eq!(&view.graph, &fresh.graph);
                    prop_assert_eq!(scores, fresh.scores(&formula("atlas-1")));
                    Ok(())
                })?;
            }
        }
    }
}
