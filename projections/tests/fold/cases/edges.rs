//! Which claims live, and what an edge says.

use domain::facts::sbom::{Package, SbomSubmitted};
use domain::formula::EdgePolicy;
use projections::graph::Confidence;

use crate::facts::{Log, crawl, host, sbom};

const A: &str = "pkg:github/o/a";
const X: &str = "pkg:npm/x";
const Y: &str = "pkg:npm/y";
const Z: &str = "pkg:npm/z";

fn incomplete(facts: SbomSubmitted) -> SbomSubmitted {
    SbomSubmitted { complete: false, ..facts }
}

fn versioned(repo: &str, id: &str, version: Option<&str>) -> SbomSubmitted {
    let package =
        Package { purl: Some(id.to_owned()), group: None, name: "x".to_owned(), version: version.map(str::to_owned) };
    SbomSubmitted { packages: vec![package], ..sbom(repo, &[], &[]) }
}

fn on(log: &Log) -> Vec<String> {
    log.edges("seed").into_iter().map(|(_, to)| to).collect()
}

#[test]
fn the_newest_complete_document_replaces_the_earlier_and_nothing_else() {
    let log = Log::default()
        .then("2026-01-01", sbom(A, &[X, Y], &[]))
        .then("2026-01-02", crawl(X, None, None, &[Z]))
        .then("2026-01-03", sbom(A, &[Y], &[]));
    assert_eq!(on(&log), [Y]);
    assert_eq!(log.edges("atlas-1"), [(A.to_owned(), Y.to_owned()), (X.to_owned(), Z.to_owned())]);
    let late = log.then("2026-01-02", sbom(A, &[X, Z], &[]));
    assert_eq!(on(&late), [Y], "an older document told late enters superseded");
}

#[test]
fn an_incomplete_document_only_adds() {
    let log = Log::default().then("2026-01-01", sbom(A, &[X], &[])).then("2026-01-02", incomplete(sbom(A, &[Y], &[])));
    assert_eq!(on(&log), [X, Y]);
    let log = log.then("2026-01-03", incomplete(sbom(A, &[], &[])));
    assert_eq!(on(&log), [X, Y], "one without packages retires nothing");
    let log = log.then("2026-01-04", sbom(A, &[Z], &[]));
    assert_eq!(on(&log), [Z]);
    let log = log.then("2026-01-03", incomplete(sbom(A, &[Y], &[])));
    assert_eq!(on(&log), [Z], "older than what is complete");
}

#[test]
fn nested_edges_retire_with_the_document_that_claimed_them() {
    let log = Log::default().then("2026-01-01", sbom(A, &[X, Y], &[(0, 1)]));
    assert_eq!(log.edges("atlas-1"), [(A.to_owned(), X.to_owned()), (X.to_owned(), Y.to_owned())]);
    let log = log.then("2026-01-02", sbom(A, &[X, Y], &[]));
    assert_eq!(log.edges("atlas-1"), [(A.to_owned(), X.to_owned()), (A.to_owned(), Y.to_owned())]);
}

#[test]
fn a_verified_claim_beats_an_inferred_one_whatever_their_age() {
    // The registry's record of a's own package claims the same edge.
    let log = Log::default()
        .then("2026-01-01", host(A))
        .then("2026-01-01", versioned(A, Y, Some("2.0.0")))
        .then("2026-01-05", crawl(X, Some("https://github.com/o/a"), None, &[Y]));
    let claim = |log: &Log| {
        let graph = log.graph();
        let edge = graph.edges.iter().find(|edge| graph.vertices[edge.to as usize].id.as_ref() == Y).unwrap();
        let claim = edge.under(EdgePolicy::Flat).unwrap();
        (claim.confidence, claim.version.as_deref().map(str::to_owned))
    };
    assert_eq!(claim(&log), (Confidence::VerifiedSbom, Some("2.0.0".to_owned())));
    let log = log.then("2026-01-06", sbom(A, &[], &[]));
    assert_eq!(claim(&log), (Confidence::InferredShadow, Some("^1".to_owned())));
}

/// What the flat and the nested policy say of the version of the edge from one id to another.
fn versions(log: &Log, from: &str, to: &str) -> [Option<String>; 2] {
    let graph = log.graph();
    let ends = (graph.vertex(from).unwrap(), graph.vertex(to).unwrap());
    let edge = graph.edges.iter().find(|edge| (edge.from, edge.to) == ends).unwrap();
    let of = |policy| edge.under(policy).and_then(|claim| claim.version.as_deref().map(str::to_owned));
    [of(EdgePolicy::Flat), of(EdgePolicy::Nested)]
}

#[test]
fn the_greatest_version_of_the_newest_document_is_that_of_the_edge() {
    // x and y are one: b publishes them.
    const B: &str = "pkg:github/o/b";
    let published = |version: Option<&str>, other: Option<&str>| {
        let (x, y) = (versioned(A, X, version), versioned(A, Y, other));
        SbomSubmitted { packages: [x.packages, y.packages].concat(), ..sbom(A, &[], &[]) }
    };
    let log = Log::default()
        .then("2026-01-01", host(B))
        .then("2026-01-01", crawl(X, Some("github:o/b"), None, &[]))
        .then("2026-01-01", crawl(Y, Some("github:o/b"), None, &[]))
        .then("2026-01-02", published(Some("0.10.7"), Some("0.9.0")));
    assert_eq!(versions(&log, A, B), [Some("0.10.7".to_owned()), Some("0.10.7".to_owned())]);
    let log = log.then("2026-01-03", incomplete(published(Some("0.1.0"), None)));
    assert_eq!(versions(&log, A, B), [Some("0.1.0".to_owned()), Some("0.1.0".to_owned())], "a newer document");
}

#[test]
fn a_package_shows_the_greatest_version_of_the_newest_document_that_names_one() {
    let listed = |repo: &str, versions: &[Option<&str>]| {
        let packages = versions.iter().flat_map(|version| versioned(repo, X, *version).packages).collect();
        SbomSubmitted { packages, ..sbom(repo, &[], &[]) }
    };
    let shown = |log: &Log| {
        let graph = log.graph();
        graph.vertices[graph.vertex(X).unwrap() as usize].details.latest_version.clone()
    };
    let log = Log::default().then("2026-01-01", listed(A, &[Some("3.0.0")]));
    let log = log.then("2026-01-02", listed("pkg:github/o/b", &[None, Some("0.10.7"), Some("0.9.0")]));
    assert_eq!(shown(&log).as_deref(), Some("0.10.7"), "not the greatest of all documents, nor the bytewise greatest");
    let log = log.then("2026-01-03", listed("pkg:github/o/c", &[None]));
    assert_eq!(shown(&log).as_deref(), Some("0.10.7"), "one that names none says nothing of it");
}

#[test]
fn what_the_newest_document_leaves_open_is_open() {
    // Two repositories whose documents say what x depends on.
    let says = |repo: &str, version: Option<&str>| {
        let mut facts = sbom(repo, &[X, Y], &[(0, 1)]);
        facts.packages[1].version = version.map(str::to_owned);
        facts
    };
    let log = Log::default().then("2026-01-01", says(A, Some("2.0.0")));
    assert_eq!(versions(&log, X, Y), [None, Some("2.0.0".to_owned())]);
    let log = log.then("2026-01-02", says("pkg:github/o/b", None));
    assert_eq!(versions(&log, X, Y), [None, None], "not the version of an older document");
}

#[test]
fn a_registry_s_edges_start_at_the_repo_that_publishes() {
    let log = Log::default().then("2026-01-01", host(A)).then("2026-01-02", crawl(X, Some("github:o/a"), None, &[Y]));
    assert_eq!(log.edges("seed"), [(A.to_owned(), Y.to_owned())]);
    let loose = Log::default().then("2026-01-02", crawl(X, None, None, &[Y]));
    assert_eq!(loose.edges("seed"), [], "the flat policy knows no edge out of an ExternalRepo");
    assert_eq!(loose.edges("atlas-1"), [(X.to_owned(), Y.to_owned())]);
}

#[test]
fn an_edge_to_oneself_is_none() {
    // a publishes x and depends on it.
    let log = Log::default()
        .then("2026-01-01", crawl(X, Some("github:o/a"), None, &[]))
        .then("2026-01-02", sbom(A, &[A, X, Y], &[(0, 1), (1, 2)]));
    assert_eq!(log.edges("seed"), [(A.to_owned(), Y.to_owned())]);
    assert_eq!(log.edges("atlas-1"), [(A.to_owned(), Y.to_owned())]);
}
