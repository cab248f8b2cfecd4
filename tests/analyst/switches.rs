//! Promotion and rollback: one moment for every reader, one event for the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use super::{ecosystem, head};
use crate::support::cli::Place;

fn live(place: &Place) -> Vec<(Value, Value, Value)> {
    let builds = place.run(&["status"])["projections"].as_array().unwrap().clone();
    builds.iter().map(|build| (build["name"].clone(), build["build"].clone(), build["formula"].clone())).collect()
}

fn scores(place: &Place) -> Value {
    place.run(&["scores", "--level", "repo"])
}

#[tokio::test]
async fn there_and_back_again() {
    let place = ecosystem().await;
    let refused = place.ends(1, &["rollback"]);
    assert!(refused.stderr.contains("no former build"), "{refused:?}");
    let (before, events, builds) = (scores(&place), head(&place), live(&place));

    let promoted = place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    assert_eq!(promoted["promoted"], true);
    let after = scores(&place);
    assert_ne!(after, before);
    assert_eq!(after, place.run(&["scores", "--level", "repo", "--formula", "atlas-1"]));
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);

    // New facts arrive before the analyst changes her mind.
    let file = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 50}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a", "--observed-at", "2026-02-20T00:00:00Z"]);
    place.run(&["project"]);
    let back = place.run(&["rollback"]);
    assert_eq!((&back["formula"], &back["projections"]), (&json!("seed"), &json!(["metrics", "history"])));
    assert_eq!(live(&place)[2..], builds[2..], "the very builds that were live");
    assert_eq!(scores(&place), place.run(&["scores", "--level", "repo", "--formula", "seed"]));
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    let rebuilt = place.run(&["rebuild"]);
    assert_eq!(rebuilt["equal_to_live"], true, "its history too is that of a rebuild");

    // Whichever is named, metrics and history switch together; again and it is undone.
    let forth = place.run(&["rollback", "--projection", "history"]);
    assert_eq!((&forth["formula"], &forth["projections"]), (&json!("atlas-1"), &json!(["metrics", "history"])));
    assert_eq!(scores(&place), place.run(&["scores", "--level", "repo", "--formula", "atlas-1"]));

    // The log grew by the fact and the three switches, and knows which formula was live when.
    assert_eq!(head(&place), events + 4);
    let log = String::from_utf8(place.ends(0, &["events", "--from", &(events + 1).to_string()]).stdout).unwrap();
    let kinds: Vec<Value> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone()).collect();
    assert_eq!(kinds, ["FormulaPromoted", "RepoObserved", "FormulaPromoted", "FormulaPromoted"]);
    for (position, formula) in
        [(events, "seed"), (events + 2, "atlas-1"), (events + 3, "seed"), (events + 4, "atlas-1")]
    {
        assert_eq!(place.run(&["replay", "--as-of", &position.to_string()])["formula"], formula);
    }
}

#[tokio::test]
async fn a_quarantine_in_between_is_minded_on_the_way_back() {
    let place = ecosystem().await;
    place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    place.run(&["quarantine", "4", "--reason", "of another project"]);
    place.run(&["project"]);
    place.run(&["rebuild", "--formula", "upstream-0.6", "--promote"]);
    let back = place.run(&["rollback"]);
    assert_eq!(back["formula"], "atlas-1");
    assert_eq!(scores(&place), place.run(&["scores", "--level", "repo", "--formula", "atlas-1"]));
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
}

/// A reader that asks the views, over and over, in one statement each time.
async fn hammer(options: PgConnectOptions, done: Arc<AtomicBool>) -> Vec<(String, i64)> {
    let mut conn = options.connect().await.unwrap();
    let mut seen = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let row = sqlx::query(
            "SELECT (SELECT b.formula FROM atlas.live l JOIN atlas.build b ON b.id = l.build \
                      WHERE l.projection = 'metrics') AS formula, \
                    (SELECT b.formula FROM atlas.live l JOIN atlas.build b ON b.id = l.build \
                      WHERE l.projection = 'history') AS other, \
                    (SELECT sum(criticality_score)::bigint FROM public.repos) AS sum, \
                    (SELECT count(*) FROM public.projects WHERE metadata ? 'pg_score') AS scored",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        let formula: String = row.get("formula");
        assert_eq!(formula, row.get::<String, _>("other"));
        let scored: i64 = row.get("scored");
        assert_eq!(formula == "atlas-1", scored > 0, "the scores are those of the formula that is live");
        seen.push((formula, row.get("sum")));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_one_set_or_the_other() {
    let place = ecosystem().await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(hammer(place.db.options(), Arc::clone(&done)));
    tokio::task::block_in_place(|| {
        for round in 0..4 {
            let formula = ["atlas-1", "seed"][round % 2];
            place.run(&["rebuild", "--formula", formula, "--promote"]);
            place.run(&["rollback"]);
            place.run(&["rollback"]);
        }
    });
    done.store(true, Ordering::Relaxed);
    let seen = reader.await.unwrap();
    let formulas: std::collections::BTreeSet<&str> = seen.iter().map(|(formula, _)| formula.as_str()).collect();
    assert_eq!(formulas, ["atlas-1", "seed"].into(), "the reader was there before and after");
    let sums: std::collections::BTreeSet<&(String, i64)> = seen.iter().collect();
    assert_eq!(sums.len(), 2, "never a mixture: {sums:?}");
}
