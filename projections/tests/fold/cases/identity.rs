//! Which repository an id means.

use domain::facts::curation::Correction;
use domain::facts::repo::RepoObserved;
use domain::facts::sbom::{Package, SbomSubmitted};

use crate::facts::{Log, crawl, curated, git_log, grant, host, project, sbom};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const APP: &str = "pkg:github/z/app";
const X: &str = "pkg:npm/x";
const Y: &str = "pkg:npm/y";

/// A document of `repo` whose root is `root`.
fn rooted(repo: &str, root: &str) -> SbomSubmitted {
    let package = Package { purl: Some(root.to_owned()), group: None, name: "root".to_owned(), version: None };
    SbomSubmitted { packages: vec![package], described: vec![0], ..sbom(repo, &[], &[]) }
}

fn renamed(from: &str, to: &str) -> RepoObserved {
    RepoObserved { full_name: Some(to.to_owned()), ..host(from) }
}

/// What an application's dependency on `id` means.
fn meaning(log: &Log, id: &str) -> String {
    let log = log.clone().then("2020-01-01", sbom(APP, &[id], &[]));
    let to: Vec<String> = log.edges("seed").into_iter().filter(|(from, _)| from == APP).map(|(_, to)| to).collect();
    assert_eq!(to.len(), 1, "{to:?}");
    to.into_iter().next().unwrap()
}

#[test]
fn the_purl_of_the_root_publishes_the_package() {
    let log = Log::default();
    assert_eq!(meaning(&log, X), X);
    let log = log.then("2026-01-01", rooted(A, X));
    assert_eq!(meaning(&log, X), A);
    let graph = log.graph();
    assert_eq!(graph.vertices[0].details.packages, [X]);
    // A newer document says otherwise: the package is nobody's again, and nothing is lost.
    let log = log.then("2026-01-02", rooted(A, Y));
    assert_eq!(meaning(&log, X), X);
    assert_eq!(meaning(&log, Y), A);
}

#[test]
fn a_root_that_names_another_repository_says_nothing() {
    let log = Log::default().then("2026-01-01", rooted(A, B));
    assert_eq!(meaning(&log, B), B);
    assert!(log.findings().is_empty());
}

#[test]
fn what_is_private_to_a_subject_is_published_by_nobody_else() {
    let private = "pkg:generic/z/app/lib";
    let without_purl = Package { purl: None, group: None, name: "lib".to_owned(), version: None };
    let app = SbomSubmitted { packages: vec![without_purl], ..sbom(APP, &[], &[]) };
    let log = Log::default().then("2026-01-01", app).then("2026-01-02", rooted(A, private));
    assert_eq!(log.edges("seed"), [(APP.to_owned(), private.to_owned())], "not the one that writes such a purl");
    let log = Log::default().then("2026-01-03", rooted(B, "pkg:generic/lib"));
    assert_eq!(meaning(&log, "pkg:generic/lib"), B);
}

#[test]
fn two_claimants_have_nothing_until_the_registry_decides() {
    let log = Log::default().then("2026-01-01", rooted(A, X)).then("2026-01-02", rooted(B, X));
    assert_eq!(meaning(&log, X), X);
    assert_eq!(log.findings(), [("publication", X.to_owned())]);
    let log = log.then("2026-01-03", crawl(X, Some("git+https://github.com/O/B.git"), None, &[]));
    assert_eq!(meaning(&log, X), B);
    assert!(log.findings().is_empty());
}

#[test]
fn the_registry_s_link_is_a_claim_too() {
    let crawled = Log::default().then("2026-01-03", crawl(X, Some("https://github.com/o/a"), Some(5), &[]));
    assert_eq!(meaning(&crawled, X), X, "the repository it names is no Repo yet");
    let log = crawled.then("2026-01-04", host(A));
    assert_eq!(meaning(&log, X), A);
    assert_eq!(log.graph().vertices[0].downloads, Some(5));
    // And beats the claim of another repository's document.
    let log = log.then("2026-01-05", rooted(B, X));
    assert_eq!(meaning(&log, X), A);
}

#[test]
fn a_registry_that_links_elsewhere_leaves_a_lone_claim_open() {
    let log = Log::default()
        .then("2026-01-01", rooted(A, X))
        .then("2026-01-02", crawl(X, Some("https://github.com/some/body"), None, &[]));
    assert_eq!(meaning(&log, X), X);
    assert_eq!(log.findings(), [("publication", X.to_owned())]);
    // So does one that links no repository of ours, or one that is gone. What is no link says nothing.
    for (link, publisher) in [("https://git.example/o/r", X), ("https://github.com/some", X), ("see README", A)] {
        let crawled =
            Log::default().then("2026-01-01", rooted(A, X)).then("2026-01-02", crawl(X, Some(link), None, &[]));
        assert_eq!(meaning(&crawled, X), publisher, "{link}");
        let reason = crawled.graph().findings.first().map(|finding| finding.reason.clone());
        let said = format!("{A} claims to publish it; its registry links {link}");
        assert_eq!(reason, (publisher == X).then_some(said));
        let crawled = crawled.then("2026-01-03", crawl(X, Some("https://github.com/o/a"), None, &[]));
        assert_eq!(meaning(&crawled, X), A);
    }
}

#[test]
fn a_maintainer_has_the_last_word() {
    let says =
        |repo: Option<&str>| curated(Correction::Publication { package: X.to_owned(), repo: repo.map(str::to_owned) });
    let log = Log::default()
        .then("2026-01-01", rooted(A, X))
        .then("2026-01-02", rooted(B, X))
        .then("2026-01-03", says(Some("pkg:github/o/c")));
    assert_eq!(meaning(&log, X), "pkg:github/o/c");
    assert!(log.findings().is_empty());
    let log = log.then("2026-01-04", says(None));
    assert_eq!(meaning(&log, X), X);
}

#[test]
fn a_renamed_repository_is_one() {
    let log = Log::default()
        .then("2026-01-01", git_log(A, None, "2026-01-01", &[("ann", "2026-01-01", 1, 0)]))
        .then("2026-01-02", sbom(A, &[X], &[]))
        .then("2026-01-03", rooted(A, Y))
        .then("2026-01-04", renamed(A, B));
    assert_eq!(meaning(&log, A), B);
    assert_eq!(meaning(&log, Y), B);
    let graph = log.graph();
    assert_eq!(graph.vertices.iter().filter(|v| v.repo).count(), 1);
    assert_eq!(log.repo("seed", B).pony_factor, Some(1));
    // A document under the new name replaces what was said under the old one.
    let log = log.then("2026-01-05", sbom(B, &[Y], &[]));
    assert_eq!(log.edges("seed"), [(B.to_owned(), Y.to_owned())]);
    assert_eq!(meaning(&log, Y), Y, "and with it the claim to publish");
}

#[test]
fn renames_follow_one_another_and_back() {
    let log = Log::default().then("2026-01-01", renamed(A, B)).then("2026-01-02", renamed(B, "pkg:github/o/c"));
    assert_eq!(meaning(&log, A), "pkg:github/o/c");
    // Renamed back: the newest fact closes no circle.
    let back = Log::default().then("2026-01-01", renamed(A, B)).then("2026-01-02", renamed(B, A));
    assert_eq!(meaning(&back, B), A);
    assert_eq!(meaning(&back, A), A);
    // The old name is given to a new repository.
    let anew = Log::default().then("2026-01-01", renamed(A, B)).then("2026-01-02", renamed(A, A));
    assert_eq!(meaning(&anew, A), A);
}

#[test]
fn two_names_of_one_history_are_not_added_up() {
    let days = [("ann", "2026-01-01", 3, 0), ("bob", "2026-01-01", 3, 0)];
    let log = Log::default()
        .then("2026-01-02", git_log(A, None, "2026-01-02", &days))
        .then("2026-01-03", git_log(B, None, "2026-01-03", &days[..1]))
        .then("2026-01-04", renamed(A, B));
    let world = log.world();
    let view = world.view();
    let rows: Vec<u32> = view.contributions.iter().flat_map(|(_, r)| r.days.iter().map(|d| d.commits)).collect();
    assert_eq!(rows, [3], "the newer reading covers the day");
}

#[test]
fn packages_without_purl_are_never_shared() {
    let nameless = |repo: &str| {
        let package = Package { purl: None, group: None, name: "util".to_owned(), version: None };
        SbomSubmitted { packages: vec![package], ..sbom(repo, &[], &[]) }
    };
    let log = Log::default().then("2026-01-01", nameless(A)).then("2026-01-02", nameless(B));
    assert_eq!(
        log.edges("seed"),
        [(A.to_owned(), "pkg:generic/o/a/util".to_owned()), (B.to_owned(), "pkg:generic/o/b/util".to_owned())]
    );
}

#[test]
fn what_is_only_depended_upon_becomes_a_repo_when_a_fact_says_so() {
    let log = Log::default().then("2026-01-01", sbom(A, &[B], &[]));
    let repo = |log: &Log| log.graph().vertices.iter().map(|v| v.repo).collect::<Vec<_>>();
    assert_eq!(repo(&log), [true, false]);
    assert_eq!(repo(&log.then("2026-01-02", host(B))), [true, true]);
}

#[test]
fn what_an_earlier_program_spelled_otherwise_is_found_by_links() {
    const KEPT: &str = "pkg:gitlab/GNOME/gtk";
    const NOW: &str = "pkg:gitlab/gnome/gtk";
    let log = Log::default()
        .then("2026-01-01", crawl(X, Some("https://gitlab.com/GNOME/gtk.git"), None, &[]))
        .then("2026-01-02", grant(project("p:1", "P", &["https://gitlab.com/GNOME"])))
        .then("2026-01-03", sbom(KEPT, &[Y], &[]));
    assert_eq!(meaning(&log, X), KEPT);
    assert_eq!(meaning(&log, NOW), KEPT);
    let repo = |log: &Log, id: &str| log.graph().vertices.into_iter().find(|vertex| vertex.id.as_ref() == id);
    assert!(repo(&log, NOW).is_none());
    assert_eq!(repo(&log, KEPT).unwrap().evidence.map(|(evidence, _)| evidence), Some("grants-owner"));
    // Fed again it has its own id, and links lead there.
    let log = log.then("2026-01-04", host(NOW));
    assert_eq!(meaning(&log, X), NOW);
    assert_eq!(meaning(&log, KEPT), KEPT);
}
