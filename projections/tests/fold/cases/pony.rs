//! Pony factor and its window.

use domain::facts::gitlog::GitLogObserved;

use crate::facts::{Log, belongs, git_log, host};

const A: &str = "pkg:github/o/a";
const B: &str = "pkg:github/o/b";

fn history(to: &str, commits: &[(&str, &str, u32, u32)]) -> GitLogObserved {
    git_log(A, None, to, commits)
}

fn pony(log: &Log) -> Option<u32> {
    log.repo("seed", A).pony_factor
}

#[test]
fn the_fewest_people_behind_half_of_the_commits() {
    let on = |counts: &[u32]| {
        let names: Vec<String> = (0..counts.len()).map(|n| format!("person {n}")).collect();
        let commits: Vec<(&str, &str, u32, u32)> =
            names.iter().zip(counts).map(|(name, n)| (name.as_str(), "2026-01-01", *n, 0)).collect();
        pony(&Log::default().then("2026-01-02", history("2026-01-02", &commits)))
    };
    assert_eq!(on(&[]), Some(0));
    assert_eq!(on(&[7]), Some(1));
    assert_eq!(on(&[5, 5]), Some(1), "exactly half is enough");
    assert_eq!(on(&[1; 10]), Some(5));
    assert_eq!(on(&[49, 30, 21]), Some(2));
    assert_eq!(on(&[50, 30, 20]), Some(1));
}

#[test]
fn merges_and_bots_do_not_count() {
    let commits = [("ann", "2026-01-01", 10, 9), ("bob", "2026-01-01", 3, 0), ("ci-bot", "2026-01-01", 99, 0)];
    let log = Log::default().then("2026-01-02", history("2026-01-02", &commits));
    assert_eq!(pony(&log), Some(1), "bob's 3 of 4");
    let only = [("ann", "2026-01-01", 2, 2), ("ci-bot", "2026-01-01", 9, 0)];
    let log = Log::default().then("2026-01-02", history("2026-01-02", &only));
    for formula in ["seed", "upstream-0.6", "atlas-1"] {
        assert_eq!(log.repo(formula, A).pony_factor, Some(0), "{formula}");
    }
}

#[test]
fn without_a_log_zero_or_unknown() {
    let log = Log::default().then("2026-01-02", host(A)).then("2026-01-02", belongs(A, Some("p")));
    for (formula, expected) in [("seed", Some(0)), ("upstream-0.6", Some(0)), ("atlas-1", None)] {
        assert_eq!(log.repo(formula, A).pony_factor, expected, "{formula}");
        assert_eq!(log.project(formula, "p").pony_factor, expected, "{formula}");
    }
}

#[test]
fn the_window_counts_back_from_world_time_and_takes_both_ends() {
    let on = |day| {
        let log = Log::default().then("2026-03-15T10:00:00Z", history("2026-03-20", &[("ann", day, 1, 0)]));
        pony(&log)
    };
    assert_eq!(on("2024-03-14"), Some(0));
    assert_eq!(on("2024-03-15"), Some(1));
    assert_eq!(on("2026-03-15"), Some(1), "also later on that day");
    assert_eq!(on("2026-03-16"), Some(0), "dated after world time");
}

#[test]
fn the_window_clamps_to_the_end_of_the_month() {
    let on = |day| pony(&Log::default().then("2024-02-29", history("2024-02-29", &[("ann", day, 1, 0)])));
    assert_eq!(on("2022-02-27"), Some(0));
    assert_eq!(on("2022-02-28"), Some(1), "2022 has no 29th of February");
}

#[test]
fn any_fact_moves_the_window_and_a_curation_does_not() {
    let log = Log::default().then("2026-01-01", history("2026-01-01", &[("ann", "2024-01-02", 1, 0)]));
    assert_eq!(pony(&log), Some(1));
    assert_eq!(pony(&log.clone().then("2026-06-01", belongs(A, Some("p")))), Some(1));
    assert_eq!(pony(&log.then("2026-06-01", host(B))), Some(0));
}

#[test]
fn a_project_joins_people_not_counts() {
    let log = Log::default()
        .then("2026-01-02", git_log(A, None, "2026-01-02", &[("ann", "2026-01-01", 3, 0), ("bob", "2026-01-01", 4, 0)]))
        .then("2026-01-02", git_log(B, None, "2026-01-02", &[("ann", "2026-01-01", 3, 0), ("cy", "2026-01-01", 2, 0)]))
        .then("2026-01-03", belongs(A, Some("p")))
        .then("2026-01-03", belongs(B, Some("p")));
    assert_eq!(log.project("seed", "p").pony_factor, Some(1), "ann has 6 of 12");
    assert_eq!(log.repo("seed", A).pony_factor, Some(1));
}

#[test]
fn a_newer_log_replaces_the_days_it_covers() {
    let log = Log::default()
        .then("2026-01-02", history("2026-01-02", &[("ann", "2025-01-01", 5, 0), ("bob", "2025-12-01", 5, 0)]))
        .then("2026-02-02", git_log(A, Some("2025-12-01"), "2026-02-02", &[("cy", "2026-01-01", 11, 0)]));
    let world = log.world();
    let view = world.view();
    let days: Vec<String> =
        view.contributions.iter().flat_map(|(_, r)| r.days.iter().map(|d| d.day.to_string())).collect();
    assert_eq!(days, ["2025-01-01", "2026-01-01"]);
    assert_eq!(pony(&log), Some(1));
    // An older reading, told late, adds only what nothing newer covers.
    let log =
        log.then("2026-01-15", history("2026-01-15", &[("dee", "2025-06-01", 100, 0), ("dee", "2026-01-03", 9, 0)]));
    let world = log.world();
    let view = world.view();
    let days: Vec<String> =
        view.contributions.iter().flat_map(|(_, r)| r.days.iter().map(|d| d.day.to_string())).collect();
    assert_eq!(days, ["2025-06-01", "2026-01-01"]);
}

#[test]
fn the_latest_commit_may_lie_before_the_days_covered() {
    let empty = GitLogObserved {
        latest: Some(crate::facts::time("2023-05-05T05:05:05Z")),
        ..git_log(A, Some("2025-01-01"), "2026-01-01", &[])
    };
    let log = Log::default().then("2026-01-01", empty);
    let latest = |log: &Log, to: &str| {
        let world = log.world();
        let view = world.view();
        let vertex = view.graph.vertex(A).unwrap();
        view.contributions.get(vertex).unwrap().latest_commit(crate::facts::day(to)).map(|time| time.to_string())
    };
    assert_eq!(latest(&log, "2026-01-01").unwrap(), "2023-05-05T05:05:05.000000Z");
    assert_eq!(latest(&log, "2023-05-04"), None);
    // Bots and merges count here.
    let log = log.then("2026-01-05", git_log(A, Some("2026-01-01"), "2026-01-05", &[("ci-bot", "2026-01-03", 1, 1)]));
    assert_eq!(latest(&log, "2026-01-05").unwrap(), "2026-01-03T00:00:00.000000Z");
    // A log of all time in which there is nothing: the history was thrown away.
    let log = log.then("2026-01-06", git_log(A, None, "2026-01-06", &[]));
    assert_eq!(latest(&log, "2026-01-06"), None);
}
