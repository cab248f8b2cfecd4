//! `artifact` and `doctor`: the raw documents, and the set-up they lie in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Executor as _};

use crate::support::cli::{Place, ended};
use crate::support::events;
use crate::support::log::append;

fn sbom(package: &str) -> String {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [{"bom-ref": "a", "name": package, "purl": format!("pkg:npm/{package}@1.0.0")}],
    })
    .to_string()
}

fn stored(data: &Path, digest: &str) -> PathBuf {
    data.join("artifacts/sha256").join(&digest[..2]).join(&digest[2..])
}

fn kinds(rows: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(row, "kind"), text(row, "id"))).collect()
}

#[tokio::test]
async fn documents_are_found_checked_and_moved() {
    let place = Place::new().await;
    let documents = [sbom("x"), sbom("y"), sbom("z")];
    for document in &documents {
        let file = place.file("sbom.json", document);
        place.run(&["ingest", "sbom", &file, "--repo", "pkg:github/O/R"]);
    }
    let history = place.run(&["artifact", "history", "pkg:github/O/R"]);
    assert_eq!(history, place.run(&["artifact", "history", "repo:pkg:github/o/r"]));
    let rows = history.as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["position"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(rows.iter().all(|row| row["kind"] == "SbomSubmitted" && row["reason"].is_string()));
    let digests: Vec<&str> = rows.iter().map(|row| row["digest"].as_str().unwrap()).collect();
    for (digest, document) in digests.iter().zip(&documents) {
        assert_eq!(place.ends(0, &["artifact", "get", digest]).stdout, document.as_bytes());
    }
    place.ends(1, &["artifact", "history", "pkg:github/o/unknown"]);
    place.ends(1, &["artifact", "get", &"0".repeat(64)]);
    place.ends(2, &["artifact", "get", "abc"]);
    assert_eq!(place.run(&["artifact", "audit"]), json!([]));

    let elsewhere = place.path("elsewhere");
    let target = elsewhere.to_str().unwrap();
    let moved = place.run(&["artifact", "migrate", target]);
    assert_eq!((moved[0]["kind"].as_str(), moved[0]["copied"].as_u64()), (Some("migrated"), Some(3)));
    assert_eq!(place.run(&["artifact", "migrate", target])[0]["present"], 3);
    assert_eq!(fs::read(stored(&elsewhere, digests[0])).unwrap(), documents[0].as_bytes());
    place.ends(2, &["artifact", "migrate", "gopher://x"]);

    fs::write(stored(&place.data(), digests[0]), "{}").unwrap();
    fs::remove_file(stored(&place.data(), digests[1])).unwrap();
    let mut found = kinds(&place.ends(1, &["artifact", "audit"]).json());
    let mut expected =
        vec![("damaged".to_owned(), digests[0].to_owned()), ("missing".to_owned(), digests[1].to_owned())];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    place.ends(1, &["artifact", "get", digests[0]]);
    let moved = place.ends(1, &["artifact", "migrate", place.path("third").to_str().unwrap()]).json();
    assert_eq!((moved[0]["copied"].as_u64(), moved[1]["kind"].as_str()), (Some(1), Some("damaged")));

    // Sending a document again mends what was damaged.
    let file = place.file("sbom.json", &documents[0]);
    place.run(&["ingest", "sbom", &file, "--repo", "pkg:github/o/r"]);
    let file = place.file("sbom.json", &documents[1]);
    place.run(&["ingest", "sbom", &file, "--repo", "pkg:github/o/r"]);
    assert_eq!(place.run(&["artifact", "audit"]), json!([]));
}

/// What the doctor says to mend.
fn to_mend(place: &Place, code: i32) -> Vec<String> {
    let checks = place.ends(code, &["doctor"]).json();
    let checks = checks["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["detail"].as_str().is_some_and(|detail| !detail.is_empty())));
    let broken = checks.iter().filter(|check| check["ok"] == false);
    broken.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_doctor_says_what_to_mend() {
    let place = Place::new().await;
    assert!(to_mend(&place, 0).is_empty(), "a place where nothing is yet is in order");
    let file = place.file("sbom.json", sbom("x"));
    place.run(&["ingest", "sbom", &file, "--repo", "pkg:github/o/r"]);
    assert_eq!(to_mend(&place, 1), ["projections"]);
    place.run(&["project"]);
    assert!(to_mend(&place, 0).is_empty());

    let data = place.data();
    let key = data.join("pseudonym.key");
    fs::write(&key, "00").unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(data.join("artifacts"), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(to_mend(&place, 1), ["data folder", "artifacts", "pseudonym.key"]);
    for (path, mode) in [(&key, 0o600), (&data.join("artifacts"), 0o700), (&data, 0o700)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    fs::write(data.join("signing.key"), "no key\n").unwrap();
    fs::set_permissions(data.join("signing.key"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(to_mend(&place, 1), ["signing.key", "pseudonym.key"], "private, and no keys");
    fs::remove_file(data.join("signing.key")).unwrap();
    place.run(&["audit", "checkpoint"]);
    fs::write(&key, "0".repeat(64)).unwrap();
    assert!(to_mend(&place, 0).is_empty());
    sqlx::query(
        "DELETE FROM public._sqlx_migrations WHERE version = (SELECT max(version) FROM public._sqlx_migrations)",
    )
    .execute(place.db.pool())
    .await
    .unwrap();
    assert_eq!(to_mend(&place, 1), ["schema"]);

    let mut nowhere = place.command(&["doctor", "--database-url", "postgres://nobody@127.0.0.1:1/nothing"]);
    let said = nowhere.output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(said["checks"].as_array().unwrap().iter().any(|check| check["name"] == "database" && check["ok"] == false));
}

/// What the doctor says of one thing.
fn detail(place: &Place, name: &str) -> String {
    let checks = place.ends(0, &["doctor"]).json();
    let check = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap();
    check["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_doctor_counts_what_an_earlier_program_called_otherwise() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    let log = place.db.log();
    append(&log, events::repo("o/r", 1)).await;
    append(&log, events::crawl("pkg:npm/plain", "plain")).await;
    place.run(&["project"]);
    assert_eq!(detail(&place, "ids"), "2 repositories and packages, each called as it would be today");
    // What a program kept that lower-cased names of npm, and neither GitLab's nor those of Python with dots.
    append(&log, events::crawl("pkg:npm/jsonstream", "JSONStream")).await;
    append(&log, events::crawl("pkg:pypi/zope.interface", "zope.interface")).await;
    append(&log, events::repo_of("pkg:gitlab/GNOME/gtk", "GNOME/gtk", 2)).await;
    place.run(&["project"]);
    let expected = "3 of 5 repositories and packages would read differently when fed again (pkg:gitlab/GNOME/gtk as \
        pkg:gitlab/gnome/gtk); what an earlier program kept keeps its id";
    assert_eq!(detail(&place, "ids"), expected);

    // They are found by the ids they have, and what is canonical comes first.
    for (id, level) in [("pkg:gitlab/GNOME/gtk", "repo"), ("pkg:pypi/zope.interface", "external")] {
        assert_eq!(place.run(&["scores", "--level", level, "--id", id])[0]["id"], id);
        let stream = format!("{}:{id}", if level == "repo" { "repo" } else { "package" });
        assert_eq!(place.run(&["events", "--stream", &stream])["stream"], stream.as_str());
        assert_eq!(place.run(&["artifact", "history", id]).as_array().unwrap().len(), 1);
        place.run(&["audit", "explain", id, "criticality_score"]);
    }
    append(&log, events::repo_of("pkg:gitlab/gnome/gtk", "GNOME/gtk", 3)).await;
    place.run(&["project"]);
    let found = place.run(&["scores", "--level", "repo", "--id", "pkg:gitlab/GNOME/gtk"]);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &json!("pkg:gitlab/gnome/gtk")));
}

#[tokio::test]
async fn the_doctor_knows_a_login_that_cannot_make_the_schema() {
    let place = Place::new().await;
    let name = format!("atlas_test_guest_{}", uuid::Uuid::now_v7().simple());
    place.db.pool().execute(format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'").as_str()).await.unwrap();
    let url = place.db.bare().username(&name).password("secret").to_url_lossy().to_string();
    let said = ended(1, place.command(&["doctor", "--database-url", &url])).json();
    place.db.pool().execute(format!("DROP ROLE {name}").as_str()).await.unwrap();
    let checks = said["checks"].as_array().unwrap();
    let broken: Vec<&Value> = checks.iter().filter(|check| check["ok"] == false).collect();
    assert!(broken.len() == 1 && broken[0]["name"] == "schema", "{said}");
    assert!(broken[0]["detail"].as_str().unwrap().contains("may not make it"), "{said}");
}
