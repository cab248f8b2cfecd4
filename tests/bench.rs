//! `bench`: the figures are there, the answers known, and nothing of it stays behind.

use std::fmt::Write as _;

use serde_json::Value;
use sqlx::ConnectOptions as _;

use crate::support::cli::Place;

const SMALL: [&str; 6] = ["--repos", "50", "--edges", "300", "--events", "600"];

fn with_size<'a>(command: &[&'a str]) -> Vec<&'a str> {
    command.iter().copied().chain(SMALL).collect()
}

/// Both sides are there, five times each, and the ratio is that of the rates.
fn compared(report: &Value, work: &str) {
    assert_eq!(report["work"], work);
    for (side, median) in [("ours", "ours_per_second"), ("reference", "reference_per_second")] {
        let mut rates: Vec<f64> = report[side].as_array().unwrap().iter().map(|rate| rate.as_f64().unwrap()).collect();
        rates.sort_by(f64::total_cmp);
        assert_eq!(rates.len(), 5, "{report}");
        assert!(rates[0] > 0.0, "{report}");
        assert_eq!(report[median].as_f64(), Some(rates[2]), "{report}");
    }
    let rate = |side: &str| report[side].as_f64().unwrap();
    assert_eq!(rate("ratio"), rate("ours_per_second") / rate("reference_per_second"));
}

#[tokio::test]
async fn readers_are_measured_in_databases_that_go_away() {
    let place = Place::new().await;
    let mut conn = place.db.options().connect().await.unwrap();
    for work in ["rebuild", "replay"] {
        compared(&place.run(&with_size(&["bench", work])), work);
    }
    let report = place.run(&with_size(&["bench", "lag", "--appends", "5"]));
    let lags = report["ours"].as_array().unwrap();
    assert_eq!(lags.len(), 5);
    assert!(report["p50_ms"].as_f64().unwrap() <= report["p99_ms"].as_f64().unwrap());
    assert!(lags.contains(&report["max_ms"]));
    let report = place.run(&with_size(&["bench", "page"]));
    let readings = report["ours"].as_array().unwrap();
    assert_eq!((report["work"].as_str(), readings.len()), (Some("page"), 10), "{report}");
    assert!(readings.contains(&report["cpu_ms"]) && report["cpu_ms"].as_f64() > Some(0.0), "{report}");
    // The database that the program was pointed at has not been touched.
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname IN ('log', 'atlas')")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname LIKE 'pg_atlas_bench_%'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_service_is_loaded_at_a_rate_and_every_request_is_counted() {
    let place = Place::new().await;
    let load = ["bench", "serve", "--rate", "50", "--seconds", "2", "--connections", "4", "--ingest-rate", "5"];
    let report = place.run(&with_size(&load));
    assert_eq!((&report["requests"], &report["errors"]), (&100.into(), &0.into()), "{report}");
    let figure = |name: &str| report[name].as_f64().unwrap();
    assert!(figure("p50_ms") <= figure("p95_ms") && figure("p95_ms") <= figure("p99_ms"), "{report}");
    assert!(figure("achieved_per_second") > 0.0 && figure("rss_mib") > 1.0, "{report}");
    // All that is offered is accepted, or told to come again; what is accepted was found in the log.
    assert_eq!(figure("offered") + figure("unsent"), 10.0, "{report}");
    let put_off = figure("answers_429") + figure("answers_503");
    assert_eq!(figure("appended") + put_off, figure("offered"), "{report}");
    assert_eq!((figure("answers_other"), figure("unanswered")), (0.0, 0.0), "{report}");
    // The last of them was seen in the graph before it ended.
    assert_eq!(figure("not_in_graph"), 0.0, "{report}");
    assert!(figure("graph_p50_ms") <= figure("graph_p99_ms"), "{report}");
    assert!(figure("graph_p99_ms") <= figure("graph_max_ms"), "{report}");
    assert!(figure("appended") > 0.0 && figure("events_in_log") >= figure("appended"), "{report}");
}

#[tokio::test]
async fn the_root_is_measured_without_a_database() {
    let place = Place::new().await;
    let mut command = place.command(&["bench", "root"]);
    command.env("DATABASE_URL", "postgres://nobody@nowhere.invalid/nothing");
    compared(&crate::support::cli::ended(0, command).json(), "root");
}

#[tokio::test]
async fn a_generated_log_needs_an_empty_one_and_replays() {
    let place = Place::new().await;
    let filled = place.run(&with_size(&["bench", "generate"]));
    assert_eq!(filled["appended"], 600);
    let refused = place.ends(1, &with_size(&["bench", "generate"]));
    assert!(refused.stderr.contains("holds 600 events"), "{refused:?}");
    place.run(&["project"]);
    let replayed = place.run(&["replay", "--verify"]);
    assert_eq!(replayed["verified"], true, "{replayed}");
    assert_eq!(place.run(&["rebuild"])["equal_to_live"], true);
}

#[tokio::test]
async fn the_engine_is_measured_on_files() {
    let place = Place::new().await;
    // A chain of ten: the last is reached by nine, the one before by eight, and so on.
    let mut edges = String::from("src,dst\n");
    for n in 0..9 {
        writeln!(edges, "{n},{}", n + 1).unwrap();
    }
    let edges = place.file("chain.csv", edges);
    for seeds in ["leaves", "all"] {
        let args = ["bench", "criticality", "--edges", &edges, "--seeds", seeds, "--threads", "2", "--repeat", "3"];
        let report = place.run(&args);
        assert_eq!((&report["nodes"], &report["edges"], &report["active"]), (&10.into(), &9.into(), &10.into()));
        assert_eq!(report["sum"], 45, "{report}");
        let digest = "29dd21f55e4611d4c787c2148e39b4e341d4c10701dd03eed360aa55035bdb34";
        assert_eq!(report["sha256"], digest, "{report}");
    }
    place.ends(1, &["bench", "criticality", "--edges", "/nowhere/edges.csv"]);
}
