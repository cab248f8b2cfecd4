//! `quarantine`: an event that no fold can, or should, take in.

use domain::digest::Digest;
use domain::facts::log::EventQuarantined;
use domain::{Envelope, StreamId, Timestamp};
use replay::projector::{Opened, Projector, Why};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use uuid::Uuid;

use crate::support::cli::Place;
use crate::support::{events, log};

fn scores(place: &Place) -> Value {
    place.run(&["project"]);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    place.run(&["scores"])
}

#[tokio::test]
async fn an_event_is_passed_over_and_taken_in_again() {
    let place = Place::new().await;
    let header = "project_id,project_name,status,answered_at\n";
    let right = place.file("right.csv", format!("{header}p:1,One,live,2026-01-01\n"));
    let wrong = place.file("wrong.csv", format!("{header}p:1,One,discontinued,2026-02-01\n"));
    place.run(&["ingest", "survey", &right]);
    let before = scores(&place);
    place.run(&["ingest", "survey", &wrong]);
    let after = scores(&place);
    assert_ne!(before, after);

    let said = place.run(&["quarantine", "2", "--reason", "sent by ann@example.org for another project"]);
    assert_eq!((said["quarantined"].as_u64(), said["lifted"].as_bool()), (Some(2), Some(false)));
    assert_eq!((said["position"].as_u64(), said["outcome"].as_str()), (Some(3), Some("appended")));
    assert!(said["event"].as_str().unwrap().ends_with("/0"));
    let twice = place.ends(1, &["quarantine", "2", "--reason", "for another reason"]);
    assert!(twice.stderr.contains("already quarantined by the event at position 3"), "{twice:?}");
    // The live builds hold what is quarantined by now: that is no divergence, and nothing is verified.
    let stale = place.ends(1, &["replay", "--verify"]);
    assert_eq!((&stale.json()["verified"], &stale.json()["divergences"]), (&Value::Null, &json!([])));
    assert!(stale.stderr.contains("`pg-atlas project` makes them anew"), "{stale:?}");
    assert_eq!(scores(&place), before);
    let log = String::from_utf8(place.ends(0, &["events"]).stdout).unwrap();
    assert!(log.contains("<email>") && !log.contains("example.org"), "{log}");

    let lifted = place.ends(0, &["quarantine", "2", "--reason", "it was right after all", "--lift"]);
    assert!(lifted.stderr.contains("anew with it"), "{lifted:?}");
    assert_eq!(scores(&place), after);
    place.run(&["quarantine", "2", "--reason", "it was wrong after all"]);
    assert_eq!(scores(&place), before);
    log::check(place.db.pool()).await;
}

#[tokio::test]
async fn what_cannot_be_passed_over_is_refused() {
    let place = Place::new().await;
    let survey = place.file("s.csv", "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\n");
    assert!(place.ends(1, &["quarantine", "1", "--reason", "x"]).stderr.contains("ends at 0"));
    place.run(&["ingest", "survey", &survey]);
    place.run(&["publish", "--label", "first"]);
    for position in ["0", "99", "18446744073709551615"] {
        assert!(place.ends(1, &["quarantine", position, "--reason", "x"]).stderr.contains("no event at"));
    }
    assert!(place.ends(1, &["quarantine", "1", "--reason", "x", "--lift"]).stderr.contains("not quarantined"));
    let head = place.run(&["status"])["head"].to_string();
    let refused = place.ends(1, &["quarantine", &head, "--reason", "x"]);
    assert!(refused.stderr.contains("ScoresPublished"), "{refused:?}");
    place.ends(2, &["quarantine", "1", "--reason", " "]);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_every_fold_until_it_is_passed_over() {
    let place = Place::new().await;
    let db = &place.db;
    ingest::migrate(db.pool()).await.unwrap();
    log::append(&db.log(), events::repo("a/b", 1)).await;
    poison(&place).await;
    let refused = place.ends(1, &["project"]);
    assert!(refused.stderr.contains("position 2") && refused.stderr.contains("FromTheFuture"), "{refused:?}");
    place.run(&["quarantine", "2", "--reason", "written by a later program"]);
    assert_eq!(place.run(&["project"])["head"], 3);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    assert_eq!(place.run(&["scores", "--level", "repo"])[0]["id"], "pkg:github/a/b");
}

/// An event of a type that this program does not know, sound in every other way.
async fn poison(place: &Place) {
    let recorded_at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let payload = json!({"a": 1}).to_string().into_bytes();
    let envelope = Envelope {
        stream: StreamId::parse("repo:pkg:github/a/c").unwrap(),
        sequence: 1,
        event_type: "FromTheFuture".to_owned(),
        version: 1,
        observed_at: recorded_at,
        recorded_at,
        metadata: std::collections::BTreeMap::new(),
        payload_sha256: Digest::of(&payload),
    };
    let leaf = envelope.leaf_hash().unwrap().0.to_vec();
    let append = Uuid::now_v7();
    let mut tx = place.db.pool().begin().await.unwrap();
    sqlx::query("INSERT INTO log.append VALUES ($1, 1, '{}', $2, $3)")
        .bind(append)
        .bind(&leaf)
        .bind(recorded_at.datetime())
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO log.event VALUES ($1, 0, 1, 1, $2, 'repo', 'pkg:github/a/c', 'FromTheFuture', $3, $4, $5)",
    )
    .bind(append)
    .bind(recorded_at.datetime())
    .bind(envelope.payload_sha256.0.to_vec())
    .bind(&leaf)
    .bind(&payload)
    .execute(&mut *tx)
    .await
    .unwrap();
    sqlx::query("INSERT INTO log.outbox (append_id, events, leaf_hashes) VALUES ($1, 1, $2)")
        .bind(append)
        .bind(&leaf)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    place.db.log().drain().await.unwrap();
}

#[tokio::test]
async fn builds_that_change_while_a_quarantine_is_noted_with_them_are_checked_again() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let writer = place.db.log();
    log::append(&writer, events::repo("a/b", 1)).await;
    place.run(&["project"]);
    // Beyond what is folded: noting it is enough.
    log::append(&writer, events::repo("a/b", 2)).await;
    log::append(&writer, EventQuarantined { position: 2, reason: "wrong".to_owned(), lifted: false }.into()).await;
    // At that moment another code takes the builds.
    let sql = "CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS \
               $$ BEGIN NEW.code := 'another'; RETURN NEW; END $$; \
               CREATE TRIGGER taken BEFORE UPDATE OF quarantine_digest ON atlas.build \
               FOR EACH ROW EXECUTE FUNCTION taken()";
    sqlx::raw_sql(sql).execute(place.db.pool()).await.unwrap();
    let mut conn = place.db.options().connect().await.unwrap();
    let opened = Projector::open(&mut conn).await.unwrap();
    assert!(matches!(&opened, Opened::Stale(stale) if stale.why == Why::OtherCode), "{opened:?}");
}
