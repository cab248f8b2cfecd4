//! Readers while payloads are erased: nothing of it is a damaged log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::recorded::Position;
use replay::ReplayError;
use replay::log::{PAGE_POSITIONS, Stored};
use serde_json::json;

use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// Erases the payload of a position: the log says so, then the payload goes.
async fn erase(writer: &ingest::Log, position: Position) {
    let target = ingest::erase::target(writer, position).await.unwrap().unwrap();
    ingest::erase::decide(writer, &target, "by law".to_owned(), &log::context()).await.unwrap();
    ingest::erase::payload(writer, &target).await.unwrap();
}

/// Appends host facts of a few repositories, so many in all, in batches.
async fn fill(writer: &ingest::Log, count: u64) {
    for from in (0..count).step_by(1_000) {
        let batch = (from..count.min(from + 1_000)).map(|n| events::repo(&format!("o/r{}", n % 7), n).into());
        for placed in writer.append_batch(batch.collect(), &log::context()).await.unwrap() {
            placed.unwrap();
        }
    }
}

/// What a reader that has reached `at` sees when `erased` goes at that moment. Answers what was read, by how long it is.
async fn read_while(db: &Db, to: Position, at: Position, erased: Position) -> Result<Vec<usize>, ReplayError> {
    let mut conn = db.pool().acquire().await.unwrap();
    let mut seen = Vec::new();
    let each = |stored: Stored| {
        assert_eq!(stored.position, seen.len() as u64 + 1);
        if stored.position == at {
            // The reader stands still meanwhile, so somebody else does it.
            let options = db.options();
            let erasing = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { erase(&ingest::Log::new(ingest::connect(options)), erased).await });
            });
            erasing.join().unwrap();
        }
        seen.push(stored.payload.len());
        Ok::<(), ReplayError>(())
    };
    replay::log::read(&mut conn, 1, to, each).await?;
    Ok(seen)
}

#[tokio::test]
async fn an_erasure_between_two_pages_is_an_erasure() {
    let db = Db::create().await;
    let head = PAGE_POSITIONS + 20;
    fill(&db.log(), head).await;
    let erased = PAGE_POSITIONS + 7;
    let seen = read_while(&db, head, 5, erased).await.unwrap();
    let empty: Vec<u64> = (1u64..).zip(&seen).filter(|(_, length)| **length == 0).map(|(n, _)| n).collect();
    assert_eq!((seen.len() as u64, empty), (head, vec![erased]));

    // Emptied by somebody who owns the database, without a word in the log.
    let mut conn = db.pool().acquire().await.unwrap();
    let sql = "ALTER TABLE log.event DISABLE TRIGGER ALL; \
               UPDATE log.event SET payload = '' FROM log.commit AS c \
                WHERE c.append_id = event.append_id AND c.first_position + event.idx = 3";
    sqlx::Executor::execute(&mut *conn, sql).await.unwrap();
    let refused = read_while(&db, head, 2, erased + 1).await.unwrap_err();
    assert!(matches!(refused, ReplayError::Corrupt { position: 3, .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_answers_while_an_eraser_is_at_work() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let writer = place.db.log();
    let first = place.run(&["status"])["head"].as_u64().unwrap() + 1;
    fill(&writer, 2_000).await;
    place.run(&["project"]);
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    let mut commands: Vec<Vec<&str>> = [
        "scores --level repo --as-of 2000",
        "scores --level repo --formula atlas-1",
        "scores --level external",
        "edges",
        "edges --level project",
        "edges --as-of 2000",
        "edges --why pkg:github/o/c pkg:github/o/b",
        "export graph --as json",
        "formula diff seed atlas-1",
        "rebuild",
        "rebuild --formula atlas-1",
        "project",
        "replay",
        "status",
        "triage list",
        "conflicts",
        "history p:a",
        "events --from 1900",
        "audit verify",
        "audit explain p:a criticality_score",
        "audit prove 3",
    ]
    .iter()
    .map(|line| line.split(' ').collect())
    .collect();
    commands.push(vec!["audit", "export", &bundle]);
    let stop = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&stop);
    let eraser = tokio::spawn(async move {
        let mut erased = 0;
        while !until.load(Ordering::SeqCst) {
            erase(&writer, first + erased).await;
            erased += 1;
        }
        erased
    });
    let mut refused = Vec::new();
    for _ in 0..ROUNDS {
        for command in &commands {
            let output = place.command(command).output().unwrap();
            if !output.status.success() {
                refused.push(format!("{}: {}", command.join(" "), String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    stop.store(true, Ordering::SeqCst);
    let erased = eraser.await.unwrap();
    assert!(erased > commands.len() as u64 * ROUNDS, "only {erased} erasures came between");
    assert_eq!(refused, Vec::<String>::new());
    place.run(&["project"]);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    assert_eq!(place.run(&["audit", "verify"])["ok"], json!(true));
}

/// How often each command is run.
const ROUNDS: u64 = 3;
