//! The edges of a log by the definitions: what live documents and registries claim, and which claim decides. What ids
//! mean is taken from the resolved graph; all else comes from the events.

use std::collections::{BTreeMap, BTreeSet};

use domain::Recorded;
use domain::event::Event;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::purl::grouped_id;
use domain::recorded::Rank;
use projections::graph::{Confidence, EdgeClaim, Graph};
use proptest::prelude::*;

use super::facts::fold;
use super::logs::{in_order, log};

/// A version by its runs: whether it is text, then the number at one width or the text.
type VersionKey = Option<(Vec<(bool, String)>, String)>;
/// Confidence and version of the claim that decides an edge.
type Decided = Option<(Confidence, Option<String>)>;
/// Dependent and dependency: whether a subject claims it, the flat and the nested claim.
type DecidedEdges = BTreeMap<(String, String), (bool, Decided, Decided)>;

/// A claim on ids as written.
struct Claimed {
    rank: Rank,
    confidence: Confidence,
    ends: (String, String),
    version: Option<String>,
    root: bool,
    flat: bool,
    nested: bool,
}

fn version_key(version: Option<&str>) -> VersionKey {
    let text = version?;
    let mut runs: Vec<(bool, String)> = Vec::new();
    for letter in text.chars() {
        let kind = !letter.is_ascii_digit();
        match runs.last_mut() {
            Some((last, run)) if *last == kind => run.push(letter),
            _ => runs.push((kind, letter.to_string())),
        }
    }
    let padded = runs.into_iter().map(|(kind, run)| (kind, if kind { run } else { format!("{run:0>40}") }));
    Some((padded.collect(), text.to_owned()))
}

fn rank(event: &Recorded) -> Rank {
    Rank { observed_at: event.envelope.observed_at, position: event.position }
}

/// The repository that a fact is about.
fn subject(event: &Recorded) -> Option<&str> {
    match &event.event {
        Event::SbomSubmitted(facts) => Some(&facts.subject.id),
        Event::GitLogObserved(facts) => Some(&facts.subject.id),
        Event::RepoObserved(facts) => Some(&facts.subject.id),
        _ => None,
    }
}

/// What an id means in the resolved graph of a log. One of GitLab that no fact is about means the one that a fact
/// spells otherwise.
fn meaning(log: &[Recorded], graph: &Graph, id: &str) -> String {
    let publisher = || graph.vertices.iter().find(|vertex| vertex.details.packages.iter().any(|held| held == id));
    let repo = |id: &str| graph.repo_of.get(id).map(|n| &graph.vertices[*n as usize]);
    let otherwise = || {
        let is_so = |subject: &&str| id.starts_with("pkg:gitlab/") && *subject != id && subject.to_lowercase() == id;
        log.iter().filter_map(subject).find(is_so).and_then(repo)
    };
    repo(id).or_else(publisher).or_else(otherwise).map_or(id, |vertex| &vertex.id).to_owned()
}

/// Who reaches whom over some pairs, itself included.
fn reached(from: &str, pairs: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    let mut found = BTreeSet::from([from.to_owned()]);
    loop {
        let next = pairs.iter().filter(|(a, b)| found.contains(a) && !found.contains(b)).map(|(_, b)| b.clone());
        let next: Vec<String> = next.collect();
        if next.is_empty() {
            return found;
        }
        found.extend(next);
    }
}

/// What a document claims.
fn claims_of(facts: &SbomSubmitted, rank: Rank) -> Vec<Claimed> {
    let subject = &facts.subject.id;
    let named = |package: &Package| match &package.purl {
        Some(purl) => purl.clone(),
        None => grouped_id(subject, package.group.as_deref().unwrap_or(""), &package.name),
    };
    let root =
        if facts.described.len() == 1 { Some(named(&facts.packages[facts.described[0] as usize])) } else { None };
    let id = |package: &Package| {
        let id = named(package);
        if Some(&id) == root.as_ref() { subject.clone() } else { id }
    };
    let mut claims = Vec::new();
    let mut claim = |from: &str, package: &Package, flat: bool| {
        let ends = (from.to_owned(), id(package));
        let (root, version) = (from == subject && !flat, package.version.clone());
        claims.push(Claimed { rank, confidence: Confidence::VerifiedSbom, ends, version, root, flat, nested: !flat });
    };
    facts.packages.iter().for_each(|package| claim(subject, package, true));
    let relations = facts.relations.iter().map(|(a, b)| (&facts.packages[*a as usize], &facts.packages[*b as usize]));
    relations.clone().for_each(|(from, to)| claim(&id(from), to, false));
    let pairs = relations.map(|(from, to)| (id(from), id(to))).filter(|(from, to)| from != to);
    let pairs: BTreeSet<(String, String)> = pairs.collect();
    let ids: BTreeSet<String> = facts.packages.iter().map(id).collect();
    let of_root = pairs.iter().any(|(from, _)| from == subject);
    if facts.described.len() > 1 {
        facts.described.iter().for_each(|n| claim(subject, &facts.packages[*n as usize], false));
    } else if !of_root {
        // Nothing but its own circle reaches it, and it is the first of that.
        let first = |one: &String| {
            let above: BTreeSet<&String> = ids.iter().filter(|other| reached(other, &pairs).contains(one)).collect();
            let below = reached(one, &pairs);
            above.first() == Some(&one) && above.iter().all(|other| below.contains(*other))
        };
        facts.packages.iter().filter(|package| first(&id(package))).for_each(|package| claim(subject, package, false));
    }
    claims
}

/// The documents that live: of every subject the newest complete one, and the incomplete ones that are newer.
fn live<'a>(log: &'a [Recorded], graph: &Graph) -> Vec<(Rank, &'a SbomSubmitted)> {
    let mut by_subject: BTreeMap<String, Vec<(Rank, &SbomSubmitted)>> = BTreeMap::new();
    for event in log {
        if let Event::SbomSubmitted(facts) = &event.event {
            by_subject.entry(meaning(log, graph, &facts.subject.id)).or_default().push((rank(event), facts));
        }
    }
    let mut live = Vec::new();
    for documents in by_subject.into_values() {
        let newest = documents.iter().filter(|(_, facts)| facts.complete).map(|(rank, _)| *rank).max();
        live.extend(documents.into_iter().filter(|(rank, _)| Some(*rank) >= newest));
    }
    live
}

fn edges(log: &[Recorded], graph: &Graph) -> DecidedEdges {
    let mut claims: Vec<Claimed> = live(log, graph).iter().flat_map(|(rank, facts)| claims_of(facts, *rank)).collect();
    let mut crawls = BTreeMap::new();
    for event in log {
        if let Event::RegistryCrawled(facts) = &event.event {
            let entry = crawls.entry(&facts.purl).or_insert((rank(event), facts));
            *entry = std::cmp::max_by_key(*entry, (rank(event), facts), |(rank, _)| *rank);
        }
    }
    for (rank, facts) in crawls.into_values() {
        let from = graph.vertex(&meaning(log, graph, &facts.purl)).unwrap();
        let repo = graph.vertices[from as usize].repo;
        claims.extend(facts.dependencies.iter().map(|dependency| Claimed {
            rank,
            confidence: Confidence::InferredShadow,
            ends: (facts.purl.clone(), dependency.purl.clone()),
            version: dependency.requirement.clone(),
            root: repo,
            flat: repo,
            nested: true,
        }));
    }
    let mut by_ends: BTreeMap<(String, String), Vec<Claimed>> = BTreeMap::new();
    for claim in claims {
        let ends = (meaning(log, graph, &claim.ends.0), meaning(log, graph, &claim.ends.1));
        if ends.0 != ends.1 {
            by_ends.entry(ends).or_default().push(claim);
        }
    }
    let decided = |claims: &[Claimed], of: fn(&Claimed) -> bool| {
        let order = |claim: &&Claimed| (claim.confidence, claim.rank, version_key(claim.version.as_deref()));
        claims
            .iter()
            .filter(|claim| of(claim))
            .max_by_key(order)
            .map(|claim| (claim.confidence, claim.version.as_deref().map(str::to_owned)))
    };
    let edge = |(ends, claims): ((String, String), Vec<Claimed>)| {
        let said = [decided(&claims, |claim| claim.flat), decided(&claims, |claim| claim.nested)];
        let [flat, nested] = said;
        (ends, (claims.iter().any(|claim| claim.root), flat, nested))
    };
    by_ends.into_iter().map(edge).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn edges_are_what_the_definitions_say(events in log(60)) {
        let log = in_order(&events);
        let graph = Graph::of(&fold(&log, "seed").world.graph);
        let version = |it: &EdgeClaim| it.version.as_deref().map(str::to_owned);
        let claim = |claim: &Option<EdgeClaim>| claim.as_ref().map(|it| (it.confidence, version(it)));
        let id = |vertex: u32| graph.vertices[vertex as usize].id.to_string();
        let found = graph.edges.iter().map(|edge| {
            ((id(edge.from), id(edge.to)), (edge.root, claim(&edge.flat), claim(&edge.nested)))
        });
        prop_assert_eq!(found.collect::<DecidedEdges>(), edges(&log, &graph));
    }
}
