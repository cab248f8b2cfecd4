//! Bad grants files: the file is refused by name, or its records one by one.

use serde_json::{Value, json};

use super::documents::shared;
use crate::support::program::{Program, Ran};

fn ingest(program: &Program, document: &[u8]) -> Ran {
    program.fed(["ingest", "grants", "-"], document)
}

#[test]
fn a_file_that_holds_no_grants_is_refused_with_the_reason() {
    let program = Program::fresh();
    program.json("migrate");
    let deep = format!("{}1{}", "{\"data\":[".repeat(200), "]}".repeat(200));
    for (what, document) in [
        ("empty", &b""[..]),
        ("no JSON", b"{]"),
        ("truncated", br#"{"type": "Project", "id": "p:a", "na"#),
        ("a number", b"7"),
        ("no UTF-8", b"{\"type\": \"Project\", \"id\": \"\xff\"}"),
        ("deep", deep.as_bytes()),
        ("deep lists", &b"[".repeat(100_000)),
        ("damaged zstd", b"\x28\xb5\x2f\xfd\x00\x38"),
    ] {
        let complaint = ingest(&program, document).fails(1);
        assert!(!complaint.is_empty() && complaint.len() < 600, "{what}: {complaint}");
        assert_eq!((program.count(), program.artifacts().len()), (0, 0), "{what}: {complaint}");
    }
    program.run(["ingest", "grants", "no/such/file.json"]).fails(1);
    program.run(["ingest", "grants"]).fails_usage();
    // One bad file refuses the call, whatever the others hold.
    let good = program.file("good.json", br#"{"type": "Project", "id": "p:a", "name": "A"}"#);
    let bad = program.file("bad.json", b"{]");
    let complaint = program.run(["ingest", "grants", good.to_str().unwrap(), bad.to_str().unwrap()]).fails(1);
    assert!(complaint.contains("bad.json"), "{complaint}");
    assert_eq!(program.count(), 0);
}

#[test]
fn malformed_records_are_refused_and_the_others_stand() {
    let program = Program::fresh();
    let records = json!([
        {"type": "Project", "id": "p:a", "name": "A"},
        null,
        7,
        {"type": "Project", "name": "no id"},
        {"type": "Project", "id": "p:nul\u{0}", "name": "N"},
        {"type": "Project", "id": "p:a", "name": "A, again"},
    ]);
    let answer = ingest(&program, records.to_string().as_bytes()).ok().json();
    let reasons: Vec<&Value> = answer["refused"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert_eq!(json!([answer["appended"], answer["duplicates"]]), json!([1, 0]), "{answer:#}");
    assert!(reasons.iter().any(|reason| reason.as_str().unwrap().contains("duplicate id")), "{reasons:#?}");
    assert_eq!(program.count(), 1);
    assert_eq!(program.events()[0]["stream"], "project:p:a");
    assert!(program.run(["events"]).ok().stdout.contains("A, again"), "the last one stands");
}

#[test]
fn the_shared_records_are_read_to_their_end() {
    let program = Program::fresh();
    let names = ["opengrants/opengrants_projects.json.gz", "opengrants/opengrants_pools.json.gz"];
    let Some(files) = names.into_iter().map(shared).collect::<Option<Vec<_>>>() else { return };
    let args = |files: Vec<std::path::PathBuf>| {
        ["ingest", "grants", "--quiet"]
            .map(std::ffi::OsString::from)
            .into_iter()
            .chain(files.into_iter().map(Into::into))
            .collect::<Vec<_>>()
    };
    let first = program.run(args(files.clone())).ok().json();
    assert!(first["appended"].as_u64().unwrap() > 100, "{}", first["appended"]);
    let second = program.run(args(files.into_iter().rev().collect())).ok().json();
    assert_eq!(json!([second["appended"], second["duplicates"]]), json!([0, first["appended"]]), "in any order");
}
