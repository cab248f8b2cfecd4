//! Scores over time: `history`, and what the scores and edges were at a moment.

use serde_json::{Value, json};

use super::ecosystem;

#[tokio::test]
async fn a_value_holds_until_another_is_seen() {
    let place = ecosystem().await;
    let published_at = place.run(&["publish", "--label", "february"]);
    let file = place.file("r.json", r#"{"full_name": "o/c", "stargazers_count": 99}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/c", "--observed-at", "2026-03-01T00:00:00Z"]);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a", "--observed-at", "2026-03-02T00:00:00Z"]);
    place.run(&["project"]);

    let spans = place.run(&["history", "pkg:github/o/c", "--metric", "adoption_score"]);
    let spans = spans.as_array().unwrap();
    assert!(spans.len() >= 2, "{spans:?}");
    for pair in spans.windows(2) {
        assert_eq!((&pair[0]["to_position"], &pair[0]["to"]), (&pair[1]["from_position"], &pair[1]["from"]));
        assert_ne!(pair[0]["value"], pair[1]["value"]);
    }
    let last = spans.last().unwrap();
    assert_eq!(
        (&last["to"], &last["to_position"], &last["from"]),
        (&Value::Null, &Value::Null, &json!("2026-03-01T00:00:00.000000Z"))
    );
    let published: Vec<&Value> = spans.iter().flat_map(|span| span["published"].as_array().unwrap()).collect();
    assert_eq!(published, [&json!("february")]);

    // What was published is the value of the position that the publication evaluated, which comes before its event.
    let spans = place.run(&["history", "pkg:github/o/b"]);
    let spans: Vec<&Value> = spans.as_array().unwrap().iter().filter(|span| span["level"] == "repo").collect();
    let at = published_at["position"].to_string();
    let then = place.run(&["scores", "--level", "repo", "--id", "pkg:github/o/b", "--as-of", &at]);
    let labelled: Vec<&&Value> = spans.iter().filter(|span| span["published"] == json!(["february"])).collect();
    let metrics: std::collections::BTreeSet<&str> = spans.iter().map(|span| span["metric"].as_str().unwrap()).collect();
    assert_eq!(labelled.len(), metrics.len(), "once for every metric: {spans:?}");
    for span in labelled {
        assert_eq!(span["value"], then[0][span["metric"].as_str().unwrap()], "{span}");
    }
    let first_seen =
        |span: &&Value| span["metric"] == "pony_factor" && span["from_position"].as_u64() > at.parse().ok();
    assert!(spans.iter().any(first_seen), "a value that the publication's tick was the first to see: {spans:?}");

    // Every value is the one that a replay to that position gives.
    let all = place.run(&["history", "pkg:github/o/c"]);
    for span in all.as_array().unwrap() {
        let position = span["from_position"].to_string();
        let row = place.run(&["scores", "--level", "repo", "--id", "pkg:github/o/c", "--as-of", &position]);
        assert_eq!(row[0][span["metric"].as_str().unwrap()], span["value"], "{span}");
    }
    let refused = place.ends(1, &["history", "pkg:github/o/nobody"]);
    assert!(refused.stderr.contains("has the id `pkg:github/o/nobody`"), "{refused:?}");
    place.ends(1, &["history", "pkg:github/o/c", "--metric", "luck"]);
}

#[tokio::test]
async fn edges_and_scores_of_a_moment_are_those_of_the_log_up_to_it() {
    let place = ecosystem().await;
    let count = |as_of: &str| place.run(&["edges", "--as-of", as_of]).as_array().unwrap().len();
    assert_eq!([count("2"), count("3"), count("4"), count("5")], [0, 2, 3, 4]);
    let then = place.run(&["scores", "--level", "repo", "--as-of", "3"]);
    assert_eq!(then.as_array().unwrap().len(), 1);
    let between = place.run(&["edges", "--level", "project"]);
    assert_eq!(between[0]["in_vertex"], "p:a");
    assert_eq!(between[0]["out_vertex"], "p:b");
}
