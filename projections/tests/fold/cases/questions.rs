//! Facts that speak up: what rests on one word alone is asked about, and what nobody names any more is gone.

use domain::facts::curation::Correction;
use domain::facts::sbom::SbomSubmitted;
use domain::facts::survey::SurveyStatus::Live;

use crate::facts::{Log, answer, application, belongs, crawl, curated, git_log, grant, host, project, sbom, sbom_for};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const APP: &str = "pkg:github/z/app";
const X: &str = "pkg:npm/x";

/// A document of `repo`, submitted as that of these packages.
fn publishing(repo: &str, packages: &[&str]) -> SbomSubmitted {
    SbomSubmitted { publishes: packages.iter().map(|id| (*id).to_owned()).collect(), ..sbom(repo, &[], &[]) }
}

fn published(package: &str, repo: Option<&str>) -> domain::facts::curation::Curated {
    curated(Correction::Publication { package: package.to_owned(), repo: repo.map(str::to_owned) })
}

fn projects(log: &Log) -> Vec<String> {
    log.graph().projects.into_iter().map(|project| project.id.to_string()).collect()
}

#[test]
fn who_submits_a_document_may_say_what_is_published_from_it() {
    let app = |log: Log| log.then("2026-01-02", sbom(APP, &[X], &[])).edges("seed");
    let log = Log::default().then("2026-01-01", publishing(A, &["pkg:npm/w", X]));
    assert_eq!(app(log.clone()), [(APP.to_owned(), A.to_owned())]);
    assert_eq!(log.graph().vertices[0].details.packages, ["pkg:npm/w", X]);
    // It is a claim like that of a root: a registry's link decides, two claims none, and a newer document takes back.
    let linked = log.clone().then("2026-01-01", crawl(X, Some("https://github.com/o/b"), None, &[]));
    assert_eq!(app(linked.then("2026-01-01", host(B))), [(APP.to_owned(), B.to_owned())]);
    let two = log.clone().then("2026-01-01", publishing(B, &[X]));
    assert_eq!(app(two.clone()), [(APP.to_owned(), X.to_owned())]);
    assert_eq!(two.findings(), [("publication", X.to_owned())]);
    assert_eq!(app(log.then("2026-01-02", sbom(A, &[], &[]))), [(APP.to_owned(), X.to_owned())]);
}

#[test]
fn a_sole_claim_on_what_others_depend_on_is_asked_about_until_somebody_confirms_it() {
    let claimed = Log::default().then("2026-01-01", publishing(A, &[X]));
    assert!(claimed.findings().is_empty(), "nobody depends on it");
    let own = claimed.clone().then("2026-01-02", SbomSubmitted { publishes: vec![X.to_owned()], ..sbom(A, &[X], &[]) });
    assert!(own.findings().is_empty(), "nobody else depends on it");
    for others in [
        claimed.clone().then("2026-01-02", sbom(APP, &[X], &[])),
        claimed.clone().then("2026-01-02", crawl("pkg:npm/y", None, None, &[X])),
        claimed.clone().then("2026-01-02", sbom(APP, &[X], &[])).then("2026-01-02", crawl(X, None, None, &[])),
    ] {
        assert_eq!(others.findings(), [("publication", X.to_owned())]);
        let linked = others.clone().then("2026-01-03", crawl(X, Some("https://github.com/o/a"), None, &[]));
        assert!(linked.findings().is_empty());
        assert!(others.clone().then("2026-01-03", published(X, Some(A))).findings().is_empty());
        assert!(others.then("2026-01-03", published(X, None)).findings().is_empty());
    }
}

#[test]
fn a_rename_into_another_owner_is_asked_about() {
    let renamed = |to: &str| {
        let facts = domain::facts::repo::RepoObserved { full_name: Some(to.to_owned()), ..host(A) };
        Log::default().then("2026-01-01", facts)
    };
    assert!(renamed("pkg:github/o/new").findings().is_empty(), "of the same owner");
    let moved = renamed("pkg:github/other/a");
    assert_eq!(moved.findings(), [("rename", A.to_owned())]);
    assert_eq!(moved.clone().then("2026-01-02", belongs(A, None)).findings(), []);
    assert_eq!(moved.clone().then("2026-01-02", belongs("pkg:github/other/a", None)).findings(), []);
    assert_eq!(moved.then("2026-01-02", host(A)).findings(), [], "newer facts know of no rename");
}

#[test]
fn a_project_that_no_newest_fact_names_is_gone() {
    let told = Log::default().then("2026-01-01", sbom_for(A, "p", &[]));
    assert_eq!(projects(&told), ["p"]);
    let moved = told.clone().then("2026-01-02", sbom_for(A, "q", &[]));
    assert_eq!(projects(&moved), ["q"], "the document that named it was superseded");
    assert_eq!(moved.findings(), [("project", "q".to_owned())]);
    // In any order of arrival.
    let backfilled = Log::default().then("2026-01-02", sbom_for(A, "q", &[])).then("2026-01-01", sbom_for(A, "p", &[]));
    assert_eq!(projects(&backfilled), ["q"]);
    // Another source goes on naming it.
    let mut history = git_log(A, None, "2026-01-01", &[]);
    history.subject.project = Some("p".to_owned());
    assert_eq!(projects(&moved.clone().then("2026-01-01", history)), ["p", "q"]);
    // An application moves; its first project has nothing else.
    let applied = Log::default().then("2026-01-01", grant(application("app", "p", "SCF #1", None)));
    let applied = applied.then("2026-01-02", grant(application("app", "q", "SCF #1", None)));
    assert_eq!(projects(&applied), ["q"]);
    for keeps in [
        applied.clone().then("2026-01-03", grant(project("p", "P", &[]))),
        applied.clone().then("2026-01-03", answer(Some("p"), None, Live, "2026-01-01")),
        applied.then("2026-01-03", belongs(A, Some("p"))),
    ] {
        assert_eq!(projects(&keeps), ["p", "q"]);
    }
}
