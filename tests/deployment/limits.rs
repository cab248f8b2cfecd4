//! No command waits without end, and asking under which key the git logs were made reads next to nothing.

use ingest::{Append, pseudonym_key};
use sqlx::{Executor as _, Row as _};

use crate::support::cli::{Place, ended};
use crate::support::log::context;
use crate::support::{Db, events};

#[tokio::test]
async fn a_lock_that_does_not_come_ends_every_command() {
    let place = Place::new().await;
    let file = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 5}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]);
    place.run(&["project"]);
    let mut stopped = place.db.pool().begin().await.unwrap();
    stopped.execute("LOCK TABLE atlas.live, log.head, log.commit IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let commands: [&[&str]; 8] = [
        &["scores"],
        &["edges"],
        &["status"],
        &["events"],
        &["replay"],
        &["audit", "verify"],
        &["rebuild"],
        &["formula", "diff", "seed", "atlas-1"],
    ];
    let running = commands.map(|command| {
        let command = place.command(command);
        tokio::task::spawn_blocking(move || ended(2, command))
    });
    // The transaction would be ended for its silence, and everybody answered.
    let mut done = tokio::task::spawn(async move {
        let mut said = Vec::new();
        for command in running {
            said.push(command.await.unwrap());
        }
        said
    });
    let said = loop {
        tokio::select! {
            said = &mut done => break said.unwrap(),
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                stopped.execute("SELECT 1").await.unwrap();
            }
        }
    };
    for said in said {
        assert!(said.stderr.contains("lock timeout"), "{said:?}");
    }
    stopped.rollback().await.unwrap();
    place.run(&["status"]);
}

#[tokio::test]
async fn the_doctor_names_the_limits() {
    let place = Place::new().await;
    let checks = place.run(&["doctor"]);
    let limits = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == "limits").unwrap();
    let detail = limits["detail"].as_str().unwrap();
    assert!(["30s", "2min", "1min"].iter().all(|limit| detail.contains(limit)), "{detail}");
}

/// Rows of log.event that the question for the keys in use reads.
async fn read(db: &Db) -> (usize, i64) {
    let mut transaction = db.pool().begin().await.unwrap();
    let keys = pseudonym_key::used(&mut *transaction).await.unwrap().len();
    let row = sqlx::query(
        "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_all_tables \
          WHERE relid = 'log.event'::regclass",
    )
    .fetch_one(&mut *transaction)
    .await
    .unwrap();
    (keys, row.get("rows"))
}

#[tokio::test]
async fn the_keys_in_use_are_found_by_an_index() {
    let db = Db::create().await;
    let log = db.log();
    let fill = async |from: u64| {
        let events = (from..from + 3_000).map(|n| Append::from(events::repo(&format!("o/r{n}"), n)));
        log.append_batch(events.collect(), &context()).await.unwrap();
    };
    assert_eq!(read(&db).await, (0, 0));
    fill(0).await;
    assert_eq!(read(&db).await, (0, 0), "a log without git logs is not looked through");
    for (n, day) in ["2026-01-01", "2026-01-02", "2026-01-03"].into_iter().enumerate() {
        log.append(events::git_days(&format!("o/r{n}"), &[("ann", day, 1)]).into(), &context()).await.unwrap();
    }
    fill(3_000).await;
    assert_eq!(read(&db).await, (1, 2), "the first and the latest");
    db.pool().execute("ANALYZE log.event").await.unwrap();
    // Of three git logs it may as well take all and sort them, for each end.
    let (keys, rows) = read(&db).await;
    assert!(keys == 1 && (2..=6).contains(&rows), "{rows} rows, whatever the planner knows");
}
