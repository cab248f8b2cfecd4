//! Readers while payloads are erased: nothing of it is a damaged log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::recorded::Position;
use projections::tables::Projection;
use replay::ReplayError;
use replay::catch_up::{self, Tried};
use replay::log::{PAGE_POSITIONS, Stored};
use replay::stop::Stop;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::moments;
use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// Erases the payload of a position: the log says so, then the payload goes.
async fn erase(writer: &ingest::Log, position: Position) {
    let target = ingest::erase::target(writer, position).await.unwrap().unwrap();
    ingest::erase::decide(writer, &target, "by law".to_owned(), &log::context()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = ingest::artifact::Store::local(folder.path()).unwrap();
    ingest::erase::carry_out(writer, &store, &target).await.unwrap();
}

/// The same on another thread, for a caller that cannot wait for a future.
fn erase_beside(options: &PgConnectOptions, position: Position) {
    let options = options.clone();
    let erasing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            erase(&ingest::Log::new(ingest::connect(options), domain::TenantId::PUBLIC), position).await;
        });
    });
    erasing.join().unwrap();
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

/// What a reader that has reached `at` sees when `erased` goes at that moment: how long each payload is.
async fn read_while(db: &Db, to: Position, at: Position, erased: Position) -> Result<Vec<usize>, ReplayError> {
    let mut conn = db.pool().acquire().await.unwrap();
    let mut seen = Vec::new();
    let each = |stored: Stored| {
        assert_eq!(stored.position, seen.len() as u64 + 1);
        if stored.position == at {
            // The reader stands still meanwhile, so somebody else does it.
            erase_beside(&db.options(), erased);
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

#[tokio::test]
async fn an_erasure_under_way_is_passed_over_by_who_writes() {
    let db = Db::create().await;
    // Further than a rebuild reads ahead of its fold.
    let late = 12_500;
    let head = late + 20;
    fill(&db.log(), head).await;
    let mut conn = PgConnection::connect_with(&db.options()).await.unwrap();
    let mut erased = Vec::new();
    let options = db.options();
    let mut while_reading = |stored: &Stored| {
        // Twice, so that the second fold is disturbed as well.
        let position = late + 7 + erased.len() as u64;
        if stored.position == 5 && erased.len() < 2 {
            erase_beside(&options, position);
            erased.push(position);
        }
    };
    let formula = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let which = [Projection::Graph, Projection::People];
    let shadow = replay::rebuild::build(&mut conn, &which, &formula, head, &mut while_reading).await.unwrap();
    assert_eq!((shadow.position(), erased.len()), (head, 2));
    let now = replay::quarantine::Quarantine::read(&mut conn).await.unwrap();
    assert_eq!(now.positions.iter().copied().collect::<Vec<_>>(), erased);
    assert!(shadow.builds().iter().all(|build| build.quarantine_digest == now.digest()));
    // What the first tries had begun goes with the next who tidies.
    replay::rebuild::discard(&mut conn, &shadow).await.unwrap();
    let again = replay::rebuild::build(&mut conn, &which, &formula, head, &mut |_| {}).await.unwrap();
    replay::rebuild::discard(&mut conn, &again).await.unwrap();
    assert_eq!(log::count(db.pool(), "SELECT count(*) FROM atlas.build").await, 0);
}

#[tokio::test]
async fn an_erasure_under_a_projector_is_no_rival() {
    let db = Db::create().await;
    let head = PAGE_POSITIONS + 20;
    fill(&db.log(), head).await;
    let mut conn = PgConnection::connect_with(&db.options()).await.unwrap();
    let (options, stop, mut seen) = (db.options(), Stop::default(), 0);
    let mut each = |stored: &Stored| {
        seen += 1;
        if seen == 5 {
            erase_beside(&options, stored.position + PAGE_POSITIONS);
        }
    };
    let tried = catch_up::attempt(&mut conn, head, &stop, &mut each).await.unwrap();
    let Tried::Moved(projector) = tried else { panic!("{tried:?}") };
    assert_eq!(projector.position(), head);
    assert!(projector.fold().is_quarantined(PAGE_POSITIONS + 5));
    let seed = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let mut whole = replay::as_of::fold(&mut conn, seed, head, &mut |_| {}).await.unwrap();
    let mut snapshot = conn.begin().await.unwrap();
    assert_eq!(replay::verify::against_live(&mut snapshot, &mut whole, projector.builds()).await.unwrap(), []);
}

#[tokio::test]
async fn a_follower_takes_an_erasure_for_no_rival() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let writer = place.db.log();
    // Beyond the first page that a projection writes.
    let late = replay::projector::PAGE_POSITIONS + 7;
    fill(&writer, late + 20).await;
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    catch_up::ensure_live(&mut conn).await.unwrap();
    // What a superuser has made here changes hands first, which waits for nobody yet.
    place.run(&["status"]);
    let table = format!("{}.fact", moments::graph(&mut conn).await);
    let mut holding = conn.begin().await.unwrap();
    sqlx::Executor::execute(&mut *holding, format!("LOCK TABLE {table} IN SHARE MODE").as_str()).await.unwrap();
    let child = place.command(&["project", "--follow"]).env("RUST_LOG", "info").spawn().unwrap();
    moments::waited_for(&mut holding, &table).await;
    erase(&writer, late).await;
    holding.rollback().await.unwrap();
    let stand = "SELECT coalesce(min(b.position), 0) FROM atlas.live l JOIN atlas.build b ON b.id = l.build";
    while log::count(place.db.pool(), stand).await < (late + 21) as i64 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("another projector is at work"), "{said}");
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
}

#[tokio::test]
async fn a_projection_goes_on_when_what_it_was_to_fold_is_erased() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let writer = place.db.log();
    // Beyond the first page that a projection writes.
    let late = replay::projector::PAGE_POSITIONS + 7;
    fill(&writer, late + 20).await;
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    catch_up::ensure_live(&mut conn).await.unwrap();
    // What a superuser has made here changes hands first, which waits for nobody yet.
    place.run(&["status"]);
    let table = format!("{}.fact", moments::graph(&mut conn).await);
    let mut holding = conn.begin().await.unwrap();
    // It may read, and not write.
    sqlx::Executor::execute(&mut *holding, format!("LOCK TABLE {table} IN SHARE MODE").as_str()).await.unwrap();
    let child = moments::stopped_at(&mut holding, &place, &table, &["project"]).await;
    erase(&writer, late).await;
    holding.rollback().await.unwrap();
    let said = moments::answer(child);
    // To where the log ended when it began: the erasure itself came later.
    let lags = |said: &serde_json::Value, lag: u64| {
        assert!(said["projections"].as_array().unwrap().iter().all(|one| one["lag"] == lag), "{said}");
    };
    lags(&said, 1);
    lags(&place.run(&["project"]), 0);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
}

/// Whether a check found nothing but that the live tables hold what was erased.
fn only_holds_erased(report: &[u8]) -> bool {
    let report: serde_json::Value = serde_json::from_slice(report).unwrap();
    let holds = |fault: &serde_json::Value| fault["reason"].as_str().unwrap().starts_with("it holds what was erased");
    report["first_bad_position"].is_null() && report["faults"].as_array().unwrap().iter().all(holds)
}

/// The commands that fold, or read what is live, and write nothing.
const READERS: [&str; 16] = [
    "scores --level repo --as-of 300",
    "scores --level repo --formula atlas-1",
    "scores --level external",
    "edges --level project",
    "edges --as-of 300",
    "edges --why pkg:github/o/c pkg:github/o/b",
    "export graph --as json",
    "formula diff seed atlas-1",
    "replay",
    "status",
    "conflicts",
    "history p:a",
    "events --from 100",
    "events --stream repo:pkg:github/o/r1",
    "audit verify",
    "audit explain p:a criticality_score",
];
/// Facts that the eraser has to erase.
const FACTS: u64 = 600;
/// Pause of the eraser.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_answers_while_an_eraser_is_at_work() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let writer = place.db.log();
    let first = place.run(&["status"])["head"].as_u64().unwrap() + 1;
    fill(&writer, FACTS).await;
    place.run(&["project"]);
    let stop = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&stop);
    let eraser = tokio::spawn(async move {
        let mut erased = 0;
        while erased < FACTS && !until.load(Ordering::SeqCst) {
            erase(&writer, first + erased).await;
            erased += 1;
            tokio::time::sleep(PAUSE).await;
        }
        erased
    });
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    let mut commands: Vec<Vec<&str>> = READERS.iter().map(|line| line.split(' ').collect()).collect();
    commands.push(vec!["audit", "export", &bundle]);
    let mut refused = Vec::new();
    for command in commands.iter().chain(&commands) {
        let output = place.command(command).output().unwrap();
        // What this eraser leaves behind is in the live tables still, and the check says so.
        let told = command[..] == ["audit", "verify"] && only_holds_erased(&output.stdout);
        if !output.status.success() && !told {
            refused.push(format!("{}: {}", command.join(" "), String::from_utf8_lossy(&output.stderr)));
        }
    }
    stop.store(true, Ordering::SeqCst);
    let erased = eraser.await.unwrap();
    assert!(erased > commands.len() as u64, "only {erased} erasures came between");
    assert_eq!(refused, Vec::<String>::new());
    place.run(&["project"]);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    assert_eq!(place.run(&["audit", "verify"])["ok"], json!(true));
}

#[tokio::test]
async fn builds_to_be_forgotten_are_dropped_though_a_reader_goes_from_one_table_to_the_next() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    place.run(&["project"]);
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let graph = moments::graph(&mut conn).await;
    let formula = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let head = replay::log::head(&mut conn).await.unwrap().position;
    let mut anew = replay::rebuild::build(&mut conn, &Projection::ALL, &formula, head, &mut |_| {}).await.unwrap();
    anew.switch(&mut conn).await.unwrap();
    // Who looks first whether they wait in a circle is the one that is ended: it is not to be the reader.
    let patient = |time: &str| place.db.options().options([("deadlock_timeout", time)]);
    let mut other = PgConnection::connect_with(&patient("5min")).await.unwrap();
    let mut reading = other.begin().await.unwrap();
    let last = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' \
                ORDER BY oid DESC LIMIT 1";
    let last: String = sqlx::query_scalar(last).bind(&graph).fetch_one(&mut *reading).await.unwrap();
    reading.execute(format!("SELECT count(*) FROM {last}").as_str()).await.unwrap();
    let mut forgetting = PgConnection::connect_with(&patient("5s")).await.unwrap();
    let forgotten = tokio::spawn(async move { replay::forget::retired(&mut forgetting, 1).await });
    moments::waited_for(&mut conn, &last).await;
    let taken = "SELECT l.relation::regclass::text FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation \
                 WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind = 'r' \
                   AND c.relnamespace = $1::text::regnamespace LIMIT 1";
    let taken: String = sqlx::query_scalar(taken).bind(&graph).fetch_one(&mut conn).await.unwrap();
    reading.execute(format!("SELECT count(*) FROM {taken}").as_str()).await.unwrap();
    reading.rollback().await.unwrap();
    forgotten.await.unwrap().unwrap();
    let left = "SELECT to_regnamespace($1) IS NOT NULL";
    assert!(!sqlx::query_scalar::<_, bool>(left).bind(&graph).fetch_one(&mut conn).await.unwrap());
}
