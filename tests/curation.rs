//! `curate`, `triage` and `conflicts`: what sources leave open or contradict each other about, and who settles it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::cli::Place;
use crate::support::log::check;

const BY: [&str; 4] = ["--actor", "ann", "--reason", "asked the maintainers"];

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// The project of every repository that has one.
fn members(place: &Place) -> BTreeMap<String, String> {
    let rows = place.run(&["scores", "--level", "repo"]);
    let rows = rows.as_array().unwrap().iter();
    rows.filter_map(|row| Some((row["id"].as_str()?.to_owned(), row["project_id"].as_str()?.to_owned()))).collect()
}

fn project(id: &str, url: &str) -> Value {
    json!({"type": "Project", "id": id, "name": id, "extensions": {"org.stellar.communityfund":
        {"org.stellar.communityfund.github": url}}})
}

fn sbom(place: &Place, repo: &str, root: &str, packages: &[&str]) {
    let component = |name: &&str| json!({"bom-ref": name, "name": name, "purl": format!("pkg:cargo/{name}@1.0.0")});
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"component": {"bom-ref": "root", "name": root, "purl": format!("pkg:cargo/{root}@1.0.0")}},
        "components": packages.iter().map(component).collect::<Vec<_>>(),
    });
    let file = place.file("sbom.json", document.to_string());
    place.run(&["ingest", "sbom", &file, "--repo", repo]);
}

/// A log with one open question of every kind and one contradiction about an edge.
fn questions(place: &Place) {
    let grants = json!([
        project("p:1", "https://github.com/shared/repo"),
        project("p:2", "https://github.com/shared/repo"),
        project("p:3", "https://github.com/owner"),
        project("p:4", "https://github.com/owner"),
    ]);
    let grants = place.file("grants.json", json!({"data": grants}).to_string());
    place.run(&["ingest", "grants", &grants]);
    sbom(place, "pkg:github/owner/one", "twice", &["listed"]);
    sbom(place, "pkg:github/other/two", "twice", &["listed"]);
    sbom(place, "pkg:github/other/lib", "lib", &["listed"]);
    let survey = "project_id,project_name,status,answered_at\n,Nobody  Knows,live,2026-01-01\n";
    let survey = place.file("survey.csv", survey);
    place.run(&["ingest", "survey", &survey]);
    let host = place.file("repo.json", json!({"full_name": "other/flagged"}).to_string());
    place.run(&["ingest", "repo", &host, "--repo", "pkg:github/other/flagged", "--project", "p:unknown"]);
    let dependency = |name| json!({"name": name, "req": "^2", "kind": "normal", "optional": false, "features": [], "default_features": true, "target": null});
    let index = json!({"name": "lib", "vers": "1.0.0", "deps": [dependency("listed"), dependency("unlisted")]});
    let line = json!({"kind": "registry", "purl": "pkg:cargo/lib", "document": index.to_string()});
    let batch = place.file("batch.ndjson", line.to_string());
    assert_eq!(place.run(&["ingest", "batch", &batch])["appended"], 1);
    place.run(&["project"]);
}

#[tokio::test]
async fn every_question_has_an_id_and_a_correction_that_settles_it() {
    let place = Place::new().await;
    questions(&place);
    let listed = place.run(&["triage", "list"]);
    assert_eq!(
        ids(&listed),
        [
            "membership/pkg:github/shared/repo",
            "owner/pkg:github/owner",
            "project/p:unknown",
            "publication/pkg:cargo/twice",
            "survey-name/nobody knows",
        ]
    );
    assert!(listed.as_array().unwrap().iter().all(|row| row["kind"].is_string() && row["reason"].is_string()));
    assert_eq!(
        ids(&place.run(&["conflicts"])),
        [
            "edge/pkg:github/other/lib -> pkg:cargo/unlisted",
            "membership/pkg:github/shared/repo",
            "owner/pkg:github/owner",
            "publication/pkg:cargo/twice",
        ]
    );
    assert_eq!(members(&place), BTreeMap::from([("pkg:github/other/flagged".to_owned(), "p:unknown".to_owned())]));

    let resolve = |id: &str, with: &[&str]| {
        let args = [&["triage", "resolve", id], with, &BY[..]].concat();
        place.run(&args)
    };
    for (id, with) in [
        ("membership/pkg:github/shared/repo", &["--project", "p:1"][..]),
        ("owner/pkg:github/owner", &["--project", "p:4"]),
        ("project/p:unknown", &["--value", "The Unknown"]),
        ("publication/pkg:cargo/twice", &["--repo", "pkg:github/owner/one"]),
        ("survey-name/nobody knows", &["--project", "p:2"]),
    ] {
        let said = resolve(id, with);
        assert_eq!((said[0]["id"].as_str(), said[0]["outcome"].as_str()), (Some(id), Some("appended")), "{said}");
        assert_eq!(resolve(id, with)[0]["outcome"], "duplicate");
    }
    place.run(&["project"]);
    assert_eq!(place.run(&["triage", "list"]), json!([]));
    assert_eq!(ids(&place.run(&["conflicts"])), ["edge/pkg:github/other/lib -> pkg:cargo/unlisted"]);
    let expected = [("other/flagged", "p:unknown"), ("owner/one", "p:4"), ("shared/repo", "p:1")];
    let expected = expected.map(|(repo, project)| (format!("pkg:github/{repo}"), project.to_owned()));
    assert_eq!(members(&place), BTreeMap::from(expected));
    let projects = place.run(&["scores"]);
    let projects: BTreeMap<&str, &Value> =
        projects.as_array().unwrap().iter().map(|row| (row["id"].as_str().unwrap(), row)).collect();
    assert_eq!(projects["p:2"]["activity_status"], "live");
    assert_eq!(projects["p:unknown"]["name"], "The Unknown");
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);

    let closed = [&["triage", "resolve", "owner/pkg:github/owner", "--none"], &BY[..]].concat();
    assert!(place.ends(1, &closed).stderr.contains("no open question"));
    check(place.db.pool()).await;
}

#[tokio::test]
async fn corrections_replace_one_another() {
    let place = Place::new().await;
    questions(&place);
    let curate = |args: &[&str]| {
        let said = place.run(&[&["curate"], args, &BY[..]].concat());
        place.run(&["project"]);
        said[0]["outcome"].as_str().unwrap().to_owned()
    };
    let owner = |decision: &[&str]| curate(&[&["owner", "--owner", "pkg:github/Owner"], decision].concat());
    let one = || members(&place).get("pkg:github/owner/one").cloned();
    assert_eq!(owner(&["--project", "p:3"]), "appended");
    assert_eq!(one().as_deref(), Some("p:3"));
    assert_eq!(owner(&["--none"]), "appended");
    assert_eq!(one(), None);
    assert!(!ids(&place.run(&["triage", "list"])).contains(&"owner/pkg:github/owner"), "none is an answer too");
    // Back to the first answer: another event, not a repetition of the first.
    assert_eq!(owner(&["--project", "p:3"]), "appended");
    assert_eq!(one().as_deref(), Some("p:3"));

    assert_eq!(curate(&["membership", "--repo", "pkg:github/owner/one", "--project", "p:new"]), "appended");
    assert_eq!(one().as_deref(), Some("p:new"), "what is said of a repository stands before what is said of its owner");
    assert_eq!(curate(&["membership", "--repo", "pkg:github/owner/one", "--none"]), "appended");
    assert_eq!(one(), None);

    let field =
        |field: &str, with: &[&str]| curate(&[&["project", "--project", "p:1", "--field", field], with].concat());
    let name = || place.run(&["scores", "--id", "p:1"])[0]["name"].as_str().unwrap().to_owned();
    assert_eq!(field("name", &["--value", "First"]), "appended");
    assert_eq!(name(), "First");
    assert_eq!(field("name", &["--clear"]), "appended");
    assert_eq!(name(), "p:1");
    assert_eq!(field("type", &["--value", "pg_root"]), "appended");
    assert_eq!(field("website", &["--value", "https://example.org"]), "appended");
    assert_eq!(curate(&["publication", "--package", "pkg:cargo/twice@1.2.3", "--none"]), "appended");
    assert_eq!(curate(&["survey-name", "--name", " Nobody KNOWS ", "--project", "p:1"]), "appended");
    assert!(!ids(&place.run(&["triage", "list"])).contains(&"survey-name/nobody knows"));
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    check(place.db.pool()).await;
}

#[tokio::test]
async fn what_is_no_correction_is_refused() {
    let place = Place::new().await;
    place.run(&["migrate"]);
    for args in [
        &["curate", "membership", "--repo", "pkg:github/o/r"][..],
        &["curate", "membership", "--repo", "pkg:github/o/r", "--project", "p", "--none"],
        &["curate", "membership", "--repo", "pkg:npm/x", "--none"],
        &["curate", "owner", "--owner", "pkg:github/o/r", "--none"],
        &["curate", "owner", "--owner", "pkg:npm/o", "--none"],
        &["curate", "publication", "--package", "pkg:github/o/r", "--none"],
        &["curate", "publication", "--package", "pkg:npm/x"],
        &["curate", "project", "--project", "p", "--field", "type", "--value", "great"],
        &["curate", "project", "--project", "p", "--field", "name"],
        &["triage", "resolve", "nonsense", "--none"],
        &["triage", "resolve", "gossip/x", "--none"],
        &["triage", "resolve", "survey-name/x", "--none"],
        &["triage", "resolve", "publication/pkg:npm/x", "--project", "p"],
    ] {
        place.ends(2, &[args, &BY[..]].concat());
    }
    place.ends(2, &["curate", "membership", "--repo", "pkg:github/o/r", "--none", "--actor", "ann"]);
    let address = ["--actor", "ann@example.org", "--reason", "x"];
    let said = place.ends(2, &[&["curate", "membership", "--repo", "pkg:github/o/r", "--none"], &address[..]].concat());
    assert!(said.stderr.contains("e-mail"), "{said:?}");
    assert_eq!(crate::support::log::count(place.db.pool(), "SELECT count(*) FROM log.event").await, 0);
}
