//! A rebuild that is cut off goes on where it saved; one that is cancelled leaves nothing.

use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use ingest::Append;
use projections::store;
use projections::tables::Projection;
use replay::catch_up::open;
use replay::projector::LiveStanding;
use replay::{ReplayError, promote, rebuild, rollback};
use sqlx::ConnectOptions as _;

use super::{content, live, lived, seed};
use crate::support::live::to_head;
use crate::support::log::{context, count};
use crate::support::{Db, events};

/// Builds of a whole set.
const FAMILIES: u64 = Projection::ALL.len() as u64;
/// Events of a log that a rebuild saves several times on its way through.
const EVENTS: u64 = 48_000;
/// Where a rebuild is cut off: after the second time it saved.
const CUT: u64 = 44_000;

/// Host facts of three repositories, a new world day every 2,000 events. Where a rebuild saves there is a tick by a new
/// day, and one by a promotion; there is one just before, too.
async fn long() -> Db {
    let db = Db::create().await;
    let first = events::time("2026-01-01T12:00:00Z").micros();
    let append = |n: u64| Append {
        event: match n {
            // Another order of the three than at the ticks before.
            19_997 => events::repo("a/b", n),
            19_998 | 39_999 => events::promoted(9),
            n => events::repo(["a/b", "c/d", "e/f"][n as usize % 3], n),
        },
        observed_at: domain::Timestamp::from_micros(first + (n / 2_000) as i64 * 86_400_000_000),
        key: None,
    };
    for batch in 0..EVENTS / 8_000 {
        let appends = (batch * 8_000..(batch + 1) * 8_000).map(append).collect();
        db.log().append_batch(appends, &context()).await.unwrap();
    }
    db
}

/// Rebuilds on a thread of its own, with a connection of its own; `progress` sees every event.
fn rebuild_beside(
    db: &Db,
    which: &'static [Projection],
    mut progress: impl FnMut() + Send + 'static,
) -> JoinHandle<Result<(), ReplayError>> {
    let options = db.options();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut conn = options.connect().await.unwrap();
            rebuild::build(&mut conn, which, &seed(), EVENTS, &mut |_| progress()).await.map(|_| ())
        })
    })
}

/// Rebuilds until an event and no further: its process, so to say, ends there.
fn cut_off(db: &Db, which: &'static [Projection]) {
    let mut seen = 0;
    let rebuilding = rebuild_beside(db, which, move || {
        seen += 1;
        assert!(seen < CUT, "cut off");
    });
    assert!(rebuilding.join().is_err());
}

async fn building(db: &Db) -> Vec<(i64, i64)> {
    // The server notices that the connection is gone.
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut looks = 0;
    while count(db.pool(), locks).await > 0 {
        looks += 1;
        assert!(looks < 3_000, "somebody still holds the builds");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    sqlx::query_as("SELECT id, position FROM atlas.build WHERE status = 'building' ORDER BY id")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_interrupted_rebuild_goes_on_where_it_saved() {
    let db = long().await;
    let mut conn = db.options().connect().await.unwrap();
    let live = to_head(&mut conn, &mut |_| {}).await.unwrap();
    let digest = live.outcome().digest;
    for which in [&Projection::ALL[..], &[Projection::Metrics, Projection::History], &[Projection::Graph]] {
        let which: &'static [Projection] = which.to_vec().leak();
        cut_off(&db, which);
        let saved = building(&db).await;
        assert_eq!(saved.iter().map(|(_, position)| *position).collect::<Vec<_>>(), vec![40_000; which.len()]);

        let shadow = rebuild::build(&mut conn, which, &seed(), EVENTS, &mut |_| {}).await.unwrap();
        let ids: Vec<i64> = shadow.builds().iter().map(|build| build.id).collect();
        assert_eq!(ids, saved.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "the same builds");
        for build in shadow.builds() {
            let standing = live.builds().iter().find(|other| other.projection == build.projection).unwrap();
            assert_eq!(content(&mut conn, build).await, content(&mut conn, standing).await);
            assert_eq!(build.output_digest, Some(digest));
        }
        rebuild::discard(&mut conn, &shadow).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_rebuild_leaves_nothing_and_is_told() {
    let db = long().await;
    let mut conn = db.options().connect().await.unwrap();
    to_head(&mut conn, &mut |_| {}).await.unwrap();
    cut_off(&db, &Projection::ALL);
    assert_eq!(building(&db).await.len(), FAMILIES as usize);
    assert_eq!(rebuild::cancel(&mut conn).await.unwrap(), FAMILIES);
    assert_eq!(building(&db).await, []);

    // One that is at work is told when it saves next.
    let (reached, here) = channel();
    let (go, gone_on) = channel();
    let mut seen = 0;
    let rebuilding = rebuild_beside(&db, &Projection::ALL, move || {
        seen += 1;
        if seen == 30_000 {
            reached.send(()).unwrap();
            gone_on.recv().unwrap();
        }
    });
    here.recv().unwrap();
    assert_eq!(rebuild::cancel(&mut conn).await.unwrap(), FAMILIES);
    go.send(()).unwrap();
    let ended = rebuilding.join().unwrap();
    assert!(matches!(ended, Err(ReplayError::Cancelled(20_000))), "{ended:?}");
    assert_eq!(
        count(db.pool(), "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'build\\_%'").await,
        FAMILIES as i64
    );

    // The live builds never noticed.
    let mut projector = open(&mut conn).await.unwrap();
    assert_eq!(projector.position(), EVENTS);
    let shadow_of_nothing = rebuild::equal_to_live(&mut conn, &mut projector).await.unwrap();
    assert_eq!(shadow_of_nothing, Some(true));
    assert_eq!(store::live_builds(&mut conn).await.unwrap().len(), FAMILIES as usize);
}

#[tokio::test]
async fn builds_of_another_quarantine_or_that_are_gone_are_not_promoted() {
    let db = Db::create().await;
    for n in 0..4 {
        db.log().append(events::repo("a/b", n).into(), &context()).await.unwrap();
    }
    let mut conn = db.options().connect().await.unwrap();
    let before = to_head(&mut conn, &mut |_| {}).await.unwrap();
    let which = [Projection::Metrics, Projection::History];

    let mut gone = rebuild::build(&mut conn, &which, &seed(), 4, &mut |_| {}).await.unwrap();
    db.log().append(events::promoted(4).into(), &context()).await.unwrap();
    assert_eq!(rebuild::cancel(&mut conn).await.unwrap(), 2);
    let refused = promote::promote(&mut conn, &mut gone).await;
    assert!(matches!(refused, Err(ReplayError::Cancelled(4))), "{refused:?}");

    let mut stale = rebuild::build(&mut conn, &which, &seed(), 4, &mut |_| {}).await.unwrap();
    let facts = domain::facts::log::EventQuarantined { position: 2, reason: "wrong".to_owned(), lifted: false };
    db.log().append(domain::Event::from(facts).into(), &context()).await.unwrap();
    let refused = promote::promote(&mut conn, &mut stale).await;
    assert!(matches!(refused, Err(ReplayError::OtherQuarantine)), "{refused:?}");

    let live = store::live_builds(&mut conn).await.unwrap();
    assert_eq!(live.iter().map(|build| (build.id, build.position)).collect::<Vec<_>>(), {
        before.builds().iter().map(|build| (build.id, 4)).collect::<Vec<_>>()
    });
}

#[tokio::test]
async fn a_family_that_is_new_has_the_live_builds_made_anew_once() {
    let (db, mut conn) = lived().await;
    let before = to_head(&mut conn, &mut |_| {}).await.unwrap();
    let rows = live(&mut conn).await;
    // As a program without that family left them.
    sqlx::raw_sql("DELETE FROM atlas.live WHERE projection = 'people'").execute(db.pool()).await.unwrap();
    assert!(!replay::catch_up::reached(&mut conn, before.position()).await.unwrap());
    let opened = to_head(&mut conn, &mut |_| {}).await.unwrap();
    assert_eq!(opened.builds().len(), Projection::ALL.len());
    assert!(opened.builds().iter().all(|build| before.builds().iter().all(|former| former.id != build.id)));
    assert_eq!(live(&mut conn).await, rows);
    let again = open(&mut conn).await.unwrap();
    assert_eq!(again.builds(), store::live_builds(&mut conn).await.unwrap());
    assert!(opened.builds().iter().zip(again.builds()).all(|(one, other)| one.id == other.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_decide_what_is_resumed_and_programs_do_not() {
    let db = long().await;
    let mut conn = db.options().connect().await.unwrap();
    to_head(&mut conn, &mut |_| {}).await.unwrap();
    let which = &[Projection::Graph];
    for (code, resumed) in [("split_part(code, '+', 1) || '+9.9.9+another'", true), ("'graph/9+' || code", false)] {
        cut_off(&db, which);
        let (saved, _) = building(&db).await[0];
        let other = format!("UPDATE atlas.build SET code = {code} WHERE id = {saved}");
        sqlx::raw_sql(&other).execute(db.pool()).await.unwrap();
        let shadow = rebuild::build(&mut conn, which, &seed(), EVENTS, &mut |_| {}).await.unwrap();
        assert_eq!(shadow.builds()[0].id == saved, resumed, "{code}");
        rebuild::discard(&mut conn, &shadow).await.unwrap();
    }
}

#[tokio::test]
async fn builds_of_another_code_are_built_anew_and_not_fought_over() {
    let (db, mut conn) = lived().await;
    let follower = to_head(&mut conn, &mut |_| {}).await.unwrap();
    let (before, head) = (live(&mut conn).await, follower.position());
    // As another version would have left them: another name, rows that this one reads otherwise.
    let other = "UPDATE atlas.build SET code = '0.0.9+other'";
    sqlx::raw_sql(other).execute(db.pool()).await.unwrap();
    let schema = follower.builds()[0].schema();
    let spoil = format!("UPDATE {schema}.fact SET value = '{{}}' WHERE kind = 'answer'");
    assert!(sqlx::raw_sql(&spoil).execute(db.pool()).await.unwrap().rows_affected() > 0);

    let opened = to_head(&mut conn, &mut |_| {}).await.unwrap();
    assert_eq!(opened.position(), head);
    assert_eq!(live(&mut conn).await, before, "folded anew");
    assert!(store::live_builds(&mut conn).await.unwrap().iter().all(store::Build::is_ours));
    assert_eq!(follower.standing(&mut conn).await.unwrap(), LiveStanding::Replaced);
    // One that follows meanwhile does not take them back.
    sqlx::raw_sql(other).execute(db.pool()).await.unwrap();
    let told = follower.standing(&mut conn).await;
    assert!(matches!(&told, Err(ReplayError::OtherCode(code)) if code == "0.0.9+other"), "{told:?}");

    // Builds that stay beside promoted ones are made anew too, and so are those that one goes back to.
    let which = [Projection::Metrics, Projection::History];
    let mut shadow = rebuild::build(&mut conn, &which, &seed(), head, &mut |_| {}).await.unwrap();
    promote::promote(&mut conn, &mut shadow).await.unwrap();
    assert!(store::live_builds(&mut conn).await.unwrap().iter().all(store::Build::is_ours));
    assert_eq!(live(&mut conn).await, before);
    sqlx::raw_sql(other).execute(db.pool()).await.unwrap();
    let mut former = rollback::former(&mut conn, &which, &mut |_| {}).await.unwrap();
    promote::promote(&mut conn, &mut former).await.unwrap();
    assert!(store::live_builds(&mut conn).await.unwrap().iter().all(store::Build::is_ours));
    assert_eq!(live(&mut conn).await, before);
}
