//! What was learnt at earlier looks never changes what is seen.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::formula::{ConfidenceWeights, Counted, EdgePolicy, Formula, GraphPolicy, PeoplePolicy, PonyPolicy};
use domain::{Day, Event, Position, Timestamp};
use projections::fold::{Fold, World};
use proptest::prelude::*;

use super::facts::{FORMULAS, crawl, document, formula, host, recorded};
use super::logs::{commits, in_order, log};

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

/// The formula that asks for everything, with other rules about people and windows.
fn rules_about_people() -> Vec<Formula> {
    let example = Formula::parse(include_str!("../../../docs/example-formula.toml")).unwrap();
    let name = |name: &str| Digest::of(name.as_bytes());
    let everything = PeoplePolicy { bots: Counted::Count, merges: Counted::Count, ..example.people.clone() };
    let persons = PeoplePolicy { same: vec![vec![name("ann"), name("dee")]], ..example.people.clone() };
    let named = PeoplePolicy { also_bots: vec![name("bob")], never_bots: vec![name("cy")], ..everything.clone() };
    let rules = [(everything, 1, 50), (persons, 2, 80), (named, 24, 100)];
    let formula = |(people, window_months, threshold_percent)| {
        let pony = PonyPolicy { window_months, threshold_percent, ..example.pony.clone() };
        Formula { people, pony, ..example.clone() }
    };
    rules.into_iter().map(formula).collect()
}

/// Few positions, or many, up to `length`.
fn positions(length: u64) -> impl Strategy<Value = BTreeSet<Position>> {
    prop::collection::btree_set(1..=length, 0..usize::try_from(length).unwrap())
}

/// The row of an id that names a project, then another of that moment that does not: it goes by its id again, and a
/// row that calls it by the name is of none.
#[test]
fn a_name_that_is_taken_back_is_no_longer_known() {
    let answer = |id: Option<&str>, name: Option<&str>| {
        let (project_id, project_name) = (id.map(str::to_owned), name.map(str::to_owned));
        let answered_at = Day::from_number(18_628).start();
        let status = SurveyStatus::Live;
        Event::from(SurveyAnswered { project_id, project_name, status, answered_at, document: document("CSV") })
    };
    let told = [answer(Some("d:1"), Some("Alpha")), answer(None, Some("Alpha")), answer(Some("d:1"), None)];
    let mut fold = Fold::new(World::default(), formula("atlas-1"), BTreeSet::new(), None);
    for (position, event) in (1..).zip(told) {
        let observed_at = Timestamp::from_micros(1_640_995_200_000_000 + i64::try_from(position).unwrap()).unwrap();
        fold.apply(&recorded(position, observed_at, event)).unwrap();
        let fresh = fold.world.view().graph;
        fold.read(|view, _, _| {
            assert_eq!(view.graph, fresh);
            let name = if position < 3 { "Alpha" } else { "d:1" };
            assert_eq!(view.graph.projects[0].name, name);
        });
    }
}

/// A registry's answer about a hosted id makes that mean another repository. A package whose link moves there, with as
/// many downloads as before, takes them along to the vertex that its link names.
#[test]
fn downloads_go_where_a_link_moves_that_itself_means_another() {
    let [h, g, y] = ["pkg:github/o/h", "pkg:github/o/g", "pkg:github/o/y"];
    let of = |purl, link: &str| Event::from(crawl(purl, Some(&format!("https://github.com/o/{link}")), Some(5), &[]));
    let told = [host(h).into(), host(g).into(), host(y).into(), of(g, "y"), of("pkg:npm/p", "h"), of("pkg:npm/p", "g")];
    let mut fold = Fold::new(World::default(), formula("atlas-1"), BTreeSet::new(), None);
    for (position, event) in (1..).zip(told) {
        let observed_at = Timestamp::from_micros(1_640_995_200_000_000 + i64::try_from(position).unwrap()).unwrap();
        fold.apply(&recorded(position, observed_at, event)).unwrap();
        fold.read(|view, _, _| assert_eq!(view.graph, view.world().view().graph, "position {position}"));
    }
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
                prop_assert_eq!(fold.evaluate_cached(), &fresh);
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
                fold.read(|view, scores, _| {
                    let fresh = view.world().view();
                    prop_assert_eq!(&view.graph, &fresh.graph);
                    prop_assert_eq!(scores, &fresh.scores(&formula("atlas-1")));
                    Ok(())
                })?;
            }
        }
    }

    #[test]
    fn windows_of_repositories_that_become_one_and_part_again_are_those_of_a_fresh_look(
        events in commits(40),
        looks in positions(40),
    ) {
        let fold = |formula| Fold::new(World::default(), formula, BTreeSet::new(), None);
        let mut folds: Vec<Fold> = rules_about_people().into_iter().map(fold).collect();
        for event in in_order(&events) {
            for fold in &mut folds {
                fold.apply(&event).unwrap();
                if looks.contains(&event.position) {
                    let fresh = fold.scores();
                    prop_assert_eq!(fold.evaluate_cached(), &fresh);
                }
            }
        }
    }
}
