//! Rows of builds that this program cannot have written: the answer names them, and is no null and no zero.

use sqlx::Executor as _;

use crate::support::cli::Place;

#[tokio::test]
async fn a_damaged_row_is_named() {
    let place = Place::new().await;
    let file = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 5}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]);
    place.run(&["publish", "--label", "first"]);
    place.run(&["project"]);
    let metrics = "SELECT build FROM atlas.live WHERE projection = 'metrics'";
    let history = "SELECT build FROM atlas.live WHERE projection = 'history'";
    let metrics: i64 = sqlx::query_scalar(metrics).fetch_one(place.db.pool()).await.unwrap();
    let history: i64 = sqlx::query_scalar(history).fetch_one(place.db.pool()).await.unwrap();

    let damage = format!("UPDATE build_{history}.span SET held[1] = 'what' WHERE id = 'pkg:github/o/a'");
    assert!(place.db.pool().execute(damage.as_str()).await.unwrap().rows_affected() > 0);
    let refused = place.ends(1, &["history", "pkg:github/o/a"]);
    let named = format!("build {history}, table span, row pkg:github/o/a ");
    assert!(refused.stderr.contains(&named) && refused.stderr.contains("no JSON"), "{refused:?}");

    // Who moves builds notes no digest with them: one that is there is compared.
    for (column, metric) in [("state_digest", "state_digest"), ("output_digest", "digest")] {
        let damage = format!("UPDATE atlas.build SET {column} = sha256('what') WHERE id = {metrics}");
        place.db.pool().execute(damage.as_str()).await.unwrap();
        let found = place.ends(1, &["replay", "--verify"]).json();
        let found = found["divergences"].as_array().unwrap();
        assert!(matches!(&found[..], [only] if only["metric"] == metric), "{found:?}");
        let mend = format!("UPDATE atlas.build SET {column} = NULL WHERE id = {metrics}");
        place.db.pool().execute(mend.as_str()).await.unwrap();
    }
    place.run(&["replay", "--verify"]);

    let damage = format!("UPDATE atlas.build SET formula_hash = NULL WHERE id = {metrics}");
    place.db.pool().execute(damage.as_str()).await.unwrap();
    let refused = place.ends(1, &["replay", "--verify"]);
    let named = format!("build {metrics}, table atlas.build, row {metrics}: it has no formula hash");
    assert!(refused.stderr.contains(&named), "{refused:?}");
}
