//! The same again: duplicates, keys, dry runs, and times that cannot be.

use std::fs;

use serde_json::{Value, json};

use super::documents::{shared, spdx, survey};
use crate::support::program::{Program, Ran, bare};

fn place(answer: &Value) -> (String, u64) {
    (answer["outcome"].as_str().unwrap().to_owned(), answer["position"].as_u64().unwrap())
}

fn appended(position: u64) -> (String, u64) {
    ("appended".to_owned(), position)
}

fn duplicate(position: u64) -> (String, u64) {
    ("duplicate".to_owned(), position)
}

#[test]
fn a_then_b_then_a_are_three_events() {
    let program = Program::fresh();
    let (a, b) = (spdx(&["r", "a"], &[("r", "a")]), spdx(&["r", "b"], &[("r", "b")]));
    assert_eq!(place(&program.sbom("o/r", &a, &[])), appended(1));
    let again = program.sbom("o/r", &a, &[]);
    assert_eq!(place(&again), duplicate(1));
    assert_eq!(json!([again["sequence"], again["stream"]]), json!([1, "repo:pkg:github/o/r"]));
    assert_eq!(again["event"], program.events()[0]["event"], "the answer names the event that is there");
    assert_eq!(place(&program.sbom("o/r", &b, &[])), appended(2));
    assert_eq!(place(&program.sbom("o/r", &a, &[])), appended(3));
    assert_eq!(place(&program.sbom("o/r", &a, &[])), duplicate(3), "of the latest, not of the first");
    assert_eq!(place(&program.sbom("o/other", &a, &[])), appended(4), "another stream");
    assert_eq!(place(&program.sbom("O/R", &a, &[])), duplicate(3), "the same repository, spelled otherwise");
    assert_eq!(place(&program.sbom("o/r", &a, &["--project", "p"])), appended(5), "another fact");
    assert_eq!(place(&program.sbom("o/r", &a, &["--observed-at", "2026-01-01", "--project", "p"])), duplicate(5));
    let bytes = program.artifacts().len();
    assert_eq!(bytes, 2, "two documents are kept, each once");
}

#[test]
fn the_same_graph_in_another_order_is_a_duplicate() {
    let program = Program::fresh();
    let one = spdx(&["r", "a", "b", "c"], &[("r", "a"), ("a", "b"), ("a", "c")]);
    let mut two = spdx(&["r", "c", "b", "a"], &[("a", "c"), ("a", "b"), ("r", "a")]);
    two["documentNamespace"] = json!("https://spdx.org/spdxdocs/document-2");
    two["creationInfo"]["created"] = json!("2026-02-02T02:02:02Z");
    assert_eq!(place(&program.sbom("o/r", &one, &[])), appended(1));
    assert_eq!(place(&program.sbom("o/r", &two, &[])), duplicate(1));
    two["packages"][1]["versionInfo"] = json!("2.0.0");
    assert_eq!(place(&program.sbom("o/r", &two, &[])), appended(2), "another version is another fact");
}

#[test]
fn two_runs_of_one_exporter_are_duplicates() {
    let program = Program::fresh();
    let Some(first) = shared("sbom/pg_atlas_backend_v381_run1.spdx.json") else { return };
    let second = shared("sbom/pg_atlas_backend_v381_run2.spdx.json").unwrap();
    assert_ne!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    let ingest = |path: &std::path::Path| {
        program.run(["ingest", "sbom", path.to_str().unwrap(), "--repo", "pkg:github/o/r"]).ok().json()
    };
    assert_eq!(place(&ingest(&first)), appended(1));
    assert_eq!(place(&ingest(&second)), duplicate(1));
}

#[test]
fn a_key_answers_its_first_position_or_conflicts() {
    let program = Program::fresh();
    let (a, b) = (spdx(&["r", "a"], &[("r", "a")]), spdx(&["r", "b"], &[("r", "b")]));
    let keyed = |document: &Value, key: &str| program.sbom("o/r", document, &["--idempotency-key", key]);
    assert_eq!(place(&keyed(&a, "one")), appended(1));
    assert_eq!(place(&program.sbom("o/r", &b, &[])), appended(2));
    assert_eq!(place(&keyed(&a, "one")), duplicate(1), "whatever came between");
    assert_eq!(place(&keyed(&a, "two")), appended(3), "another key decides nothing");
    assert_eq!(place(&keyed(&a, "three")), duplicate(3), "a key may come with a duplicate");
    assert_eq!(place(&program.sbom("o/r", &b, &[])), appended(4));
    assert_eq!(place(&keyed(&a, "three")), duplicate(3), "and stands for it from then on");

    let conflicting = program
        .fed(["ingest", "sbom", "-", "--repo", "pkg:github/o/r", "--idempotency-key", "one"], b.to_string().as_bytes());
    assert!(conflicting.fails(3).contains("`one`"));
    let elsewhere = program.fed(
        ["ingest", "sbom", "-", "--repo", "pkg:github/o/elsewhere", "--idempotency-key", "one"],
        a.to_string().as_bytes(),
    );
    elsewhere.fails(3);
    for key in ["", "two\nlines", &"k".repeat(513)] {
        let args = ["ingest", "sbom", "-", "--repo", "pkg:github/o/r", "--idempotency-key", key];
        program.fed(args, a.to_string().as_bytes()).fails_arguments();
    }
    assert_eq!((program.count(), program.artifacts().len()), (4, 2), "what is refused leaves no document");
}

#[test]
fn records_are_duplicates_one_by_one() {
    let program = Program::fresh();
    let ingest = |rows: &str, more: &[&str]| {
        let args = ["ingest", "survey", "-"].into_iter().chain(more.iter().copied());
        program.fed(args, survey(rows).as_bytes())
    };
    let counts = |ran: Ran| {
        let answer = ran.ok().json();
        json!([answer["appended"], answer["duplicates"], answer["last_position"]])
    };
    let (one, two) = ("p:a,A,live,2026-01-01\n", "p:b,B,live,2026-01-01\n");
    assert_eq!(counts(ingest(one, &[])), json!([1, 0, 1]));
    assert_eq!(counts(ingest(&format!("{one}{two}"), &[])), json!([1, 1, 2]));
    assert_eq!(counts(ingest(&format!("{two}{one}"), &[])), json!([0, 2, 2]));
    assert_eq!(counts(ingest(&format!("{one}{one}"), &[])), json!([0, 2, 1]));
    assert_eq!(counts(ingest("", &[])), json!([0, 0, null]), "a header alone");
    assert_eq!(counts(ingest("p:a,A,in-dev,2026-01-01\n", &[])), json!([1, 0, 3]), "a correction of one's answer");
    let third = "p:c,C,live,2026-01-01\np:d,D,live,2026-01-01\n";
    assert_eq!(counts(ingest(third, &["--idempotency-key", "k"])), json!([2, 0, 5]));
    assert_eq!(counts(ingest(third, &["--idempotency-key", "k"])), json!([0, 2, 5]));
    let kept = program.artifacts().len();
    let (x, y) = ("p:x,X,live,2026-01-01\n", "p:y,Y,live,2026-01-01\n");
    for rows in [format!("{x}{y}"), x.to_owned(), format!("p:c,C,live,2026-01-01\n{y}")] {
        let complaint = ingest(&rows, &["--idempotency-key", "k"]).fails(3);
        assert!(complaint.contains("`k` was used for something else"), "{complaint}");
    }
    assert_eq!(counts(ingest(x, &["--idempotency-key", "one"])), json!([1, 0, 6]));
    ingest(&format!("{y}{x}"), &["--idempotency-key", "one"]).fails(3);
    assert_eq!(counts(ingest(&format!("{x}{y}"), &["--idempotency-key", "one"])), json!([1, 1, 7]));
    assert_eq!(program.count(), 7, "a conflict appends nothing");
    assert_eq!(program.artifacts().len(), kept + 2, "and keeps nothing");
}

#[test]
fn a_strict_file_is_taken_whole_or_not_at_all() {
    let program = Program::fresh();
    let rows = survey("p:a,A,live,2026-01-01\np:b,B,alive,2026-01-01\np:c,C,lost,2026-01-01\n");
    let ran = program.fed(["ingest", "survey", "-", "--strict"], rows.as_bytes());
    assert!(ran.stderr.contains("row 3 refused: ") && ran.stderr.contains("row 4 refused: "), "{ran:?}");
    let complaint = ran.fails(1);
    assert!(complaint.contains("row 3") && complaint.contains("alive"), "{complaint}");
    assert_eq!((program.count(), program.artifacts().len()), (0, 0));
    let records = json!([{"type": "Project", "id": "p:a", "name": "A"}, {"type": "Project", "name": "no id"}]);
    program.fed(["ingest", "grants", "-", "--strict"], records.to_string().as_bytes()).fails(1);
    assert_eq!(program.count(), 0);
    let taken = program.fed(["ingest", "survey", "-", "--strict"], survey("p:a,A,live,2026-01-01\n").as_bytes());
    assert_eq!(taken.ok().json()["appended"], 1);
}

#[test]
fn a_dry_run_needs_nothing_but_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let dry = |args: &[&str], document: &str| {
        let path = folder.path().join("document");
        fs::write(&path, document).unwrap();
        let mut command = bare();
        command.args(args).arg(&path).arg("--dry-run").env("PG_ATLAS_DATA_DIR", &data);
        // Nothing to start a server with, and nowhere to find it.
        command.env("PATH", "/nonexistent").env("PG_ATLAS_PG_BIN", "/nonexistent");
        Ran::of(&mut command).ok().json()
    };
    let document = spdx(&["a", "b"], &[("a", "b")]).to_string();
    let answer = dry(&["ingest", "sbom", "--repo", "pkg:github/O/A"], &document);
    assert_eq!(
        json!([answer["outcome"], answer["position"], answer["event"], answer["sequence"], answer["stream"]]),
        json!(["dry-run", null, null, null, "repo:pkg:github/o/a"])
    );
    assert_eq!(json!([answer["packages"], answer["edges"]]), json!([2, 1]));
    let answer = dry(&["ingest", "repo", "--repo", "pkg:github/o/a"], r#"{"full_name": "o/a"}"#);
    assert_eq!(answer["outcome"], "dry-run");
    let answer = dry(&["ingest", "survey"], &survey("p:a,A,live,2026-01-01\n"));
    assert_eq!(
        json!([answer["outcome"], answer["records"], answer["appended"], answer["last_position"]]),
        json!(["dry-run", 1, 0, null])
    );
    let answer = dry(&["ingest", "grants"], r#"{"type": "Project", "id": "p:a", "name": "A"}"#);
    assert_eq!(json!([answer["outcome"], answer["records"]]), json!(["dry-run", 1]));
    assert!(!data.exists(), "a dry run leaves nothing behind");
}

#[test]
fn nobody_observes_the_future() {
    let program = Program::fresh();
    let ahead = |minutes: i64| {
        let moment = chrono::Utc::now() + chrono::TimeDelta::minutes(minutes);
        moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    };
    let document = spdx(&["a"], &[]).to_string();
    let args =
        |time: &str| ["ingest", "sbom", "-", "--repo", "pkg:github/o/a", "--observed-at", time].map(str::to_owned);
    let complaint = program.fed(args(&ahead(60)), document.as_bytes()).fails(1);
    assert!(complaint.contains("ahead of the log's clock"), "{complaint}");
    let rows = survey("p:a,A,live,2026-01-01\np:b,B,live,2026-01-01\n");
    let many = ["ingest", "survey", "-", "--observed-at", &ahead(60)].map(str::to_owned);
    let complaint = program.fed(many, rows.as_bytes()).fails(1);
    assert!(complaint.contains("ahead of the log's clock"), "the file as a whole: {complaint}");
    assert_eq!((program.count(), program.artifacts().len()), (0, 0));
    program.fed(args(&ahead(2)), document.as_bytes()).ok();
    assert_eq!(program.count(), 1, "clocks may differ a little");
}

#[test]
fn a_formula_is_adopted_once() {
    let program = Program::fresh();
    let shipped = include_str!("../../domain/formulas/seed.toml");
    let own = program.file("own.toml", shipped.replace("name = \"seed\"", "name = \"own\"").as_bytes());
    let redefined = program.file("seed.toml", shipped.replace("window_months = 24", "window_months = 12").as_bytes());
    let address =
        program.file("address.toml", (std::fs::read_to_string(&own).unwrap() + "# ann@example.org\n").as_bytes());
    for verb in ["check", "adopt"] {
        let refused = |file: &std::path::Path| program.run(["formula", verb, file.to_str().unwrap()]).fails(1);
        assert!(refused(&redefined).contains("`seed` is a shipped formula; give yours another name"));
        assert!(refused(&address).contains("e-mail address"));
    }
    assert_eq!(program.count(), 0);
    let adopt = || program.run(["formula", "adopt", own.to_str().unwrap()]).ok().json();
    assert_eq!(place(&adopt()), appended(1));
    assert_eq!(place(&adopt()), duplicate(1));
    let names = program.json("formula list");
    let own = names.as_array().unwrap().iter().find(|formula| formula["name"] == "own").unwrap();
    assert_eq!(own["adopted_at"], 1);
    program.sbom("o/a", &spdx(&["a", "b"], &[("a", "b")]), &[]);
    program.json("project");
    assert_eq!(program.json("scores --level repo --formula own"), program.json("scores --level repo --formula seed"));
}
