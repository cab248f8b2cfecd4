//! Which project a repository belongs to, strongest evidence first.

use crate::facts::{Log, application, belongs, grant, host, project, sbom_for, subject};
use domain::facts::repo::RepoObserved;

const A: &str = "pkg:github/o/a";
const OLD: &str = "pkg:github/old/a";

fn flagged(repo: &str, project: &str) -> RepoObserved {
    RepoObserved { subject: subject(repo, Some(project)), ..host(repo) }
}

fn renamed(from: &str, to: &str) -> RepoObserved {
    RepoObserved { full_name: Some(to.to_owned()), ..host(from) }
}

#[test]
fn a_curation_beats_a_flag_beats_a_repository_url_beats_an_owner() {
    let log = Log::default().then("2026-01-01", host(A));
    assert_eq!(log.project_of(A), None);
    let log = log.then("2026-01-09", grant(project("owner", "O", &["https://github.com/O/"])));
    assert_eq!(log.project_of(A).as_deref(), Some("owner"));
    let log = log.then("2026-01-08", grant(project("url", "U", &["http://github.com/o/A.git"])));
    assert_eq!(log.project_of(A).as_deref(), Some("url"));
    let log = log.then("2026-01-03", flagged(A, "flag"));
    assert_eq!(log.project_of(A).as_deref(), Some("flag"));
    let log = log.then("2026-01-02", belongs(A, Some("curated")));
    assert_eq!(log.project_of(A).as_deref(), Some("curated"), "older, and stronger");
    let log = log.then("2026-01-03", belongs(A, None));
    assert_eq!(log.project_of(A), None, "a maintainer says it belongs to none");
}

#[test]
fn within_curations_and_flags_the_newest_wins() {
    let log = Log::default().then("2026-01-05", flagged(A, "new")).then("2026-01-04", sbom_for(A, "old", &[]));
    assert_eq!(log.project_of(A).as_deref(), Some("new"));
    let log = log.then("2026-01-05", belongs(A, Some("newer"))).then("2026-01-04", belongs(A, Some("older")));
    assert_eq!(log.project_of(A).as_deref(), Some("newer"));
}

#[test]
fn evidence_under_every_name_of_a_repository_counts() {
    // Names sort the other way round from their age.
    let log = Log::default()
        .then("2026-01-01", renamed(OLD, A))
        .then("2026-01-05", flagged(A, "new"))
        .then("2026-01-04", sbom_for(OLD, "old", &[]));
    assert_eq!(log.project_of(A).as_deref(), Some("new"));
    let log = log.then("2026-01-08", belongs(A, Some("newer"))).then("2026-01-07", belongs(OLD, Some("older")));
    assert_eq!(log.project_of(A).as_deref(), Some("newer"));
    let log = log.then("2026-01-09", belongs(OLD, Some("newest")));
    assert_eq!(log.project_of(A).as_deref(), Some("newest"));
}

#[test]
fn two_projects_naming_one_repository_give_none_until_it_is_settled() {
    let log = Log::default()
        .then("2026-01-01", grant(project("p", "P", &["https://github.com/o/a"])))
        .then("2026-01-02", grant(project("q", "Q", &["https://github.com/o/a.git"])))
        .then("2026-01-02", grant(project("r", "R", &["https://github.com/o"])));
    assert_eq!(log.project_of(A), None, "nor does the owner decide it");
    assert_eq!(log.findings(), [("membership", A.to_owned())]);
    let settled = log.clone().then("2026-01-03", belongs(A, Some("q")));
    assert_eq!(settled.project_of(A).as_deref(), Some("q"));
    assert_eq!(settled.findings(), []);
    // One of them names it no more.
    let withdrawn = log.then("2026-01-04", grant(project("q", "Q", &[])));
    assert_eq!(withdrawn.project_of(A).as_deref(), Some("p"));
}

#[test]
fn two_projects_naming_one_owner_give_none() {
    let log = Log::default()
        .then("2026-01-01", host(A))
        .then("2026-01-01", grant(project("p", "P", &["https://github.com/o"])))
        .then("2026-01-02", grant(application("app", "q", "SCF #1", None)));
    assert_eq!(log.project_of(A).as_deref(), Some("p"));
    let naming = domain::facts::grant::ApplicationRecord {
        git_urls: vec!["https://github.com/o".to_owned()],
        ..application("app", "q", "SCF #1", None)
    };
    let log = log.then("2026-01-03", grant(naming));
    assert_eq!(log.project_of(A), None);
    assert_eq!(log.findings().iter().filter(|(kind, _)| *kind == "owner").count(), 1);
}

#[test]
fn a_claimed_repository_is_a_repo_and_an_owner_claims_only_what_is_known() {
    let log = Log::default()
        .then("2026-01-01", grant(project("p", "P", &["https://github.com/o/a", "https://gitlab.com/g"])));
    let graph = log.graph();
    let ids: Vec<(&str, bool)> = graph.vertices.iter().map(|v| (v.id.as_ref(), v.repo)).collect();
    assert_eq!(ids, [(A, true)]);
}

#[test]
fn an_unknown_flag_creates_the_project_and_lists_it() {
    let log = Log::default().then("2026-01-01", flagged(A, "new"));
    assert_eq!(log.graph().projects[0].name, "new");
    assert_eq!(log.findings(), [("project", "new".to_owned())]);
}
