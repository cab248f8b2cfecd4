//! Activity status: what was answered, and what lifts it.

use domain::decimal::Decimal;
use domain::facts::curation::{Correction, ProjectField};
use domain::facts::gitlog::{GitLogObserved, UnsignedDay};
use domain::facts::grant::ProjectRecord;
use domain::facts::survey::SurveyStatus::{self, Discontinued, InDev, Live};
use domain::formula::EdgePolicy;
use domain::status::ActivityStatus;
use projections::metrics::digest::state_lines;

use crate::facts::{Log, answer, application, belongs, curated, git_log, grant, host, project, sbom_for};

const A: &str = "pkg:github/o/a";

/// A project `p` with repository `a`, classified on 2026-02-01, complete or not, with a commit on a day or not.
fn case(answered: Option<SurveyStatus>, percent: Option<u32>, commit: Option<(&str, &str)>) -> Log {
    let mut log = Log::default()
        .then("2026-01-01", grant(project("p", "P", &["https://github.com/o/a"])))
        .then("2026-01-01", grant(application("app", "p", "SCF #1", percent)))
        .then("2026-02-02", answer(Some("somebody"), None, Live, "2026-02-01"));
    if let Some(status) = answered {
        log = log.then("2026-02-03", answer(Some("p"), None, status, "2026-02-01"));
    }
    if let Some((author, day)) = commit {
        log = log.then("2026-03-01", git_log(A, None, "2026-03-01", &[(author, day, 1, 0)]));
    }
    log
}

#[test]
fn a_commit_of_nobody_lifts_and_stands_first_in_the_state() {
    let nobody = |day: &str| GitLogObserved {
        unsigned: vec![UnsignedDay { day: crate::facts::day(day), commits: 2, merges: 1 }],
        ..git_log(A, None, "2026-03-01", &[("ann", "2026-01-05", 1, 0)])
    };
    for (day, expected) in [("2026-02-01", ActivityStatus::Discontinued), ("2026-02-02", ActivityStatus::InDev)] {
        let log = case(Some(Discontinued), None, None).then("2026-03-01", nobody(day));
        assert_eq!(status(&log, "seed"), expected, "{day}");
        let world = log.world();
        let view = world.view();
        let mut lines = Vec::new();
        state_lines(&view.graph, &view.contributions, EdgePolicy::Flat, &mut |line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        });
        let days: Vec<&String> = lines.iter().filter(|line| line.contains("contributor")).collect();
        let nobodys =
            format!("{{\"commits\":2,\"contributor\":null,\"day\":\"{day}\",\"merges\":1,\"repo\":\"{A}\"}}\n");
        assert_eq!((days.len(), days[0]), (2, &nobodys));
        let vertex = view.graph.vertex(A).unwrap();
        let latest = view.contributions.get(vertex).unwrap().latest_commit(crate::facts::day("2026-03-01"));
        assert_eq!(latest.map(domain::Timestamp::day), Some(crate::facts::day(day)));
        assert_eq!(log.repo("seed", A).pony_factor, Some(1), "nobody is no person");
    }
}

fn status(log: &Log, formula: &str) -> ActivityStatus {
    log.project(formula, "p").activity_status.unwrap()
}

#[test]
fn the_cascade() {
    use ActivityStatus as Is;
    let later = Some(("ann", "2026-02-10"));
    for (answered, percent, commit, expected) in [
        (Some(Live), None, None, Is::Live),
        (Some(Live), Some(10), None, Is::Live),
        (Some(InDev), None, None, Is::InDev),
        (Some(InDev), Some(99), later, Is::InDev),
        (Some(InDev), Some(100), None, Is::Live),
        (Some(Discontinued), None, None, Is::Discontinued),
        (Some(Discontinued), Some(100), None, Is::Discontinued),
        (Some(Discontinued), Some(99), later, Is::InDev),
        (Some(Discontinued), None, later, Is::InDev),
        (Some(Discontinued), Some(100), later, Is::Live),
        (None, None, None, Is::NonResponsive),
        (None, Some(100), None, Is::NonResponsive),
        (None, Some(50), later, Is::InDev),
        (None, Some(100), later, Is::Live),
        // Bots lift nothing; the day of the answer is not after it; a commit of the future has not happened.
        (Some(Discontinued), None, Some(("ci-bot", "2026-02-10")), Is::Discontinued),
        (Some(Discontinued), None, Some(("ann", "2026-02-01")), Is::Discontinued),
        (Some(Discontinued), None, Some(("ann", "2026-02-02")), Is::InDev),
        (None, None, Some(("ann", "2026-02-01")), Is::NonResponsive),
    ] {
        let log = case(answered, percent, commit);
        assert_eq!(status(&log, "seed"), expected, "{answered:?} {percent:?} {commit:?}");
    }
}

#[test]
fn a_commit_dated_after_world_time_lifts_nothing() {
    let log = case(Some(Discontinued), None, None)
        .then("2026-03-01", git_log(A, None, "2027-01-01", &[("ann", "2026-03-02", 1, 0)]));
    assert_eq!(status(&log, "seed"), ActivityStatus::Discontinued);
    assert_eq!(status(&log.then("2026-03-02", host("pkg:github/z/z")), "seed"), ActivityStatus::InDev);
}

#[test]
fn without_any_survey_row_the_first_naming_counts() {
    let log = Log::default()
        .then("2026-01-10", grant(project("p", "P", &["https://github.com/o/a"])))
        .then("2026-02-01", git_log(A, None, "2026-02-01", &[("ann", "2026-01-10", 1, 0)]));
    assert_eq!(status(&log, "seed"), ActivityStatus::NonResponsive);
    // An earlier fact that names the project, told late.
    let log = log.then("2026-01-09", grant(application("app", "p", "SCF #1", None)));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
}

#[test]
fn the_newest_answer_is_that_of_the_latest_answered_at() {
    let log = Log::default()
        .then("2026-01-10", answer(Some("p"), None, Live, "2026-01-05"))
        .then("2026-01-11", answer(Some("p"), None, Discontinued, "2026-01-04"));
    assert_eq!(status(&log, "seed"), ActivityStatus::Live);
    let log = log.then("2026-01-12", answer(Some("p"), None, InDev, "2026-01-05"));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev, "the same moment, observed later");
}

#[test]
fn an_answer_counts_once_its_day_has_come() {
    let discontinued = Log::default()
        .then("2026-01-10", answer(Some("p"), None, Discontinued, "2026-01-05"))
        .then("2026-01-10", sbom_for(A, "p", &[]))
        .then("2026-01-10", git_log(A, None, "2026-01-10", &[("ann", "2026-01-06", 1, 0)]));
    assert_eq!(status(&discontinued, "seed"), ActivityStatus::InDev, "somebody went on");
    // A slip of the pen: neither the project nor, as the newest answer of all, one without an answer is touched.
    let log = discontinued.then("2026-01-11", answer(Some("p"), None, Discontinued, "2026-03-01"));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
    let log = log.then("2026-01-12", answer(Some("p"), None, Live, "2026-02-01"));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
    let log = log.then("2026-02-01", host("pkg:github/z/z"));
    assert_eq!(status(&log, "seed"), ActivityStatus::Live, "on that day");
    let log = log.then("2026-03-01", host("pkg:github/z/z"));
    assert_eq!(status(&log, "seed"), ActivityStatus::Discontinued);
    let log = log.then("2026-03-02", answer(Some("p"), None, InDev, "2026-02-15"));
    assert_eq!(status(&log, "seed"), ActivityStatus::Discontinued, "an older answer, told later");
    let log = log.then("2026-03-03", answer(Some("p"), None, InDev, "2026-03-01"));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
}

#[test]
fn an_answer_of_a_day_to_come_moves_no_project_without_an_answer() {
    let log = Log::default()
        .then("2026-01-02", sbom_for(A, "p", &[]))
        .then("2026-01-02", answer(Some("other"), None, Live, "2026-01-01"))
        .then("2026-02-01", git_log(A, None, "2026-02-01", &[("ann", "2026-01-15", 1, 0)]));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
    let log = log.then("2026-02-01", answer(Some("other"), None, Live, "2026-02-20"));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev, "not yet");
    let log = log.then("2026-02-20", host("pkg:github/z/z"));
    assert_eq!(status(&log, "seed"), ActivityStatus::NonResponsive, "its commits lie before the newest answer");
}

#[test]
fn the_latest_application_decides_completion_then_paid_against_awarded() {
    let money = |paid: u32, awarded: u32| ProjectRecord {
        paid_usd: Some(Decimal::from(paid)),
        awarded_usd: Some(Decimal::from(awarded)),
        ..project("p", "P", &[])
    };
    let log = Log::default().then("2026-01-02", answer(Some("p"), None, InDev, "2026-01-01"));
    assert_eq!(status(&log.clone().then("2026-01-03", grant(money(5, 5))), "seed"), ActivityStatus::Live);
    assert_eq!(status(&log.clone().then("2026-01-03", grant(money(9, 5))), "seed"), ActivityStatus::Live);
    assert_eq!(status(&log.clone().then("2026-01-03", grant(money(4, 5))), "seed"), ActivityStatus::InDev);
    assert_eq!(status(&log.clone().then("2026-01-03", grant(money(0, 0))), "seed"), ActivityStatus::InDev);
    // Round 34 is later than round 9, in whatever order they come.
    let log = log
        .then("2026-01-04", grant(application("z", "p", "SCF #9", Some(100))))
        .then("2026-01-03", grant(application("a", "p", "SCF #34 ", Some(20))));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
    let log = log.then("2026-01-05", grant(application("b", "p", "SCF #34 ", Some(100))));
    assert_eq!(status(&log, "seed"), ActivityStatus::Live, "the greatest id of that round");
    // The stated percentage stands before the money.
    let log = log
        .then("2026-01-06", grant(application("c", "p", "SCF #34 ", Some(1))))
        .then("2026-01-06", grant(money(5, 5)));
    assert_eq!(status(&log, "seed"), ActivityStatus::InDev);
}

#[test]
fn upstream_reads_the_funder_s_word() {
    let word = |text: &str| ProjectRecord { integration_status: Some(text.to_owned()), ..project("p", "P", &[]) };
    for (text, expected) in [
        ("Mainnet", ActivityStatus::Live),
        ("Live (on Mainnet)", ActivityStatus::Live),
        ("Expansion", ActivityStatus::Live),
        ("Development", ActivityStatus::InDev),
        ("Testnet", ActivityStatus::InDev),
        ("Idea", ActivityStatus::InDev),
        ("Abandoned", ActivityStatus::Discontinued),
        ("Completed", ActivityStatus::Discontinued),
        ("Unknown", ActivityStatus::NonResponsive),
        ("", ActivityStatus::InDev),
        ("somewhere", ActivityStatus::InDev),
    ] {
        let log = Log::default()
            .then("2026-01-01", grant(word(text)))
            .then("2026-01-02", answer(Some("q"), None, Live, "2026-01-02"));
        assert_eq!(status(&log, "upstream-0.6"), expected, "{text}");
        assert_eq!(status(&log, "atlas-1"), expected, "{text}");
        assert_eq!(status(&log, "seed"), ActivityStatus::NonResponsive, "{text}");
    }
    // The survey is nothing to upstream and everything to the others.
    let log = Log::default()
        .then("2026-01-01", grant(word("Mainnet")))
        .then("2026-01-02", answer(Some("p"), None, Discontinued, "2026-01-02"));
    assert_eq!(status(&log, "upstream-0.6"), ActivityStatus::Live);
    assert_eq!(status(&log, "atlas-1"), ActivityStatus::Discontinued);
}

#[test]
fn a_project_known_by_its_application_alone() {
    for (percent, expected) in
        [(None, ActivityStatus::InDev), (Some(99), ActivityStatus::InDev), (Some(100), ActivityStatus::Live)]
    {
        let log = Log::default().then("2026-01-01", grant(application("app", "p", "SCF #1", percent)));
        assert_eq!(status(&log, "upstream-0.6"), expected, "{percent:?}");
        assert_eq!(status(&log, "atlas-1"), ActivityStatus::NonResponsive, "no project record");
    }
}

#[test]
fn atlas_lifts_what_the_funder_gave_up() {
    let given_up = ProjectRecord {
        integration_status: Some("Abandoned".to_owned()),
        ..project("p", "P", &["https://github.com/o/a"])
    };
    let log = Log::default()
        .then("2026-01-01", grant(given_up))
        .then("2026-02-01", git_log(A, None, "2026-02-01", &[("ann", "2026-01-20", 1, 0)]));
    assert_eq!(status(&log, "atlas-1"), ActivityStatus::InDev);
    assert_eq!(status(&log, "upstream-0.6"), ActivityStatus::Discontinued);
}

#[test]
fn a_row_binds_by_id_else_by_the_one_project_of_that_name() {
    let named = Log::default()
        .then("2026-01-01", grant(project("p", "Stellar  Caf\u{e9}", &[])))
        .then("2026-01-02", answer(None, Some(" stellar cafe\u{301} "), Live, "2026-01-02"));
    assert_eq!(status(&named, "seed"), ActivityStatus::Live);
    // A second project of that name: the row waits.
    let two = named.then("2026-01-03", grant(project("q", "STELLAR CAF\u{c9}", &[])));
    assert_eq!(status(&two, "seed"), ActivityStatus::NonResponsive);
    assert_eq!(two.findings(), [("survey-name", "stellar caf\u{e9}".to_owned())]);
    // A maintainer says whose it is.
    let whose = Correction::SurveyName { name: "stellar caf\u{e9}".to_owned(), project: "q".to_owned() };
    let settled = two.clone().then("2026-01-04", curated(whose));
    assert_eq!(settled.project("seed", "q").activity_status, Some(ActivityStatus::Live));
    assert_eq!(settled.findings(), []);
    // Or corrects a name.
    let renamed =
        Correction::Project { project: "q".to_owned(), field: ProjectField::Name, value: Some("Other".to_owned()) };
    let settled = two.then("2026-01-04", curated(renamed));
    assert_eq!(status(&settled, "seed"), ActivityStatus::Live);
    // Nobody of that name.
    let none = Log::default().then("2026-01-02", answer(None, Some("Nobody"), Live, "2026-01-02"));
    assert_eq!(none.findings(), [("survey-name", "nobody".to_owned())]);
    assert_eq!(none.graph().projects.len(), 0);
}

#[test]
fn the_name_of_a_project_is_not_the_title_of_a_submission() {
    let titled = domain::facts::grant::ApplicationRecord {
        project: Some("Lobstr".to_owned()),
        project_name: Some("A wallet for everybody".to_owned()),
        ..application("app", "p", "SCF #1", None)
    };
    let log = Log::default()
        .then("2026-01-01", grant(titled))
        .then("2026-01-02", answer(None, Some("lobstr"), Live, "2026-01-02"));
    assert_eq!(status(&log, "seed"), ActivityStatus::Live);
    assert_eq!(log.graph().projects[0].name, "Lobstr");
}

#[test]
fn an_answer_bound_to_a_project_that_nothing_else_names_creates_it() {
    let whose = Correction::SurveyName { name: "ghost".to_owned(), project: "p".to_owned() };
    let log = Log::default()
        .then("2026-01-02", answer(None, Some("Ghost"), Live, "2026-01-02"))
        .then("2026-01-03", curated(whose));
    assert_eq!(status(&log, "seed"), ActivityStatus::Live);
}

#[test]
fn a_repo_shows_the_status_of_its_project() {
    let log = case(Some(Discontinued), None, None);
    assert_eq!(log.repo("seed", A).activity_status, Some(ActivityStatus::Discontinued));
    let log = log.then("2026-03-01", belongs(A, None));
    assert_eq!(log.repo("seed", A).activity_status, None);
}
