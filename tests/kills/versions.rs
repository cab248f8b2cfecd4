//! Two programs at once, of which each takes the builds of the other for its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use sqlx::ConnectOptions as _;

use super::chaos::follower;
use super::standby::Scene;
use crate::support::log::count;

/// The live builds, and by which program they were folded.
async fn live(scene: &Scene) -> Vec<(i64, String)> {
    let sql = "SELECT b.id, b.code FROM atlas.live l JOIN atlas.build b ON b.id = l.build ORDER BY b.id";
    sqlx::query_as(sql).fetch_all(scene.db.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_of_equal_versions_follow_at_once_and_one_replaces_the_other() {
    let mut scene = Scene::new().await;
    let first = follower(&scene.cli);
    scene.projected("the first follows").await;
    // What it folded was folded by another program, of equal versions: to whoever comes, and to itself.
    let another = "UPDATE atlas.build SET code = split_part(code, '+', 1) || '+9.9.9+another'";
    sqlx::raw_sql(another).execute(scene.db.pool()).await.unwrap();
    let before = live(&scene).await;
    assert!(before.iter().all(|(_, code)| code.ends_with("+9.9.9+another")), "{before:?}");

    // Whoever reads meanwhile sees the one repository every time.
    let over = Arc::new(AtomicBool::new(false));
    let (mut reader, ends) = (scene.db.options().connect().await.unwrap(), over.clone());
    let reading = tokio::spawn(async move {
        let mut reads = 0_u64;
        while !ends.load(Ordering::Relaxed) {
            let sql = "SELECT canonical_id FROM public.repos";
            let ids: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut reader).await.unwrap();
            assert_eq!(ids, ["pkg:github/a/b"]);
            reads += 1;
        }
        reads
    });

    scene.projected("the first goes on with builds of another program").await;
    let second = follower(&scene.cli);
    scene.projected("two follow").await;
    assert_eq!(first.stop(Signal::TERM).code, 0);
    scene.projected("the second goes on").await;
    let third = follower(&scene.cli);
    assert_eq!(second.stop(Signal::TERM).code, 0);
    scene.projected("the third goes on").await;
    assert_eq!(third.stop(Signal::TERM).code, 0);

    over.store(true, Ordering::Relaxed);
    assert!(reading.await.unwrap() > 0);
    assert_eq!(live(&scene).await, before, "nothing was built anew");
    assert_eq!(count(scene.db.pool(), "SELECT count(*) FROM atlas.build").await, before.len() as i64);
    assert_eq!(scene.cli.ok(&["replay", "--verify"])["verified"], true);
}
