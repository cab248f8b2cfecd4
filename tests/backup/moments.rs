//! A backup is of one moment: whoever appends meanwhile, whoever is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::Connection as _;
use sqlx::Executor as _;

use super::{create, files_of, shelf};
use crate::audit::support::ecosystem;
use crate::support::cli::Place;
use crate::support::wait::{AT_ALL, until};
use crate::support::{events, log};

/// Waits for a file.
async fn until_there(what: &str, is_there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < AT_ALL, "still waiting until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_is_none() {
    let place = Place::new().await;
    ecosystem(&place);
    let shelf = shelf(&place);
    // Stopped before its last table.
    let mut conn = place.db.pool().acquire().await.unwrap();
    let mut holding = conn.begin().await.unwrap();
    holding.execute("LOCK TABLE atlas.person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut child = place.command(&["backup", "create", "--to", &shelf]).spawn().unwrap();
    let written =
        || Path::new(&shelf).exists() && files_of(Path::new(&shelf)).iter().any(|p| p.ends_with("log.tile/000001.zst"));
    until_there("the tables before it are written", written).await;
    child.kill().unwrap();
    child.wait().unwrap();
    holding.rollback().await.unwrap();

    let left = place.run(&["backup", "list", "--to", &shelf])[0].clone();
    assert!(left["complete"] == false && left["head"].is_null() && left["bytes"].as_u64().unwrap() > 0, "{left}");
    let two = Place::new().await;
    two.ends(1, &["backup", "restore", "--from", &shelf]);
    two.ends(1, &["backup", "restore", left["id"].as_str().unwrap(), "--from", &shelf]);
    let made = create(&place, &shelf);
    assert_eq!(two.run(&["backup", "restore", "--from", &shelf])["id"], made["id"]);
    // It goes when it is old, and an old complete one does not go for it.
    let old = |id: &str| PathBuf::from(&shelf).join(id);
    fs::rename(old(left["id"].as_str().unwrap()), old("20250101T000000Z-00000000")).unwrap();
    let pruned = place.run(&["backup", "prune", "--keep-days", "1", "--to", &shelf]);
    assert_eq!((pruned["removed"].as_array().unwrap().len(), &pruned["kept"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_without_a_position_come_along_and_get_theirs_later() {
    let one = Place::new().await;
    ecosystem(&one);
    one.run(&["project"]);
    // An appender that dies before its event has a place.
    let mut conn = one.db.pool().acquire().await.unwrap();
    let mut holding = conn.begin().await.unwrap();
    holding.execute("SELECT FROM log.head FOR UPDATE").await.unwrap();
    let file = one.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 7}"#);
    let mut child = one.command(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]).spawn().unwrap();
    until(one.db.pool(), "an event waits", "SELECT count(*) FROM log.outbox", 1).await;
    child.kill().unwrap();
    child.wait().unwrap();
    holding.rollback().await.unwrap();

    let shelf = shelf(&one);
    let made = create(&one, &shelf);
    assert_eq!(made["pending"], 1);
    let two = Place::new().await;
    let restored = two.run(&["backup", "restore", "--from", &shelf]);
    assert_eq!((&restored["pending"], &restored["live_equal"]), (&json!(1), &json!(true)));
    let (here, there) = (one.run(&["project"]), two.run(&["project"]));
    assert_eq!(here["head"].as_u64().unwrap(), made["head"].as_u64().unwrap() + 1);
    assert_eq!(here["head"], there["head"]);
    assert_eq!(one.run(&["status"])["root"], two.run(&["status"])["root"]);
    assert_eq!(one.run(&["scores", "--level", "repo"]), two.run(&["scores", "--level", "repo"]));
    log::check(two.db.pool()).await;
    // And the outbox goes on after them.
    log::append(&two.db.log(), events::repo("o/later", 1)).await;
    log::check(two.db.pool()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_others_append_is_of_one_moment() {
    let one = Place::new().await;
    ecosystem(&one);
    one.run(&["project"]);
    let enough = Arc::new(AtomicBool::new(false));
    let appending = {
        let (log, enough) = (one.db.log(), Arc::clone(&enough));
        tokio::spawn(async move {
            let mut appended = 0_u64;
            while !enough.load(Ordering::Relaxed) {
                appended += 1;
                log::append(&log, events::repo(&format!("o/r{}", appended % 50), appended)).await;
            }
            appended
        })
    };
    let shelf = shelf(&one);
    let mut made = Vec::new();
    for _ in 0..3 {
        let last: u64 = made.last().map_or(0, |made: &serde_json::Value| made["head"].as_u64().unwrap());
        until_head(&one, last + 20).await;
        // The stories' own events name documents that there never were.
        let create = || one.ends(1, &["backup", "create", "--to", &shelf]).json();
        made.push(tokio::task::block_in_place(create));
    }
    enough.store(true, Ordering::Relaxed);
    assert!(appending.await.unwrap() > 60);
    for made in &made {
        let two = Place::new().await;
        let id = made["id"].as_str().unwrap();
        let restored = tokio::task::block_in_place(|| two.run(&["backup", "restore", id, "--from", &shelf]));
        assert_eq!((&restored["head"], &restored["root"]), (&made["head"], &made["root"]));
        let head = made["head"].to_string();
        let prefix = ["events", "--to", &head];
        assert!(two.ends(0, &prefix).stdout == one.ends(0, &prefix).stdout);
        // What had no place yet gets one; nothing is there twice, and nothing is lost.
        two.run(&["project"]);
        log::check(two.db.pool()).await;
    }
}

/// Waits until the log is so long.
async fn until_head(place: &Place, head: u64) {
    let least = i64::try_from(head).unwrap();
    until(place.db.pool(), "the log has grown", "SELECT next_position - 1 FROM log.head", least).await;
}
