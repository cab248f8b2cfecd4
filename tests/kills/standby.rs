//! Two projectors, of which one stands by; and one whose database goes away.

use projections::Projection;
use rustix::process::Signal;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};

use super::chaos::follower;
use super::cli::Cli;
use super::server::{Loss, Server};
use crate::support::log::append;
use crate::support::wait::until;
use crate::support::{Db, events};

/// A database with a binary to work on it, and events to append.
pub(super) struct Scene {
    pub(super) db: Db,
    pub(super) cli: Cli,
    _folder: tempfile::TempDir,
    appended: u64,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let (db, folder) = (Db::create().await, tempfile::tempdir().unwrap());
        let cli = Cli::new(db.bare().to_url_lossy().to_string(), folder.path());
        Self { db, cli, _folder: folder, appended: 0 }
    }

    /// Appends an event and waits until it is projected.
    pub(super) async fn projected(&mut self, what: &str) {
        self.append().await;
        projected(self.db.pool(), self.appended, what).await;
    }

    async fn append(&mut self) {
        self.appended += 1;
        append(&self.db.log(), events::repo("a/b", self.appended)).await;
    }
}

/// Waits until all live builds stand at `position`.
async fn projected(pool: &PgPool, position: u64, what: &str) {
    let all = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position >= $1";
    for _ in 0..3_000 {
        let done: Result<i64, _> = sqlx::query_scalar(all).bind(position as i64).fetch_one(pool).await;
        // Where the database is away, the next look decides.
        if done.is_ok_and(|done| done == Projection::ALL.len() as i64) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("still waiting: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_either_of_two_is_killed_the_other_goes_on() {
    let mut scene = Scene::new().await;
    let mut flock = vec![follower(&scene.cli), follower(&scene.cli)];
    scene.projected("two follow").await;
    for round in 0..4 {
        flock.remove(0).kill();
        scene.projected("the other takes over").await;
        flock.push(follower(&scene.cli));
        scene.projected(&format!("a new one joined, round {round}")).await;
    }
    for running in flock {
        assert_eq!(running.stop(Signal::INT).code, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_one_loses_at_the_fence_and_stands_by() {
    let mut scene = Scene::new().await;
    let flock = [follower(&scene.cli), follower(&scene.cli)];
    scene.projected("two follow").await;
    for (paused, _) in flock.iter().zip(0..) {
        // Twice each, so that each is paused as the one that moves the builds and as the one that stands by.
        for _ in 0..2 {
            paused.signal(Signal::STOP);
            scene.projected("the other takes over").await;
            scene.append().await;
            paused.signal(Signal::CONT);
            scene.projected("both are awake").await;
        }
    }
    for mut running in flock {
        assert!(!running.ended(), "it stands by, whoever it is");
        let said = running.stop(Signal::TERM);
        assert_eq!((said.code, &said.json()["head"]), (0, &scene.appended.into()));
    }
    let verified = scene.cli.ok(&["replay", "--verify"]);
    assert_eq!(verified["verified"], true, "{verified}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_stopped_with_locks_in_its_hands_loses_them() {
    let mut scene = Scene::new().await;
    let stopped = follower(&scene.cli);
    scene.projected("it follows").await;
    // It holds its cursors' locks and waits for a table; then it is stopped, and its statement comes to an end.
    let mut conn = scene.db.options().connect().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    let table: String =
        sqlx::query_scalar("SELECT format('build_%s.vertex', build) FROM atlas.live WHERE projection = 'graph'")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    tx.execute(format!("LOCK TABLE {table} IN EXCLUSIVE MODE").as_str()).await.unwrap();
    scene.append().await;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' \
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until(scene.db.pool(), "it waits for the table", waits, 1).await;
    stopped.signal(Signal::STOP);
    tx.rollback().await.unwrap();
    let second = follower(&scene.cli);
    scene.projected("the second gets the locks of the first").await;
    stopped.signal(Signal::CONT);
    scene.projected("both are awake").await;
    for mut running in [stopped, second] {
        assert!(!running.ended());
        assert_eq!(running.stop(Signal::TERM).code, 0);
    }
    conn.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn builds_that_are_replaced_under_a_follower_are_followed() {
    let mut scene = Scene::new().await;
    let mut running = follower(&scene.cli);
    scene.projected("it follows").await;
    for _ in 0..6 {
        scene.cli.ok(&["rebuild", "--promote"]);
        // The promotion is an event.
        scene.appended += 1;
        scene.projected("it follows the new builds").await;
    }
    assert!(!running.ended());
    assert_eq!(running.stop(Signal::TERM).code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_client_left_unsequenced_is_sequenced_and_projected() {
    let mut scene = Scene::new().await;
    let running = follower(&scene.cli);
    scene.projected("it follows").await;
    // As a client that is killed between its commit and the sequencer leaves it.
    let mut conn = scene.db.options().connect().await.unwrap();
    conn.execute("BEGIN; SELECT 1 FROM log.head FOR UPDATE").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("facts");
    std::fs::write(&path, r#"{"full_name": "a/b", "stargazers_count": 77}"#).unwrap();
    let client = scene.cli.start(&["ingest", "repo", path.to_str().unwrap(), "--repo", "pkg:github/a/b"]);
    until(scene.db.pool(), "the client has committed", "SELECT count(*) FROM log.outbox", 1).await;
    client.kill();
    conn.execute("COMMIT").await.unwrap();
    conn.close().await.unwrap();
    scene.appended += 1;
    projected(scene.db.pool(), scene.appended, "the follower sequences it").await;
    assert_eq!(running.stop(Signal::TERM).code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_outlives_its_database() {
    let server = Server::start();
    let cli = server.cli("pg_atlas");
    let pool = ingest::connect(server.options("pg_atlas"));
    ingest::migrate(&pool).await.unwrap();
    let mut running = follower(&cli);
    for n in 0..4 {
        if let Some(how) = [Loss::Immediate, Loss::Backend, Loss::Postmaster].get((n as usize).wrapping_sub(1)) {
            server.lose(*how, 0).await;
        }
        let log = ingest::Log::new(ingest::connect(server.options("pg_atlas")), domain::TenantId::PUBLIC);
        append(&log, events::repo("a/b", n)).await;
        projected(log.pool(), n + 1, "it follows").await;
        log.pool().close().await;
    }
    assert!(!running.ended());
    let said = running.stop(Signal::TERM);
    assert_eq!(said.code, 0);
    assert!(said.stderr.contains("the database is back"), "{said:?}");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_follows_a_database_that_is_down_stops_when_asked() {
    let server = Server::start();
    let cli = server.cli("pg_atlas");
    let running = follower(&cli);
    let pool = ingest::connect(server.options("pg_atlas"));
    for _ in 0..1000 {
        if sqlx::query("SELECT 1 FROM atlas.live").fetch_optional(&pool).await.is_ok_and(|row| row.is_some()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    pool.close().await;
    server.shut_down();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(running.stop(Signal::INT).code, 0);
    let refused = cli.run(&["project", "--follow"]);
    assert_eq!(refused.code, 2, "a database that never answered is a mistake: {refused:?}");
}
