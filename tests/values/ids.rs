//! Ids and names that look the same are the same, whichever source tells them.

use serde_json::{Value, json};

use crate::support::cli::Place;
use crate::support::log::check;

/// `p:1` and `One` as they arrive from documents that were copied about.
const ID: &str = "\u{feff}p:\u{200b}1\u{202c}";
const NAME: &str = "O\u{200d}ne\u{2066}";

/// Whether a warning says that something of `field` was dropped.
fn dropped(said: &str, field: &str) {
    let says = format!("{field}: zero-width or bidirectional control characters dropped: ");
    assert!(said.contains(&says), "no `{says}` in {said}");
}

#[tokio::test]
async fn no_source_lets_through_what_nobody_sees() {
    let place = Place::new().await;
    let ingest = |args: &[&str]| place.ends(0, &[&["ingest"], args].concat());
    let of = ["--repo", "pkg:github/o/r", "--project", ID];

    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "x"}]});
    let sbom_file = place.file("sbom.json", sbom.to_string());
    let said = ingest(&[&["sbom", &sbom_file][..], &of].concat());
    dropped(&said.stderr, "project");
    dropped(&said.json()["warnings"].to_string(), "project");
    let again = ingest(&["sbom", &sbom_file, "--repo", "pkg:github/o/r", "--project", "p:1"]);
    assert_eq!(again.json()["outcome"], "duplicate", "the same id, plainly");

    let host = place.file("repo.json", json!({"full_name": "o/r"}).to_string());
    dropped(&ingest(&[&["repo", &host][..], &of].concat()).stderr, "project");

    let survey =
        format!("project_id,project_name,status,answered_at\n{ID},{NAME},live,2026-01-01\n,{NAME},live,2026-01-02\n");
    let survey = place.file("survey.csv", survey);
    let said = ingest(&["survey", &survey]).stderr;
    dropped(&said, "row 2: project_id");
    dropped(&said, "row 3: project_name");

    let grants = json!([
        {"type": "Project", "id": ID, "name": NAME},
        {"type": "GrantApplication", "id": "a:1\u{200b}", "projectId": ID, "projectName": NAME},
    ]);
    let grants = place.file("grants.json", grants.to_string());
    let said = ingest(&["grants", &grants]).stderr;
    dropped(&said, "(p:1): id");
    dropped(&said, "(p:1): name");
    dropped(&said, "(a:1): projectId");

    let git = json!({"kind": "sbom", "repo": "pkg:github/o/s", "project": ID, "document": sbom});
    let batch = place.file("batch.ndjson", git.to_string());
    dropped(&ingest(&["batch", &batch]).stderr, "line 1: project");

    let by = ["--actor", "ann", "--reason", "told so"];
    let curate = |args: &[&str]| place.ends(0, &[&["curate"], args, &by[..]].concat()).stderr;
    dropped(&curate(&["membership", "--repo", "pkg:github/o/t", "--project", ID]), "project");
    dropped(&curate(&["owner", "--owner", "pkg:github/u", "--project", ID]), "project");
    dropped(&curate(&["survey-name", "--name", NAME, "--project", ID]), "name");
    dropped(&curate(&["project", "--project", ID, "--field", "name", "--value", NAME]), "value");

    place.run(&["project"]);
    let projects = place.run(&["scores"]);
    let found: Vec<[&Value; 2]> = projects.as_array().unwrap().iter().map(|row| [&row["id"], &row["name"]]).collect();
    assert_eq!(found, [[&json!("p:1"), &json!("One")]]);
    let log = String::from_utf8(place.ends(0, &["events"]).stdout).unwrap();
    for hidden in ["\u{feff}", "\u{200b}", "\u{200d}", "\u{202c}", "\u{2066}"] {
        assert!(!log.contains(hidden), "{}", hidden.escape_unicode());
    }
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    check(place.db.pool()).await;
}
