//! A label names one publication, in every spelling, for whoever asks first.

use domain::{Envelope, Event, StreamId, codec, decide};
use ingest::import::{Import, ImportedEvent};
use ingest::{AppendError, Refusal};
use uuid::Uuid;

use crate::support::cli::Place;
use crate::support::log::{check, context};
use crate::support::{Db, events};

#[tokio::test]
async fn a_label_is_used_once_in_every_spelling() {
    let place = Place::new().await;
    let survey = place.file("s.csv", "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\n");
    place.run(&["ingest", "survey", &survey]);
    let said = place.run(&["publish", "--label", "  Re\u{301}sum\u{e9} 1 "]);
    assert_eq!(said["label"], "R\u{e9}sum\u{e9} 1", "trimmed and composed");
    for label in ["R\u{e9}sum\u{e9} 1", "r\u{e9}sum\u{e9} 1", "RE\u{301}SUME\u{301} \u{ff11}"] {
        let taken = place.ends(3, &["publish", "--label", label]).stderr;
        assert!(taken.contains("is already published"), "{taken}");
    }
    let taken = place.ends(3, &["publish", "--label", "r\u{e9}sum\u{e9} 1"]).stderr;
    assert!(taken.contains("as `R\u{e9}sum\u{e9} 1`"), "{taken}");
    for label in ["", " ", "a\nb", "a\u{200b}b", "\u{202e}a", "ann@example.org", &"x".repeat(201)] {
        place.ends(2, &["publish", "--label", label]);
    }
    let long = place.ends(2, &["publish", "--label", "a\u{200b}"]).stderr;
    assert!(long.contains("expected 1 to 200 bytes without control or format characters"), "{long}");
    assert_eq!(place.run(&["replay", "--verify", "--label", "r\u{e9}sum\u{e9} 1"])["verified"], true);
    check(place.db.pool()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_publish_at_once_one_has_the_label() {
    let db = Db::create().await;
    let appends = ["Q1", "q1", "\u{ff51}1", "\u{ff31}\u{ff11}", "Q1"].into_iter().map(|label| {
        let log = ingest::Log::new(ingest::connect(db.options()), domain::TenantId::PUBLIC);
        tokio::spawn(async move { log.append(events::published(label, 1).into(), &context()).await })
    });
    let mut appended = 0;
    for task in appends.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => appended += 1,
            Err(error) => assert!(error.is_conflict(), "{error}"),
        }
    }
    assert_eq!((appended, check(db.pool()).await.len()), (1, 1));
    // In one batch as well, and an event that no front made is no way around the rules.
    let batch = ["Q2", "q2", "a\u{200b}", " q3"].map(|label| events::published(label, 1).into());
    let outcomes = db.log().append_batch(batch.into(), &context()).await.unwrap();
    assert!(outcomes[0].is_ok());
    assert!(matches!(outcomes[1], Err(Refusal::Rule(decide::BrokenRule::LabelTaken { .. }))), "{outcomes:?}");
    assert!(outcomes[2..].iter().all(|outcome| matches!(outcome, Err(Refusal::Invalid(_)))), "{outcomes:?}");
    assert_eq!(check(db.pool()).await.len(), 2);
}

#[tokio::test]
async fn a_label_of_an_earlier_program_is_read_and_stays_taken() {
    let db = Db::create().await;
    let log = db.log();
    let mut import = Import::begin(&log).await.unwrap();
    import.push(published(" Q\u{200b}1")).await.unwrap();
    import.end().await.unwrap();
    let stored = check(db.pool()).await;
    assert!(matches!(stored[0].event(), Event::ScoresPublished(facts) if facts.label == " Q\u{200b}1"));
    for label in ["Q1", "q1"] {
        let refused = log.append(events::published(label, 1).into(), &context()).await.unwrap_err();
        assert!(matches!(&refused, AppendError::Refused(refusal) if refusal.is_conflict()), "{refused}");
    }
    log.append(events::published("q2", 1).into(), &context()).await.unwrap();
}

/// A publication as the first event of a log.
fn published(label: &str) -> ImportedEvent {
    let event = events::published(label, 1);
    let payload = codec::encode(&event).unwrap();
    let envelope = Envelope {
        stream: StreamId::atlas(),
        sequence: 1,
        event_type: event.event_type().name().to_owned(),
        version: event.event_type().current_version(),
        observed_at: events::time("2026-01-01T00:00:00Z"),
        recorded_at: events::time("2026-01-01T00:00:00Z"),
        metadata: [("actor".to_owned(), "ann".to_owned())].into(),
        payload_sha256: domain::digest::Digest::of(&payload),
    };
    let leaf_hash = envelope.leaf_hash().unwrap();
    ImportedEvent { position: 1, append: Uuid::now_v7(), index: 0, envelope: envelope.into(), leaf_hash, payload }
}
