//! The same facts in any order of arrival mean the same.

use domain::Timestamp;
use domain::event::Event;
use projections::graph::Graph;
use projections::metrics::digest::{scores_digest, state_digest};
use proptest::prelude::*;

use super::facts::{FORMULAS, fold, formula};
use super::logs::{in_order, log};

/// Positions name events by arrival; here they name them by their place in the original log.
fn renumbered(mut graph: Graph, arrival: &[usize]) -> Graph {
    let original = |position: &mut u64| *position = arrival[usize::try_from(*position).unwrap() - 1] as u64;
    for vertex in &mut graph.vertices {
        if let Some((_, position)) = &mut vertex.evidence {
            original(position);
        }
    }
    for answer in graph.projects.iter_mut().filter_map(|project| project.answer.as_mut()) {
        original(&mut answer.rank.position);
    }
    graph
}

fn check(events: &[(Timestamp, Event)], arrival: &[usize]) -> Result<(), TestCaseError> {
    let arrived: Vec<(Timestamp, Event)> = arrival.iter().map(|n| events[*n].clone()).collect();
    let straight: Vec<usize> = (0..events.len()).collect();
    let (one, other) = (fold(&in_order(events), "seed").world, fold(&in_order(&arrived), "seed").world);
    let (one, other) = (one.view(), other.view());
    for name in FORMULAS {
        let formula = formula(name);
        prop_assert_eq!(one.scores(&formula), other.scores(&formula));
        prop_assert_eq!(scores_digest(&one.scores(&formula)), scores_digest(&other.scores(&formula)));
        let digest = |view: &projections::View<'_>| state_digest(&view.graph, &view.contributions, formula.graph.edges);
        prop_assert_eq!(digest(&one), digest(&other));
    }
    for (vertex, repo) in one.contributions.iter() {
        let same = other.contributions.get(vertex).unwrap();
        prop_assert_eq!(&repo.days, &same.days);
        prop_assert_eq!(&repo.unsigned, &same.unsigned);
        prop_assert_eq!(repo.latest, same.latest);
        let said = |repo: &projections::people::RepoContributions<'_>| {
            repo.authors.iter().map(|(author, facts)| (*author, facts.bot, facts.first, facts.last)).collect::<Vec<_>>()
        };
        prop_assert_eq!(said(&repo), said(&same));
    }
    prop_assert_eq!(one.contributions.iter().count(), other.contributions.iter().count());
    prop_assert_eq!(renumbered(one.graph, &straight), renumbered(other.graph, arrival));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_order_of_arrival_resolves_to_the_same(
        (events, arrival) in log(40).prop_flat_map(|events| {
            let order: Vec<usize> = (0..events.len()).collect();
            (Just(events), Just(order).prop_shuffle())
        }),
    ) {
        check(&events, &arrival)?;
    }
}
