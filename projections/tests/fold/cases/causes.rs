//! The parameters named as reasons are those that make the difference: applied to the first formula, and nothing else,
//! they give the values of the second.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::survey::SurveyStatus::{Discontinued, Live};
use domain::formula::{
    Combine, Counted, DependentPolicy, EdgePolicy, Formula, Missing, Norm, ProjectAdoption, ProjectCriticality,
    SeedPolicy, SiblingPolicy, Signal, SignalNorm, StatusSource, Term,
};
use projections::diff::{Change, ChangeReason, Diff, diff};
use projections::fold::View;
use projections::metrics::{Level, Scores};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::facts::{FORMULAS, Log, belongs, fold, formula, git_log, sbom};
use crate::logs::{in_order, log};

/// A parameter that is named: path and later value.
type Named<'a> = (&'a str, &'a Value);

fn named(change: &Change) -> Vec<Named<'_>> {
    let parameters = change.because.iter().filter_map(|reason| match reason {
        ChangeReason::Parameter { name, after, .. } => Some((name.as_str(), after)),
        _ => None,
    });
    parameters.collect()
}

/// The formula with these parameters and nothing else changed.
fn with(base: &Formula, named: &[Named<'_>]) -> Formula {
    let mut document = serde_json::to_value(base).unwrap();
    for (path, after) in named {
        let pointer = format!("/{}", path.replace('.', "/"));
        let (section, name) = pointer.rsplit_once('/').unwrap();
        let section = document.pointer_mut(section).unwrap().as_object_mut().unwrap();
        section.remove(name);
        if !after.is_null() {
            section.insert(name.to_owned(), (*after).clone());
        }
    }
    serde_json::from_value(document).unwrap()
}

fn value(scores: &Scores, change: &Change) -> Value {
    let line = scores.line(scores.get(change.level, &change.id).unwrap());
    line.get(&change.metric).cloned().unwrap_or_default()
}

/// Sections that have a say in a value of this name at this level.
fn sections(level: Level, metric: &str) -> &'static [&'static str] {
    match (metric, level) {
        ("activity_status", _) => &["status", "people"],
        ("adoption_score", _) => &["adoption"],
        ("criticality_score", _) => &["graph", "criticality", "status", "people"],
        ("pony_factor", _) => &["pony", "people"],
        ("pg_score", _) => &["score", "graph", "criticality", "status", "people", "pony", "adoption"],
        ("flags", Level::Project) => {
            &["flags", "terms", "score", "graph", "criticality", "status", "people", "pony", "adoption"]
        }
        ("flags", _) => &["flags", "terms", "graph", "criticality", "status", "people", "pony", "adoption"],
        _ => &["terms", "graph", "criticality", "status", "people", "pony"],
    }
}

fn check(view: &View<'_>, before: &Formula, found: &Diff) -> Result<(), TestCaseError> {
    let mut tried: BTreeMap<String, Scores> = BTreeMap::new();
    let mut scores = |named: &[Named<'_>]| {
        let formula = with(before, named);
        tried.entry(formula.hash().to_string()).or_insert_with(|| view.scores(&formula)).clone()
    };
    for change in &found.changed {
        let named = named(change);
        let made = value(&scores(&named), change);
        prop_assert_eq!(&made, &change.after, "{:#?} are not the reasons", change);
        prop_assert_ne!(&made, &change.before);
        let first = change.because.iter().take(named.len());
        prop_assert!(
            first.clone().all(|reason| matches!(reason, ChangeReason::Parameter { .. })),
            "parameters come first"
        );
        let differ = found.parameters.iter().filter(|reason| change.because.contains(reason)).count();
        prop_assert_eq!(differ, named.len(), "each is one that differs, once");
        for (path, _) in &named {
            let section = path.split('.').next().unwrap();
            prop_assert!(sections(change.level, &change.metric).contains(&section), "{} of {:#?}", path, change);
            let of_projects =
                ["criticality.project", "adoption.project", "score"].iter().any(|part| path.starts_with(part));
            prop_assert!(change.level == Level::Project || !of_projects, "{} of {:#?}", path, change);
        }
        // What by itself gives the later value, then what moves it, then the rest.
        let ranks = named.iter().map(|one| {
            let made = value(&scores(&[*one]), change);
            if made == change.after {
                0
            } else if made == change.before {
                2
            } else {
                1
            }
        });
        let ranks: Vec<i32> = ranks.collect();
        prop_assert!(ranks.is_sorted(), "{:?} {:#?}", ranks, change);
    }
    Ok(())
}

fn pseudonyms() -> impl Strategy<Value = Vec<Digest>> {
    subsequence(vec!["ann", "bob", "cy", "dee"], 0..=2)
        .prop_map(|names| names.iter().map(|name| Digest::of(name.as_bytes())).collect())
}

/// A formula of any policies.
fn any_formula() -> impl Strategy<Value = Formula> {
    let base = select(vec!["seed", "upstream-0.6", "atlas-1", "example"]).prop_map(|name| match name {
        "example" => Formula::parse(include_str!("../../../../docs/example-formula.toml")).unwrap(),
        name => formula(name),
    });
    let graph = (
        select(vec![EdgePolicy::Flat, EdgePolicy::Nested]),
        select(vec![SeedPolicy::Leaves, SeedPolicy::EveryActive]),
        select(vec![0, 100]),
        select(vec![DependentPolicy::Repos, DependentPolicy::Vertices]),
        select(vec![SiblingPolicy::Count, SiblingPolicy::Exclude]),
        select(vec![ProjectCriticality::Sum, ProjectCriticality::Distinct]),
        select(vec![
            StatusSource::Cascade,
            StatusSource::IntegrationStatus,
            StatusSource::CascadeFromIntegrationStatus,
        ]),
    );
    let counted = || select(vec![Counted::Count, Counted::Exclude]);
    let people = (
        (counted(), counted(), pseudonyms(), pseudonyms()),
        (select(vec![3u32, 12, 24]), select(vec![30u32, 50, 100]), select(vec![Missing::Zero, Missing::Null])),
    );
    let adoption = (
        subsequence(Signal::ALL.to_vec(), 1..=3),
        select(vec![SignalNorm::Percentile, SignalNorm::Log1p]),
        select(vec![Combine::Mean, Combine::Greatest]),
        select(vec![ProjectAdoption::MeanOfRepos, ProjectAdoption::GreatestOfRepos, ProjectAdoption::ProjectSignals]),
    );
    let further = (
        select(vec![0u32, 50]),
        select(vec![Norm::Percentile, Norm::Log1p, Norm::Inverse, Norm::Identity]),
        subsequence(Term::ALL.to_vec(), 0..=15),
        select(vec![10u32, 300]),
        0..=3usize,
    );
    // Half of the sections stay those of the base, so that some values have few parameters behind them.
    let chosen = prop::collection::vec(any::<bool>(), 4);
    (base, graph, people, adoption, further, chosen).prop_map(
        |(mut formula, graph, people, adoption, further, chosen)| {
            if chosen[0] {
                let (edges, seeds, inferred, dependents, siblings, project, source) = graph;
                formula.graph.confidence.inferred_shadow = inferred;
                (formula.graph.edges, formula.graph.seeds, formula.status.source) = (edges, seeds, source);
                let criticality = &mut formula.criticality;
                (criticality.dependents, criticality.siblings, criticality.project) = (dependents, siblings, project);
            }
            if chosen[1] {
                let ((bots, merges, also, never), (window, threshold, missing)) = people;
                (formula.people.bots, formula.people.merges) = (bots, merges);
                (formula.people.also_bots, formula.people.never_bots) = (also, never);
                (formula.pony.window_months, formula.pony.threshold_percent) = (window, threshold);
                formula.pony.without_log = missing;
            }
            if chosen[2] {
                let policy = &mut formula.adoption;
                (policy.signals, policy.norm, policy.combine, policy.project) = adoption;
            }
            if chosen[3] {
                let (weight, norm, compute, days, flags) = further;
                if let Some(score) = &mut formula.score {
                    (score.adoption.weight, score.criticality.norm) = (weight, norm);
                }
                if let Some(terms) = &mut formula.terms {
                    (terms.compute, terms.decay_days) = (compute, days);
                }
                formula.flags.truncate(flags);
            }
            formula
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_parameters_that_are_named_make_the_difference(
        events in log(24),
        formulas in (any_formula(), any_formula()),
    ) {
        let fold = fold(&in_order(&events), "seed");
        let (before, after) = formulas;
        let view = fold.world.view();
        check(&view, &before, &diff(&fold.world, &view, &before, &after))?;
    }

    #[test]
    fn a_parameter_that_alone_differs_is_the_one_reason(
        events in log(32),
        formulas in (any_formula(), any_formula()),
    ) {
        let fold = fold(&in_order(&events), "seed");
        let (before, after) = formulas;
        let view = fold.world.view();
        for one in diff(&fold.world, &view, &before, &after).parameters {
            let ChangeReason::Parameter { name, after, .. } = &one else { unreachable!("parameters are parameters") };
            let found = diff(&fold.world, &view, &before, &with(&before, &[(name, after)]));
            for change in found.changed {
                prop_assert_eq!(named(&change), [(name.as_str(), after)], "{:#?}", change);
            }
        }
    }

    #[test]
    fn also_between_formulas_that_are_shipped(
        events in log(24),
        names in (select(&FORMULAS[..]), select(&FORMULAS[..])),
    ) {
        let fold = fold(&in_order(&events), "seed");
        let (before, after) = (formula(names.0), formula(names.1));
        let view = fold.world.view();
        check(&view, &before, &diff(&fold.world, &view, &before, &after))?;
    }
}

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";

fn paths<'a>(found: &'a Diff, level: Level, id: &str, metric: &str) -> Vec<&'a str> {
    let wanted = |change: &&Change| (change.level, change.id.as_str(), change.metric.as_str()) == (level, id, metric);
    let change = found.changed.iter().find(wanted).unwrap_or_else(|| panic!("{metric} of {id} stays"));
    named(change).into_iter().map(|(path, _)| path).collect()
}

/// `p` owns a and b, both on x, with a on b; everything else about them is the same under both formulas.
fn siblings() -> Log {
    let live = crate::facts::answer(Some("p"), None, Live, "2025-12-01");
    Log::default()
        .then("2026-01-01", live)
        .then("2026-01-02", sbom(A, &[B, "pkg:npm/x"], &[]))
        .then("2026-01-02", sbom(B, &["pkg:npm/x"], &[]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-03", belongs(B, Some("p")))
}

#[test]
fn what_decides_projects_is_no_reason_at_a_repository() {
    let (before, after) = (formula("seed"), formula("atlas-1"));
    let world = siblings().world();
    let found = diff(&world, &world.view(), &before, &after);
    assert!(found.parameters.len() > 5, "much differs");
    assert_eq!(paths(&found, Level::Repo, B, "criticality_score"), ["criticality.siblings"]);
    // Both count no sibling at a project, each by itself.
    let of_project = paths(&found, Level::Project, "p", "criticality_score");
    assert_eq!(of_project, ["criticality.project", "criticality.siblings"]);
    assert_eq!(paths(&found, Level::Repo, A, "pony_factor"), ["pony.without_log"]);
}

#[test]
fn a_bot_that_keeps_a_project_alive_is_behind_the_dependents_of_others() {
    let gone = crate::facts::answer(Some("p"), None, Discontinued, "2025-12-01");
    let log = Log::default()
        .then("2026-01-01", gone)
        .then("2026-01-02", sbom(A, &["pkg:npm/x"], &[]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-04", git_log(A, None, "2026-01-04", &[("a-bot", "2026-01-01", 1, 0)]));
    let (before, mut after) = (formula("seed"), formula("seed"));
    after.people.bots = Counted::Count;
    (after.people.merges, after.criticality.project) = (Counted::Count, ProjectCriticality::Distinct);
    let world = log.world();
    let found = diff(&world, &world.view(), &before, &after);
    assert_eq!(paths(&found, Level::Project, "p", "activity_status"), ["people.bots"]);
    assert_eq!(paths(&found, Level::External, "pkg:npm/x", "criticality_score"), ["people.bots"]);
}

#[test]
fn a_dependent_that_only_merges_is_as_fresh_as_merges_make_it() {
    let live = crate::facts::answer(Some("p"), None, Live, "2025-12-01");
    let commits = [("ann", "2025-06-01", 1, 0), ("ann", "2026-01-01", 2, 2)];
    let log = Log::default()
        .then("2026-01-01", live)
        .then("2026-01-02", sbom(A, &["pkg:npm/x"], &[]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-04", git_log(A, None, "2026-01-04", &commits));
    let before = Formula::parse(include_str!("../../../../docs/example-formula.toml")).unwrap();
    let mut after = before.clone();
    (after.people.merges, after.adoption.combine) = (Counted::Count, Combine::Greatest);
    let world = log.world();
    let found = diff(&world, &world.view(), &before, &after);
    assert_eq!(paths(&found, Level::External, "pkg:npm/x", "decay_criticality"), ["people.merges"]);
}

#[test]
fn where_no_parameter_moves_a_value_alone_the_fewest_that_do_are_named() {
    // The bot's commits are merges and old, and too few people are asked for: all four rules have to go.
    let commits = [("ann", "2026-01-01", 3, 0), ("a-bot", "2024-06-01", 4, 4)];
    let log = Log::default().then("2026-01-04", git_log(A, None, "2026-01-04", &commits));
    let (mut before, mut after) = (formula("seed"), formula("atlas-1"));
    (before.pony.window_months, after.pony.window_months) = (12, 36);
    (after.people.bots, after.people.merges) = (Counted::Count, Counted::Count);
    after.pony.threshold_percent = 60;
    let world = log.world();
    let found = diff(&world, &world.view(), &before, &after);
    let all = ["people.bots", "people.merges", "pony.threshold_percent", "pony.window_months"];
    assert_eq!(paths(&found, Level::Repo, A, "pony_factor"), all);
    let change = found.changed.iter().find(|change| change.id == A && change.metric == "pony_factor").unwrap();
    assert_eq!((&change.before, &change.after), (&json!(1), &json!(2)));
}
