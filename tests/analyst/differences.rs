//! `formula diff` and `rebuild` without `--promote`.

use serde_json::{Value, json};

use super::{ecosystem, head, variant};

fn changed(found: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found["changed"].as_array().unwrap().iter().map(|change| (text(&change["id"]), text(&change["metric"]))).collect()
}

#[tokio::test]
async fn a_window_shows_the_days_that_left_and_a_weight_the_composite_alone() {
    let place = ecosystem().await;
    let before = head(&place);
    let shorter = variant(&place, "seed", "shorter", ("window_months = 24", "window_months = 12"));
    let found = place.run(&["formula", "diff", "seed", &shorter]);
    assert_eq!(
        changed(&found),
        [("p:b".into(), "pony_factor".into()), ("pkg:github/o/b".into(), "pony_factor".into())]
    );
    let because = found["changed"][1]["because"].as_array().unwrap();
    assert_eq!(because[0]["name"], "pony.window_months");
    assert_eq!(because[1]["kind"], "commit-days");
    assert_eq!(because[1]["days"], json!([["2024-09-01", 9]]));
    assert_eq!((&because[1]["direction"], &because[1]["position"]), (&json!("left"), &json!(9)));
    assert_eq!((&found["changed"][1]["before"], &found["changed"][1]["after"]), (&json!(1), &json!(2)));
    assert_eq!(found["position"], before);

    let heavier = variant(&place, "atlas-1", "heavier", ("weight = 50", "weight = 80"));
    let found = place.run(&["formula", "diff", "atlas-1", &heavier]);
    assert!(changed(&found).iter().all(|(_, metric)| metric == "pg_score"), "{found}");
    assert_eq!(found["summary"]["parameters"].as_array().unwrap().len(), 1);

    // Nobody but the reader notices a difference being looked at.
    assert_eq!(head(&place), before);
    let same = place.run(&["formula", "diff", "seed", "seed"]);
    assert_eq!((&same["changed"], same["unchanged"].as_u64().unwrap() > 0), (&json!([]), true));
    place.ends(1, &["formula", "diff", "seed", "nobody"]);
    place.ends(1, &["formula", "diff", "seed", "missing.toml"]);
}

#[tokio::test]
async fn a_rebuild_shows_what_it_would_move_and_an_earlier_moment_is_compared_alike() {
    let place = ecosystem().await;
    place.run(&["formula", "adopt", &variant(&place, "seed", "nested", ("edges = \"flat\"", "edges = \"nested\""))]);
    place.run(&["project"]);
    let (rebuilt, diffed) =
        (place.run(&["rebuild", "--formula", "atlas-1"]), place.run(&["formula", "diff", "seed", "atlas-1"]));
    assert_eq!((&rebuilt["equal_to_live"], &rebuilt["promoted"]), (&Value::Null, &json!(false)));
    assert_eq!((&rebuilt["changed"], &rebuilt["unchanged"]), (&diffed["changed"], &diffed["unchanged"]));
    assert!(!diffed["changed"].as_array().unwrap().is_empty());

    // What decides projects alone is no reason at a repository or a package, and a value that moves has some parameter.
    for change in diffed["changed"].as_array().unwrap() {
        let because = change["because"].as_array().unwrap();
        let named: Vec<&Value> = because.iter().filter(|reason| reason["kind"] == "parameter").collect();
        assert!(
            !named.is_empty() && named.len() < diffed["summary"]["parameters"].as_array().unwrap().len(),
            "{change}"
        );
        let of_projects = named.iter().any(|reason| reason["name"] == "criticality.project");
        assert!(change["level"] == "project" || !of_projects, "{change}");
    }

    // At position 3 only one document is there.
    let early = place.run(&["formula", "diff", "seed", "atlas-1", "--as-of", "3"]);
    assert_eq!(early["position"], 3);
    for change in early["changed"].as_array().unwrap() {
        let [before, after] = ["seed", "atlas-1"].map(|formula| {
            let level = change["level"].as_str().unwrap();
            let rows = place.run(&["scores", "--level", level, "--as-of", "3", "--formula", formula]);
            let row = rows.as_array().unwrap().iter().find(|row| row["id"] == change["id"]).unwrap().clone();
            row[change["metric"].as_str().unwrap()].clone()
        });
        assert_eq!((&change["before"], &change["after"]), (&before, &after), "{change}");
    }
    // The same for people and for spreadsheets.
    let table = place.ends(0, &["--format", "table", "formula", "diff", "seed", "atlas-1"]);
    let text = String::from_utf8(table.stdout).unwrap();
    for part in ["seed -> atlas-1 at position", "What moves", "graph.seeds: leaves -> every-active"] {
        assert!(text.contains(part), "{text}");
    }
    let csv =
        String::from_utf8(place.ends(0, &["--format", "csv", "formula", "diff", "seed", "atlas-1"]).stdout).unwrap();
    assert_eq!(csv.lines().count(), diffed["changed"].as_array().unwrap().len() + 1);
    assert!(csv.starts_with("level,id,metric,before,after,rank_before,rank_after,because\n"));
}
