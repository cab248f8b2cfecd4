//! Several at once.

use std::time::Duration;

use ingest::connect::IDLE_IN_TRANSACTION_SECONDS;
use ingest::{AppendError, Log};
use sqlx::Executor as _;

use crate::support::log::{check, context, count, keyed};
use crate::support::wait::until;
use crate::support::{Db, events};

/// A client of its own: nothing is shared but the database.
fn client(db: &Db) -> Log {
    Log::new(ingest::connect(db.options()), domain::TenantId::PUBLIC)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_on_one_stream_lose_nothing() {
    const EACH: u64 = 60;
    let db = Db::create().await;
    let mut tasks = vec![];
    for n in 0..2 {
        let log = client(&db);
        tasks.push(tokio::spawn(async move {
            let (mut placed, mut conflicts) = (vec![], 0);
            for k in 0..EACH {
                match log.append(events::repo("a/b", n * 1_000 + k).into(), &context()).await {
                    Ok(outcome) => placed.push(outcome.place().clone()),
                    Err(AppendError::Conflict { .. }) => conflicts += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            (placed, conflicts)
        }));
    }
    let (mut placed, mut conflicts) = (vec![], 0);
    for task in tasks {
        let (places, lost) = task.await.unwrap();
        placed.extend(places);
        conflicts += lost;
    }
    assert!(conflicts <= 1, "{conflicts} conflicts after all tries");
    let stored = check(db.pool()).await;
    assert_eq!(stored.len(), placed.len());
    for place in placed {
        let event = &stored[place.position as usize - 1];
        assert_eq!((event.name(), event.envelope.sequence), (place.event, place.sequence));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_create_a_stream_at_once_agree_on_its_first_event() {
    let db = Db::create().await;
    let log = db.log();
    let appends = (0..8).map(|_| {
        let log = log.clone();
        tokio::spawn(async move { log.append(events::repo("a/b", 1).into(), &context()).await })
    });
    let mut appended = 0;
    for task in appends.collect::<Vec<_>>() {
        let outcome = task.await.unwrap().unwrap();
        assert_eq!(outcome.place().position, 1);
        appended += u32::from(!outcome.is_duplicate());
    }
    assert_eq!(appended, 1);
    assert_eq!(check(db.pool()).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_sent_by_many_at_once_is_one_event() {
    let db = Db::create().await;
    let clients = (0..6).map(|_| client(&db)).collect::<Vec<_>>();
    let tasks = clients
        .into_iter()
        .map(|log| tokio::spawn(async move { log.append(keyed(events::promoted(1), "promotion"), &context()).await }));
    let mut places = std::collections::BTreeSet::new();
    for task in tasks.collect::<Vec<_>>() {
        places.insert(task.await.unwrap().unwrap().place().event.clone());
    }
    assert_eq!(places.len(), 1);
    assert_eq!(check(db.pool()).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_left_inside_a_transaction_sequences_for_everybody() {
    let db = Db::create().await;
    // An append that is committed and has no position: its sequencing waits for the head until the client gives up.
    let mut head = db.pool().begin().await.unwrap();
    sqlx::query("SELECT FROM log.head FOR UPDATE").execute(&mut *head).await.unwrap();
    let patience = Duration::from_secs(1);
    let log = client(&db);
    let given_up = tokio::time::timeout(patience, log.append(events::repo("a/b", 1).into(), &context())).await;
    assert!(given_up.is_err());
    let waiting = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity \
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    assert_eq!(count(db.pool(), waiting).await, 1);
    head.rollback().await.unwrap();

    // As the driver alone would leave one whose user gave up while the transaction began.
    let pool = ingest::connect(db.options());
    pool.acquire().await.unwrap().execute("BEGIN").await.unwrap();
    while pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Log::new(pool.clone(), domain::TenantId::PUBLIC).drain().await.unwrap(), 2);
    assert_eq!(check(db.pool()).await.len(), 1, "what is answered is committed");
    pool.close().await;
}

/// Waits until a count is as it should be: sooner than the server itself ends a transaction that was left open.
async fn soon(db: &Db, sql: &'static str, wanted: i64) {
    let counts = async { while count(db.pool(), sql).await != wanted {} };
    let limit = Duration::from_secs(u64::from(IDLE_IN_TRANSACTION_SECONDS) / 2);
    assert!(tokio::time::timeout(limit, counts).await.is_ok(), "not {wanted}: {sql}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_the_head_in_vain_leaves_nothing_behind() {
    let db = Db::create().await;
    let log = client(&db);
    let mut head = db.pool().begin().await.unwrap();
    sqlx::query("SELECT FROM log.head FOR UPDATE").execute(&mut *head).await.unwrap();

    // One is refused the lock, as by a timeout of the server; one has no more patience.
    let refused = tokio::spawn({
        let log = log.clone();
        async move { log.append(events::repo("a/b", 1).into(), &context()).await }
    });
    let cancelled = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(db.pool(), "it waits for the head", cancelled, 1).await;
    assert!(matches!(refused.await.unwrap(), Err(AppendError::Unplaced(_))));
    let patience = Duration::from_secs(1);
    let given_up = tokio::time::timeout(patience, log.append(events::repo("a/b", 2).into(), &context())).await;
    assert!(given_up.is_err());
    head.rollback().await.unwrap();

    soon(&db, "SELECT count(*) FROM (SELECT FROM log.head FOR UPDATE SKIP LOCKED) AS free", 1).await;
    for n in 3..6 {
        assert_eq!(log.append(events::repo("a/b", n).into(), &context()).await.unwrap().place().position, n);
    }
    assert_eq!(check(db.pool()).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_leaves_no_transaction_open() {
    const TRIES: u64 = 200;
    let db = Db::create().await;
    let pool = ingest::connect(db.options());
    let log = Log::new(pool.clone(), domain::TenantId::PUBLIC);
    let open = "SELECT count(*) FROM pg_stat_activity \
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    for n in 0..TRIES {
        let batch = vec![events::repo("a/b", 2 * n).into(), events::repo("a/c", 2 * n).into()];
        // From the first moments on, where the transaction begins.
        let patience = Duration::from_micros(10 * n);
        let _ = tokio::time::timeout(patience, log.append_batch(batch, &context())).await;
        soon(&db, open, 0).await;
    }
    log.drain().await.unwrap();
    check(db.pool()).await;
    pool.close().await;
}
