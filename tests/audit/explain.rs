//! A score that carries its proof.

use domain::digest::Digest;
use domain::merkle::proof::includes;
use serde_json::{Value, json};

use super::support::{checkpoint, ecosystem, open};
use crate::support::cli::Place;

/// Checks an explanation from its JSON alone, as docs/AUDIT.md says.
fn check(found: &Value) -> Vec<u64> {
    assert_eq!(found["format"], "pg-atlas-explain/1");
    let digest = |value: &Value| Digest::parse(value.as_str().unwrap()).unwrap();
    let (size, root) = (found["tree_size"].as_u64().unwrap(), digest(&found["root"]));
    let mut positions = Vec::new();
    let published = Some(&found["published"]).filter(|event| !event.is_null());
    for event in found["events"].as_array().unwrap().iter().chain(published) {
        let mut envelope = serde_json::Map::new();
        for field in ["stream", "sequence", "type", "version", "observed_at", "recorded_at", "metadata"] {
            envelope.insert(field.to_owned(), event[field].clone());
        }
        let payload = event["payload"].as_str().unwrap();
        envelope.insert("payload_sha256".to_owned(), json!(Digest::of(payload.as_bytes())));
        let leaf = domain::merkle::leaf_hash(&domain::canonical::to_vec(&envelope).unwrap());
        assert_eq!(leaf, digest(&event["leaf_hash"]));
        let proof: Vec<Digest> = event["proof"].as_array().unwrap().iter().map(digest).collect();
        let index = event["leaf_index"].as_u64().unwrap();
        assert!(includes(&leaf, index, size, &proof, &root), "{event}");
        assert!(!event["because"].as_array().unwrap().is_empty());
        positions.push(index + 1);
    }
    positions
}

#[tokio::test]
async fn a_published_score_is_explained_by_events_that_are_in_the_log() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let publication = place.run(&["status"])["head"].as_u64().unwrap();
    place.run(&["publish", "--label", "two"]);
    let (_, key) = checkpoint(&place, "checkpoint.json");
    let scores = place.run(&["scores", "--level", "external", "--id", "pkg:npm/z"]);
    let found = place.run(&["audit", "explain", "pkg:npm/z", "criticality_score", "--label", "one"]);
    assert_eq!((&found["value"], &found["level"]), (&scores[0]["criticality_score"], &json!("external")));
    let note = open(&found["checkpoint"], &key).unwrap();
    assert_eq!((json!(note.size), json!(note.root)), (found["tree_size"].clone(), found["root"].clone()));
    let positions = check(&found);
    // The survey (1 to 3) makes projects active, the documents (4 to 6) make edges, and the publication says so.
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, publication]);
    assert_eq!(found["published"]["type"], "ScoresPublished");

    // What nothing reaches rests on what it is alone.
    let found = place.run(&["audit", "explain", "p:c", "pony_factor"]);
    assert_eq!(check(&found), [6]);
    assert_eq!((&found["label"], &found["published"]), (&Value::Null, &Value::Null));
    for metric in ["activity_status", "adoption_score", "criticality_score"] {
        check(&place.run(&["audit", "explain", "p:a", metric]));
    }
    assert!(place.ends(1, &["audit", "explain", "p:none", "pony_factor"]).stderr.contains("no vertex"));
    assert!(place.ends(1, &["audit", "explain", "p:a", "pg_score"]).stderr.contains("no metric"));
    assert!(place.ends(1, &["audit", "explain", "p:a", "stars"]).stderr.contains("no metric"));
    place.ends(1, &["audit", "explain", "p:a", "pony_factor", "--label", "none"]);
}
