//! Adoption: percentiles of what is known.

use domain::facts::repo::RepoObserved;

use crate::facts::{Log, belongs, crawl, formula, host, sbom};
use projections::metrics::exact::hundredths;

const REPOS: [&str; 4] = ["pkg:github/o/a1", "pkg:github/o/a2", "pkg:github/o/b1", "pkg:github/o/c1"];

fn signals(repo: &str, stars: Option<u64>, forks: Option<u64>) -> RepoObserved {
    RepoObserved { stars, forks, ..host(repo) }
}

/// A repository's package, published by its registry's word, with these downloads.
fn downloads(repo: &str, package: &str, count: u64) -> domain::facts::registry::RegistryCrawled {
    let link = format!("https://github.com/{}", repo.strip_prefix("pkg:github/").unwrap());
    crawl(package, Some(&link), Some(count), &[])
}

/// downloads [-, 100, 300, -], stars [10, 20, -, -], forks [2, -, 6, -]
fn vectors() -> Log {
    Log::default()
        .then("2026-01-01", signals(REPOS[0], Some(10), Some(2)))
        .then("2026-01-02", signals(REPOS[1], Some(20), None))
        .then("2026-01-03", signals(REPOS[2], None, Some(6)))
        .then("2026-01-04", signals(REPOS[3], None, None))
        .then("2026-01-05", downloads(REPOS[1], "pkg:npm/a2", 100))
        .then("2026-01-06", downloads(REPOS[2], "pkg:npm/b1", 300))
}

fn adoption(log: &Log, formula: &str, repo: &str) -> Option<String> {
    log.repo(formula, repo).adoption.map(hundredths)
}

#[test]
fn the_mean_of_the_percentiles_of_the_signals_that_are_known() {
    let log = vectors();
    for formula in ["seed", "upstream-0.6", "atlas-1"] {
        let of = |n: usize| adoption(&log, formula, REPOS[n]);
        assert_eq!([of(0), of(1), of(2), of(3)].map(|v| v.unwrap_or("-".into())), ["0.00", "25.00", "50.00", "-"]);
    }
}

#[test]
fn ties_share_the_lowest_rank_and_zero_is_a_value() {
    let stars = |values: [u64; 3]| {
        let mut log = Log::default();
        for (repo, stars) in REPOS.iter().zip(values) {
            log = log.then("2026-01-01", signals(repo, Some(stars), None));
        }
        [0, 1, 2].map(|n| adoption(&log, "seed", REPOS[n]).unwrap())
    };
    assert_eq!(stars([10, 10, 20]), ["0.00", "0.00", "66.67"]);
    assert_eq!(stars([0, 1, 1]), ["0.00", "33.33", "33.33"]);
}

#[test]
fn a_project_has_the_mean_of_its_repos_that_have_a_value() {
    let log =
        vectors().then("2026-01-07", belongs(REPOS[0], Some("a"))).then("2026-01-07", belongs(REPOS[1], Some("a")));
    assert_eq!(log.project("seed", "a").adoption, Some(1250));
    let log = log.then("2026-01-08", belongs(REPOS[3], Some("a")));
    assert_eq!(log.project("seed", "a").adoption, Some(1250), "a repo without signals takes no part");
    let log = log.then("2026-01-08", belongs(REPOS[3], Some("c")));
    assert_eq!(log.project("seed", "c").adoption, None);
}

#[test]
fn atlas_joins_the_signals_of_a_project_first() {
    let log = vectors()
        .then("2026-01-07", belongs(REPOS[0], Some("a")))
        .then("2026-01-07", belongs(REPOS[1], Some("a")))
        .then("2026-01-07", belongs(REPOS[2], Some("b")));
    // a: 100 downloads, 20 stars, 2 forks; b: 300 downloads, no stars, 6 forks
    assert_eq!(log.project("atlas-1", "a").adoption, Some(0));
    assert_eq!(log.project("atlas-1", "b").adoption, Some(5000));
}

#[test]
fn downloads_add_up_over_the_packages_of_a_repo() {
    let log = vectors().then("2026-01-08", downloads(REPOS[1], "pkg:pypi/a2", 250));
    // 350 against 300: now the highest of two.
    assert_eq!(adoption(&log, "seed", REPOS[1]).unwrap(), "50.00");
    assert_eq!(adoption(&log, "seed", REPOS[2]).unwrap(), "25.00");
}

#[test]
fn what_is_no_repo_has_no_adoption_and_is_in_no_pool() {
    let log = vectors().then("2026-01-08", crawl("pkg:npm/loose", None, Some(1), &[]));
    assert_eq!(adoption(&log, "seed", REPOS[1]).unwrap(), "25.00");
    let scores = log.scores("seed");
    let loose = scores.get(projections::metrics::Level::External, "pkg:npm/loose").unwrap();
    assert_eq!((loose.adoption, loose.pony_factor, loose.activity_status), (None, None, None));
}

#[test]
fn newer_host_facts_replace_older_ones_whole() {
    let log = vectors().then("2026-01-09", signals(REPOS[0], Some(30), None));
    assert_eq!(
        adoption(&log, "seed", REPOS[0]).unwrap(),
        "50.00",
        "the highest of two by stars; forks are not known now"
    );
    let log = log.then("2026-01-08", signals(REPOS[0], Some(1), Some(1)));
    assert_eq!(adoption(&log, "seed", REPOS[0]).unwrap(), "50.00", "what is older comes too late");
}

#[test]
fn the_composite_is_weighted_and_null_where_a_term_is() {
    // p reaches: nobody; q: one distinct dependent. No git log for either.
    let log = vectors()
        .then("2026-01-07", belongs(REPOS[1], Some("p")))
        .then("2026-01-07", belongs(REPOS[2], Some("q")))
        .then("2026-01-08", sbom(REPOS[1], &[REPOS[2]], &[]));
    assert_eq!(log.project("atlas-1", "q").pg_score, None, "nobody's commits are known");
    assert!(formula("seed").score.is_none());
    assert_eq!(log.project("seed", "q").pg_score, None);
    let commits = [("ann", "2026-01-02", 1, 0), ("bob", "2026-01-02", 1, 0), ("cy", "2026-01-02", 1, 0)];
    let log = log
        .then("2026-01-09", crate::facts::git_log(REPOS[1], None, "2026-01-09", &commits))
        .then("2026-01-09", crate::facts::git_log(REPOS[2], None, "2026-01-09", &commits[..1]));
    // Both are non-responsive: nothing is active, both criticalities are 0 and so at percentile 0.
    // p: pony 2 of {2, 1} at 50; adoption 0 against q. q: pony 1 at 0; adoption 33.33 (downloads alone: 50).
    assert_eq!(log.project("atlas-1", "p").criticality, Some(0));
    let (p, q) = (log.project("atlas-1", "p"), log.project("atlas-1", "q"));
    assert_eq!((p.adoption, q.adoption), (Some(0), Some(2500)));
    assert_eq!(p.pg_score, Some(1250), "25 x 50 / 100");
    assert_eq!(q.pg_score, Some(625), "25 x 25 / 100");
}
