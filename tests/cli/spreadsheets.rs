//! CSV for spreadsheets: no JSON in a cell, and no text that one would run.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::documents::{ecosystem, spdx, survey};
use crate::support::program::{Program, Ran};

/// The cells of a column.
fn column(ran: &Ran, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

#[test]
fn names_that_begin_as_formulas_are_texts_unless_they_are_wanted_as_they_are() {
    let program = Program::fresh();
    let names = ["=cmd|calc", "+1+2", "-2+3", "@SUM(A1)", "a=b"];
    let rows: String = names.iter().enumerate().map(|(n, name)| format!("p:{n},{name},live,2026-01-01\n")).collect();
    program.fed(["ingest", "survey", "-"], survey(&rows).as_bytes()).ok();
    let mut document = spdx(&["root", "x"], &[("root", "x")]);
    document["packages"][1]["versionInfo"] = json!("=1.0");
    program.sbom("o/a", &document, &["--project", "p:0"]);
    program.json("project");
    for line in ["scores --format csv", "export scores --as csv"] {
        let guarded = program.line(line).ok();
        assert_eq!(column(&guarded, "name")[..5], ["'=cmd|calc", "'+1+2", "'-2+3", "'@SUM(A1)", "a=b"], "{line}");
        let raw = program.line(&format!("{line} --raw")).ok();
        assert_eq!(column(&raw, "name")[..5], names, "{line}");
        assert_eq!(column(&guarded, "id"), column(&raw, "id"));
    }
    assert_eq!(column(&program.line("export graph --as csv").ok(), "version_range"), ["'=1.0"]);
    assert_eq!(column(&program.line("export graph --as csv --raw").ok(), "version_range"), ["=1.0"]);
    assert_eq!(program.json("scores")[0]["name"], "=cmd|calc", "JSON is as it is");
}

#[test]
fn no_cell_holds_json() {
    let program = Program::fresh();
    ecosystem(&program);
    program.json("publish --label first");
    std::fs::set_permissions(program.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for (line, rows) in [
        ("status", 1),
        ("project", 1),
        ("doctor", program.json("doctor")["checks"].as_array().unwrap().len()),
        ("scores --formula atlas-1", 4),
        ("history pkg:github/o/c", program.json("history pkg:github/o/c").as_array().unwrap().len()),
        ("formula diff seed atlas-1", program.json("formula diff seed atlas-1")["changed"].as_array().unwrap().len()),
    ] {
        let csv = program.line(&format!("{line} --format csv")).ok().stdout;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows, "{line}: {csv}");
        let cells = records.iter().flatten();
        let json: Vec<&str> = cells.filter(|cell| cell.contains("{\"") || cell.contains('[')).collect();
        assert!(json.is_empty(), "{line}: {json:?}");
    }
    let published = column(&program.line("history pkg:github/o/c --format csv").ok(), "published");
    assert!(published.iter().any(|labels| labels == "first"), "{published:?}");
    assert_eq!(column(&program.line("doctor --format csv --columns name,ok").ok(), "name")[0], "data folder");
}
