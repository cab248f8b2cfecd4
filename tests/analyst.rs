//! An analyst changes a formula, sees what moves, promotes, goes back.

use serde_json::Value;

use crate::support::cli::Place;
use crate::support::events;
use crate::support::log::context;

mod differences;
mod exports;
mod switches;
mod time_axis;

/// Header of a survey.
const SURVEY: &str = "project_id,project_name,status,answered_at\n";

/// A place with three projects, their repositories, documents and histories, projected.
async fn ecosystem() -> Place {
    let place = Place::new().await;
    let survey = place.file("s.csv", format!("{SURVEY}p:a,A,live,2026-01-01\np:b,B,live,2026-01-01\n"));
    place.run(&["ingest", "survey", &survey, "--observed-at", "2026-02-01T00:00:00Z"]);
    let cyclonedx = |name: &str, on: &[&str]| {
        let component =
            |purl: &&str| serde_json::json!({"type": "library", "name": purl, "purl": purl, "bom-ref": purl});
        let components: Vec<Value> = on.iter().map(component).collect();
        serde_json::json!({
            "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components,
            "metadata": {"component": {"type": "application", "name": name, "bom-ref": "root"}},
        })
        .to_string()
    };
    for (name, project, on, day) in [
        ("a", "p:a", &["pkg:github/o/b", "pkg:npm/x"][..], "2026-02-02"),
        ("b", "p:b", &["pkg:npm/x"], "2026-02-03"),
        ("c", "p:c", &["pkg:github/o/b"], "2026-02-04"),
    ] {
        let file = place.file(&format!("{name}.json"), cyclonedx(name, on));
        let (repo, at) = (format!("pkg:github/o/{name}"), format!("{day}T12:00:00Z"));
        place.run(&["ingest", "sbom", &file, "--repo", &repo, "--project", project, "--observed-at", &at]);
    }
    for (name, stars) in [("a", 3), ("b", 8), ("c", 1)] {
        let observed_at = Some(events::time("2026-02-05T00:00:00Z"));
        let append = ingest::Append { event: events::repo(&format!("o/{name}"), stars), observed_at, key: None };
        place.db.log().append(append, &context()).await.unwrap();
    }
    let append = ingest::Append {
        event: events::git_days(
            "o/b",
            &[("ann", "2024-09-01", 9), ("bob", "2026-01-05", 1), ("cy", "2026-01-06", 1), ("di", "2026-01-06", 1)],
        ),
        observed_at: Some(events::time("2026-02-06T00:00:00Z")),
        key: None,
    };
    place.db.log().append(append, &context()).await.unwrap();
    place.run(&["project"]);
    place
}

/// A formula document with a part replaced, as a file.
fn variant(place: &Place, of: &str, name: &str, change: (&str, &str)) -> String {
    let document = place.run(&["formula", "show", of])["document"].as_str().unwrap().to_owned();
    let changed = document.replace(&format!("name = \"{of}\""), &format!("name = \"{name}\""));
    let changed = changed.replace(change.0, change.1);
    assert_ne!(changed, document);
    place.file(&format!("{name}.toml"), changed)
}

/// The number of events in the log.
fn head(place: &Place) -> u64 {
    place.run(&["status"])["head"].as_u64().unwrap()
}
