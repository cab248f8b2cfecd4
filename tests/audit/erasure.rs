//! What the law demands is gone, and nothing else is in doubt.

use domain::digest::Digest;
use serde_json::{Value, json};
use sqlx::Executor as _;

use super::bundle::offline;
use super::support::{checkpoint, ecosystem, verify};
use crate::support::cli::Place;

#[tokio::test]
async fn a_payload_goes_and_its_leaf_stays() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "before"]);
    place.run(&["publish", "--label", "same"]);
    let (file, key) = checkpoint(&place, "checkpoint.json");
    let listed: Vec<Value> = events_of(&place);
    let position = 6; // the bill of materials of o/c
    let event = &listed[position - 1];
    assert_eq!(event["stream"], "repo:pkg:github/o/c");
    let document = event["payload"]["document"]["sha256"].as_str().unwrap().to_owned();
    let artifact = place.data().join(format!("artifacts/sha256/{}/{}", &document[..2], &document[2..]));
    assert!(artifact.exists());

    let said = place.run(&["erase", "payload", "6", "--reason", "asked for by ann@example.org", "--yes"]);
    assert_eq!((&said["erased"], &said["document_removed"]), (&json!(6), &json!(true)), "{said}");
    assert!(said["event"].as_str().unwrap().ends_with("/0") && said["position"].as_u64() > Some(6));
    assert!(!artifact.exists());
    let head = place.run(&["status"])["head"].clone();
    for reason in ["asked for by ann@example.org", "asked for again"] {
        let again = place.ends(1, &["erase", "payload", "6", "--reason", reason]);
        let sentence = format!("already erased by the event at position {}", said["position"]);
        assert!(again.stderr.contains(&sentence), "{again:?}");
    }
    assert_eq!(place.run(&["status"])["head"], head);

    // Told again it is known, and does not come back.
    let raw = super::support::sbom("c", &[("b", &["a"][..]), ("w", &[][..])]);
    let told = place.file("again.json", &raw);
    let told = place.run(&["ingest", "sbom", &told, "--repo", "pkg:github/o/c", "--project", "p:c"]);
    assert_eq!((&told["outcome"], &told["position"]), (&json!("duplicate"), &json!(6)));
    let line = json!({"kind": "sbom", "repo": "pkg:github/o/c", "project": "p:c", "document": raw});
    let lines = place.file("again.ndjson", line.to_string());
    assert_eq!(place.run(&["ingest", "batch", &lines])["duplicates"], 1);
    assert_eq!(domain::digest::Digest::of(raw.as_bytes()).to_string(), document);
    assert!(!artifact.exists(), "{told}");

    let now = events_of(&place);
    assert_eq!(now[5]["payload"], Value::Null);
    for field in ["leaf_hash", "payload_sha256", "observed_at", "stream"] {
        assert_eq!(now[5][field], event[field]);
    }
    let text = serde_json::to_string(&now).unwrap();
    assert!(!text.contains("example.org") && text.contains("<email>"));
    // Nothing of it is left in any build, and there is no way back to one that held it.
    assert!(place.ends(1, &["edges", "--of", "pkg:npm/w"]).stderr.contains("has the id `pkg:npm/w`"));
    let held = "SELECT count(*) FROM atlas.build WHERE status = 'retired'";
    assert_eq!(sqlx::query_scalar::<_, i64>(held).fetch_one(place.db.pool()).await.unwrap(), 0);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);

    // The log is what it was; what rested on the payload cannot be told any more.
    let found = verify(&place, 1, &["--key", &key, "--checkpoint", &file]);
    assert_eq!((&found["ok"], &found["trusted"], &found["unprovable"]), (&json!(false), &json!(false), &json!(2)));
    let found = verify(&place, 0, &["--key", &key, "--checkpoint", &file, "--allow-unprovable"]);
    assert_eq!((&found["ok"], &found["trusted"]), (&json!(true), &json!(true)));
    for judged in found["publications"].as_array().unwrap() {
        assert_eq!(
            (&judged["result"], &judged["reason"]),
            (&json!("unprovable"), &json!("unprovable: position 6 erased"))
        );
    }
    let refused = place.ends(1, &["replay", "--verify", "--label", "before"]);
    assert!(refused.stderr.contains("unprovable: position 6 erased"), "{refused:?}");
    let refused = place.ends(1, &["audit", "explain", "p:a", "criticality_score", "--label", "before"]);
    assert!(refused.stderr.contains("unprovable: position 6 erased"), "{refused:?}");
    place.run(&["publish", "--label", "after"]);
    assert_eq!(place.run(&["replay", "--verify", "--label", "after"])["verified"], true);

    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    let exported = place.run(&["audit", "export", &bundle]);
    assert_eq!(
        (&exported["publications"], exported["left_out"].as_array().unwrap().len()),
        (&json!(1), 2),
        "{exported}"
    );
    let found = offline(0, &place, &bundle, &["--key", &key, "--checkpoint", &file, "--allow-unprovable"]);
    assert_eq!((&found["ok"], &found["trusted"]), (&json!(true), &json!(true)), "{found}");
    // It cannot be let in again, nor passed over twice.
    assert!(place.ends(1, &["quarantine", "6", "--reason", "x"]).stderr.contains("erased"));
    assert!(place.ends(1, &["quarantine", "6", "--reason", "x", "--lift"]).stderr.contains("erased"));
}

#[tokio::test]
async fn labels_that_do_not_rest_on_it_stay_proven() {
    let place = Place::new().await;
    ecosystem(&place);
    // Superseded by the next document of the same repository: no score rests on it.
    let old = place.file("old.json", super::support::sbom("c", &[("gone", &[][..])]));
    let new = place.file("new.json", super::support::sbom("c", &[("b", &["a"][..]), ("w", &[][..])]));
    place.run(&["ingest", "sbom", &old, "--repo", "pkg:github/o/c", "--project", "p:c"]);
    let position = place.run(&["status"])["head"].to_string();
    place.run(&["ingest", "sbom", &new, "--repo", "pkg:github/o/c", "--project", "p:c"]);
    place.run(&["publish", "--label", "one"]);
    place.run(&["erase", "payload", &position, "--reason", "wrong", "--yes"]);
    assert_eq!(place.run(&["replay", "--verify", "--label", "one"])["verified"], true);
    assert_eq!(verify(&place, 0, &[])["publications"][0]["result"], "verified");
}

#[tokio::test]
async fn the_database_lets_go_of_what_the_log_gave_up_and_of_nothing_else() {
    let place = Place::new().await;
    ecosystem(&place);
    let pool = place.db.pool();
    let first = "append_id = (SELECT append_id FROM log.commit WHERE first_position = 5)";
    for sql in [
        format!("UPDATE log.event SET payload = '' WHERE {first}"),
        format!("UPDATE log.event SET payload = 'x' WHERE {first}"),
        "DELETE FROM log.event".to_owned(),
    ] {
        assert!(pool.execute(sql.as_str()).await.is_err(), "{sql}");
    }
    let writer = place.db.log();
    let wrong = domain::facts::log::PayloadErased {
        position: 5,
        payload_sha256: Digest::of(b"other bytes"),
        reason: "wrong digest".to_owned(),
    };
    crate::support::log::append(&writer, wrong.into()).await;
    assert!(pool.execute(format!("UPDATE log.event SET payload = '' WHERE {first}").as_str()).await.is_err());
    let target = ingest::erase::target(&writer, 5).await.unwrap().unwrap();
    let context = crate::support::log::context();
    ingest::erase::decide(&writer, &target, "right digest".to_owned(), &context).await.unwrap();
    for sql in [
        format!("UPDATE log.event SET payload = 'x' WHERE {first}"),
        format!("UPDATE log.event SET payload = '', sequence = 9 WHERE {first}"),
        "UPDATE log.event SET payload = '' WHERE append_id = (SELECT append_id FROM log.commit WHERE first_position = 4)".to_owned(),
    ] {
        assert!(pool.execute(sql.as_str()).await.is_err(), "{sql}");
    }
    // Decided, and interrupted there: asked again, it is carried out, whatever reason is given now.
    let head = place.run(&["status"])["head"].clone();
    assert_eq!(place.run(&["erase", "payload", "5", "--reason", "once more", "--yes"])["position"], head);
    assert_eq!(events_of(&place)[4]["payload"], Value::Null);
    assert_eq!(place.run(&["status"])["head"], head);
    // The stream goes on, also where what it remembers has to be read from its events again.
    for stars in [7, 8] {
        pool.execute("UPDATE log.stream SET stale = true WHERE id = 'pkg:github/o/b'").await.unwrap();
        let next = crate::support::events::repo("o/b", stars);
        if stars == 8 {
            writer.append_batch(vec![next.into()], &context).await.unwrap().pop().unwrap().unwrap();
        } else {
            crate::support::log::append(&writer, next).await;
        }
    }
    // Emptied by somebody who owns the database, without a word in the log.
    pool.execute("ALTER TABLE log.event DISABLE TRIGGER ALL").await.unwrap();
    pool.execute("UPDATE log.event SET payload = '' WHERE append_id = (SELECT append_id FROM log.commit WHERE first_position = 4)")
        .await
        .unwrap();
    let found = verify(&place, 1, &[]);
    assert_eq!(found["first_bad_position"], 4);
    assert!(found["reason"].as_str().unwrap().contains("no erasure says so"), "{found}");
}

#[tokio::test]
async fn a_contributor_is_forgotten_and_every_score_stays() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let pseudonym = Digest::of(b"somebody");
    sqlx::query("INSERT INTO atlas.person VALUES ($1, 'Ann', 'ann')")
        .bind(pseudonym.0)
        .execute(place.db.pool())
        .await
        .unwrap();
    let said = place.run(&["erase", "contributor", &pseudonym.to_string()]);
    assert_eq!(said, json!({"erased": pseudonym, "event": null, "position": null}));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM atlas.person").fetch_one(place.db.pool()).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(place.run(&["replay", "--verify", "--label", "one"])["verified"], true);
    place.ends(1, &["erase", "contributor", &pseudonym.to_string()]);
    place.ends(2, &["erase", "contributor", "ann"]);
}

#[tokio::test]
async fn decisions_are_never_erased() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let head = place.run(&["status"])["head"].to_string();
    assert!(place.ends(1, &["erase", "payload", &head, "--reason", "x"]).stderr.contains("ScoresPublished"));
    assert!(place.ends(1, &["erase", "payload", "999", "--reason", "x"]).stderr.contains("no event"));
}

fn events_of(place: &Place) -> Vec<Value> {
    let said = place.ends(0, &["events"]);
    String::from_utf8(said.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
