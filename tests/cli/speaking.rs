//! Facts that speak up: what is told beside a document, and what is odd about it, said when it is told.

use serde_json::{Value, json};

use super::documents::{cyclonedx, spdx, survey};
use crate::support::program::Program;

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap()).collect()
}

#[test]
fn a_project_that_nothing_describes_or_that_changes_is_said() {
    let program = Program::fresh();
    let document = spdx(&["r", "a"], &[("r", "a")]);
    let unknown = program.sbom("o/r", &document, &["--project", "p:new"]);
    let made = "project p:new is described by no grants record and no survey row: it is made, called by its id";
    assert_eq!(warnings(&unknown), [made]);
    program.run(["project"]).ok();
    let questions = program.run(["triage", "list"]).ok().json();
    assert_eq!(questions[0]["id"], "project/p:new");
    let file =
        program.file("answers.csv", survey("p:new,New,live,2026-01-01\np:other,Other,live,2026-01-01\n").as_bytes());
    program.run(["ingest", "survey", file.to_str().unwrap()]).ok();
    program.run(["project"]).ok();
    assert_eq!(warnings(&program.sbom("o/r", &document, &["--project", "p:new"])), [""; 0]);
    let moved = program.sbom("o/r", &document, &["--project", "p:other"]);
    let says = "pkg:github/o/r belonged to project p:new and is said to belong to p:other now";
    assert_eq!(warnings(&moved), [says]);
    // No projector has seen that yet, and it is known all the same.
    let back = program.sbom("o/r", &document, &["--project", "p:new"]);
    let says = "pkg:github/o/r belonged to project p:other and is said to belong to p:new now";
    assert_eq!(warnings(&back), [says]);
    assert_eq!(warnings(&program.sbom("o/r", &document, &["--project", "p:new"])), [""; 0]);
    // Another source speaks for itself, and what names no project takes back what its source said.
    let host = program.file("host.json", br#"{"full_name":"o/r","stars":1}"#);
    let host = |project: &str| {
        let arguments = ["ingest", "repo", host.to_str().unwrap(), "--repo", "pkg:github/o/r", "--project", project];
        program.run(arguments).ok().json()
    };
    assert_eq!(warnings(&host("p:new")), [""; 0]);
    let taken =
        "pkg:github/o/r: the document before this one named project p:new; this one names none, and takes that back";
    assert_eq!(warnings(&program.sbom("o/r", &document, &[])), [taken]);
    assert_eq!(warnings(&program.sbom("o/r", &document, &[])), [""; 0], "it is said once");
    let says = "pkg:github/o/r belonged to project p:new and is said to belong to p:other now";
    assert_eq!(warnings(&host("p:other")), [says]);
    // What was so before takes nothing back.
    assert_eq!(warnings(&program.sbom("o/s", &document, &["--project", "p:new"])), [""; 0]);
    let earlier = spdx(&["r", "b"], &[("r", "b")]);
    assert_eq!(warnings(&program.sbom("o/s", &earlier, &["--observed-at", "2025-01-01"])), [""; 0]);
    let taken = taken.replace("o/r", "o/s");
    assert_eq!(warnings(&program.sbom("o/s", &earlier, &[])), [taken.as_str()]);
}

#[test]
fn a_line_of_a_batch_knows_the_lines_before_it() {
    let program = Program::fresh();
    let line = |kind: &str, project: &str, document: &Value| {
        json!({"kind": kind, "repo": "pkg:github/o/r", "project": project, "document": document}).to_string()
    };
    let host = json!({"full_name": "o/r", "stars": 1});
    let lines = [line("sbom", "p:1", &spdx(&["r"], &[])), line("repo", "p:2", &host), line("repo", "p:2", &host)];
    let batch = program.file("batch.ndjson", lines.join("\n").as_bytes());
    let said = program.run(["ingest", "batch", batch.to_str().unwrap()]).ok().stderr;
    let moved = "line 2: pkg:github/o/r belonged to project p:1 and is said to belong to p:2 now";
    assert!(said.contains(moved) && said.matches("belonged to").count() == 1, "{said}");
}

#[test]
fn a_root_without_purl_names_what_would_help() {
    let program = Program::fresh();
    let mut document = cyclonedx(&["a"]);
    document["metadata"] = json!({"component": {"type": "application", "name": "app", "bom-ref": "root"}});
    let answer = program.sbom("o/r", &document, &[]);
    let said = warnings(&answer);
    assert!(said.len() == 1 && said[0].contains("--package") && said[0].contains("curate publication"), "{said:?}");
    assert!(said[0].starts_with("metadata.component: "), "it stands there: {said:?}");
    let named = program.sbom("o/r", &document, &["--package", "pkg:npm/App", "--package", "pkg:pypi/App_x"]);
    assert_eq!((warnings(&named).len(), &named["outcome"]), (0, &json!("appended")), "another fact");
    let again = program.sbom("o/r", &document, &["--package", "pkg:pypi/app.x@1", "--package", "pkg:npm/App"]);
    assert_eq!(again["outcome"], "duplicate", "whatever the order, the version and the spelling");
    // Somebody else's dependency on it is one on the repository.
    program.sbom("o/user", &cyclonedx(&["App"]), &[]);
    program.run(["project"]).ok();
    let edges = program.run(["edges"]).ok().json();
    let edge = json!({"in_vertex": "pkg:github/o/user", "out_vertex": "pkg:github/o/r"});
    let found = edges
        .as_array()
        .unwrap()
        .iter()
        .any(|found| found["in_vertex"] == edge["in_vertex"] && found["out_vertex"] == edge["out_vertex"]);
    assert!(found, "{edges}");
    let questions = program.run(["triage", "list"]).ok().json();
    assert_eq!(questions[0]["id"], "publication/pkg:npm/App", "no registry confirms it");
}

#[test]
fn a_package_beside_a_document_is_one_that_a_registry_could_know() {
    let program = Program::fresh();
    let file = program.file("d.json", spdx(&["r"], &[]).to_string().as_bytes());
    let file = file.to_str().unwrap();
    for (package, part) in [
        ("npm/x", "package"),
        ("pkg:github/o/x", "is on a code host"),
        ("pkg:generic/other/repo/x", "is private to another repository"),
    ] {
        let refused =
            program.run(["ingest", "sbom", file, "--repo", "pkg:github/o/r", "--package", package, "--dry-run"]);
        assert!(refused.code != 0 && refused.stderr.contains(part), "{package}: {refused:?}");
    }
    let line = |kind: &str, repo: &str| {
        json!({"kind": kind, "repo": repo, "package": "pkg:npm/x", "document": spdx(&["r"], &[])}).to_string()
    };
    let lines = [line("sbom", "pkg:github/o/r"), line("repo", "pkg:github/o/r")].join("\n");
    let batch = program.file("batch.ndjson", lines.as_bytes());
    let done = program.run(["ingest", "batch", batch.to_str().unwrap()]).ok().json();
    assert_eq!((&done["appended"], done["refused"].as_array().map(Vec::len)), (&json!(1), Some(1)), "{done}");
}
