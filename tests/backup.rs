//! `backup`: all that cannot be made again, kept in a folder, put back elsewhere, and proven to be what it was.

mod damage;
mod moments;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::audit::support::{ecosystem, sbom};
use crate::support::cli::{Place, Said, ended};
use crate::support::git::one_commit;
use crate::support::log;

/// Where the backups of a place go.
fn shelf(place: &Place) -> String {
    place.path("shelf").to_str().unwrap().to_owned()
}

/// Makes a backup.
fn create(place: &Place, shelf: &str) -> Value {
    place.run(&["backup", "create", "--to", shelf])
}

/// A command on the embedded database of a place's data folder.
fn embedded(place: &Place, code: i32, args: &[&str]) -> Said {
    let mut command = place.command(args);
    command.env_remove("DATABASE_URL");
    ended(code, command)
}

/// What readers see: the events byte for byte, the scores, root and head, and the raw documents.
fn seen(run: &dyn Fn(&[&str]) -> Said) -> [Vec<u8>; 4] {
    let status = run(&["status"]).json();
    let head = json!([status["head"], status["root"]]).to_string().into_bytes();
    [run(&["events"]).stdout, run(&["scores"]).stdout, head, run(&["artifact", "audit"]).stdout]
}

/// The files below a folder, by their paths below it.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_of(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[tokio::test]
async fn an_embedded_database_moves_to_another_and_to_a_server() {
    let one = Place::new().await;
    let here = |args: &[&str]| embedded(&one, 0, args);
    let survey = "project_id,project_name,status,answered_at\np:a,A,live,2026-01-01\np:b,B,in-dev,2026-01-02\n";
    here(&["ingest", "survey", &one.file("survey.csv", survey)]);
    for (name, packages) in [("a", &[("x", &["y"][..])][..]), ("b", &[("a", &["x"][..])][..])] {
        let file = one.file(&format!("{name}.json"), sbom(name, packages));
        let (repo, project) = (format!("pkg:github/o/{name}"), format!("p:{name}"));
        here(&["ingest", "sbom", &file, "--repo", &repo, "--project", &project]);
    }
    here(&["ingest", "git-log", &one_commit(&one.path("git")), "--repo", "pkg:github/o/a"]);
    here(&["project"]);
    here(&["publish", "--label", "one"]);
    let key = here(&["audit", "checkpoint"]).json()["keys"][0].as_str().unwrap().to_owned();
    let shelf = shelf(&one);

    let later = "project_id,project_name,status,answered_at\np:c,C,live,2026-01-03\n";
    here(&["ingest", "survey", &one.file("later.csv", later)]);
    let behind = embedded(&one, 0, &["backup", "create", "--to", &shelf]);
    assert!(behind.json()["live"] == false && behind.stderr.contains("`pg-atlas project` first"), "{behind:?}");
    here(&["project"]);
    let said = here(&["backup", "create", "--to", &shelf]);
    let made = said.json();
    let keys = ["signing.key", "pseudonym.key"].map(|name| one.data().join(name).to_str().unwrap().to_owned());
    assert_eq!((&made["keys"], &made["live"], &made["missing"]), (&json!(keys), &json!(true), &json!(0)));
    assert!(said.stderr.contains(&keys[0]) && said.stderr.contains(&keys[1]), "{said:?}");
    let status = here(&["status"]).json();
    assert_eq!((&made["head"], &made["root"]), (&status["head"], &status["root"]));
    let folder = PathBuf::from(&shelf).join(made["id"].as_str().unwrap());
    let kept: Vec<Vec<u8>> = files_of(&folder).iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(kept.len() as u64, made["files"].as_u64().unwrap() + 1, "and the manifest");
    let secret = fs::read(one.data().join("pseudonym.key")).unwrap();
    assert!(!kept.iter().any(|file| file.windows(secret.len()).any(|part| part == secret)));

    // Nobody is asked for a database to look at a place.
    let elsewhere = ["--database-url", "postgres://nobody@127.0.0.1:1/nothing"];
    let listed = one.run(&[&["backup", "list", "--to", &shelf], &elsewhere[..]].concat());
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for key in ["id", "head", "root"] {
        assert_eq!(listed[1][key], made[key]);
    }
    assert!(listed.iter().all(|backup| backup["complete"] == true && backup["reason"].is_null()), "{listed:?}");

    let expected = seen(&here);
    let two = Place::new().await;
    let restored = embedded(&two, 0, &["backup", "restore", "--from", &shelf]);
    assert!(restored.stderr.contains("pseudonym.key") && restored.stderr.contains("signing.key"), "{restored:?}");
    let restored = restored.json();
    let proven = ["id", "head", "root", "bytes", "publications", "live_equal", "verified", "documents"];
    let told = json!([made["id"], made["head"], made["root"], made["bytes"], 1, true, true, made["documents"]]);
    assert_eq!(json!(proven.map(|key| restored[key].clone())), told);
    assert!(seen(&|args| embedded(&two, 0, args)) == expected);

    let three = Place::new().await;
    let restored = three.run(&["backup", "restore", made["id"].as_str().unwrap(), "--to", &shelf]);
    assert_eq!((&restored["live_equal"], &restored["publications"]), (&json!(true), &json!(1)));
    assert!(seen(&|args| three.ends(0, args)) == expected);
    assert_eq!(three.run(&["audit", "verify"])["ok"], true);
    assert_eq!(three.run(&["replay", "--verify", "--label", "one"])["verified"], true);
    assert_eq!(three.run(&["artifact", "audit"]), json!([]));
    log::check(three.db.pool()).await;

    // It is a database to work with, by the same rules and under the same keys.
    for name in ["signing.key", "pseudonym.key"] {
        fs::copy(one.data().join(name), three.data().join(name)).unwrap();
    }
    let same = three.file("b.json", sbom("b", &[("a", &["x"][..])]));
    let again = three.run(&["ingest", "sbom", &same, "--repo", "pkg:github/o/b", "--project", "p:b"]);
    assert_eq!(again["outcome"], "duplicate");
    assert_eq!(three.run(&["audit", "checkpoint"])["keys"][0], key.as_str());
    assert_eq!(three.run(&["publish", "--label", "two"])["position"], made["head"]);

    // What is there is not written over.
    let refused = three.ends(1, &["backup", "restore", "--from", &shelf]);
    assert!(refused.stderr.contains("not empty") && refused.stderr.contains("--database-url"), "{refused:?}");
    // Nor is a key that somebody holds left beside those of the backup.
    let four = Place::new().await;
    four.run(&["key", "create"]);
    let refused = four.ends(1, &["backup", "restore", "--from", &shelf]);
    assert!(refused.stderr.contains("there are rows in atlas.api_key"), "{refused:?}");
}

#[tokio::test]
async fn a_drill_proves_a_backup_and_touches_nothing() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["project"]);
    let shelf = shelf(&place);
    let made = create(&place, &shelf);
    let before = files_of(&place.data());
    let drill = place.run(&["backup", "restore", "--drill", "--from", &shelf]);
    assert_eq!((&drill["id"], &drill["verified"], &drill["live_equal"]), (&made["id"], &json!(true), &json!(true)));
    assert_eq!(files_of(&place.data()), before);
    let file = files_of(Path::new(&shelf)).into_iter().find(|path| path.ends_with("log.event/000001.zst")).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes.truncate(10);
    fs::write(&file, bytes).unwrap();
    let said = place.ends(1, &["backup", "restore", made["id"].as_str().unwrap(), "--drill", "--from", &shelf]);
    assert!(said.stderr.contains("log.event/000001.zst"), "{said:?}");
}

#[tokio::test]
async fn old_backups_go_and_the_newest_complete_one_stays() {
    let place = Place::new().await;
    assert_eq!(place.run(&["backup", "list"]), json!([]), "no place is made by looking");
    assert_eq!(place.run(&["backup", "prune", "--keep-days", "1"])["removed"], json!([]));
    place.ends(1, &["backup", "restore"]);
    assert!(!place.data().join("backups").exists());
    place.ends(2, &["backup", "list", "--to", place.path("nowhere").to_str().unwrap()]);
    place.ends(2, &["backup", "create", "--to", "gopher://x"]);
    place.ends(2, &["backup", "restore", "../../etc"]);
    place.ends(2, &["backup", "prune", "--keep-days", "0"]);
    place.ends(2, &["backup", "prune"]);

    place.run(&["migrate"]);
    let old = place.run(&["backup", "create"])["id"].as_str().unwrap().to_owned();
    let shelf = place.data().join("backups");
    // As old as its name says: an interrupted one has no other time.
    let interrupted = shelf.join("20250101T000000Z-0123abcd");
    fs::rename(shelf.join(&old), &interrupted).unwrap();
    fs::create_dir(shelf.join("not a backup")).unwrap();
    let wrong = place.run(&["backup", "list"])[0].clone();
    assert!(wrong["complete"] == false && wrong["reason"].as_str().unwrap().contains(&old), "{wrong}");
    let newest = place.run(&["backup", "create"]);
    let dry = place.run(&["backup", "prune", "--keep-days", "30", "--dry-run"]);
    assert!(interrupted.exists());
    let pruned = place.run(&["backup", "prune", "--keep-days", "30"]);
    assert_eq!((&dry["removed"], &dry["kept"]), (&pruned["removed"], &pruned["kept"]));
    assert_eq!((&pruned["removed"][0]["id"], &pruned["kept"]), (&json!("20250101T000000Z-0123abcd"), &json!(1)));
    assert!(!interrupted.exists() && shelf.join("not a backup").exists());
    let left = place.run(&["backup", "list"]);
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &newest["id"]));
    // An empty log is a log.
    let two = Place::new().await;
    let restored = two.run(&["backup", "restore", "--from", shelf.to_str().unwrap()]);
    assert_eq!((&restored["head"], &restored["verified"]), (&json!(0), &json!(true)));
}

/// A backup as a program wrote it whose schema was version 17: with a payload that was erased.
const OF_SCHEMA_17: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backup/schema_17");

#[tokio::test]
async fn a_backup_of_an_earlier_program_is_put_back_and_brought_up_to_date() {
    let place = Place::new().await;
    let restored = place.run(&["backup", "restore", "--from", OF_SCHEMA_17]);
    assert_eq!(
        (&restored["head"], &restored["documents"], &restored["publications"]),
        (&json!(9), &json!(5), &json!(1))
    );
    let root = "1f5801cf1b3e78d3208c1bfb4cc9b259caaa9a7ec357e2a89f965577dd0ee4fa";
    assert_eq!((&restored["root"], &restored["verified"]), (&json!(root), &json!(true)));
    let version = log::count(place.db.pool(), "SELECT max(version) FROM public._sqlx_migrations").await;
    assert_eq!(version, replay::SCHEMA);
    assert_eq!(place.run(&["artifact", "audit"]), json!([]));
    // What was told once is still told once, under its key too, and the log goes on.
    let facts = place.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 7}"#);
    let ingest = ["ingest", "repo", &facts, "--repo", "pkg:github/o/a"];
    assert_eq!(place.run(&ingest)["outcome"], "duplicate");
    let more = place.file("more.json", r#"{"full_name": "o/a", "stargazers_count": 8}"#);
    let ingest = ["ingest", "repo", &more, "--repo", "pkg:github/o/a"];
    assert_eq!(place.run(&ingest)["position"], 10);
    let taken = place.ends(3, &[&ingest[..], &["--idempotency-key", "once"]].concat());
    assert!(taken.stderr.contains("once"), "{taken:?}");
    place.run(&["project"]);
    assert_eq!(place.run(&["audit", "verify", "--allow-unprovable"])["ok"], true);
}

#[tokio::test]
async fn a_backup_by_a_login_above_policies_holds_nothing_of_another_tenant() {
    let one = Place::new().await;
    ecosystem(&one);
    let other = "INSERT INTO log.tenant VALUES (2, 'other'); \
                 INSERT INTO log.head (tenant_id, next_position, root, frontier) VALUES (2, 1, sha256(''), ''); \
                 INSERT INTO log.append (tenant_id, append_id, events, metadata, input_digest, recorded_at) \
                 VALUES (2, gen_random_uuid(), 1, '{}', sha256(''), now()); \
                 INSERT INTO log.outbox (tenant_id, append_id, events, leaf_hashes) \
                 VALUES (2, gen_random_uuid(), 1, sha256(''))";
    sqlx::raw_sql(other).execute(one.db.pool()).await.unwrap();
    let shelf = shelf(&one);
    assert_eq!(create(&one, &shelf)["pending"], 0);
    let two = Place::new().await;
    two.run(&["backup", "restore", "--from", &shelf]);
    let mine = log::count(one.db.pool(), "SELECT count(*) FROM log.append WHERE tenant_id = 1").await;
    assert_eq!(log::count(two.db.pool(), "SELECT count(*) FROM log.append").await, mine);
    log::check(two.db.pool()).await;
}
