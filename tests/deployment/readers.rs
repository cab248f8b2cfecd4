//! A switch of live builds, and those who read the views: one who reads on and on keeps nobody else waiting.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use projections::store::switch::{self, await_readers};
use projections::store::{self, StoreError, schema};
use replay::ReplayError;
use replay::catch_up::{self, Patience, Tried};
use replay::stop::Stop;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use crate::support::cli::Place;
use crate::support::log::count;
use crate::support::wait::AT_ALL;

/// A place with a score.
async fn place() -> Place {
    let place = Place::new().await;
    let file = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 5}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]);
    place.run(&["project"]);
    place
}

/// A connection of somebody else, who waits for nothing longer than two seconds.
async fn other(options: PgConnectOptions, application: &str) -> PgConnection {
    let mut conn = options.application_name(application).connect().await.unwrap();
    conn.execute("SET statement_timeout = '2s'").await.unwrap();
    conn
}

const LOOK: &str = "SELECT (SELECT count(*) FROM public.projects) + (SELECT count(*) FROM public.repos) \
                         + (SELECT count(*) FROM public.external_repos) + (SELECT count(*) FROM public.contributors) \
                         + (SELECT count(*) FROM public.depends_on) + (SELECT count(*) FROM public.contributed_to)";

/// When the pauses began that a program of ours makes.
const PAUSES: &str = "SELECT query_start::text FROM pg_stat_activity WHERE datname = current_database() \
                         AND application_name = 'pg-atlas' AND query LIKE 'SELECT pg_sleep%'";
/// Who waits for a table or a view.
const QUEUE: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' \
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn others_are_answered_while_a_promotion_waits_for_a_long_reader() {
    let place = place().await;
    let mut long = other(place.db.options(), "dashboard").await;
    let mut long = long.begin().await.unwrap();
    long.execute(LOOK).await.unwrap();

    let mut promoting = place.command(&["rebuild", "--formula", "atlas-1", "--promote"]).spawn().unwrap();
    let mut short = other(place.db.options(), "reader").await;
    // It looks who reads, and looks again, more often than a switch that asks for locks and gives up would ask.
    let (begun, mut looks) = (Instant::now(), BTreeSet::new());
    while looks.len() < 60 {
        short.execute(LOOK).await.expect("answered within two seconds");
        let pauses: Vec<String> = sqlx::query_scalar(PAUSES).fetch_all(place.db.pool()).await.unwrap();
        looks.extend(pauses);
        assert_eq!(count(place.db.pool(), QUEUE).await, 0, "nobody queues for what others read");
        assert!(promoting.try_wait().unwrap().is_none(), "it waits");
        assert!(begun.elapsed() < AT_ALL, "{} looks", looks.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Facts go on being projected too.
    let file = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 6}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]);
    place.run(&["project"]);

    long.commit().await.unwrap();
    let output = promoting.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["promoted"], true);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    assert_eq!(place.run(&["status"])["projections"][2]["formula"], "atlas-1");
}

#[tokio::test]
async fn who_stays_too_long_is_named_and_nothing_is_half_switched() {
    let place = place().await;
    let mut conn = place.db.options().application_name("pg-atlas").connect().await.unwrap();
    await_readers(&mut conn, 0).await.expect("nobody reads");
    let mut long = other(place.db.options(), "dash\u{7}board").await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut long).await.unwrap();
    let mut long = long.begin().await.unwrap();
    long.execute(LOOK).await.unwrap();

    let error = await_readers(&mut conn, 3).await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, StoreError::Held { .. }), "{said}");
    assert!(said.contains(&format!("process {pid} ")) && said.contains("board`") && said.contains(" for "), "{said}");
    assert!(!said.contains("SELECT (SELECT") && !said.contains('\u{7}'), "no query and no control character: {said}");

    // One who comes between: the switch asks, gives up, and has done nothing.
    let live = store::live_builds(&mut conn).await.unwrap();
    let mut switching = conn.begin().await.unwrap();
    let mut short = other(place.db.options(), "reader").await;
    let asking = schema::make_live(&mut switching, &live);
    let looking = async {
        loop {
            short.execute(LOOK).await.expect("answered within two seconds");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let error = tokio::select! {
        asked = asking => asked.unwrap_err(),
        () = looking => unreachable!("it has no end"),
    };
    assert!(matches!(error, StoreError::Held { .. }), "{error}");
    switching.rollback().await.unwrap();
    assert_eq!(store::live_builds(&mut conn).await.unwrap(), live);
    assert_eq!(switch::readers(&mut conn).await.unwrap().0.len(), 1);
    long.commit().await.unwrap();
    await_readers(&mut conn, 0).await.unwrap();
}

#[tokio::test]
async fn a_build_that_is_read_is_dropped_later() {
    let place = place().await;
    for _ in 0..4 {
        place.run(&["rebuild", "--promote"]);
    }
    let old = "SELECT count(*) FROM atlas.build WHERE status = 'retired' AND projection = 'graph'";
    let first = "SELECT min(id) FROM atlas.build WHERE projection = 'graph' AND status = 'retired'";
    let id: i64 = sqlx::query_scalar(first).fetch_one(place.db.pool()).await.unwrap();
    let mut long = other(place.db.options(), "dashboard").await;
    let mut long = long.begin().await.unwrap();
    long.execute(format!("SELECT count(*) FROM build_{id}.vertex").as_str()).await.unwrap();
    place.run(&["rebuild", "--promote"]);
    let kept: i64 = sqlx::query_scalar(first).fetch_one(place.db.pool()).await.unwrap();
    assert_eq!(kept, id);
    long.commit().await.unwrap();
    place.run(&["rebuild", "--promote"]);
    let left: i64 = sqlx::query_scalar(old).fetch_one(place.db.pool()).await.unwrap();
    assert_eq!(left, schema::RETIRED_BUILDS_KEPT + 1, "those kept, and the one a rollback returns to");
}

#[tokio::test]
async fn what_was_built_anew_waits_for_a_long_reader_and_is_not_built_again() {
    let place = place().await;
    sqlx::query("UPDATE atlas.build SET code = 'another'").execute(place.db.pool()).await.unwrap();
    let mut long = other(place.db.options(), "backup").await;
    let mut long = long.begin().await.unwrap();
    long.execute(LOOK).await.unwrap();
    let mut conn = place.db.options().connect().await.unwrap();
    let before = count(place.db.pool(), "SELECT max(id) FROM atlas.build").await;

    // Whoever is waited for gives up some day, and leaves nothing behind.
    let patience = Patience { looks: 1, tries: Some(2) };
    let error = catch_up::open_within(&mut conn, patience).await.unwrap_err();
    assert!(matches!(error, ReplayError::Store(StoreError::Held { .. })), "{error}");
    assert_eq!(count(place.db.pool(), "SELECT max(id) FROM atlas.build").await, before);

    let (stop, patience) = (Stop::default(), Patience { looks: 1, tries: None });
    let shadows = "SELECT count(*) FROM atlas.build WHERE status = 'shadow'";
    let reading = async {
        while count(place.db.pool(), shadows).await < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Longer than some tries take.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(count(place.db.pool(), shadows).await, 4, "they wait");
        long.commit().await.unwrap();
    };
    let (tried, ()) = tokio::join!(catch_up::try_open(&mut conn, &stop, patience), reading);
    let Tried::Moved(projector) = tried.unwrap() else { panic!("stopped, or met another") };
    let mut made: Vec<i64> = projector.builds().iter().map(|build| build.id).collect();
    made.sort_unstable();
    let first = before + 4 + 1;
    assert_eq!(made, (first..first + 4).collect::<Vec<_>>(), "built once by each");
}
