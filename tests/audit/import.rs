//! A database from a bundle, and a database from a backup: the same log.

use std::process::Command;

use serde_json::{Value, json};

use super::bundle::exported;
use super::support::{ecosystem, sbom, verify};
use crate::support::cli::Place;
use crate::support::log;

fn events_of(place: &Place) -> Vec<u8> {
    place.ends(0, &["events"]).stdout
}

/// Scores, digests and what was published.
fn state_of(place: &Place) -> [Value; 3] {
    place.run(&["project"]);
    let replayed = place.run(&["replay", "--verify"]);
    assert_eq!(replayed["verified"], true);
    let digests = json!([replayed["position"], replayed["digest"], replayed["state_digest"]]);
    let published = place.run(&["replay", "--verify", "--label", "one"]);
    assert_eq!(published["verified"], true);
    [digests, place.run(&["scores"]), place.run(&["status"])["root"].clone()]
}

#[tokio::test]
async fn an_imported_log_is_the_same_log_and_goes_on() {
    let one = Place::new().await;
    let (bundle, file, key) = exported(&one).await;
    one.run(&["erase", "payload", "6", "--reason", "the law", "--yes"]);
    one.run(&["publish", "--label", "three"]);
    let erased = one.path("erased.bundle").to_str().unwrap().to_owned();
    one.run(&["audit", "export", &erased]);

    let two = Place::new().await;
    let said = two.run(&["audit", "import", &bundle, "--key", &key, "--checkpoint", &file]);
    assert_eq!((&said["events"], &said["trusted"]), (&said["tree_size"], &json!(true)));
    assert_eq!(two.run(&["audit", "import", &bundle])["events"], 0, "again is nothing new");
    log::check(two.db.pool()).await;
    state_of(&two);
    assert_eq!(verify(&two, 0, &["--key", &key, "--checkpoint", &file])["trusted"], true);
    let again = two.path("again.bundle").to_str().unwrap().to_owned();
    two.run(&["audit", "export", &again]);
    assert_eq!(std::fs::read(&bundle).unwrap(), std::fs::read(&again).unwrap());
    // What was told once is still told once, and new facts go on where the log ends.
    let same = two.file("b.json", sbom("b", &[("a", &["x"][..]), ("z", &[][..])]));
    let duplicate = two.run(&["ingest", "sbom", &same, "--repo", "pkg:github/o/b", "--project", "p:b"]);
    assert_eq!((&duplicate["outcome"], &duplicate["position"]), (&json!("duplicate"), &json!(5)));

    let three = Place::new().await;
    three.run(&["audit", "import", &erased, "--allow-unprovable"]);
    assert_eq!(events_of(&three), events_of(&one));
    assert_eq!(verify(&three, 0, &["--allow-unprovable"])["ok"], true);
    assert_eq!(three.run(&["replay", "--verify", "--label", "three"])["verified"], true);

    // A database that has gone on has nothing to learn from an older bundle.
    let ahead = one.ends(0, &["audit", "import", &bundle]);
    assert_eq!(ahead.json()["events"], 0);
    let (from, to) = (&said["tree_size"], &one.run(&["status"])["head"]);
    let says = format!("the bundle ends at {from} and this database goes to {to}, after the same events");
    assert!(ahead.stderr.contains(&says), "{ahead:?}");

    let other = Place::new().await;
    ecosystem(&other);
    let refused = other.ends(1, &["audit", "import", &bundle]);
    assert!(refused.stderr.contains("another log"), "{refused:?}");
}

/// A program of PostgreSQL beside the server that the stories run on.
fn postgres(program: &str, args: &[&str], place: &Place) {
    let options = place.db.options();
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let mut command = Command::new(program);
    command.args(["--host", &host, "--port", &options.get_port().to_string(), "--username", options.get_username()]);
    command.args(args).arg(format!("--dbname={}", options.get_database().unwrap()));
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn a_backup_restores_to_the_same_log() {
    let one = Place::new().await;
    let (_, file, key) = exported(&one).await;
    let before = state_of(&one);
    let dump = one.path("atlas.dump").to_str().unwrap().to_owned();
    postgres("pg_dump", &["--format=custom", "--file", &dump], &one);

    let two = Place::new().await;
    postgres("pg_restore", &["--exit-on-error", "--no-owner", &dump], &two);
    let copied = Command::new("cp").arg("-R").arg(one.data()).arg(two.data()).status().unwrap();
    assert!(copied.success());
    assert_eq!(verify(&two, 0, &["--key", &key, "--checkpoint", &file])["trusted"], true);
    assert_eq!(state_of(&two), before);
    assert_eq!(events_of(&two), events_of(&one));
    // The stories' own events name documents that there never were.
    let documents = |place: &Place| place.ends(1, &["artifact", "audit"]).json();
    assert_eq!(documents(&two), documents(&one));
    let names = |place: &Place| std::fs::read_dir(place.data().join("artifacts/sha256")).unwrap().count();
    assert!(names(&one) > 0 && names(&one) == names(&two));
    // It is a database that can be worked with, by the same rules.
    assert_eq!(two.run(&["publish", "--label", "restored"])["position"], before[0][0]);
    log::check(two.db.pool()).await;
    assert!(sqlx::query("DELETE FROM log.event").execute(two.db.pool()).await.is_err());
}
