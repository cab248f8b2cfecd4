//! One answer, one moment: also where somebody changes the tables between two statements of a command.

use std::process::Child;
use std::time::{Duration, Instant};

use replay::snapshot;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::cli::Place;

/// Longest wait for a command to meet a lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Times that builds are replaced under a command.
const TRIES: u32 = 10;

/// The schema of the live build of the graph.
pub(super) async fn graph(conn: &mut PgConnection) -> String {
    let build: i64 =
        sqlx::query_scalar("SELECT build FROM atlas.live WHERE projection = 'graph'").fetch_one(conn).await.unwrap();
    format!("build_{build}")
}

/// Starts a command and waits until it waits for a table.
pub(super) async fn stopped_at(conn: &mut PgConnection, place: &Place, table: &str, args: &[&str]) -> Child {
    let child = place.command(args).spawn().unwrap();
    waited_for(conn, table).await;
    child
}

/// Waits until somebody waits for a table.
pub(super) async fn waited_for(conn: &mut PgConnection, table: &str) {
    let started = Instant::now();
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass";
    while sqlx::query_scalar::<_, i64>(waiting).bind(table).fetch_one(&mut *conn).await.unwrap() == 0 {
        assert!(started.elapsed() < PATIENCE, "nobody waits for {table}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What the command says in the end.
pub(super) fn answer(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn edges_and_the_projects_of_their_ends_are_of_one_moment() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    place.run(&["project"]);
    let before = place.run(&["edges", "--level", "project"]);
    assert_eq!(before.as_array().unwrap().len(), 3, "{before}");
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let graph = graph(&mut conn).await;
    let mut moving = conn.begin().await.unwrap();
    moving.execute(format!("LOCK TABLE {graph}.vertex IN ACCESS EXCLUSIVE MODE").as_str()).await.unwrap();
    let table = format!("{graph}.vertex");
    let child = stopped_at(&mut moving, &place, &table, &["edges", "--level", "project"]).await;
    // As a projector does it, in one transaction: what depends, and which project it is of.
    let both = format!("DELETE FROM {graph}.edge; UPDATE {graph}.vertex SET project = NULL");
    moving.execute(both.as_str()).await.unwrap();
    moving.commit().await.unwrap();
    assert_eq!(answer(child), before);
    assert_eq!(place.run(&["edges", "--level", "project"]), json!([]));
}

/// What a command says under which builds are replaced and dropped, once it waits for a table of them. Nothing where
/// the server took a moment: of two who wait for each other it ends the first that looks, and where that is not the
/// command, all stays as it was.
async fn said_while_replaced(place: &Place, command: &[&str], table: &str) -> Option<Value> {
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let table = format!("{}.{table}", graph(&mut conn).await);
    let formula = replay::formulas::named(&mut conn, "seed", 0).await.unwrap();
    let head = replay::log::head(&mut conn).await.unwrap().position;
    let all = projections::tables::Projection::ALL;
    let mut anew = replay::rebuild::build(&mut conn, &all, &formula, head, &mut |_| {}).await.unwrap();
    let mut moving = conn.begin().await.unwrap();
    moving.execute(format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE").as_str()).await.unwrap();
    let child = stopped_at(&mut moving, place, &table, command).await;
    anew.switch(&mut moving).await.unwrap();
    match replay::forget::retired(&mut moving, 1).await {
        Ok(()) => moving.commit().await.unwrap(),
        Err(error) if snapshot::is_deadlock(&error) => {
            moving.rollback().await.unwrap();
            answer(child);
            return None;
        }
        Err(error) => panic!("{command:?}: {error}"),
    }
    Some(answer(child))
}

#[tokio::test]
async fn builds_that_are_replaced_and_dropped_under_a_reader_are_read_in_their_place() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    place.run(&["project"]);
    for (command, table) in [
        (&["triage", "list"][..], "finding"),
        (&["scores"][..], "project"),
        (&["edges"][..], "edge"),
        (&["replay", "--verify"][..], "edge"),
    ] {
        let before = place.run(command);
        let mut tries = 1;
        let said = loop {
            match said_while_replaced(&place, command, table).await {
                Some(said) => break said,
                None => assert!(tries < TRIES, "{command:?} was never the one that the server ended"),
            }
            tries += 1;
        };
        let stable = |said: &Value| said.get("digest").cloned().unwrap_or_else(|| said.clone());
        assert_eq!(stable(&said), stable(&before), "{command:?}");
    }
}
