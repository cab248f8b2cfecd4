//! Keys: made with the first thing that uses them, announced, and never left behind by a command that failed.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlx::Executor as _;

use crate::support::cli::{Place, Said, ended};
use crate::support::git::one_commit;

/// Files of the data folder that have to do with keys.
fn keys(data: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(data) else { return vec![] };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains("key")).collect();
    names.sort();
    names
}

/// Lines that announce a key.
fn announced(said: &Said) -> Vec<&str> {
    said.stderr.lines().filter(|line| line.contains("a new key")).collect()
}

/// A table that takes no new row.
async fn closed(place: &Place, table: &str) {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION public.closed() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN RAISE EXCEPTION 'closed'; END $$; \
         CREATE TRIGGER closed BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.closed()"
    );
    sqlx::raw_sql(&sql).execute(place.db.pool()).await.unwrap();
}

async fn opened(place: &Place, table: &str) {
    place.db.pool().execute(format!("DROP TRIGGER closed ON {table}").as_str()).await.unwrap();
}

#[tokio::test]
async fn a_git_log_that_fails_leaves_no_key_and_one_that_is_taken_announces_it() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    let (path, data) = (one_commit(&place.path("r")), place.data());
    let ingest = ["ingest", "git-log", &path, "--repo", "pkg:github/o/r"];
    place.ends(1, &["ingest", "git-log", "nowhere", "--repo", "pkg:github/o/r"]);
    let dry = place.ends(0, &[&ingest[..], &["--dry-run"]].concat());
    assert_eq!((keys(&data), announced(&dry)), (vec![], vec![]));

    closed(&place, "log.append").await;
    let said = place.ends(2, &ingest);
    assert!(said.stderr.contains("closed") && announced(&said).is_empty(), "{said:?}");
    assert_eq!(keys(&data), [""; 0]);
    place.ends(2, &[&ingest[..], &["--database-url", "postgres://nobody@127.0.0.1:1/nothing"]].concat());
    assert_eq!(keys(&data), [""; 0]);

    opened(&place, "log.append").await;
    let said = place.ends(0, &ingest);
    assert_eq!(keys(&data), ["pseudonym.key"]);
    let lines = announced(&said);
    let file = data.join("pseudonym.key").display().to_string();
    assert!(lines.len() == 1 && lines[0].contains(&file) && lines[0].contains("back it up"), "{said:?}");
    let key = fs::read_to_string(&file).unwrap();
    assert!(!said.stderr.contains(key.trim()), "the file is named, the key is not");
    let again = place.ends(0, &ingest);
    assert_eq!((announced(&again), fs::read_to_string(&file).unwrap()), (vec![], key));
    place.run(&["project"]);
    place.run(&["doctor"]);
}

#[tokio::test]
async fn quiet_says_nothing_of_a_key() {
    let place = Place::new().await;
    let path = one_commit(&place.path("r"));
    let said = place.ends(0, &["--quiet", "ingest", "git-log", &path, "--repo", "pkg:github/o/r"]);
    let more = place.ends(0, &["--quiet", "audit", "checkpoint"]);
    assert_eq!((said.stderr.as_str(), more.stderr.as_str()), ("", ""));
    assert_eq!(keys(&place.data()), ["pseudonym.key", "signing.key"]);
}

#[tokio::test]
async fn an_export_brings_its_own_key() {
    let place = Place::new().await;
    let (path, elsewhere) = (one_commit(&place.path("r")), place.path("elsewhere"));
    let mut export = place.command(&["ingest", "git-log", &path, "--repo", "pkg:github/o/r"]);
    export.args(["--dry-run", "--format", "ndjson", "--data-dir"]).arg(&elsewhere);
    let said = ended(0, export);
    assert_eq!((keys(&elsewhere), announced(&said).len()), (vec!["pseudonym.key".to_owned()], 1), "it is in use");
    let file = place.file("export.ndjson", &said.stdout);
    let line = serde_json::json!({"kind": "git-log", "repo": "pkg:github/o/s", "path": "export.ndjson"});
    let batch = place.file("batch.ndjson", format!("{line}\n"));
    place.run(&["ingest", "git-log", &file, "--repo", "pkg:github/o/r"]);
    assert_eq!(place.run(&["ingest", "batch", &batch])["appended"], 1);
    assert_eq!(keys(&place.data()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_begin_at_once_make_one_key() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    let names = ["a", "b", "c", "d"];
    let commands = names.map(|name| {
        let path = one_commit(&place.path(name));
        place.command(&["ingest", "git-log", &path, "--repo", &format!("pkg:github/o/{name}")])
    });
    let running = commands.map(|command| tokio::task::spawn_blocking(move || ended(0, command)));
    let mut lines = 0;
    for said in running {
        lines += announced(&said.await.unwrap()).len();
    }
    assert_eq!((lines, keys(&place.data())), (1, vec!["pseudonym.key".to_owned()]));
    let log = String::from_utf8(place.ends(0, &["events"]).stdout).unwrap();
    let used: Vec<Value> = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let used: std::collections::BTreeSet<String> =
        used.iter().map(|event| event["payload"]["pseudonym_key"].to_string()).collect();
    assert_eq!(used.len(), 1);
    let check = place.run(&["ingest", "git-log", &one_commit(&place.path("e")), "--repo", "pkg:github/o/e"]);
    assert_eq!(check["warnings"], serde_json::json!([]), "the file holds the key of the log");
}

#[tokio::test]
async fn a_checkpoint_that_fails_leaves_no_key() {
    let place = Place::new().await;
    let file = place.file("r.json", r#"{"full_name": "o/a"}"#);
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/a"]);
    let data = place.data();
    closed(&place, "log.checkpoint").await;
    let said = place.ends(2, &["audit", "checkpoint"]);
    assert!(announced(&said).is_empty() && said.stderr.contains("closed"), "{said:?}");
    assert_eq!(keys(&data), [""; 0]);

    opened(&place, "log.checkpoint").await;
    let said = place.ends(0, &["audit", "checkpoint"]);
    let lines = announced(&said);
    let path = data.join("signing.key").display().to_string();
    assert!(lines.len() == 1 && lines[0].contains(&path) && lines[0].contains("back it up"), "{said:?}");
    assert!(lines[0].contains(said.json()["keys"][0].as_str().unwrap()));

    let before = fs::read_to_string(&path).unwrap();
    place.run(&["ingest", "repo", &file, "--repo", "pkg:github/o/b"]);
    closed(&place, "log.checkpoint").await;
    place.ends(2, &["audit", "checkpoint", "--rotate"]);
    assert_eq!((fs::read_to_string(&path).unwrap(), keys(&data)), (before, vec!["signing.key".to_owned()]));
}
