//! `why`: values in sentences; and what `scores` says is missing.

use serde_json::{Value, json};

use super::documents::{ecosystem, spdx, survey};
use crate::support::program::Program;

/// Keys of an answer.
const KEYS: [&str; 8] = ["id", "metric", "value", "sentences", "counts", "does_not_count", "events", "missing"];

fn ids(parts: &Value) -> Vec<&str> {
    parts.as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap()).collect()
}

#[test]
fn a_value_is_told_with_what_counts_and_what_does_not() {
    let program = Program::fresh();
    ecosystem(&program);
    let why = program.json("why pkg:github/O/C criticality_score");
    for key in KEYS {
        assert!(why.get(key).is_some(), "{key}: {why:#}");
    }
    assert_eq!(json!([why["id"], why["value"]]), json!(["pkg:github/o/c", 2]));
    let mut counts = ids(&why["counts"]);
    counts.sort_unstable();
    assert_eq!(counts, ["pkg:github/o/a", "pkg:github/o/b"]);
    assert_eq!(why["missing"], json!([]));
    let positions: Vec<u64> =
        why["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect();
    let explained = program.json("audit explain pkg:github/o/c criticality_score");
    let proven = explained["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap());
    assert_eq!(positions, proven.collect::<Vec<_>>(), "the events that are proven");

    // Every metric, as `scores` has it; the status of what belongs to no project is unknown, and a command says so.
    let all = program.json("why pkg:github/o/d");
    let scores = program.json("scores --level repo --id pkg:github/o/d");
    let metrics: Vec<&str> = all.as_array().unwrap().iter().map(|why| why["metric"].as_str().unwrap()).collect();
    assert_eq!(metrics, ["activity_status", "adoption_score", "criticality_score", "pony_factor"]);
    for why in all.as_array().unwrap() {
        assert_eq!(why["value"], scores[0][why["metric"].as_str().unwrap()], "{why:#}");
    }
    let command = "pg-atlas curate membership --repo pkg:github/o/d --project PROJECT --actor NAME --reason TEXT";
    assert_eq!(all[0]["missing"], json!([{"what": "the project of pkg:github/o/d", "command": command}]));

    // A dependent that stops to count is told with the reason, and the event that changed it.
    let answer = survey("p:a,Alpha,discontinued,2026-02-01\n");
    program.fed(["ingest", "survey", "-"], answer.as_bytes()).ok();
    program.json("project");
    let why = program.json("why pkg:npm/x criticality_score --from 8");
    assert_eq!(why["sentences"][1], "It was 3 at position 8, and is 0 at position 9.", "{why:#}");
    assert_eq!(why["events"].as_array().unwrap().iter().map(|event| &event["position"]).collect::<Vec<_>>(), [1, 9]);
    let a = why["does_not_count"].as_array().unwrap().iter().find(|part| part["id"] == "pkg:github/o/a").unwrap();
    assert_eq!(
        a["reason"],
        "not active: its project p:a is discontinued: the survey answer of 2026-02-01 (position 9) says discontinued, \
         and no git log of its 1 repository was read"
    );
    assert_eq!(program.json("why pkg:npm/x criticality_score --as-of 8")["value"], 3);

    assert_eq!(program.json("why pkg:npm/c criticality_score")["id"], "pkg:github/o/c", "published from there");

    let text = program.line("why pkg:npm/x criticality_score --format table").ok().stdout;
    assert!(text.starts_with("criticality_score of pkg:npm/x is 0.\n"), "{text}");
    assert!(text.contains("\nWhat does not count\n  pkg:github/o/"), "{text}");
    assert!(text.contains("pg-atlas ingest git-log https://github.com/o/a --repo pkg:github/o/a"), "{text}");
}

#[test]
fn what_is_not_there_is_answered_with_what_is_near() {
    let program = Program::fresh();
    ecosystem(&program);
    for (line, said) in [
        ("why pkg:github/o/aa", "no project, repository or package has the id `pkg:github/o/aa`; did you mean "),
        ("why o/a", "did you mean `pkg:github/o/a`"),
        ("why p:aa", "did you mean `p:a`"),
        ("why pkg:github/o/a stars", "no metric `stars` under formula seed: activity_status, adoption_score"),
    ] {
        let complaint = program.line(line).fails(1);
        assert!(complaint.contains(said), "{line}: {complaint}");
    }
    assert!(!program.line("why pkg:cargo/nothing-like-it").fails(1).contains("did you mean"));
    assert!(program.line("why p:a --format csv").fails(2).contains("no columns"));
    assert!(program.line("why p:a --from 8 --as-of 2").fails(2).contains("position 8 lies behind 2"));
    assert!(program.line("why p:a --as-of 99").fails(1).contains("beyond the head"));
}

#[test]
fn scores_end_with_what_is_missing() {
    let program = Program::fresh();
    ecosystem(&program);
    program.sbom("o/f", &spdx(&["f", "x"], &[("f", "x")]), &["--project", "p:f"]);
    program.json("project");
    let lines = |line: &str| program.line(line).ok().stdout;
    let projects = lines("scores --format table");
    assert!(
        projects.contains(
            "\n1 project is non-responsive: no survey answer, no grants record, and no later\ncommit\n    \
             pg-atlas ingest survey FILE.csv\n"
        ),
        "{projects}"
    );
    let repos = lines("scores --level repo --format table");
    assert!(!repos.contains("non-responsive:"), "{repos}");
    for said in [
        "1 of 5 repositories: no project, so no status\n",
        "5 of 5 repositories: no git log, so nobody knows who works on it\n    pg-atlas ingest git-log URL --repo PURL\n",
        "4 of 5 repositories: neither stars, forks nor downloads\n",
    ] {
        assert!(repos.contains(said), "{said}: {repos}");
    }
    for line in ["scores --level external --format table", "scores --level repo --as-of 8 --format table"] {
        assert!(!lines(line).contains("repositories: "), "{line}");
    }
    assert!(!lines("scores --level repo --format csv").contains("no git log"));
}
