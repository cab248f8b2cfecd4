//! One event at a time.

use super::remembered::{WRONG, make_stale};
use crate::support::log::{Stored, append, check, context};
use crate::support::{Db, events};
use domain::{Event, Timestamp};
use ingest::{Append, AppendOutcome};

#[tokio::test]
async fn events_get_positions_from_one_and_sequences_per_stream() {
    let db = Db::create().await;
    let log = db.log();
    let mut places = vec![];
    for (name, stars) in [("a/a", 1), ("a/b", 1), ("a/a", 2), ("a/a", 3)] {
        let outcome = append(&log, events::repo(name, stars)).await;
        assert!(!outcome.is_duplicate());
        let place = outcome.place();
        places.push((place.position, place.stream.to_string(), place.sequence));
    }
    let (a, b) = ("repo:pkg:github/a/a".to_owned(), "repo:pkg:github/a/b".to_owned());
    assert_eq!(places, [(1, a.clone(), 1), (2, b, 1), (3, a.clone(), 2), (4, a, 3)]);
    let stored = check(db.pool()).await;
    assert_eq!(stored.len(), 4);
    assert_eq!(log.drain().await.unwrap(), 5);
}

#[tokio::test]
async fn every_kind_of_event_goes_in_and_comes_back() {
    let db = Db::create().await;
    let log = db.log();
    let given = events::every_kind();
    for (n, event) in given.iter().enumerate() {
        let outcome = append(&log, event.clone()).await;
        assert!(matches!(outcome, AppendOutcome::Appended(ref place) if place.position == n as u64 + 1), "{outcome:?}");
    }
    let stored = check(db.pool()).await;
    assert_eq!(stored.iter().map(Stored::event).collect::<Vec<_>>(), given);
    let types: std::collections::BTreeSet<_> = given.iter().map(Event::event_type).collect();
    assert_eq!(types.len(), domain::EventType::ALL.len());
}

#[tokio::test]
async fn times_and_metadata_are_kept() {
    let db = Db::create().await;
    let log = db.log();
    let observed_at = events::time("2024-02-29T12:34:56.789012Z");
    let outcome = log
        .append(Append { event: events::repo("a/b", 1), observed_at: Some(observed_at), key: None }, &context())
        .await
        .unwrap();
    append(&log, events::repo("a/b", 2)).await;
    let stored = check(db.pool()).await;
    assert_eq!(stored[0].name(), outcome.place().event);
    assert_eq!(stored[0].envelope.observed_at, observed_at);
    assert_eq!(stored[0].envelope.metadata["actor"], "tester");
    assert_eq!(stored[0].envelope.metadata["tool"], "tests/1");
    assert!(stored[0].envelope.recorded_at > events::time("2024-03-01T00:00:00Z"));
    // Without a time of its own an event was observed when it was recorded.
    assert_eq!(stored[1].envelope.observed_at, stored[1].envelope.recorded_at);
    assert!(stored[0].envelope.recorded_at <= stored[1].envelope.recorded_at);
}

#[tokio::test]
async fn a_stale_stream_is_read_again_from_its_events() {
    let db = Db::create().await;
    let log = db.log();
    for stars in 1..=3 {
        append(&log, events::repo("a/b", stars)).await;
    }
    append(&log, events::sbom("a/b", &["x"])).await;
    for (n, wrong) in WRONG.into_iter().enumerate() {
        make_stale(db.pool(), wrong).await;
        let stars = n as u64 + 3;
        let again = append(&log, events::repo("a/b", stars)).await;
        assert!(again.is_duplicate(), "{wrong}: {again:?}");
        make_stale(db.pool(), wrong).await;
        let next = append(&log, events::repo("a/b", stars + 1)).await;
        assert!(matches!(next, AppendOutcome::Appended(ref place) if place.sequence == stars + 2), "{wrong}: {next:?}");
        check(db.pool()).await;
    }
}

#[tokio::test]
async fn what_another_process_left_in_the_outbox_is_sequenced_by_the_next_append() {
    let db = Db::create().await;
    let log = db.log();
    append(&log, events::repo("a/b", 1)).await;
    // As if the process had died between its commit and its tick.
    sqlx::raw_sql(
        r"WITH a AS (
              INSERT INTO log.append SELECT gen_random_uuid(), 1, metadata, input_digest, recorded_at FROM log.append
              RETURNING append_id
          ), e AS (
              INSERT INTO log.event
              SELECT a.append_id, 0, version, 1, observed_at, kind, 'pkg:github/left/over', type, payload_sha256,
                     leaf_hash, payload
              FROM a, log.event
          )
          INSERT INTO log.outbox (append_id, events, leaf_hashes) SELECT a.append_id, 1, leaf_hash FROM a, log.event",
    )
    .execute(db.pool())
    .await
    .unwrap();
    let outcome = append(&log, events::repo("a/c", 1)).await;
    assert_eq!(outcome.place().position, 3);
    assert_eq!(crate::support::log::count(db.pool(), "SELECT count(*) FROM log.outbox").await, 0);
}

#[tokio::test]
async fn recorded_times_come_from_the_database() {
    let db = Db::create().await;
    let log = db.log();
    let clock = || async {
        let now = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(db.pool()).await.unwrap();
        Timestamp::from_datetime(now).unwrap()
    };
    let before = clock().await;
    append(&log, events::repo("a/b", 1)).await;
    let after = clock().await;
    let recorded = check(db.pool()).await[0].envelope.recorded_at;
    assert!(before <= recorded && recorded <= after);
}
