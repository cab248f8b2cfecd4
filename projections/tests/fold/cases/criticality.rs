//! The active set and criticality, where the formulas part.

use domain::facts::grant::ProjectRecord;
use domain::facts::sbom::SbomSubmitted;
use domain::facts::survey::SurveyStatus;

use crate::facts::{self, Log, answer, belongs, crawl, grant, sbom, sbom_for, subject};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const C: &str = "pkg:github/o/c";
const X: &str = "pkg:npm/x";
const Y: &str = "pkg:npm/y";

/// A project of which the survey and the funder say the same.
fn known(log: Log, project: &str, status: SurveyStatus) -> Log {
    let word = if status == SurveyStatus::Live { "Mainnet" } else { "Abandoned" };
    let record = ProjectRecord { integration_status: Some(word.to_owned()), ..facts::project(project, project, &[]) };
    log.then("2026-01-01", answer(Some(project), None, status, "2026-01-01")).then("2026-01-01", grant(record))
}

fn live(log: Log, project: &str) -> Log {
    known(log, project, SurveyStatus::Live)
}

#[test]
fn a_chain_counts_all_that_reach() {
    let log = live(Log::default(), "p")
        .then("2026-01-02", sbom_for(A, "p", &[B]))
        .then("2026-01-03", sbom(B, &[C], &[]))
        .then("2026-01-04", sbom(C, &[], &[]));
    for formula in ["seed", "upstream-0.6", "atlas-1"] {
        let of = |id| log.criticality(formula, id);
        assert_eq!([of(A), of(B), of(C)], [0, 1, 2], "{formula}");
    }
}

#[test]
fn externals_between_count_for_upstream_alone() {
    // a -> x -> y, declared in a's own document
    let log = live(Log::default(), "p")
        .then("2026-01-02", SbomSubmitted { subject: subject(A, Some("p")), ..sbom(A, &[X, Y], &[(0, 1)]) });
    assert_eq!(log.criticality("upstream-0.6", Y), 2);
    assert_eq!(log.criticality("atlas-1", Y), 1);
    // Flat: a depends on both, and an ExternalRepo depends on nothing.
    assert_eq!(log.criticality("seed", Y), 1);
    assert_eq!(log.edges("seed"), [(A.to_owned(), X.to_owned()), (A.to_owned(), Y.to_owned())]);
    assert_eq!(log.edges("atlas-1"), [(A.to_owned(), X.to_owned()), (X.to_owned(), Y.to_owned())]);
}

#[test]
fn a_live_repo_with_only_an_external_dependent_is_no_leaf() {
    // x -> b -> c: a crawled package depends on the live repository.
    let log = live(Log::default(), "p")
        .then("2026-01-02", sbom_for(B, "p", &[C]))
        .then("2026-01-03", crawl(X, None, None, &[B]));
    assert_eq!(log.criticality("upstream-0.6", C), 0);
    assert_eq!(log.criticality("atlas-1", C), 1);
    // The flat policy knows no edge out of an ExternalRepo.
    assert_eq!(log.criticality("seed", C), 1);
}

#[test]
fn a_cycle_of_live_repos_without_outsiders_has_no_leaf() {
    let log = live(live(Log::default(), "p"), "q")
        .then("2026-01-02", sbom_for(A, "p", &[B]))
        .then("2026-01-03", sbom_for(B, "q", &[A]));
    for formula in ["seed", "upstream-0.6"] {
        assert_eq!([log.criticality(formula, A), log.criticality(formula, B)], [0, 0], "{formula}");
    }
    assert_eq!([log.criticality("atlas-1", A), log.criticality("atlas-1", B)], [1, 1]);
}

#[test]
fn a_live_library_of_a_discontinued_repo_is_no_leaf() {
    let log = known(live(Log::default(), "p"), "dead", SurveyStatus::Discontinued)
        .then("2026-01-02", sbom_for(A, "dead", &[B]))
        .then("2026-01-03", sbom_for(B, "p", &[C]));
    for formula in ["seed", "upstream-0.6"] {
        assert_eq!(log.criticality(formula, C), 0, "{formula}");
    }
    // Only the live one counts: the discontinued one is not in the active set.
    assert_eq!([log.criticality("atlas-1", B), log.criticality("atlas-1", C)], [0, 1]);
}

#[test]
fn a_repo_without_project_adds_nothing() {
    let log =
        live(Log::default(), "p").then("2026-01-02", sbom(A, &[B], &[])).then("2026-01-03", sbom_for(B, "p", &[C]));
    for formula in ["seed", "upstream-0.6"] {
        assert_eq!(log.criticality(formula, C), 0, "{formula}: b has a dependent, though nobody's");
    }
    assert_eq!([log.criticality("atlas-1", B), log.criticality("atlas-1", C)], [0, 1]);
}

#[test]
fn members_of_a_cycle_count_one_another() {
    // s -> a <-> b, s of an active project
    let log = live(live(Log::default(), "p"), "s")
        .then("2026-01-02", sbom_for("pkg:github/o/s", "s", &[A]))
        .then("2026-01-03", sbom_for(A, "p", &[B]))
        .then("2026-01-04", sbom(B, &[A], &[]));
    for formula in ["seed", "upstream-0.6", "atlas-1"] {
        assert_eq!([log.criticality(formula, A), log.criticality(formula, B)], [2, 2], "{formula}");
    }
}

#[test]
fn siblings_count_except_for_atlas() {
    // a and b of p, both on c of q; a on b
    let log = live(live(Log::default(), "p"), "q")
        .then("2026-01-02", sbom_for(A, "p", &[B, C]))
        .then("2026-01-03", sbom_for(B, "p", &[C]))
        .then("2026-01-04", belongs(C, Some("q")));
    assert_eq!([log.criticality("seed", B), log.criticality("seed", C)], [1, 2]);
    assert_eq!([log.criticality("atlas-1", B), log.criticality("atlas-1", C)], [0, 2]);
    assert_eq!(log.project("seed", "p").criticality, Some(1));
    assert_eq!(log.project("atlas-1", "p").criticality, Some(0));
}

#[test]
fn a_project_sums_or_counts_once() {
    // s depends on both repos of p
    let log = live(live(Log::default(), "p"), "s")
        .then("2026-01-02", sbom_for("pkg:github/o/s", "s", &[A, B]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-03", belongs(B, Some("p")));
    assert_eq!(log.project("seed", "p").criticality, Some(2));
    assert_eq!(log.project("upstream-0.6", "p").criticality, Some(2));
    assert_eq!(log.project("atlas-1", "p").criticality, Some(1));
    // Without repos there is nothing to know.
    let none = live(Log::default(), "empty").project("seed", "empty");
    assert_eq!((none.criticality, none.pony_factor, none.adoption), (None, None, None));
}

#[test]
fn outside_the_active_set_criticality_is_zero_not_null() {
    let log = known(Log::default(), "p", SurveyStatus::Discontinued).then("2026-01-02", sbom_for(A, "p", &[X]));
    for formula in ["seed", "upstream-0.6", "atlas-1"] {
        assert_eq!(log.project(formula, "p").criticality, Some(0), "{formula}");
        assert_eq!(log.criticality(formula, X), 0, "{formula}");
    }
}
