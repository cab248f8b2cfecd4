//! Generated logs are what they say.

use std::collections::{BTreeMap, BTreeSet};

use domain::EventType;

use super::*;
use crate::append::Prepared;

const SIZE: Size = Size { repos: 300, edges: 3_000, events: 3_000, seed: 7 };

#[test]
fn the_same_seed_gives_the_same_log_and_another_another() {
    let digests = |size: Size| -> Vec<Digest> {
        Generator::new(size).map(|append| Prepared::new(append).unwrap().payload_sha256).collect()
    };
    let log = digests(SIZE);
    assert_eq!(log.len(), 3_000);
    assert_eq!(log, digests(SIZE));
    assert_ne!(log, digests(Size { seed: 8, ..SIZE }));
}

#[test]
fn every_event_is_new_to_its_source() {
    let mut latest: BTreeMap<(String, String), Digest> = BTreeMap::new();
    let mut kinds: BTreeMap<EventType, u64> = BTreeMap::new();
    for append in Generator::new(SIZE) {
        let prepared = Prepared::new(append).unwrap();
        *kinds.entry(prepared.event.event_type()).or_insert(0) += 1;
        let source = (prepared.stream.to_string(), prepared.source.clone());
        let before = latest.insert(source, prepared.digest);
        assert_ne!(before, Some(prepared.digest), "{:?}", prepared.event);
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

#[test]
fn edges_are_about_as_many_as_asked_for_and_unevenly_spread() {
    let mut generator = Generator::new(SIZE);
    let last = generator.by_ref().last().unwrap();
    assert!(last.observed_at.unwrap().day().number() - Day::parse(FIRST_DAY).unwrap().number() > 300);
    let edges: usize = generator.repos.iter().map(|repo| repo.dependencies.len()).sum();
    assert!((2_400..=3_000).contains(&edges), "{edges}");
    let mut dependents: BTreeMap<u64, u64> = BTreeMap::new();
    for package in generator.repos.iter().flat_map(|repo| &repo.dependencies) {
        *dependents.entry(*package).or_insert(0) += 1;
    }
    let most = dependents.values().max().copied().unwrap();
    assert!(most > 100, "the most popular package has {most} of 300");
    let known: BTreeSet<u64> = dependents.into_keys().collect();
    assert!(known.len() > 100, "{}", known.len());
}

#[test]
fn the_smallest_log_is_one_event() {
    let size = Size { repos: 0, edges: 0, events: 1, seed: 0 };
    assert_eq!(Generator::new(size).count(), 1);
}
