//! Events that no program can read, and events that should not count.

use domain::digest::Digest;
use domain::facts::log::EventQuarantined;
use domain::{Envelope, Event, StreamId, StreamKind, Timestamp};
use rustix::process::Signal;
use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::PgPool;

use super::chaos::follower;
use super::cli::Cli;
use crate::support::log::append;
use crate::support::wait::until;
use crate::support::{Db, events};

async fn quarantine(db: &Db, position: u64, lifted: bool) {
    let facts = EventQuarantined { position, reason: "for the story".to_owned(), lifted };
    assert!(!append(&db.log(), Event::from(facts)).await.is_duplicate());
}

fn cli(db: &Db, folder: &tempfile::TempDir) -> Cli {
    Cli::new(db.bare().to_url_lossy().to_string(), folder.path())
}

/// Puts an event of an unknown type at the end of the log, as a newer program would: correct in everything else.
pub(crate) async fn poison(log: &ingest::Log, recorded_at: &str) {
    let (append_id, payload) = (uuid::Uuid::now_v7(), b"{}");
    let envelope = Envelope {
        stream: StreamId::new(StreamKind::Repo, "pkg:github/from/the-future").unwrap(),
        sequence: 1,
        event_type: "HologramObserved".to_owned(),
        version: 1,
        observed_at: Timestamp::parse(recorded_at).unwrap(),
        recorded_at: Timestamp::parse(recorded_at).unwrap(),
        metadata: std::collections::BTreeMap::new(),
        payload_sha256: Digest::of(payload),
    };
    let leaf = envelope.leaf_hash().unwrap().0;
    let when = envelope.recorded_at.datetime();
    let mut tx = log.pool().begin().await.unwrap();
    for sql in [
        "INSERT INTO log.stream VALUES ('repo', 'pkg:github/from/the-future', 1) RETURNING $1, $2, $3, $4, $5",
        "INSERT INTO log.append VALUES ($1, 1, '{}', $2, $3) RETURNING $4, $5",
        "INSERT INTO log.event VALUES ($1, 0, 1, 1, $3, 'repo', 'pkg:github/from/the-future', 'HologramObserved', \
         $2, $4, $5)",
        "INSERT INTO log.outbox (append_id, events, leaf_hashes) VALUES ($1, 1, $4) RETURNING $2, $3, $5",
    ] {
        let sql = sql
            .replace("$1", "$1::uuid")
            .replace("$2", "$2::bytea")
            .replace("$3", "$3::timestamptz")
            .replace("$4", "$4::bytea")
            .replace("$5", "$5::bytea");
        sqlx::query(&sql)
            .bind(append_id)
            .bind(envelope.payload_sha256.0.to_vec())
            .bind(when)
            .bind(leaf.to_vec())
            .bind(payload.to_vec())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    log.drain().await.unwrap();
}

/// Where the live builds stand.
async fn standing(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("SELECT DISTINCT b.position FROM atlas.live l JOIN atlas.build b ON b.id = l.build")
        .fetch_all(pool)
        .await
        .unwrap()
}

/// A command that must stop at a position and say so.
fn stops_at(cli: &Cli, args: &[&str], position: u64) {
    let said = cli.run(args);
    assert_eq!(said.code, 1, "{args:?}: {said:?}");
    assert!(said.stderr.contains(&format!("position {position}")), "{said:?}");
    assert!(said.stderr.contains(&format!("pg-atlas quarantine {position}")), "{said:?}");
}

fn digests(cli: &Cli, args: &[&str]) -> (Value, Value) {
    let replayed = cli.ok(args);
    (replayed["digest"].clone(), replayed["state_digest"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_event_stops_the_projection_until_it_is_quarantined() {
    let (db, folder) = (Db::create().await, tempfile::tempdir().unwrap());
    let cli = cli(&db, &folder);
    for stars in 0..5 {
        append(&db.log(), events::repo("a/b", stars)).await;
    }
    poison(&db.log(), "2026-01-01T00:00:00Z").await;
    append(&db.log(), events::sbom("a/b", &["x", "y"])).await;

    for args in [&["project"][..], &["project", "--follow"], &["replay"]] {
        stops_at(&cli, args, 6);
    }
    assert_eq!(standing(db.pool()).await, [5], "what comes before it is projected");
    cli.ok(&["replay", "--as-of", "5"]);
    assert_eq!(cli.ok(&["replay", "--verify"])["verified"], true);

    quarantine(&db, 6, false).await;
    cli.ok(&["project"]);
    assert_eq!(standing(db.pool()).await, [8]);
    let verified = cli.ok(&["replay", "--verify"]);
    assert_eq!((&verified["verified"], &verified["position"]), (&true.into(), &8.into()));

    quarantine(&db, 6, true).await;
    stops_at(&cli, &["project"], 6);
    stops_at(&cli, &["replay"], 6);
    assert_eq!(standing(db.pool()).await, [8], "what is live stays, to be read");
    assert_eq!(cli.ok(&["scores", "--level", "repo"]).as_array().unwrap().len(), 1);

    quarantine(&db, 6, false).await;
    cli.ok(&["project"]);
    assert_eq!(standing(db.pool()).await, [10]);
    assert_eq!(cli.ok(&["replay", "--verify"])["verified"], true);
    assert_eq!(cli.ok(&["rebuild"])["equal_to_live"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_event_that_is_quarantined_leaves_the_state_it_was_never_in() {
    let (db, without, folder) = (Db::create().await, Db::create().await, tempfile::tempdir().unwrap());
    let (cli, calm) = (cli(&db, &folder), self::cli(&without, &folder));
    let day = |n: usize| events::time(&format!("2026-01-{:02}T12:00:00Z", n + 1));
    let facts =
        [events::repo("a/b", 1), events::sbom("a/b", &["x", "y"]), events::sbom("c/d", &["z"]), events::repo("a/b", 2)];
    for (n, event) in facts.into_iter().enumerate() {
        let appended = ingest::Append { event, observed_at: Some(day(n)), key: None };
        let context = crate::support::log::context();
        db.log().append(appended.clone(), &context).await.unwrap();
        if n != 2 {
            without.log().append(appended, &context).await.unwrap();
        }
    }
    cli.ok(&["project"]);
    let before = digests(&cli, &["replay"]);
    let running = follower(&cli);
    quarantine(&db, 3, false).await;
    let stand = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 5";
    until(db.pool(), "the quarantine is projected", stand, 4).await;
    assert_eq!(running.stop(Signal::TERM).code, 0);

    let expected = digests(&calm, &["replay"]);
    assert_ne!(before, expected, "the event mattered");
    assert_eq!(digests(&cli, &["replay", "--verify"]), expected);
    assert_eq!(cli.ok(&["rebuild"])["equal_to_live"], true);

    quarantine(&db, 3, true).await;
    cli.ok(&["project"]);
    assert_eq!(digests(&cli, &["replay", "--verify"]), before, "taken back, it counts again");
}
