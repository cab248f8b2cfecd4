//! What moves between two formulas, and the reasons given.

use domain::digest::Digest;
use domain::facts::survey::SurveyStatus::{Discontinued, Live};
use domain::formula::Formula;
use projections::diff::{Change, ChangeReason, Diff, Direction, diff};
use projections::metrics::Level;
use proptest::prelude::*;
use serde_json::json;

use crate::facts::{FORMULAS, Log, answer, belongs, day, fold, formula, git_log, host, sbom};
use crate::logs::{in_order, log};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const C: &str = "pkg:github/o/c";

fn between(log: &Log, before: &Formula, after: &Formula) -> Diff {
    let world = log.world();
    diff(&world, &world.view(), before, after)
}

fn change<'a>(found: &'a Diff, level: Level, id: &str, metric: &str) -> &'a Change {
    let named = |change: &&Change| (change.level, change.id.as_str(), change.metric.as_str()) == (level, id, metric);
    found.changed.iter().find(named).unwrap_or_else(|| panic!("{metric} of {id} does not move: {found:#?}"))
}

#[test]
fn a_shorter_window_names_the_commit_days_that_left() {
    let commits = [
        ("ann", "2025-02-01", 9, 1),
        ("ann", "2026-01-01", 1, 0),
        ("bob", "2025-03-01", 2, 0),
        ("bob", "2026-01-02", 1, 0),
        ("cy", "2026-01-03", 1, 0),
    ];
    let log = Log::default()
        .then("2026-01-04", host(B))
        .then("2026-01-04", git_log(A, None, "2026-01-04", &commits))
        .then("2026-01-05", belongs(A, Some("p")));
    let (before, mut after) = (formula("seed"), formula("seed"));
    after.pony.window_months = 6;
    let found = between(&log, &before, &after);
    let moved: Vec<(&str, &str)> = found.changed.iter().map(|c| (c.id.as_str(), c.metric.as_str())).collect();
    assert_eq!(moved, [("p", "pony_factor"), (A, "pony_factor")], "nothing else moves");
    let left = |name: &str, on: &str, commits| ChangeReason::CommitDays {
        direction: Direction::Left,
        repo: A.to_owned(),
        contributor: Digest::of(name.as_bytes()),
        position: Some(2),
        days: vec![(day(on), commits)],
    };
    let pony = change(&found, Level::Repo, A, "pony_factor");
    assert_eq!((&pony.before, &pony.after), (&json!(1), &json!(2)));
    let mut reasons = pony.because.clone();
    let parameter =
        ChangeReason::Parameter { name: "pony.window_months".to_owned(), before: json!(24), after: json!(6) };
    assert_eq!(reasons.remove(0), parameter);
    reasons.sort_by_key(|reason| format!("{reason:?}"));
    let mut expected = vec![left("ann", "2025-02-01", 8), left("bob", "2025-03-01", 2)];
    expected.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!(reasons, expected, "merges never counted");
    assert_eq!(change(&found, Level::Project, "p", "pony_factor").because.len(), 3);
}

#[test]
fn a_weight_moves_the_composite_alone() {
    let log = Log::default()
        .then("2026-01-01", answer(Some("p"), None, Live, "2025-12-01"))
        .then("2026-01-01", answer(Some("q"), None, Live, "2025-12-01"))
        .then("2026-01-04", sbom(A, &[B], &[]))
        .then("2026-01-04", git_log(A, None, "2026-01-04", &[("ann", "2026-01-01", 1, 0)]))
        .then("2026-01-04", git_log(B, None, "2026-01-04", &[("ann", "2026-01-01", 1, 0), ("bob", "2026-01-01", 1, 0)]))
        .then("2026-01-04", {
            let mut facts = host(A);
            facts.stars = Some(5);
            facts
        })
        .then("2026-01-04", {
            let mut facts = host(B);
            facts.stars = Some(9);
            facts
        })
        .then("2026-01-05", belongs(A, Some("p")))
        .then("2026-01-05", belongs(B, Some("q")));
    let (before, mut after) = (formula("atlas-1"), formula("atlas-1"));
    if let Some(score) = &mut after.score {
        score.adoption.weight = 75;
    }
    let found = between(&log, &before, &after);
    assert!(!found.changed.is_empty());
    for change in &found.changed {
        assert_eq!(change.metric, "pg_score");
        let name = "score.adoption.weight".to_owned();
        assert_eq!(change.because, [ChangeReason::Parameter { name, before: json!(25), after: json!(75) }]);
    }
    assert_eq!(found.summary().by_metric.len(), 1);
}

#[test]
fn dependents_join_by_reach_and_leave_with_their_status() {
    let log = Log::default()
        .then("2026-01-01", answer(Some("p"), None, Live, "2025-12-01"))
        .then("2026-01-01", answer(Some("q"), None, Discontinued, "2025-12-01"))
        .then("2026-01-04", sbom(A, &[B], &[]))
        .then("2026-01-04", sbom(C, &[B], &[]))
        .then("2026-01-05", belongs(A, Some("p")))
        .then("2026-01-05", belongs(C, Some("q")));
    let (before, mut after) = (formula("seed"), formula("seed"));
    after.status.source = domain::formula::StatusSource::IntegrationStatus;
    let found = between(&log, &before, &after);
    let b = change(&found, Level::External, B, "criticality_score");
    assert_eq!((&b.before, &b.after), (&json!(1), &json!(0)));
    let dependent =
        ChangeReason::Dependent { direction: Direction::Left, id: A.to_owned(), by: "active", positions: vec![1, 3] };
    assert!(b.because.contains(&dependent), "{:#?}", b.because);
    let status = change(&found, Level::Project, "p", "activity_status");
    assert!(status.because.iter().any(|reason| matches!(reason, ChangeReason::Event { position: 1, .. })));
    let repo = change(&found, Level::Repo, A, "activity_status");
    assert!(repo.because.iter().any(|reason| matches!(reason, ChangeReason::Vertex { id, .. } if id == "p")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_difference_is_complete_and_its_dependents_add_up(
        events in log(24),
        names in (prop::sample::select(&FORMULAS[..]), prop::sample::select(&FORMULAS[..])),
    ) {
        let fold = fold(&in_order(&events), names.0);
        let (before, after) = (formula(names.0), formula(names.1));
        let view = fold.world.view();
        let found = diff(&fold.world, &view, &before, &after);
        let (left, right) = (view.scores(&before), view.scores(&after));
        if names.0 == names.1 {
            prop_assert!(found.changed.is_empty() && found.parameters.is_empty());
        }
        let mut values = 0;
        for (a, b) in left.rows.iter().zip(&right.rows) {
            let (one, other) = (left.line(a), right.line(b));
            let mut metrics: Vec<&String> = one.keys().chain(other.keys()).collect();
            metrics.sort_unstable();
            metrics.dedup();
            for metric in metrics.into_iter().filter(|name| *name != "id" && *name != "level") {
                values += 1;
                let null = json!(null);
                let (from, to) = (one.get(metric).unwrap_or(&null), other.get(metric).unwrap_or(&null));
                let said = found.changed.iter().find(|c| (c.level, &*c.id, &c.metric) == (a.level, &*a.id, metric));
                prop_assert_eq!(said.map(|c| (&c.before, &c.after)), (from != to).then_some((from, to)));
            }
        }
        prop_assert_eq!(found.unchanged + found.changed.len() as u64, values);
        for change in found.changed.iter().filter(|c| c.metric == "criticality_score" && c.level != Level::Project) {
            let net: i64 = change.because.iter().map(|reason| match reason {
                ChangeReason::Dependent { direction: Direction::Joined, .. } => 1,
                ChangeReason::Dependent { direction: Direction::Left, .. } => -1,
                _ => 0,
            }).sum();
            let number = |value: &serde_json::Value| value.as_i64().unwrap();
            prop_assert_eq!(number(&change.after) - number(&change.before), net, "{:#?}", change);
        }
        for change in &found.changed {
            prop_assert!(!change.because.is_empty(), "{:#?}", change);
        }
    }
}
