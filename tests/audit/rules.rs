//! What the door of the log lets nobody do, an owner of the database may write all the same: it is found, and named.

use domain::digest::Digest;
use domain::event::Event;
use domain::merkle::Frontier;
use domain::stream::{StreamId, StreamKind};
use serde_json::{Value, json};
use sqlx::Executor as _;

use super::support::{checkpoint, ecosystem, verify};
use crate::support::cli::Place;
use crate::support::log::{self, Stored};

/// A log with two publications and a formula of its own.
async fn written() -> Place {
    let place = Place::new().await;
    ecosystem(&place);
    let own =
        place.run(&["formula", "show", "atlas-1"])["document"].as_str().unwrap().replace("\"atlas-1\"", "\"own\"");
    let own = place.file("own.toml", own);
    place.run(&["formula", "adopt", &own]);
    place.run(&["publish", "--label", "one"]);
    place.run(&["publish", "--label", "two"]);
    place
}

/// Gives one event other contents, and everything that is computed of it and of the whole log what fits them.
pub(super) async fn forged(place: &Place, which: impl Fn(&Stored) -> bool, change: impl Fn(&mut Stored)) -> u64 {
    let pool = place.db.pool();
    let guarded =
        ["event", "append", "tile", "checkpoint"].map(|table| format!("ALTER TABLE log.{table} DISABLE TRIGGER ALL;"));
    pool.execute(sqlx::raw_sql(&guarded.concat())).await.unwrap();
    let (mut frontier, mut found) = (Frontier::default(), 0);
    for mut event in log::events(pool).await {
        if which(&event) {
            found = event.position;
            change(&mut event);
            event.envelope.payload_sha256 = Digest::of(&event.payload);
            event.leaf_hash = event.envelope.leaf_hash().unwrap();
            let sql = "UPDATE log.event SET payload = $1, payload_sha256 = $2, leaf_hash = $3, sequence = $4, kind = $5, \
                       stream_id = $6, observed_at = $7 WHERE append_id = $8 AND idx = $9";
            sqlx::query(sql)
                .bind(&event.payload)
                .bind(event.envelope.payload_sha256.0)
                .bind(event.leaf_hash.0)
                .bind(event.envelope.sequence as i64)
                .bind(event.envelope.stream.kind().name())
                .bind(event.envelope.stream.id())
                .bind(event.envelope.observed_at.datetime())
                .bind(event.append)
                .bind(event.index as i32)
                .execute(pool)
                .await
                .unwrap();
        }
        frontier.push(event.leaf_hash);
    }
    assert!(found > 0, "the story knows which event it forges");
    sqlx::query("UPDATE log.head SET root = $1, frontier = $2")
        .bind(frontier.root().0)
        .bind(frontier.nodes().iter().flat_map(|node| node.0).collect::<Vec<u8>>())
        .execute(pool)
        .await
        .unwrap();
    let size = frontier.size();
    pool.execute(sqlx::raw_sql(&format!("DELETE FROM log.tile; SELECT log.fill_tiles({size})"))).await.unwrap();
    found
}

pub(super) fn payload(event: &mut Stored, old: &str, new: &str) {
    let text = String::from_utf8(event.payload.clone()).unwrap();
    assert!(text.contains(old), "{text}");
    event.payload = text.replacen(old, new, 1).into_bytes();
}

pub(super) fn publishes(event: &Stored, label: &str) -> bool {
    matches!(event.event(), Event::ScoresPublished(facts) if facts.label == label)
}

#[tokio::test]
async fn a_broken_rule_is_named_with_its_event() {
    type Which = fn(&Stored) -> bool;
    let first: Which = |event| event.position == 1;
    let sbom: Which = |event| event.position == 6;
    let adopted: Which = |event| matches!(event.event(), Event::FormulaAdopted(facts) if facts.name == "own");
    let two: Which = |event| publishes(event, "two");
    // What is done, the rule that breaks, the event, and how it is changed.
    type Forgery = (&'static str, &'static str, Which, fn(&mut Stored));
    let forgeries: [Forgery; 9] = [
        ("a label used twice", "label", two, |event| payload(event, "\"two\"", "\"one\"")),
        ("a label that reads like another", "label", two, |event| payload(event, "\"two\"", "\" ONE\"")),
        ("a fact of the future", "time", sbom, |event| {
            let later = event.envelope.recorded_at.micros() + 6 * 60 * 1_000_000;
            event.envelope.observed_at = domain::Timestamp::from_micros(later).unwrap();
        }),
        ("a gap in a stream", "sequence", sbom, |event| event.envelope.sequence = 3),
        ("an event in a stream of others", "stream", sbom, |event| {
            event.envelope.stream = StreamId::new(StreamKind::Repo, "pkg:github/o/elsewhere").unwrap();
        }),
        ("a payload with white space", "payload", first, |event| payload(event, "{", "{ ")),
        ("a payload with its members in another order", "payload", first, |event| {
            let text = String::from_utf8(event.payload.clone()).unwrap();
            let (member, rest) = text[1..].split_once(',').unwrap();
            event.payload = format!("{{{},{member}}}", &rest[..rest.len() - 1]).into_bytes();
        }),
        ("a formula that is not the one of its digest", "formula", adopted, |event| {
            payload(event, "weight = 50", "weight = 51");
        }),
        ("a formula that is none", "formula", adopted, |event| payload(event, "semantics = ", "semantics == ")),
    ];
    for (what, rule, which, change) in forgeries {
        let place = written().await;
        assert_eq!(verify(&place, 0, &[])["faults"], json!([]), "{what}");
        let position = forged(&place, which, change).await;
        let found = verify(&place, 1, &[]);
        println!("{what}: {}", found["reason"]);
        let faults = found["faults"].as_array().unwrap();
        let is = |fault: &Value| fault["what"] == rule && fault["position"] == position;
        assert!(faults.iter().any(is), "{what}: {found}");
        assert!(found["first_bad_position"].as_u64().is_some_and(|first| first <= position), "{what}: {found}");
        // A bundle of such a log says the same.
        let bundle = place.path("forged.bundle").to_str().unwrap().to_owned();
        place.run(&["audit", "export", &bundle]);
        let found = super::bundle::offline(1, &place, &bundle, &[]);
        assert!(found["faults"].as_array().unwrap().iter().any(is), "{what}: {found}");
    }
}

#[tokio::test]
async fn documents_are_asked_for_and_publications_know_whether_they_are_vouched_for() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let (file, key) = checkpoint(&place, "checkpoint.json");
    place.run(&["publish", "--label", "two"]);
    let trust = ["--key", key.as_str(), "--checkpoint", file.as_str()];
    let found = verify(&place, 0, &[&trust[..], &["--artifacts"]].concat());
    let within: Vec<(&str, bool)> = found["publications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["label"].as_str().unwrap(), one["within_trust"].as_bool().unwrap()))
        .collect();
    assert_eq!(within, [("one", true), ("two", false)], "{found}");
    let covers = |found: &Value| !found["not_covered"].to_string().contains("raw documents");
    assert!(covers(&found) && !covers(&verify(&place, 0, &trust)), "{found}");

    let (bare, full) = (place.path("bare.bundle"), place.path("full.bundle"));
    let (bare, full) = (bare.to_str().unwrap().to_owned(), full.to_str().unwrap().to_owned());
    place.run(&["audit", "export", &bare]);
    place.run(&["audit", "export", &full, "--artifacts"]);
    assert!(covers(&super::bundle::offline(0, &place, &full, &["--artifacts"])));
    let found = super::bundle::offline(1, &place, &bare, &["--artifacts"]);
    assert_eq!(found["faults"].as_array().unwrap().len(), 4, "one survey, three bills of materials: {found}");

    let events = log::events(place.db.pool()).await;
    let document = domain::facts::document(&events[5].payload).unwrap().sha256.to_string();
    let artifact = place.data().join(format!("artifacts/sha256/{}/{}", &document[..2], &document[2..]));
    std::fs::remove_file(artifact).unwrap();
    let found = verify(&place, 1, &["--artifacts"]);
    assert_eq!(
        (&found["faults"][0]["what"], &found["faults"][0]["name"]),
        (&json!("document"), &json!(document)),
        "{found}"
    );
}
