//! Further terms and risk flags: golden vectors, by hand.

use domain::formula::{Formula, Term};
use projections::metrics::{Level, ScoreRow, Scores};

use crate::facts::{Log, answer, belongs, crawl, git_log, sbom, sbom_for};
use domain::facts::survey::SurveyStatus::{Discontinued, Live};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const C: &str = "pkg:github/o/c";
const X: &str = "pkg:npm/x";
const Y: &str = "pkg:npm/y";

/// The document that asks for everything.
fn everything() -> Formula {
    Formula::parse(include_str!("../../../../docs/example-formula.toml")).unwrap()
}

fn scores(log: &Log, formula: &Formula) -> Scores {
    log.world().view().scores(formula)
}

/// The printed values of a vertex.
fn values(scores: &Scores, level: Level, id: &str, terms: &[Term]) -> Vec<Option<String>> {
    let row: &ScoreRow = scores.get(level, id).unwrap();
    let value = |term: &Term| row.terms[scores.terms.binary_search(term).unwrap()].map(|value| value.to_string());
    terms.iter().map(value).collect()
}

fn text(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (*value != "-").then(|| (*value).to_owned())).collect()
}

/// p owns a, q owns b, r owns c. a depends on b, x; b on x; x on y; c (discontinued) on b.
fn ecosystem() -> Log {
    Log::default()
        .then("2026-01-01", answer(Some("p"), None, Live, "2025-12-01"))
        .then("2026-01-01", answer(Some("q"), None, Live, "2025-12-01"))
        .then("2026-01-01", answer(Some("r"), None, Discontinued, "2025-12-01"))
        .then("2026-01-02", sbom(A, &[B, X, Y], &[(1, 2)]))
        .then("2026-01-02", sbom(B, &[X], &[]))
        .then("2026-01-02", sbom_for(C, "r", &[B]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-03", belongs(B, Some("q")))
}

#[test]
fn the_example_document_asks_for_every_term() {
    assert_eq!(everything().further(), Term::ALL);
}

#[test]
fn reach_and_shape() {
    let found = scores(&ecosystem(), &everything());
    let terms = [Term::BlastRadius, Term::WeightedDependents, Term::KCore, Term::Bridges];
    // Active: a, b, x, y. Without direction: a-b, a-x, b-x are a triangle, x-y a bridge.
    assert_eq!(values(&found, Level::Repo, A, &terms), text(&["0", "0.00", "2", "0"]));
    assert_eq!(values(&found, Level::Repo, B, &terms), text(&["2", "1.00", "2", "0"]));
    assert_eq!(values(&found, Level::Repo, C, &terms), text(&["0", "0.00", "0", "0"]), "outside the active set");
    assert_eq!(values(&found, Level::External, X, &terms), text(&["3", "2.00", "2", "1"]));
    assert_eq!(values(&found, Level::External, Y, &terms), text(&["4", "0.00", "1", "1"]), "x is no Repo");
    assert_eq!(values(&found, Level::Project, "q", &terms), text(&["2", "1.00", "2", "0"]));
}

#[test]
fn a_registry_weighs_what_the_formula_says() {
    let log = ecosystem().then("2026-01-04", crawl("pkg:npm/z", Some("https://github.com/o/a"), None, &[Y]));
    let found = scores(&log, &everything());
    let terms = [Term::WeightedDependents];
    assert_eq!(values(&found, Level::External, Y, &terms), text(&["0.50"]), "a depends on y by a registry's word");
    let mut without = everything();
    without.graph.confidence.inferred_shadow = 0;
    assert_eq!(values(&scores(&log, &without), Level::External, Y, &terms), text(&["0.00"]));
}

#[test]
fn projects_and_coverage() {
    let log = ecosystem().then("2026-01-04", belongs("pkg:github/o/unseen", Some("q")));
    let found = scores(&log, &everything());
    let terms = [Term::ProjectDependents, Term::ProjectDependencies, Term::Coverage];
    assert_eq!(values(&found, Level::Project, "p", &terms), text(&["0", "1", "100.00"]));
    assert_eq!(values(&found, Level::Project, "q", &terms), text(&["2", "0", "50.00"]));
    assert_eq!(values(&found, Level::Repo, "pkg:github/o/unseen", &terms), text(&["0", "0", "0.00"]));
    assert_eq!(values(&found, Level::External, X, &terms), text(&["-", "-", "-"]));
}

#[test]
fn people() {
    let commits = [
        ("ann", "2025-01-01", 40, 0),
        ("ann", "2025-12-01", 10, 0),
        ("bob", "2025-12-11", 30, 0),
        ("cy", "2025-12-30", 25, 5),
        ("ci-bot", "2025-12-31", 500, 0),
        // Outside the window, inside the career.
        ("bob", "2023-12-12", 9, 0),
    ];
    let log = ecosystem().then("2026-01-04", git_log(A, None, "2026-01-04", &commits));
    let found = scores(&log, &everything());
    let terms = [
        Term::Contributors,
        Term::Hhi,
        Term::Shannon,
        Term::Top10Share,
        Term::TenureDays,
        Term::FirstCommit,
        Term::LastCommit,
    ];
    // Shares 50, 30, 20 of 100; careers of 334, 730 and 0 days.
    let expected = ["3", "3800", "1.029654", "100.00", "355", "2023-12-12", "2025-12-30"];
    assert_eq!(values(&found, Level::Repo, A, &terms), text(&expected));
    assert_eq!(values(&found, Level::Project, "p", &terms), text(&expected));
    assert_eq!(values(&found, Level::Repo, B, &terms), text(&["-"; 7]), "no git log: unknown, not zero");
}

#[test]
fn a_dependent_fades() {
    let log = ecosystem()
        .then("2026-01-31", git_log(A, None, "2026-01-31", &[("ann", "2026-01-01", 1, 0)]))
        .then("2026-01-31", git_log(C, None, "2026-01-31", &[("bob", "2025-11-30", 1, 0)]));
    let found = scores(&log, &everything());
    let terms = [Term::DecayCriticality];
    // a's last commit is 30 days old: 1/e. b has no git log, c is not active.
    assert_eq!(values(&found, Level::Repo, B, &terms), text(&["0.367879"]));
    assert_eq!(values(&found, Level::External, X, &terms), text(&["0.367879"]));
    assert_eq!(values(&found, Level::Project, "q", &terms), text(&["0.367879"]));
    assert_eq!(values(&found, Level::Repo, A, &terms), text(&["0.000000"]));
}

#[test]
fn rules_about_people() {
    let commits = [("ann", "2025-12-01", 6, 0), ("ann at work", "2025-12-02", 6, 0), ("ci-bot", "2025-12-03", 13, 2)];
    let log = ecosystem().then("2026-01-04", git_log(A, None, "2026-01-04", &commits));
    let with = |change: &dyn Fn(&mut Formula)| {
        let mut formula = everything();
        change(&mut formula);
        values(&scores(&log, &formula), Level::Repo, A, &[Term::Contributors, Term::Hhi])
    };
    let name = |name: &str| domain::digest::Digest::of(name.as_bytes());
    assert_eq!(with(&|_| {}), text(&["2", "5000"]));
    let same = |formula: &mut Formula| formula.people.same = vec![vec![name("ann"), name("ann at work")]];
    assert_eq!(with(&same), text(&["1", "10000"]));
    assert_eq!(with(&|formula| formula.people.also_bots = vec![name("ann")]), text(&["1", "10000"]));
    assert_eq!(with(&|formula| formula.people.never_bots = vec![name("ci-bot")]), text(&["3", "3648"]), "6, 6, 11");
    let all = |formula: &mut Formula| {
        formula.people.bots = domain::formula::Counted::Count;
        formula.people.merges = domain::formula::Counted::Count;
    };
    assert_eq!(with(&all), text(&["3", "3856"]), "6, 6, 13");
}

#[test]
fn flags_are_raised_where_every_condition_holds() {
    let log = ecosystem().then("2026-01-04", git_log(B, None, "2026-01-04", &[("ann", "2025-09-30", 5, 0)])).then(
        "2026-01-04",
        git_log(A, None, "2026-01-04", &[("ann", "2026-01-01", 5, 0), ("bob", "2026-01-01", 4, 0)]),
    );
    let found = scores(&log, &everything());
    let flags = |id: &str| found.get(Level::Repo, id).unwrap().flags.clone();
    assert_eq!(flags(A), ["one-maintainer"], "5 of 9 are enough; nobody depends on it");
    assert_eq!(flags(B), ["one-maintainer", "silent"], "its criticality is above 2 of 3");
    assert_eq!(flags(C), [""; 0], "what is unknown raises nothing");
    let line = found.line(found.get(Level::Repo, B).unwrap());
    assert_eq!(line["flags"], serde_json::json!(["one-maintainer", "silent"]));
    assert_eq!(line["last_commit"], "2025-09-30");
    assert_eq!(line["hhi"], 10_000);
}
