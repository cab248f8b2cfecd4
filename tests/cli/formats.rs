//! The four formats say the same, and standard output holds results alone.

use serde_json::Value;

use super::documents::{ecosystem, spdx};
use crate::support::program::Program;

#[test]
fn rows_are_the_same_in_every_format() {
    let program = Program::fresh();
    ecosystem(&program);
    for line in ["scores --level repo", "edges", "formula list", "edges --why pkg:github/o/a pkg:github/o/b"] {
        let rows = program.json(line).as_array().unwrap().clone();
        assert!(!rows.is_empty());
        let of = |format: &str| program.line(&format!("{line} --format {format}")).ok().stdout;
        assert_eq!(program.line(line).ok().stdout, of("json"), "JSON is what a pipe gets");
        let ndjson: Vec<Value> = of("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(ndjson, rows, "{line}");

        let csv = of("csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows.len(), "{line}");
        for (record, row) in records.iter().zip(&rows) {
            assert_eq!(header.len(), row.as_object().unwrap().len(), "{line}: every key is a column");
            for (name, cell) in header.iter().zip(record) {
                let expected = match &row[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell, expected, "{line}: {name}");
            }
        }

        let table = of("table --wide");
        // Behind an empty line scores say what is missing.
        let lines = table.lines().take_while(|line| !line.is_empty());
        assert_eq!(lines.count(), rows.len() + 1, "a line a row: {table}");
        assert_eq!(table.lines().next().unwrap().split_whitespace().count(), header.len(), "{table}");
    }
}

#[test]
fn an_object_is_a_document_a_line_a_record_and_a_list_of_fields() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a"], &[]), &[]);
    for line in ["status", "project"] {
        let document = program.json(line);
        let ndjson = program.line(&format!("{line} --format ndjson")).ok().lines();
        assert_eq!(ndjson.len(), 1);
        assert_eq!(ndjson[0]["head"], document["head"]);
        let csv = program.line(&format!("{line} --format csv")).ok().stdout;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), keys);
        assert_eq!(reader.records().count(), 1);
        assert!(program.line(&format!("{line} --format table")).ok().stdout.contains("head"));
    }
    let shown = program.line("formula show seed --format table").ok().stdout;
    assert_eq!(shown, include_str!("../../domain/formulas/seed.toml"), "people see the document as it is");
}

#[test]
fn people_see_the_lists_of_an_object_as_lists() {
    let program = Program::fresh();
    ecosystem(&program);
    program.json("project");
    for line in ["status", "project", "rebuild", "rebuild --formula atlas-1"] {
        let table = program.line(&format!("{line} --format table")).ok().stdout;
        let longest = table.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= 80 && !table.contains("{\""), "{line}: {table}");
        assert!(table.lines().all(|line| line.trim_end() == line), "{line}: {table}");
    }
    let project = program.line("project --format table").ok().stdout;
    let (values, list) = project.split_once("\n\nprojections\n").unwrap();
    assert!(values.split_whitespace().eq(["head", "8"]), "{project}");
    assert_eq!(list.lines().count(), projections::Projection::ALL.len() + 1, "{project}");
    let status = program.line("status --format table").ok().stdout;
    assert!(status.starts_with("head      8: all of it is projected\n"), "{status}");
    let names: Vec<&str> = status.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["head", "root", "database", "name", "graph", "people", "metrics", "history"], "{status}");
    let warned = spdx(&["a", "b"], &[("a", "a"), ("b", "b"), ("a", "b")]).to_string();
    let args = ["ingest", "sbom", "-", "--repo", "pkg:github/o/z", "--dry-run", "--quiet"];
    let warnings = program.fed(args, warned.as_bytes()).ok().json()["warnings"].as_array().unwrap().clone();
    let table = program.fed(args.into_iter().chain(["--format", "table"]), warned.as_bytes()).ok().stdout;
    assert!(!warnings.is_empty());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for warning in warnings {
        assert!(words(&table).contains(&words(warning.as_str().unwrap())), "{table}");
    }
}

#[test]
fn an_empty_list_is_still_a_document() {
    let program = Program::fresh();
    assert_eq!(program.json("scores"), Value::Array(vec![]));
    assert_eq!(program.line("scores --format ndjson").ok().stdout, "");
    let csv = program.line("scores --format csv").ok().stdout;
    assert!(csv.starts_with("id,name,") && csv.lines().count() == 1, "{csv}");
    assert!(program.line("scores --format table").ok().stdout.contains("criticality"));
}

#[test]
fn warnings_go_to_standard_error_unless_they_are_not_wanted() {
    let program = Program::fresh();
    let document = spdx(&["a", "b"], &[("a", "a"), ("a", "b")]).to_string();
    let args = ["ingest", "sbom", "-", "--repo", "pkg:github/o/a", "--dry-run"];
    let loud = program.fed(args, document.as_bytes()).ok();
    assert!(loud.stderr.starts_with("warning: "), "{}", loud.stderr);
    assert!(!loud.stderr.contains('\u{1b}'), "no colours into a pipe");
    let quiet = program.fed(args.into_iter().chain(["--quiet"]), document.as_bytes()).ok();
    assert_eq!(quiet.stderr, "");
    assert_eq!(quiet.json(), loud.json(), "the answer has them either way");
    assert_eq!(loud.json()["warnings"].as_array().unwrap().len(), 1);
    // Said with colours where it is logged, too.
    let logged = program.line("status -vv").ok();
    assert!(!logged.stderr.contains('\u{1b}'), "{}", logged.stderr);
}

#[test]
fn events_are_lines_of_json_and_no_columns() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a"], &[]), &[]);
    let lines = program.line("events").ok().stdout;
    for format in ["json", "ndjson"] {
        assert_eq!(program.line(&format!("events --format {format}")).ok().stdout, lines);
    }
    let said = program.line("events --format csv").fails(2);
    assert!(said.contains("no row of CSV") && said.contains("--format ndjson"), "{said}");
}

#[test]
fn a_format_that_a_command_has_not_is_refused() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a"], &[]), &[]);
    let digest = domain::digest::Digest::of(&std::fs::read(&program.artifacts()[0]).unwrap());
    let get = format!("artifact get {digest}");
    for line in ["export scores --as csv", "export graph --as graphml", &get] {
        for format in ["table", "ndjson", "csv"] {
            let said = program.line(&format!("{line} --format {format}")).fails(2);
            assert!(said.contains("--format") && said.contains("as it is"), "{line}: {said}");
        }
        program.line(&format!("{line} --format json")).ok();
    }
}
