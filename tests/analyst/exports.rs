//! `export`: files that other tools read.

use serde_json::Value;

use super::ecosystem;

#[tokio::test]
async fn the_graph_and_the_scores_as_files() {
    let place = ecosystem().await;
    let graph = place.run(&["export", "graph", "--as", "json"]);
    let (nodes, edges) = (graph["nodes"].as_array().unwrap(), graph["edges"].as_array().unwrap());
    assert_eq!(Value::from(edges.clone()), place.run(&["edges"]));
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    for edge in edges {
        assert!(
            ids.contains(&edge["in_vertex"].as_str().unwrap()) && ids.contains(&edge["out_vertex"].as_str().unwrap())
        );
    }

    let path = place.path("graph.graphml");
    let said = place.run(&["export", "graph", "--as", "graphml", "--out", path.to_str().unwrap()]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(said["bytes"], text.len());
    assert_eq!((text.matches("<node ").count(), text.matches("<edge ").count()), (nodes.len(), edges.len()));
    assert!(text.starts_with("<?xml version=\"1.0\"") && text.ends_with("</graphml>\n"));
    assert!(text.contains("<edge source=\"pkg:github/o/a\" target=\"pkg:github/o/b\">"), "{text}");

    let lines = |args: &[&str]| String::from_utf8(place.ends(0, args).stdout).unwrap();
    let csv = lines(&["export", "graph", "--as", "csv"]);
    assert_eq!(csv.lines().next(), Some("in_vertex,out_vertex,version_range,confidence"));
    assert_eq!(csv.lines().count(), edges.len() + 1);
    let scores = place.run(&["export", "scores", "--as", "json"]);
    assert_eq!(scores.as_array().unwrap(), nodes);
    let csv = lines(&["export", "scores", "--as", "csv"]);
    assert_eq!(csv.lines().count(), nodes.len() + 1);

    // A file is written whole or not at all.
    let refused = place.ends(1, &["export", "scores", "--as", "csv", "--out", "/nonexistent/folder/scores.csv"]);
    assert!(refused.stderr.contains("/nonexistent/folder"), "{refused:?}");
}
