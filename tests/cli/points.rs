//! Positions, times and ranges; and a log that is still empty.

use serde_json::{Value, json};

use super::documents::{ecosystem, spdx};
use crate::support::program::Program;

const NOTHING: [u64; 0] = [];

fn positions(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

#[test]
fn reading_an_empty_log_is_no_error() {
    // Also by the very first command that meets the database, whichever that is.
    for line in ["scores", "scores --level repo", "edges", "edges --level project", "triage list", "edges --as-of 0"] {
        let program = Program::fresh();
        assert_eq!(program.json(line), json!([]), "{line}");
    }
    let program = Program::fresh();
    assert_eq!(program.events(), Vec::<Value>::new());
    let status = program.json("status");
    assert_eq!(json!([status["head"], status["tree_size"]]), json!([0, 0]));
    let replayed = program.json("replay");
    assert_eq!(json!([replayed["position"], replayed["events"]]), json!([0, 0]));
    assert_eq!(program.json("replay --verify")["verified"], true);
    assert_eq!(program.json("scores --as-of 0"), json!([]));
    assert_eq!(program.json("scores --as-of 2026-01-01"), json!([]));
    assert_eq!(program.line("events --from 1 --to 9").ok().stdout, "");

    let projected = program.json("project");
    assert_eq!(projected["head"], 0);
    assert_eq!(projected["projections"].as_array().unwrap().len(), projections::Projection::ALL.len());
    assert_eq!(program.json("replay --verify")["verified"], true);
    let rebuilt = program.json("rebuild");
    assert_eq!(json!([rebuilt["to"], rebuilt["equal_to_live"]]), json!([0, true]));
    assert_eq!(program.json("scores"), json!([]));
}

#[test]
fn a_log_that_is_not_projected_yet_has_no_live_scores_but_replays() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a", "b"], &[("a", "b")]), &[]);
    let reads = ["scores --level repo", "edges", "triage list", "conflicts"];
    for line in reads {
        let ran = program.line(line).ok();
        assert_eq!(ran.json(), json!([]), "{line}");
        assert_eq!(ran.stderr, "1 event is not projected yet; run `pg-atlas project`\n", "{line}");
        assert_eq!(program.line(&format!("{line} --quiet")).ok().stderr, "");
    }
    assert_eq!(program.json("scores --level repo --as-of 1").as_array().unwrap().len(), 1);
    assert_eq!(
        program.line("replay --verify").fails(1),
        "nothing is projected yet; `pg-atlas project` builds the projections"
    );
    program.json("project");
    let reads: Vec<&str> = reads.into_iter().chain(["export scores --as json"]).collect();
    for line in &reads {
        assert_eq!(program.line(line).ok().stderr, "", "{line}");
    }
    program.sbom("o/b", &spdx(&["b", "c"], &[("b", "c")]), &[]);
    program.sbom("o/c", &spdx(&["c", "d"], &[("c", "d")]), &[]);
    for line in &reads {
        let said = program.line(line).ok().stderr;
        assert_eq!(said, "2 events are not projected yet; run `pg-atlas project`\n", "{line}");
    }
    assert_eq!(program.line("scores --as-of 2").ok().stderr, "");
}

#[test]
fn ids_in_filters_are_taken_in_any_spelling() {
    let program = Program::fresh();
    ecosystem(&program);
    for (given, canonical) in [
        ("scores --level repo --id pkg:github/O/A@v1", "scores --level repo --id pkg:github/o/a"),
        ("edges --of pkg:github/O/A", "edges --of pkg:github/o/a"),
        ("edges --why pkg:github/O/A pkg:github/o/B", "edges --why pkg:github/o/a pkg:github/o/b"),
        ("audit explain pkg:github/O/A pony_factor", "audit explain pkg:github/o/a pony_factor"),
    ] {
        let answer = program.json(canonical);
        assert_ne!(answer, json!([]), "{canonical}");
        assert_eq!(program.json(given), answer, "{given}");
    }
    let positions = |line: &str| positions(&program.line(line).ok().lines());
    assert_eq!(positions("events --stream repo:pkg:github/O/B"), [6]);
    program.json("publish --label first");
    program.json("project");
    let answer = program.json("history pkg:github/o/a");
    assert_eq!(program.json("history pkg:github/O/A"), answer);
    // What is no package URL stays as it is.
    assert_eq!(program.json("scores --id p:a")[0]["id"], "p:a");
    let other = "no project has the id `P:a`; did you mean `p:a`?";
    assert_eq!(program.line("scores --id P:a").fails(1), other);
}

#[test]
fn ranges_include_both_ends() {
    let program = Program::fresh();
    ecosystem(&program);
    let range = |line: &str| positions(&program.line(line).ok().lines());
    assert_eq!(range("events"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(range("events --from 3 --to 5"), [3, 4, 5]);
    assert_eq!(range("events --from 4 --to 4"), [4]);
    assert_eq!(range("events --to 2"), [1, 2]);
    assert_eq!(range("events --from 7"), [7, 8]);
    assert_eq!(range("events --from 0 --to 99"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(program.line("events --from 5 --to 4").fails(2).contains("a range from 5 to 4 runs backwards"));
    assert!(program.line("audit prove --from 5 --to 4").fails(2).contains("a range from 5 to 4 runs backwards"));
    assert_eq!(range("events --from 99"), NOTHING);
    assert_eq!(range(&format!("events --from {} --to {}", u64::MAX, u64::MAX)), NOTHING);
    assert_eq!(range("events --stream repo:pkg:github/o/b"), [6]);
    assert_eq!(range("events --stream project:p:a"), [1]);
    assert_eq!(range("events --stream repo:pkg:github/o/b --to 5"), NOTHING);
}

#[test]
fn a_time_is_the_last_position_known_then() {
    let program = Program::fresh();
    ecosystem(&program);
    let events = program.events();
    let edges = |point: &str| program.json(&format!("edges --as-of {point}"));
    let count = |point: &str| edges(point).as_array().unwrap().len();
    assert_eq!([count("4"), count("5"), count("6"), count("7"), count("8")], [0, 2, 4, 5, 5]);
    for event in &events[4..] {
        let (position, time) = (event["position"].to_string(), event["recorded_at"].as_str().unwrap());
        assert_eq!(edges(time), edges(&position), "{time}");
        assert_eq!(program.json(&format!("replay --as-of {time}"))["position"].to_string(), position);
    }
    assert_eq!(program.json("replay --as-of 1999-12-31")["position"], 0, "nothing was known then");
    for line in ["scores --as-of 1999-12-31", "edges --as-of 1999-12-31"] {
        let said = program.line(line).ok();
        assert_eq!(said.json(), json!([]), "{line}");
        assert!(said.stderr.contains("nothing was in the log at that time; a date"), "{line}: {}", said.stderr);
    }
    assert_eq!(program.line("scores --as-of 1").ok().stderr, "");
    assert_eq!(program.json("replay --as-of 2999-12-31T23:59:59Z")["position"], 8, "the future knows all");
    // The same moment in another offset and without the six decimals.
    assert_eq!(program.json("replay --as-of 2999-12-31T23:59:59+05:00")["position"], 8);
    // Before b was known, a depended on a package of that name.
    let before = program.json("edges --as-of 5");
    assert_eq!(before[0]["out_vertex"], "pkg:npm/b");
    assert_eq!(program.json("edges")[0]["out_vertex"], "pkg:github/o/b");
}

#[test]
fn a_backfill_is_superseded_by_what_was_seen_later() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a", "new"], &[("a", "new")]), &["--observed-at", "2026-02-01T00:00:00+01:00"]);
    program.sbom("o/a", &spdx(&["a", "old"], &[("a", "old")]), &["--observed-at", "2026-01-01"]);
    let events = program.events();
    assert_eq!(events[0]["observed_at"], "2026-01-31T23:00:00.000000Z");
    assert_eq!(events[1]["observed_at"], "2026-01-01T00:00:00.000000Z");
    program.json("project");
    let edges = program.json("edges");
    assert_eq!(edges.as_array().unwrap().len(), 1);
    assert_eq!(edges[0]["out_vertex"], "pkg:npm/new");
}
