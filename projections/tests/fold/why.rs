//! What is told of a value is what the value is made of.

use domain::digest::Digest;
use domain::facts::repo::RepoObserved;
use domain::facts::survey::SurveyStatus::Live;
use projections::metrics::Level;
use projections::why::{Before, Gap, MAX_LISTED, NothingToTell, ValueWhy, changed, values};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::facts::{FORMULAS, Log, answer, fold, formula, git_log, host, sbom_for};
use super::logs::{in_order, log};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";
const X: &str = "pkg:npm/x";

/// What `seed` has.
const SEED: [&str; 4] = ["activity_status", "adoption_score", "criticality_score", "pony_factor"];

fn tell(log: &Log, formula_name: &str, id: &str, metric: &str) -> ValueWhy {
    let world = log.world();
    let view = world.view();
    values(&world, &view, &formula(formula_name), id, Some(metric)).unwrap().remove(0)
}

/// What the parts come to, where they add up to the value.
fn summed(why: &ValueWhy, name: &str) -> Option<u64> {
    let numbers = || why.counts.iter().filter_map(|part| part.value.as_u64());
    match (why.metric.as_str(), why.level, why.value.is_null()) {
        (_, _, true) => None,
        ("criticality_score", Level::Project, _) if name != "atlas-1" => Some(numbers().sum()),
        ("criticality_score", _, _) => Some(why.counts.len() as u64),
        ("pony_factor", _, _) => {
            let total: u64 = numbers().sum();
            let mut sum = 0;
            let before = numbers().take_while(|count| {
                let wanted = sum * 2 < total;
                sum += count;
                wanted
            });
            Some(before.count() as u64)
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_parts_that_count_are_the_value(events in log(60)) {
        let log = in_order(&events);
        for name in FORMULAS {
            let world = fold(&log, name).world;
            let view = world.view();
            let formula = formula(name);
            let scores = view.scores(&formula);
            for row in &scores.rows {
                let told = values(&world, &view, &formula, &row.id, None).unwrap();
                prop_assert!(told.is_sorted_by(|a, b| a.metric < b.metric));
                // A project may have the id of a repository; it is the first that has the id.
                let first = scores.rows.iter().find(|other| other.id == row.id).unwrap();
                for why in told {
                    prop_assert_eq!(&why.value, &scores.value(first, &why.metric));
                    prop_assert_eq!(why.level, first.level);
                    prop_assert!(why.sentences[0].contains(&*row.id) && why.sentences.len() > 1, "{:?}", why);
                    if let Some(sum) = summed(&why, name) {
                        prop_assert_eq!(why.value.as_u64(), Some(sum), "{} {:?}", name, why);
                    }
                    // Who is a bot in one repository may be a person in another.
                    let counts = |id: &str| why.counts.iter().any(|part| part.id == id);
                    let both = why.metric != "pony_factor" && why.does_not_count.iter().any(|left| counts(&left.id));
                    prop_assert!(!both, "{:?}", why);
                    prop_assert!(why.bounded().events.len() <= MAX_LISTED);
                }
            }
        }
    }
}

#[test]
fn a_zero_says_what_is_missing() {
    // Nobody answered for the only one that depends on x.
    let log = Log::default()
        .then("2026-01-01", answer(Some("p:a"), None, Live, "2026-01-01"))
        .then("2026-01-02", sbom_for(A, "p:a", &["pkg:npm/y"]))
        .then("2026-01-02", sbom_for(B, "p:b", &[X]));
    let why = tell(&log, "seed", X, "criticality_score");
    assert_eq!(why.value, json!(0), "{why:#?}");
    assert_eq!(why.does_not_count.len(), 1, "{why:#?}");
    assert_eq!(why.does_not_count[0].id, B);
    let reason = &why.does_not_count[0].reason;
    assert!(reason.contains("p:b is non-responsive: nobody answered the survey for it"), "{reason}");
    assert!(why.missing.contains(&Gap::Survey("p:b".to_owned())), "{why:#?}");
    assert!(why.missing.contains(&Gap::GitLog(B.to_owned())), "{why:#?}");

    let why = tell(&log, "seed", A, "pony_factor");
    assert_eq!((why.value.clone(), &why.missing), (json!(0), &vec![Gap::GitLog(A.to_owned())]), "{why:#?}");
    let why = tell(&log, "atlas-1", A, "pony_factor");
    assert_eq!(why.value, Value::Null);
    let why = tell(&log, "seed", A, "adoption_score");
    assert_eq!((why.value.clone(), &why.missing), (Value::Null, &vec![Gap::HostFacts(A.to_owned())]));
    let alone = log.then("2026-01-03", RepoObserved { stars: Some(7), ..host(A) });
    let why = tell(&alone, "seed", A, "adoption_score");
    assert!(why.sentences.iter().any(|said| said.contains("It alone has signals")), "{why:#?}");

    let world = alone.world();
    let nothing = |id: &str, metric| values(&world, &world.view(), &formula("seed"), id, metric).unwrap_err();
    assert_eq!(nothing("pkg:github/o/none", None), NothingToTell::Vertex);
    assert_eq!(nothing(A, Some("pg_score")), NothingToTell::Metric(SEED.to_vec()));
}

#[test]
fn a_status_names_the_branch_that_decided() {
    let silent = Log::default()
        .then("2026-01-01", answer(Some("other"), None, Live, "2026-02-01"))
        .then("2026-01-02", sbom_for(A, "p:a", &["pkg:npm/y"]));
    let lifted = |log: Log, day: &str| log.then("2026-03-01", git_log(A, None, "2026-03-01", &[("ann", day, 1, 0)]));
    let said = |log: &Log| tell(log, "seed", "p:a", "activity_status").sentences.join(" ");
    let quiet = said(&lifted(silent.clone(), "2026-02-01"));
    assert!(
        quiet.contains("is non-responsive") && quiet.contains("its last commit, of 2026-02-01, is no later"),
        "{quiet}"
    );
    assert!(quiet.contains("the newest answer of any project"), "{quiet}");
    let active = said(&lifted(silent, "2026-02-02"));
    assert!(
        active.contains("is in-dev") && active.contains("the commit of 2026-02-02 in pkg:github/o/a came later"),
        "{active}"
    );
}

#[test]
fn a_change_names_what_joined_and_the_events_since() {
    let before = Log::default()
        .then("2026-01-01", answer(Some("p:a"), None, Live, "2026-01-01"))
        .then("2026-01-02", sbom_for(A, "p:a", &[X]));
    let after = before
        .clone()
        .then("2026-01-03", answer(Some("p:b"), None, Live, "2026-01-01"))
        .then("2026-01-04", sbom_for(B, "p:b", &[X]));
    let (one, two) = (tell(&before, "seed", X, "criticality_score"), tell(&after, "seed", X, "criticality_score"));
    assert_eq!((&one.value, &two.value), (&json!(1), &json!(2)));
    let told = changed(Before::Told(&one), two.clone(), 2, 4);
    assert_eq!(told.sentences[1], "It was 1 at position 2, and is 2 at position 4.");
    assert!(told.sentences[2].starts_with(&format!("{B} counts now: ")), "{told:#?}");
    assert_eq!(told.events.iter().map(|event| event.position).collect::<Vec<_>>(), [3, 4]);
    let same = changed(Before::Told(&two), two.clone(), 4, 4);
    assert!(same.sentences[1].starts_with("It was 2 at position 4 already") && same.events.is_empty());
    let fresh = changed(Before::Absent, two.clone(), 2, 4);
    assert_eq!(fresh.sentences[1], format!("There was no {X} at position 2."));
    assert_eq!(fresh.events.iter().map(|event| event.position).collect::<Vec<_>>(), [3, 4]);
    let other = changed(Before::NoSuchMetric, two.clone(), 2, 4);
    assert_eq!(other.sentences[1], "The formula of position 2 had no criticality_score.");
    assert_eq!(other.events, two.events, "nothing is said of what it rested on");
    let renamed = changed(Before::Told(&ValueWhy { id: "pkg:npm/before".to_owned(), ..one }), two, 2, 4);
    assert!(renamed.sentences[2].starts_with("It was pkg:npm/before then"), "{renamed:#?}");
    // A pseudonym is no id of a vertex.
    let log = after.then("2026-03-01", git_log(A, None, "2026-03-01", &[("ann", "2026-02-02", 3, 0)]));
    let pony = tell(&log, "seed", A, "pony_factor");
    assert!(Digest::parse(&pony.counts[0].id).is_some() && pony.counts[0].value == json!(3), "{pony:#?}");
}
