//! Asked to stop, a projector keeps what is folded and says where it stands.

use std::io::Read as _;
use std::process::Child;

use replay::catch_up::{self, Tried};
use replay::stop::Stop;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::{Watch, end};
use crate::support::cli::Place;
use crate::support::live::to_head;
use crate::support::log::{append, context, count};
use crate::support::wait::until;
use crate::support::{Db, events};

/// Events: fewer than a page.
const EVENTS: u64 = 600;
/// Where a stop is asked for.
const ASKED_AT: u64 = 250;

async fn facts(db: &Db) {
    let appends = (0..EVENTS).map(|n| events::repo(["a/b", "c/d"][n as usize % 2], n).into()).collect();
    db.log().append_batch(appends, &context()).await.unwrap();
}

#[tokio::test]
async fn what_is_folded_when_a_stop_is_asked_for_stays() {
    let db = Db::create().await;
    facts(&db).await;
    let (mut conn, stop) = (db.options().connect().await.unwrap(), Stop::default());
    let mut seen = 0;
    let mut each = |_: &replay::log::Stored| {
        seen += 1;
        if seen == ASKED_AT {
            stop.ask();
        }
    };
    let tried = catch_up::attempt(&mut conn, EVENTS, &stop, &mut each).await.unwrap();
    assert!(matches!(tried, Tried::Stopped), "{tried:?}");
    let stand = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 250";
    assert_eq!(count(db.pool(), stand).await, 4);
    // It goes on from there, and comes to what it would have come to.
    let mut again = 0;
    let projector = to_head(&mut conn, &mut |_| again += 1).await.unwrap();
    assert_eq!((projector.position(), again), (EVENTS, EVENTS - ASKED_AT));
    let seed = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let mut whole = replay::as_of::fold(&mut conn, seed, EVENTS, &mut |_| {}).await.unwrap();
    assert_eq!(projector.outcome().digest, replay::as_of::outcome(&whole).digest);
    let mut snapshot = conn.begin().await.unwrap();
    assert_eq!(replay::verify::against_live(&mut snapshot, &mut whole, projector.builds()).await.unwrap(), []);
}

fn signal(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

/// Waits until the process has said this on stderr; what it has said by then.
fn hear(child: &mut Child, what: &str) -> String {
    let watch = Watch::over(child);
    let (mut said, mut byte) = (String::new(), [0]);
    while !said.contains(what) {
        let read = child.stderr.as_mut().unwrap().read(&mut byte).unwrap();
        assert!(read > 0, "it ended without `{what}`: {said}");
        said.push(char::from(byte[0]));
    }
    assert!(!watch.came_late(), "`{what}` came too late: {said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_projection_that_is_interrupted_keeps_its_page() {
    let place = Place::new().await;
    place.run(&["project"]);
    facts(&place.db).await;
    // It has folded its page, and waits to write it.
    let mut conn = place.db.options().connect().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    tx.execute("SELECT id FROM atlas.build FOR UPDATE").await.unwrap();
    let mut child = place.command(&["project"]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(place.db.pool(), "it waits for the builds", waits, 1).await;
    signal(&child);
    hear(&mut child, "SIGINT: saving what is folded");
    tx.rollback().await.unwrap();
    let (code, said) = end(child, "project");
    // All of it was folded by then, so nothing is left to be interrupted.
    assert_eq!((code, &said.json()["projections"][0]["position"]), (0, &json!(EVENTS)), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_stands_aside_is_interrupted_at_once_and_says_how_to_go_on() {
    let place = Place::new().await;
    place.run(&["project"]);
    facts(&place.db).await;
    let mut conn = place.db.options().connect().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    tx.execute("SELECT id FROM atlas.build FOR UPDATE").await.unwrap();
    let mut child = place.command(&["project"]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(place.db.pool(), "it waits for the builds", waits, 1).await;
    // Another moves the builds on by one page of its own making.
    tx.execute("UPDATE atlas.build SET position = 1").await.unwrap();
    signal(&child);
    hear(&mut child, "SIGINT: saving what is folded");
    tx.commit().await.unwrap();
    let (code, said) = end(child, "project");
    assert_eq!(code, 130, "{said:?}");
    let sentence = format!("interrupted at position 1 of {EVENTS}; `pg-atlas project` goes on from there");
    assert!(said.stderr.contains(&sentence), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_says_what_it_does() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    facts(&place.db).await;
    for (from, quiet) in [(0, false), (EVENTS, false), (EVENTS, true)] {
        let mut args = vec!["project", "--follow"];
        args.extend(quiet.then_some("--quiet"));
        let mut child = place.command(&args).spawn().unwrap();
        if quiet {
            append(&place.db.log(), events::repo("e/f", 1)).await;
            let stand = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 601";
            until(place.db.pool(), "the builds are there", stand, 4).await;
        } else {
            let said = hear(&mut child, "\n");
            let sentence = format!(
                "following the log from position {from} (it ends at {EVENTS}): graph, people, metrics, history under formula seed"
            );
            assert!(said.contains(&sentence), "{said}");
            let stand = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE b.position = 600";
            until(place.db.pool(), "the builds are there", stand, 4).await;
        }
        signal(&child);
        let (code, said) = end(child, "the follower");
        assert_eq!(code, 0, "{said:?}");
        if quiet {
            assert_eq!(said.stderr, "");
        } else {
            assert_eq!(said.stderr, format!("SIGINT: stopped following at position {EVENTS}\n"));
        }
    }
}
