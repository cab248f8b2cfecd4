//! `scores` and `edges`: values, order, selection, and the live answer against the replayed one.

use serde_json::{Value, json};

use super::documents::{ecosystem, spdx};
use crate::support::program::Program;

fn column(rows: &Value, name: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

#[test]
fn the_small_ecosystem_has_the_scores_of_the_definition() {
    let program = Program::fresh();
    ecosystem(&program);
    let repos = program.json("scores --level repo");
    assert_eq!(column(&repos, "id"), ["pkg:github/o/a", "pkg:github/o/b", "pkg:github/o/c", "pkg:github/o/d"]);
    assert_eq!(column(&repos, "name"), ["O/A", "o/b", "o/c", "o/d"], "as it was spelled");
    assert_eq!(column(&repos, "criticality_score"), [json!(0), json!(1), json!(2), json!(0)]);
    assert_eq!(column(&repos, "activity_status"), [json!("live"), json!("live"), json!("discontinued"), json!(null)]);
    assert_eq!(column(&repos, "adoption_score"), [json!(null), json!(null), json!(null), json!(0.0)], "a number");
    assert_eq!(column(&repos, "project_id"), [json!("p:a"), json!("p:b"), json!("p:c"), json!(null)]);
    let external = program.json("scores --level external");
    assert_eq!(column(&external, "id"), ["pkg:npm/x"]);
    assert_eq!(column(&external, "criticality_score"), [3]);
    for term in ["activity_status", "pony_factor", "adoption_score", "project_id"] {
        assert_eq!(external[0][term], Value::Null, "{term}");
    }
    let projects = program.json("scores");
    assert_eq!(column(&projects, "id"), ["p:a", "p:b", "p:c", "p:e"], "level project, by id");
    assert_eq!(column(&projects, "criticality_score"), [json!(0), json!(1), json!(2), json!(null)]);
    assert_eq!(column(&projects, "pony_factor"), [json!(0), json!(0), json!(0), json!(null)]);

    let one = program.json("scores --level repo --id pkg:github/o/c");
    assert_eq!(column(&one, "criticality_score"), [2]);
}

#[test]
fn nulls_come_last_both_ways_and_ties_go_by_id() {
    let program = Program::fresh();
    ecosystem(&program);
    let order = |line: &str| column(&program.json(line), "id");
    let projects = |ids: [&str; 4]| ids.map(|id| json!(format!("p:{id}"))).to_vec();
    for direction in ["", ":asc"] {
        assert_eq!(order(&format!("scores --sort criticality_score{direction}")), projects(["a", "b", "c", "e"]));
    }
    assert_eq!(order("scores --sort criticality_score:desc"), projects(["c", "b", "a", "e"]));
    assert_eq!(order("scores --sort id:desc"), projects(["e", "c", "b", "a"]));
    assert_eq!(order("scores --sort name:desc"), projects(["c", "e", "b", "a"]), "Gamma, Empty, Beta, Alpha");
    assert_eq!(order("scores --sort pony_factor:desc"), projects(["a", "b", "c", "e"]), "equal ones by id");

    let order = |sort: &str| column(&program.json(&format!("scores --level repo --sort {sort}")), "id");
    let repos = |ids: [&str; 4]| ids.map(|id| json!(format!("pkg:github/o/{id}"))).to_vec();
    for sort in ["adoption_score", "adoption_score:desc"] {
        assert_eq!(order(sort), repos(["d", "a", "b", "c"]), "{sort}");
    }
    assert_eq!(order("project_id:desc"), repos(["c", "b", "a", "d"]));
    for (sort, ids) in [("activity_status", ["c", "a", "b", "d"]), ("activity_status:desc", ["a", "b", "c", "d"])] {
        assert_eq!(order(sort), repos(ids), "{sort}: by how alive");
    }
}

#[test]
fn edges_go_from_dependent_to_dependency_in_bytewise_order() {
    let program = Program::fresh();
    ecosystem(&program);
    let pairs = |line: &str| -> Vec<(String, String)> {
        let rows = program.json(line);
        let text =
            |row: &Value, key: &str| row[key].as_str().unwrap().replace("pkg:github/", "").replace("pkg:npm/", "");
        rows.as_array().unwrap().iter().map(|row| (text(row, "in_vertex"), text(row, "out_vertex"))).collect()
    };
    let expected =
        |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<(String, String)>>();
    let all = [("o/a", "o/b"), ("o/a", "x"), ("o/b", "o/c"), ("o/b", "x"), ("o/c", "x")];
    assert_eq!(pairs("edges"), expected(&all));
    assert_eq!(
        pairs("edges --of pkg:github/o/b"),
        expected(&[("o/a", "o/b"), ("o/b", "o/c"), ("o/b", "x")]),
        "both ends"
    );
    assert_eq!(pairs("edges --of pkg:npm/x").len(), 3);
    assert!(program.line("edges --of pkg:npm/nobody").fails(1).contains("has the id `pkg:npm/nobody`"));
    assert_eq!(pairs("edges --level project"), expected(&[("p:a", "p:b"), ("p:b", "p:c")]));
    assert_eq!(pairs("edges --level project --of p:c"), expected(&[("p:b", "p:c")]));
    let row = &program.json("edges")[0];
    assert_eq!(json!([row["version_range"], row["confidence"]]), json!(["1.0.0", "verified_sbom"]));
    assert_eq!(program.json("edges --level project")[0]["version_range"], Value::Null);
    let why = program.json("edges --why pkg:github/o/a pkg:github/o/b");
    assert_eq!(why[0]["position"], 5, "the event that claims it: {why:#}");
    assert_eq!(why[1]["id"], "pkg:npm/b", "{why:#}");
    assert_eq!(json!([why[1]["kind"], why[1]["position"]]), json!(["publication", 6]), "what binds the name it uses");

    // Renamed: the package is published from what the repository is called now.
    let renamed = program.file("renamed.json", br#"{"full_name": "o/new"}"#);
    program.json(&format!("ingest repo {} --repo pkg:github/o/b", renamed.display()));
    let why = program.json("edges --why pkg:github/o/a pkg:github/o/new");
    let facts = |row: &Value| json!([row["id"], row["kind"], row["reason"], row["position"]]);
    let expected = [
        json!(["pkg:npm/b", "publication", "is published from pkg:github/o/b: bill of materials", 6]),
        json!(["pkg:github/o/b", "rename", "is now pkg:github/o/new: host facts", 9]),
    ];
    assert_eq!(why.as_array().unwrap()[1..].iter().map(facts).collect::<Vec<_>>(), expected, "{why:#}");
}

#[test]
fn what_is_live_equals_a_replay_to_the_head() {
    let program = Program::fresh();
    ecosystem(&program);
    let as_of = |line: &str| program.json(&format!("{line} --as-of 8"));
    for level in ["project", "repo", "external"] {
        let line = format!("scores --level {level}");
        assert_eq!(program.json(&line), as_of(&line), "{level}");
    }
    for line in ["edges", "edges --level project"] {
        assert_eq!(program.json(line), as_of(line));
    }
    // Also under another formula, once it is live.
    program.json("rebuild --formula atlas-1 --promote");
    program.json("project");
    for level in ["project", "repo", "external"] {
        let line = format!("scores --level {level}");
        assert_eq!(program.json(&line), program.json(&format!("{line} --formula atlas-1")), "{level}");
        assert_eq!(program.json(&line), program.json(&format!("{line} --as-of 9")), "promoted at 9: {level}");
    }
    assert_ne!(program.json("scores"), as_of("scores"), "before the promotion the former formula was live");
    assert_eq!(program.json("edges"), program.json("edges --as-of 9"), "edges under the live formula's policy");
    assert_eq!(program.json("replay --verify")["verified"], true);
}

#[test]
fn what_is_read_by_demand_is_what_the_whole_answer_says_of_it() {
    let program = Program::fresh();
    ecosystem(&program);
    for level in ["project", "repo", "external"] {
        let all = program.json(&format!("scores --level {level}"));
        let all = all.as_array().unwrap();
        for row in all {
            let id = row["id"].as_str().unwrap();
            assert_eq!(program.json(&format!("scores --level {level} --id {id}")), json!([row]));
        }
        for count in [0, 1, 2, 99] {
            let first: Vec<Value> = all.iter().take(count).cloned().collect();
            assert_eq!(program.json(&format!("scores --level {level} --limit {count}")), json!(first));
        }
    }
    let sorted = program.json("scores --level repo --sort criticality_score:desc");
    assert_eq!(program.json("scores --level repo --sort criticality_score:desc --limit 1"), json!([sorted[0]]));
    for level in ["repo", "project"] {
        let all = program.json(&format!("edges --level {level}"));
        let all = all.as_array().unwrap();
        assert!(!all.is_empty());
        for id in all.iter().flat_map(|edge| [&edge["in_vertex"], &edge["out_vertex"]]) {
            let with: Vec<&Value> = all.iter().filter(|e| e["in_vertex"] == *id || e["out_vertex"] == *id).collect();
            let of = program.json(&format!("edges --level {level} --of {}", id.as_str().unwrap()));
            assert_eq!(of, json!(with), "{level} {id}");
        }
    }
}

#[test]
fn a_list_is_of_a_project_or_of_a_status_now_and_then() {
    let program = Program::fresh();
    ecosystem(&program);
    // Now, and as it was: the eighth event is the last.
    for then in ["", " --as-of 8", " --formula seed"] {
        let ids = |line: &str| column(&program.json(&format!("scores {line}{then}")), "id");
        assert_eq!(ids("--project p:b"), ["p:b"]);
        assert_eq!(ids("--level repo --project p:b"), ["pkg:github/o/b"]);
        assert_eq!(ids("--level repo --project p:b --project p:a"), ["pkg:github/o/a", "pkg:github/o/b"]);
        assert_eq!(ids("--level repo --project p:e"), [] as [&str; 0], "a project without repositories");
        assert_eq!(ids("--status live"), ["p:a", "p:b"]);
        assert_eq!(ids("--status in-dev --status discontinued"), ["p:c", "p:e"]);
        assert_eq!(ids("--status non-responsive"), [] as [&str; 0]);
        assert_eq!(ids("--level repo --status live"), ["pkg:github/o/a", "pkg:github/o/b"]);
        assert_eq!(ids("--level repo --status live --project p:b --project p:c"), ["pkg:github/o/b"]);
        assert_eq!(ids("--status live --limit 1"), ["p:a"], "the first of these, not of all");
        assert_eq!(ids("--status live --sort criticality:desc --limit 1"), ["p:b"]);

        let near = program.line(&format!("scores --level repo --project p:bb{then}")).fails(1);
        assert!(near.contains("no project has the id `p:bb`; did you mean `p:b`?"), "{near}");
        let other = program.line(&format!("scores --project p:a --project pkg:github/o/b{then}")).fails(1);
        assert!(other.contains("no project has the id `pkg:github/o/b`"), "{other}");
        for flag in ["--project p:a", "--status live"] {
            let said = program.line(&format!("scores --level external {flag}{then}")).fails(2);
            assert!(said.contains("a package has none; projects and repositories do"), "{said}");
        }
    }
    let whole = program.json("scores --level repo");
    assert_eq!(program.json("scores --level repo --project p:c"), json!([whole[2]]), "the same keys, the same values");
    let refused = program.line("scores --status lively");
    assert!(refused.stderr.contains("similar value exists: 'live'"), "{}", refused.stderr);
    refused.fails_arguments();
    program.line("scores --id p:a --status live").fails_usage();
}

#[test]
fn what_is_missing_is_said_of_what_is_listed() {
    let program = Program::fresh();
    ecosystem(&program);
    program.sbom("o/f", &spdx(&["f", "x"], &[("f", "x")]), &["--project", "p:f"]);
    program.json("project");
    let lines = |line: &str| program.line(&format!("scores {line} --format table")).ok().stdout;
    for (line, said) in [
        ("", "1 project is non-responsive: "),
        ("--project p:f", "1 project is non-responsive: "),
        ("--project p:f", "1 of 1 repository: no git log"),
        ("--level repo --status live", "2 of 2 repositories: no git log"),
        ("--level repo --project p:c", "1 of 1 repository: neither stars"),
    ] {
        assert!(lines(line).contains(said), "{line}: {}", lines(line));
    }
    for (line, not) in [
        ("--status live", "non-responsive"),
        ("--project p:a", "non-responsive"),
        ("--level repo --status live", "no project"),
        ("--level repo --project p:e", "repositor"),
    ] {
        assert!(!lines(line).contains(not), "{line}: {}", lines(line));
    }
}
