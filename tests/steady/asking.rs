//! Before something goes for ever, somebody is asked.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::cli::Place;
use crate::support::events;
use crate::support::log::{append, count};
use crate::support::skipped::skipped;

/// Two documents of which the first is superseded, published; a third, and published again.
async fn scene() -> Place {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let log = place.db.log();
    append(&log, events::sbom("a/b", &["x"])).await;
    append(&log, events::sbom("a/b", &["x", "y"])).await;
    place.run(&["publish", "--label", "first"]);
    append(&log, events::sbom("a/b", &["x", "y", "z"])).await;
    place.run(&["publish", "--label", "second"]);
    place
}

/// Everything an erasure could change.
async fn state(place: &Place) -> (Value, i64) {
    let empty = "SELECT count(*) FROM log.event WHERE octet_length(payload) = 0";
    let mut status = place.run(&["status"]);
    // The server sweeps when it likes.
    status.as_object_mut().unwrap().remove("database_bytes").unwrap();
    (status, count(place.db.pool(), empty).await)
}

#[tokio::test]
async fn nobody_to_ask_and_no_yes_is_no() {
    let place = scene().await;
    let before = state(&place).await;
    let refused = place.ends(2, &["erase", "payload", "2", "--reason", "the law"]);
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("--dry-run"), "{refused:?}");
    assert!(refused.stdout.is_empty());
    assert_eq!(state(&place).await, before);
    // What cannot be erased needs no question.
    place.ends(1, &["erase", "payload", "999", "--reason", "the law"]);
    place.ends(2, &["erase", "payload", "2", "--reason", "the law", "--yes", "--dry-run"]);
    assert_eq!(state(&place).await, before);
}

#[tokio::test]
async fn a_dry_run_shows_what_would_go_and_changes_nothing() {
    let place = scene().await;
    let before = state(&place).await;
    for (position, labels) in [("1", json!([])), ("2", json!(["first"]))] {
        let shown = place.run(&["erase", "payload", position, "--reason", "the law", "--dry-run"]);
        assert_eq!(
            (&shown["target"]["stream"], &shown["target"]["type"]),
            (&json!("repo:pkg:github/a/b"), &json!("SbomSubmitted"))
        );
        assert_eq!(shown["unprovable"], labels, "{shown}");
        for key in ["erased", "event", "position"] {
            assert_eq!(shown[key], Value::Null, "{shown}");
        }
    }
    assert_eq!(state(&place).await, before);
    // It said what then comes true.
    let erased = place.run(&["erase", "payload", "2", "--reason", "the law", "--yes"]);
    assert_eq!((&erased["erased"], &erased["unprovable"]), (&json!(2), &json!(["first"])), "{erased}");
    place.ends(1, &["replay", "--verify", "--label", "first"]);
    assert_eq!(place.run(&["replay", "--verify", "--label", "second"])["verified"], true);
    // A label that cannot be proven any more is no news.
    let shown = place.run(&["erase", "payload", "1", "--reason", "the law", "--dry-run"]);
    assert_eq!(shown["unprovable"], json!([]), "{shown}");
    place.ends(1, &["erase", "payload", "2", "--reason", "the law", "--dry-run"]);
}

/// Runs the program on a terminal of its own and types an answer. `None` where this machine has no Python.
fn on_terminal(place: &Place, args: &[&str], answer: &str) -> Option<(i32, String)> {
    const SCRIPT: &str = "
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said = b''
while True:
    try:
        said += os.read(terminal, 4096)
    except OSError:
        break
    if b'[y/N]' in said and sys.argv[1]:
        os.write(terminal, sys.argv[1].encode() + b'\\n')
        sys.argv[1] = ''
sys.stdout.write(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
    let program = place.command(args);
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT, answer]).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("no python3 on this machine");
            None
        }
        ran => {
            let ran = ran.unwrap();
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            Some((ran.status.code().unwrap(), said + &String::from_utf8_lossy(&ran.stderr)))
        }
    }
}

#[tokio::test]
async fn on_a_terminal_it_asks() {
    let place = scene().await;
    let before = state(&place).await;
    let erase = ["erase", "payload", "2", "--reason", "the law"];
    let Some((code, said)) = on_terminal(&place, &erase, "n") else { return };
    assert_eq!(code, 1, "{said}");
    for part in ["SbomSubmitted", "repo:pkg:github/a/b", "unprovable: first", "nothing was done"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(state(&place).await, before);
    let (code, said) = on_terminal(&place, &erase, "y").unwrap();
    assert_eq!(code, 0, "{said}");
    assert_eq!(state(&place).await.1, 1);
}
