//! Which projects there are, and what they are called.

use domain::facts::curation::{Correction, ProjectField};
use domain::facts::grant::ApplicationRecord;
use domain::facts::repo::RepoObserved;
use domain::facts::survey::SurveyStatus::Live;

use crate::facts::{
    Log, answer, application, belongs, curated, git_log, grant, host, project, sbom, sbom_for, subject,
};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";

/// Ids and names of all projects.
fn projects(log: &Log) -> Vec<(String, String)> {
    log.graph().projects.into_iter().map(|project| (project.id.to_string(), project.name)).collect()
}

fn ids(log: &Log) -> Vec<String> {
    projects(log).into_iter().map(|(id, _)| id).collect()
}

fn named(id: &str, project: &str, name: Option<&str>) -> ApplicationRecord {
    ApplicationRecord { project: name.map(str::to_owned), ..application(id, project, "SCF #1", None) }
}

#[test]
fn a_project_that_nothing_names_any_more_is_gone() {
    let log = Log::default().then("2026-01-01", sbom_for(A, "slip", &[]));
    assert_eq!((ids(&log), log.project_of(A)), (vec!["slip".to_owned()], Some("slip".to_owned())));
    let mended = log.clone().then("2026-01-02", sbom_for(A, "right", &[]));
    assert_eq!(ids(&mended), ["right"]);
    assert_eq!(mended.findings(), [("project", "right".to_owned())]);
    // The same source names none.
    let none = log.clone().then("2026-01-02", sbom(A, &[], &[]));
    assert_eq!((ids(&none), none.project_of(A)), (vec![], None));
    // Another source leaves it where it is; told late, it is older news.
    let other = log.clone().then("2026-01-02", git_log(A, None, "2026-01-02", &[]));
    assert_eq!((ids(&other), other.project_of(A)), (vec!["slip".to_owned()], Some("slip".to_owned())));
    let late = log.then("2025-12-31", sbom(A, &[], &[]));
    assert_eq!(ids(&late), ["slip"]);
}

#[test]
fn an_outweighed_source_names_its_project() {
    let flagged = RepoObserved { subject: subject(A, Some("weak")), ..host(A) };
    let log = Log::default().then("2026-01-01", flagged).then("2026-01-02", belongs(A, Some("strong")));
    assert_eq!(ids(&log), ["strong", "weak"]);
    assert_eq!(log.project_of(A).as_deref(), Some("strong"));
}

#[test]
fn an_application_that_names_another_project_has_left_the_first() {
    let urls = |project: &str| ApplicationRecord {
        git_urls: vec!["https://github.com/o/a".to_owned()],
        ..named("app", project, Some("Alpha"))
    };
    let log = Log::default().then("2026-01-01", grant(urls("p")));
    assert_eq!(projects(&log), [("p".to_owned(), "Alpha".to_owned())]);
    let log = log.then("2026-01-02", grant(urls("q")));
    assert_eq!(projects(&log), [("q".to_owned(), "Alpha".to_owned())]);
    assert_eq!(log.project_of(A).as_deref(), Some("q"));
    // Where something else names the first, it is there, and has lost the name.
    let log = log.then("2026-01-03", sbom_for(B, "p", &[]));
    assert_eq!(projects(&log), [("p".to_owned(), "p".to_owned()), ("q".to_owned(), "Alpha".to_owned())]);
}

#[test]
fn a_name_comes_from_a_curation_then_the_record_then_whatever_is_newer() {
    let name = |log: &Log| projects(log).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    let log = Log::default()
        .then("2026-01-03", grant(named("app", "p", Some("application"))))
        .then("2026-01-02", answer(Some("p"), Some("survey"), Live, "2026-01-01"));
    assert_eq!(name(&log), ["application"]);
    let log = log.then("2026-01-04", answer(Some("p"), Some("newer"), Live, "2025-06-01"));
    assert_eq!(name(&log), ["newer"], "whenever it was answered");
    // The same answer told again without a name; then the application without one.
    let log = log.then("2026-01-05", answer(Some("p"), None, Live, "2025-06-01"));
    assert_eq!(name(&log), ["application"]);
    let log = log.then("2026-01-06", grant(named("app", "p", None)));
    assert_eq!(name(&log), ["survey"]);
    let log = log.then("2026-01-01", grant(project("p", "record", &[])));
    assert_eq!(name(&log), ["record"]);
    let called = |value: Option<&str>| {
        let (project, field) = ("p".to_owned(), ProjectField::Name);
        curated(Correction::Project { project, field, value: value.map(str::to_owned) })
    };
    let log = log.then("2025-01-01", called(Some("curation")));
    assert_eq!(name(&log), ["curation"]);
    assert_eq!(name(&log.then("2025-01-02", called(None))), ["record"]);
}

#[test]
fn curations_make_their_project_but_an_owner_does_not() {
    let owner = |project: &str| {
        let (host, owner) = ("github".to_owned(), "o".to_owned());
        curated(Correction::Owner { host, owner, project: Some(project.to_owned()) })
    };
    let log = Log::default().then("2026-01-01", host(A)).then("2026-01-02", owner("o:1"));
    assert_eq!((ids(&log), log.project_of(A)), (vec![], None));
    let log = log.then("2026-01-03", sbom_for(B, "o:1", &[]));
    assert_eq!((ids(&log), log.project_of(A)), (vec!["o:1".to_owned()], Some("o:1".to_owned())));

    let survey =
        |project: &str| curated(Correction::SurveyName { name: "somebody".to_owned(), project: project.to_owned() });
    let category = |value: Option<&str>| {
        let (project, field) = ("c:1".to_owned(), ProjectField::Category);
        curated(Correction::Project { project, field, value: value.map(str::to_owned) })
    };
    let log = Log::default()
        .then("2026-01-01", belongs(A, Some("m:1")))
        .then("2026-01-01", survey("s:1"))
        .then("2026-01-01", category(Some("x")));
    assert_eq!(ids(&log), ["c:1", "m:1", "s:1"]);
    // What is superseded names nothing.
    let log = log
        .then("2026-01-02", belongs(A, Some("m:2")))
        .then("2026-01-02", survey("s:2"))
        .then("2026-01-02", category(None));
    assert_eq!(ids(&log), ["m:2", "s:2"]);
}
