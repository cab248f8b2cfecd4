//! Commands and the keys of their results, as the contract has them.

use serde_json::{Value, json};

use super::documents::{ecosystem, shared, spdx, survey};
use crate::support::program::{Program, Ran, bare};

/// Keys of the answer to one document.
const ONE: &[&str] = &["event", "outcome", "position", "stream", "sequence", "format", "format_version", "warnings"];
/// Keys of the answer to one bill of materials, besides.
const SBOM: &[&str] = &["packages", "dependencies", "root_dependencies", "vertices", "edges"];
/// Keys of the answer to one git log, besides.
const GIT_LOG: &[&str] = &["commits", "contributors", "bots_excluded", "latest_commit_date"];
/// Keys of the answer to many records.
const MANY: &[&str] = &["appended", "duplicates", "refused", "last_position"];

/// Read commands, whether each answers a list, and the keys of the result or of each of its rows.
const READS: &[(&str, bool, &[&str])] = &[
    ("project", false, &["head", "projections"]),
    ("status", false, &["head", "projections", "tree_size", "root", "database_bytes"]),
    ("scores", true, SCORE),
    ("scores --level repo", true, SCORE),
    ("scores --level external", true, SCORE),
    ("scores --as-of 6", true, SCORE),
    ("scores --formula atlas-1", true, SCORE),
    ("edges", true, EDGE),
    ("edges --level project", true, EDGE),
    ("edges --as-of 6", true, EDGE),
    ("edges --why pkg:github/o/a pkg:github/o/b", true, &["id", "kind", "reason"]),
    ("why pkg:github/o/a", true, WHY),
    ("why pkg:github/o/a pony_factor", false, WHY),
    ("why p:a criticality_score --from 4 --as-of 8", false, WHY),
    ("triage list", true, &["id", "kind", "reason"]),
    ("replay", false, REPLAY),
    ("replay --verify", false, REPLAY),
    ("replay --as-of 6 --formula atlas-1", false, REPLAY),
    ("rebuild", false, REBUILD),
    ("rebuild --projection graph", false, REBUILD),
    ("rebuild --formula atlas-1", false, REBUILD),
    ("formula list", true, &["name", "hash"]),
    ("formula show seed", false, &["name", "hash", "document"]),
    ("publish --label first", false, &["position", "label", "formula", "digest", "state_digest", "root"]),
    ("replay --verify --label first", false, REPLAY),
    ("rebuild --promote", false, REBUILD),
];
const SCORE: &[&str] =
    &["id", "name", "activity_status", "criticality_score", "pony_factor", "adoption_score", "project_id"];
const EDGE: &[&str] = &["in_vertex", "out_vertex", "version_range", "confidence"];
const WHY: &[&str] = &["id", "metric", "value", "sentences", "counts", "does_not_count", "events", "missing"];
const REPLAY: &[&str] = &[
    "position",
    "formula",
    "events",
    "digest",
    "state_digest",
    "seconds",
    "events_per_second",
    "verified",
    "divergences",
];
const REBUILD: &[&str] =
    &["build", "from", "to", "events", "seconds", "events_per_second", "equal_to_live", "promoted"];
const EVENT: &[&str] = &[
    "position",
    "event",
    "stream",
    "sequence",
    "type",
    "version",
    "observed_at",
    "recorded_at",
    "payload",
    "metadata",
    "payload_sha256",
    "leaf_hash",
];

fn has(what: &str, value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "`{what}` answers without `{key}`: {value:#}");
    }
}

#[test]
fn every_read_answers_with_its_keys() {
    let program = Program::fresh();
    ecosystem(&program);
    for (line, list, keys) in READS {
        let answer = program.json(line);
        let rows = match (&answer, list) {
            (Value::Array(rows), true) => rows.clone(),
            (Value::Object(_), false) => vec![answer.clone()],
            _ => panic!("`{line}`: {answer:#}"),
        };
        // Nothing is open in this ecosystem; all else has rows.
        assert!(!rows.is_empty() || line.starts_with("triage"), "`{line}` is empty");
        rows.iter().for_each(|row| has(line, row, keys));
    }
    for event in program.events() {
        has("events", &event, EVENT);
    }
    let status = program.json("status");
    let names: Vec<&str> =
        status["projections"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in ["graph", "people", "metrics", "history"] {
        assert!(names.contains(&name), "{status:#}");
    }
    for projection in status["projections"].as_array().unwrap() {
        has("status", projection, &["name", "build", "position", "lag"]);
    }
}

#[test]
fn what_is_verified_is_said_and_what_is_not_compared_is_not() {
    let program = Program::fresh();
    ecosystem(&program);
    let live = program.json("replay --verify");
    assert_eq!((&live["verified"], &live["divergences"]), (&json!(true), &json!([])));
    assert_eq!(live["position"], 8);
    let published = program.json("publish --label first");
    assert_eq!(published["position"], 9, "the shipped formula was adopted before");
    let again = program.json("replay --verify --label first");
    for key in ["digest", "state_digest", "position", "formula"] {
        assert_eq!(again[key], published[key], "{key}");
    }
    assert_eq!(again["verified"], true);
    // At a position of its own the publication is compared with as well; where nothing is, nothing is verified.
    assert_eq!(program.json("replay --verify --as-of 9")["verified"], true);
    for line in ["replay --verify --as-of 3", "replay --verify --formula atlas-1"] {
        let ran = program.line(line);
        assert_eq!((ran.code, &ran.json()["verified"], &ran.json()["divergences"]), (1, &Value::Null, &json!([])));
        assert!(ran.stderr.contains("nothing live or published at position"), "{line}: {ran:#?}");
    }
    assert_eq!(program.json("replay")["verified"], Value::Null);
}

#[test]
fn every_ingestion_answers_with_its_keys() {
    let program = Program::fresh();
    let document = spdx(&["a", "b"], &[("a", "b")]);
    let answer = program.sbom("o/a", &document, &[]);
    has("ingest sbom", &answer, ONE);
    has("ingest sbom", &answer, SBOM);
    assert_eq!(
        json!([answer["outcome"], answer["position"], answer["stream"], answer["sequence"], answer["format_version"]]),
        json!(["appended", 1, "repo:pkg:github/o/a", 1, "2.3"])
    );
    assert_eq!(
        SBOM.iter().map(|key| answer[key].clone()).collect::<Vec<_>>(),
        [json!(2), json!(1), json!(1), json!(2), json!(1)]
    );

    let facts = program.file("facts.json", br#"{"full_name": "o/a", "stargazers_count": 1, "forks_count": 2}"#);
    let path = facts.to_str().unwrap();
    has("ingest repo", &program.run(["ingest", "repo", path, "--repo", "pkg:github/o/a"]).ok().json(), ONE);

    let answers = program.file("survey.csv", survey("p:a,Alpha,live,2026-01-01\n,,live,2026-01-01\n").as_bytes());
    let path = answers.to_str().unwrap();
    let answer = program.run(["ingest", "survey", path]).ok();
    assert!(answer.stderr.contains("row 3 refused: "), "{}", answer.stderr);
    let answer = answer.json();
    has("ingest survey", &answer, MANY);
    assert_eq!(json!([answer["appended"], answer["duplicates"], answer["last_position"]]), json!([1, 0, 3]));
    has("a refused row", &answer["refused"][0], &["row", "reason"]);
    assert_eq!(answer["refused"].as_array().unwrap().len(), 1);

    let record = json!({"type": "Project", "id": "daoip-5:x:project:p", "name": "P"});
    let record = program.file("project.json", record.to_string().as_bytes());
    let answer = program.run(["ingest", "grants", record.to_str().unwrap()]).ok().json();
    has("ingest grants", &answer, MANY);
    assert_eq!(json!([answer["appended"], answer["last_position"]]), json!([1, 4]), "{answer:#}");

    let export = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/git/stellar_soroban-examples.ndjson");
    let repo = "pkg:github/stellar/soroban-examples";
    let answer = Ran::of(program.command().args(["ingest", "git-log", export, "--repo", repo]).env(
        "PG_ATLAS_PSEUDONYM_KEY",
        // The demo's public key: an export of another key is another log.
        "70672d61746c6173207075626c69632064656d6f206b65792030303030303031",
    ))
    .ok()
    .json();
    has("ingest git-log", &answer, ONE);
    has("ingest git-log", &answer, GIT_LOG);
    assert_eq!(program.count(), 5);
}

#[test]
fn migrations_run_alone() {
    let program = Program::fresh();
    assert_eq!(program.json("migrate")["migrated"], true);
    assert_eq!(program.json("migrate")["migrated"], true);
    assert_eq!(program.json("status")["head"], 0);
}

#[test]
fn failures_have_their_exit_codes() {
    let program = Program::fresh();
    program.sbom("o/a", &spdx(&["a"], &[]), &[]);
    program.json("publish --label taken");
    let formula = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/formulas/seed.toml");
    program.run(["formula", "check", formula]).ok();
    for (line, code) in [
        // Refused, not found.
        ("scores --id pkg:github/no/body", 1),
        ("scores --as-of 99", 1),
        ("edges --as-of 99", 1),
        ("replay --as-of 99", 1),
        ("replay --verify --label nothing", 1),
        ("scores --formula nothing", 1),
        ("formula show nothing", 1),
        ("formula check nothing.toml", 1),
        ("formula check /", 1),
        ("audit verify /nope", 1),
        ("audit verify /", 1),
        ("audit verify --checkpoint /nope", 1),
        ("audit import /nope", 1),
        ("audit import /", 1),
        ("audit export /nope/x", 1),
        ("audit export /", 1),
        ("rebuild --formula nothing", 1),
        ("ingest sbom nothing.json --repo pkg:github/o/a", 1),
        ("ingest git-log nothing --repo pkg:github/o/a", 1),
        // Usage.
        ("scores --sort nothing", 2),
        ("scores --sort id:sideways", 2),
        ("scores --as-of yesterday", 2),
        ("edges --as-of -1", 2),
        ("events --stream nothing", 2),
        ("ingest sbom - --repo pkg:npm/a", 2),
        ("ingest sbom - --repo nothing", 2),
        ("ingest sbom - --repo pkg:github/o/a --observed-at yesterday", 2),
        ("ingest sbom - --repo pkg:github/o/a --observed-at ann@example.org", 2),
        ("scores --as-of ann@example.org", 2),
        ("scores --level ann@example.org", 2),
        ("ann@example.org", 2),
        ("ingest sbom -", 2),
        ("no-such-command", 2),
        ("scores --format xml", 2),
        ("scores --level galaxy", 2),
        ("replay --label first", 2),
        // An address where a name is expected, and names that are none.
        ("publish --label ann@example.org", 2),
        ("publish --label x --actor ann@example.org", 2),
        ("rebuild --actor ann@example.org", 2),
        ("audit prove --from 3 --to 2", 2),
        ("events --from 3 --to 2", 2),
        ("rollback --actor ann@example.org", 2),
        ("quarantine 1 --reason x --actor ann@example.org", 2),
        ("erase payload 1 --reason x --actor ann@example.org", 2),
        ("formula adopt x.toml --actor ann@example.org", 2),
        ("ingest sbom - --repo pkg:github/o/a --actor ann@example.org", 2),
        ("ingest sbom - --repo pkg:github/o/a --project ann@example.org", 2),
        ("ingest sbom - --repo pkg:github/o/a --project=", 2),
        ("ingest sbom - --repo pkg:github/o/a --actor=", 2),
        ("ingest survey - --idempotency-key=", 2),
        ("curate membership --repo pkg:github/o/a --project ann@example.org --author ann --reason x", 2),
        // A label used before.
        ("publish --label taken", 3),
    ] {
        let ran = program.line(line);
        assert_eq!(ran.code, code, "`{line}`: {ran:#?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains("error: "), "`{line}`: {ran:#?}");
        assert!(!ran.stderr.contains("example.org"), "an address comes back: {ran:#?}");
    }
    for (line, said) in [
        ("audit verify /nope", "/nope: No such file or directory"),
        ("audit verify /", "/: "),
        ("audit import /nope", "/nope: No such file or directory"),
        ("audit export /nope/x", "/nope/x: No such file or directory"),
        ("audit verify --checkpoint /nope", "/nope: No such file or directory"),
        ("audit prove 0", "positions start at 1"),
        ("audit prove 3 --size 2", "no event at position 3 in the log of size 2"),
        ("audit prove 1 --size 99", "it ends at 3"),
        ("history nope", "no project, repository or package has the id `nope`"),
    ] {
        let complaint = program.line(line).fails(1);
        assert!(complaint.contains(said) && !complaint.contains("beyond"), "`{line}`: {complaint}");
    }
    let unsigned = Ran::of(program.command().args(["audit", "checkpoint"]).env("PG_ATLAS_SIGNING_KEY_FILE", "/nope"));
    assert!(unsigned.fails(2).contains("PG_ATLAS_SIGNING_KEY_FILE names /nope"));
    assert_eq!(program.run(["publish", "--label", ""]).code, 2);
    assert_eq!(program.run(["publish", "--label", "two\nlines"]).code, 2);
    for line in ["--help", "--version", "help ingest sbom", "scores --help"] {
        let ran = program.line(line);
        assert!(ran.code == 0 && !ran.stdout.is_empty() && ran.stderr.is_empty(), "`{line}`: {ran:#?}");
    }
    assert_eq!(Ran::of(&mut bare()).code, 2, "a command is missing");
}

#[test]
fn what_is_wrong_with_a_formula_is_said_with_its_line() {
    let program = Program::fresh();
    let document = include_str!("../../domain/formulas/seed.toml");
    for (good, bad, code, said) in [
        ("window_months = 24", "window_months = 0", 1, "pony.window_months: 0 is not in 1..=1200"),
        ("window_months = 24", "window_months = \"x\"", 1, "pony.window_months: \"x\" is not in 1..=1200"),
        ("\"flat\"", "\"round\"", 1, "graph.edges: unknown variant `round`, expected `flat` or `nested`"),
        ("semantics = 1", "semantics = 2", 2, "`seed` needs semantics 2; this program knows 1 to 1"),
    ] {
        let line = 1 + document.lines().position(|line| line.contains(good)).unwrap();
        let file = program.file("wrong.toml", document.replace(good, bad).as_bytes());
        let path = file.to_str().unwrap();
        let said = format!("{path}:{line}: {said}");
        assert_eq!(program.run(["formula", "check", path]).fails(code), said);
        assert_eq!(program.run(["formula", "adopt", path]).fails(code), said);
        assert_eq!(program.run(["formula", "diff", "seed", path]).fails(code), said);
    }
    assert_eq!(program.line("formula show nothing").fails(1), "formula: none is named `nothing`");
}

#[test]
fn the_shared_documents_count_as_their_index_says() {
    let Some(index) = shared("sbom/INDEX.tsv") else { return };
    for line in std::fs::read_to_string(index).unwrap().lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, format, _, packages, dependencies] = columns[..5] else { panic!("{line}") };
        if !format.starts_with("SPDX-JSON") && format != "CycloneDX-JSON" || columns[7] == "reject" {
            continue;
        }
        let path = shared(&format!("sbom/{file}")).unwrap();
        let args = ["ingest", "sbom", path.to_str().unwrap(), "--repo", "pkg:github/o/a", "--dry-run", "--quiet"];
        let answer = Ran::of(bare().args(args)).ok().json();
        assert_eq!(answer["packages"].to_string(), packages, "{file}");
        assert_eq!(answer["dependencies"].to_string(), dependencies, "{file}");
        assert_eq!(json!([answer["outcome"], answer["position"]]), json!(["dry-run", null]), "{file}");
    }
}
