//! Steady appends, a follower, and commands that want the scores of the present.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tokio::task::JoinSet;

use super::{end, run};
use crate::support::cli::Place;
use crate::support::log::append;
use crate::support::{Db, events};

/// Single appends at least, and until everybody else is done.
const APPENDS: u64 = 2_000;
/// Who append at once, each to a stream of its own.
const CLIENTS: u64 = 8;
/// Repositories with packages, so that it takes longer to read the state than to append.
const REPOS: u64 = 10;
/// Packages of each.
const PACKAGES: u64 = 300;
/// Publications beside them.
const PUBLICATIONS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_the_present_gets_it_beside_steady_appends_and_a_follower() {
    let place = Place::new().await;
    place.run(&["project"]);
    let log = place.db.log();
    // The event that will be erased, and something for scores to rest on.
    append(&log, events::sbom("a/b", &["one", "two"])).await;
    for repo in 0..REPOS {
        let names: Vec<String> = (0..PACKAGES).map(|n| format!("package-{repo}-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        append(&log, events::sbom(&format!("d/{repo}"), &names)).await;
    }
    let follower = place.command(&["project", "--follow"]).spawn().unwrap();
    let (done, appended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut appending = JoinSet::new();
    for client in 0..CLIENTS {
        let (log, done, appended) = (log.clone(), Arc::clone(&done), Arc::clone(&appended));
        appending.spawn(async move {
            while appended.load(Ordering::Relaxed) < APPENDS || !done.load(Ordering::Relaxed) {
                append(&log, events::repo(&format!("c/{client}"), appended.fetch_add(1, Ordering::Relaxed))).await;
            }
        });
    }

    let mut published: Vec<Value> = Vec::new();
    let mut projected = 0;
    for n in 0..PUBLICATIONS {
        let before = place.run(&["status"])["head"].as_u64().unwrap();
        let (code, said) = run(place.command(&["publish", "--label", &format!("label {n}")])).await;
        assert_eq!(code, 0, "{said:?}");
        published.push(said.json());
        // The head was taken after it was called.
        assert!(said.json()["position"].as_u64().unwrap() >= before, "{said:?}");
        if n == 3 || n == 7 {
            let (code, said) = run(place.command(&["project"])).await;
            assert_eq!(code, 0, "{said:?}");
            projected += 1;
        }
        if n == 5 {
            let erase = place.command(&["erase", "payload", "1", "--reason", "the law", "--yes"]);
            let (code, said) = run(erase).await;
            assert_eq!((code, &said.json()["erased"]), (0, &json!(1)), "{said:?}");
        }
    }
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = appending.join_next().await {
        ended.unwrap();
    }
    assert_eq!((published.len(), projected), (PUBLICATIONS, 2));
    assert!(appended.load(Ordering::Relaxed) >= APPENDS);

    kill_process(Pid::from_child(&follower), Signal::INT).unwrap();
    let (code, said) = end(follower, "the follower");
    assert_eq!(code, 0, "{said:?}");
    for (n, published) in published.iter().enumerate() {
        let label = format!("label {n}");
        // What was published before the erasure may rest on what is gone.
        if n <= 5 {
            let refused = place.ends(1, &["replay", "--verify", "--label", &label]);
            assert!(refused.stderr.contains("unprovable: position 1 erased"), "{refused:?}");
            continue;
        }
        let verified = place.run(&["replay", "--verify", "--label", &label]);
        assert_eq!(verified["verified"], true, "{verified}");
        for key in ["position", "digest", "state_digest"] {
            assert_eq!(verified[key], published[key], "{key} of {label}");
        }
    }
    let (_, said) = run(place.command(&["audit", "verify"])).await;
    let found = said.json();
    assert_eq!(found["first_bad_position"], Value::Null, "{found}");
    let of =
        |result| found["publications"].as_array().unwrap().iter().filter(|judged| judged["result"] == result).count();
    assert_eq!((of("unprovable"), of("verified")), (6, 4), "{found}");
    assert_eq!(place.run(&["project"])["projections"][0]["lag"], 0);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    // Nothing of it is in the live tables.
    assert!(place.ends(1, &["edges", "--of", "pkg:github/a/b"]).stderr.contains("has the id `pkg:github/a/b`"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_publish_one_label_at_once_one_wins() {
    let place = Place::new().await;
    append_first(&place).await;
    for round in 0..4 {
        let label = format!("round {round}");
        let publish = || run(place.command(&["publish", "--label", &label]));
        let ((one, said), (other, told)) = tokio::join!(publish(), publish());
        assert_eq!([one.min(other), one.max(other)], [0, 3], "{said:?} {told:?}");
        let refused = if one == 3 { said } else { told };
        assert!(refused.stderr.contains("already published"), "{refused:?}");
        assert_eq!(place.run(&["replay", "--verify", "--label", &label])["verified"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_loses_the_builds_to_another_answers_without_them() {
    const EVENTS: u64 = 40;
    let db = Db::create().await;
    for n in 0..EVENTS {
        append(&db.log(), events::repo("a/b", n)).await;
    }
    let (mut conn, options) = (db.options().connect().await.unwrap(), db.options());
    let mut seen = 0;
    let mut each = |_: &replay::log::Stored| {
        seen += 1;
        if seen != EVENTS / 2 {
            return;
        }
        // Another brings the live builds to the head while this one folds.
        let options = options.clone();
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut conn = options.connect().await.unwrap();
                crate::support::live::to_head(&mut conn, &mut |_| {}).await.unwrap().position()
            })
        });
        assert_eq!(other.join().unwrap(), EVENTS);
    };
    let (present, _) = replay::present::evaluate(&mut conn, &mut each).await.unwrap();
    assert_eq!((present.position, seen), (EVENTS, EVENTS), "no event was folded twice");
    let fold = replay::as_of::fold(&mut conn, present.formula, EVENTS, &mut |_| {}).await.unwrap();
    let outcome = replay::as_of::outcome(&fold);
    assert_eq!((present.digest, present.state_digest), (outcome.digest, outcome.state_digest));
    assert_eq!(present.root, replay::log::head(&mut conn).await.unwrap().root);
}

async fn append_first(place: &Place) {
    ingest::migrate(place.db.pool()).await.unwrap();
    append(&place.db.log(), events::repo("a/b", 1)).await;
}
