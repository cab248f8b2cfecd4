//! Background work by its parts: what goes on, and what does not, while one of them is switched off.

use std::sync::Arc;

use pg_atlas::service::ask::status::LiveBuilds;
use pg_atlas::service::run::Stop;
use pg_atlas::service::run::parts::Parts;
use pg_atlas::service::run::supervisor;
use pg_atlas::service::watch::Unwatched;
use pg_atlas::service::{Deps, Error, Settings};
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::sync::oneshot;

use crate::support::cli::Place;
use crate::support::log::{append, context, count};
use crate::support::wait::{AT_ALL, until, until_none};
use crate::support::{Db, events};

/// Nothing at all.
const NONE: Parts = Parts { sequencer: false, signer: false, projector: false, stand_by: false, listener: false };
/// Live builds at the second position.
const SECOND: &str = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 2";
/// Appends without a position.
const LEFT: &str = "SELECT count(*) FROM log.outbox";
/// Who listens for the growth of the log.
const EARS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

/// One event, projected.
async fn place() -> Place {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    append(&place.db.log(), events::repo("a/b", 1)).await;
    place.run(&["project"]);
    place
}

/// Leaves an event without a position, as a client does that dies between its commit and the sequencer.
async fn leave(db: &Db) {
    let mut head = db.pool().begin().await.unwrap();
    sqlx::query("SELECT FROM log.head FOR UPDATE").execute(&mut *head).await.unwrap();
    let log = db.log();
    let left = tokio::spawn(async move { log.append(events::repo("a/b", 2).into(), &context()).await });
    let cancelled = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(db.pool(), "the append waits for the head", cancelled, 1).await;
    assert!(matches!(left.await.unwrap(), Err(ingest::AppendError::Unplaced(_))));
    head.rollback().await.unwrap();
    assert_eq!(count(db.pool(), LEFT).await, 1);
}

/// Runs these parts while something happens, then asks them to stop. What they answer.
async fn at_work(place: &Place, parts: Parts, meanwhile: impl AsyncFnOnce(&Db)) -> Result<Option<LiveBuilds>, Error> {
    let database_url = Some(place.db.bare().to_url_lossy().to_string());
    let deps = Deps::open(
        &Settings { database_url, data_dir: Some(place.data()), ..Settings::default() },
        Arc::new(Unwatched),
    )
    .unwrap();
    let (stop, (begins, begun)) = (Stop::default(), oneshot::channel());
    let driving = async {
        begun.await.unwrap();
        meanwhile(&place.db).await;
        stop.ask();
    };
    let running = supervisor::run(&deps, parts, &stop, |_| begins.send(()).unwrap());
    let ended = async { tokio::join!(running, driving).0 };
    tokio::time::timeout(AT_ALL, ended).await.expect("the parts end")
}

/// Head, and where the builds stand.
fn stands(told: &Option<LiveBuilds>) -> (u64, Vec<u64>) {
    let told = told.as_ref().unwrap();
    (told.head, told.projections.iter().map(|build| build.position).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_them_give_positions_and_project() {
    let place = place().await;
    leave(&place.db).await;
    let told = at_work(&place, Parts::ALL, async |db| until(db.pool(), "it is projected", SECOND, 4).await).await;
    assert_eq!(stands(&told.unwrap()), (2, vec![2; 4]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_projector_positions_are_given_and_the_builds_stand_still() {
    let place = place().await;
    leave(&place.db).await;
    let parts = Parts { projector: false, ..Parts::ALL };
    let told = at_work(&place, parts, async |db| until_none(db.pool(), "it has a position", LEFT).await).await;
    assert_eq!(stands(&told.unwrap()), (2, vec![1; 4]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_sequencer_what_was_left_behind_waits_for_the_next_append() {
    let place = place().await;
    leave(&place.db).await;
    let told = at_work(&place, Parts { sequencer: false, ..Parts::ALL }, async |db| {
        until(db.pool(), "the projector is at work", EARS, 1).await;
        assert_eq!(count(db.pool(), LEFT).await, 1);
        append(&db.log(), events::repo("a/b", 3)).await;
        let third = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 3";
        until(db.pool(), "both are projected", third, 4).await;
    });
    assert_eq!(stands(&told.await.unwrap()), (3, vec![3; 4]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_listener_nobody_listens_and_all_is_projected() {
    let place = place().await;
    for (listener, ears) in [(false, 0), (true, 1)] {
        let at = count(place.db.pool(), "SELECT count(*) FROM log.event").await + 1;
        let told = at_work(&place, Parts { listener, ..Parts::ALL }, async |db| {
            append(&db.log(), events::repo("a/b", at as u64)).await;
            let behind = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build \
                           WHERE b.position < (SELECT count(*) FROM log.event)";
            until_none(db.pool(), "it is projected", behind).await;
            assert_eq!(count(db.pool(), EARS).await, ears);
        });
        assert_eq!(stands(&told.await.unwrap()), (at as u64, vec![at as u64; 4]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_to_stand_by_ends_when_another_is_at_work() {
    let place = place().await;
    append(&place.db.log(), events::repo("a/b", 2)).await;
    let parts = Parts { stand_by: false, ..Parts::ALL };
    let told = at_work(&place, parts, async |db| {
        until(db.pool(), "it is projected", SECOND, 4).await;
        // Another moves the builds, by a position of its own making.
        db.pool().execute("UPDATE atlas.build SET position = 1").await.unwrap();
        // Nobody asks it to stop: it ends by itself.
        until_none(db.pool(), "it has ended", EARS).await;
    });
    let error = told.await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error:?}");
    assert!(error.to_string().contains("not to stand by"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_at_all_waits_until_it_is_asked_to_stop() {
    let place = place().await;
    leave(&place.db).await;
    let told = at_work(&place, NONE, async |db| assert_eq!(count(db.pool(), EARS).await, 0)).await;
    assert_eq!(stands(&told.unwrap()), (1, vec![1; 4]));
    assert_eq!(count(place.db.pool(), LEFT).await, 1);
}
