//! Tables for people: 80 columns, names first, the best first, nothing broken. What the demo shows is golden text; with
//! `PG_ATLAS_WRITE_GOLDEN` set it is written anew.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use console::measure_text_width;
use serde_json::{Value, json};

use super::documents::{ecosystem, spdx, survey};
use crate::support::program::Program;

/// What the demo is asked, by the name of the golden text.
const ASKED: &[(&str, &str)] = &[
    ("scores", "scores"),
    ("repos", "scores --level repo"),
    ("external", "scores --level external --limit 12"),
    ("terms", "scores --level repo --formula atlas-1 --limit 5"),
    ("edges", "edges --level project"),
    ("events", "events --limit 20"),
    ("status", "status"),
    ("history", "history pkg:github/stellar/rs-stellar-strkey"),
    ("formulas", "formula list"),
    ("triage", "triage list"),
    ("difference", "formula diff seed atlas-1"),
    ("replay", "replay --verify"),
];

/// What else fits, without being golden text: it says much, and changes often.
const FITTING: &[&str] = &[
    "why pkg:github/stellar/js-xdr",
    "why daoip-5:scf:project:freighter",
    "why pkg:npm/sodium-native criticality_score",
    "audit explain pkg:github/stellar/js-xdr criticality_score",
    "scores --level repo --project daoip-5:scf:project:freighter",
    "edges --why pkg:github/stellar/js-stellar-sdk pkg:github/stellar/js-xdr",
    "artifact history pkg:github/stellar/js-xdr",
    "artifact audit",
    "audit verify",
    "conflicts",
    "doctor",
    "rebuild",
];

/// Digests, times and sizes that are others at every run, as long as they are.
fn masked(text: &str) -> String {
    let is_hex = |word: &str| word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time = |word: &str| word.len() == 5 && word.as_bytes()[2] == b':';
    let mask = |word: &str| {
        let (head, tail) = word.rsplit_once('+').map_or(("", word), |(head, tail)| (head, tail));
        match tail {
            tail if is_hex(tail) => word[..word.len() - tail.len()].to_owned() + &"#".repeat(tail.len()),
            _ if head.is_empty() && is_time(word) => "##:##".to_owned(),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(|word| word.split('\n').map(mask).collect::<Vec<_>>().join("\n")).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_the_demo_shows_fits_eighty_columns() {
    let program = Program::fresh();
    program.json("demo");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tables");
    let fitting = |name: &str, line: &str| {
        let ran = program.line(&format!("{line} --format table"));
        // A folder of tests is open to others, which the doctor minds.
        let said = if line == "doctor" { ran.stdout } else { ran.ok().stdout };
        for line in said.lines() {
            assert!(measure_text_width(line) <= 80 && line.trim_end() == line, "{name}: `{line}`\n{said}");
        }
        said
    };
    for line in FITTING {
        fitting(line, line);
    }
    for (name, line) in ASKED {
        let said = fitting(name, line);
        assert!(!said.contains('\u{1b}'), "{name}: no colours without a terminal");
        let path = folder.join(format!("{name}.txt"));
        let found = unlike_at_every_run(name, &masked(&said));
        if std::env::var_os("PG_ATLAS_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, golden, "{name}: `{line}` at 80 columns");
    }
    let status = program.line("status --format table").ok().stdout;
    assert!(status.lines().count() <= 24, "one screen: {status}");
}

/// Without the lines that no two runs share.
fn unlike_at_every_run(name: &str, text: &str) -> String {
    let varies = |line: &&str| match name {
        "status" => line.starts_with("database"),
        "replay" => line.starts_with("seconds") || line.starts_with("events_per_second"),
        _ => false,
    };
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    text.lines().filter(|line| !varies(line)).map(|line| line.replace(&today, "####-##-##") + "\n").collect()
}

#[test]
fn people_see_the_best_first_and_programs_the_order_of_ids() {
    let program = Program::fresh();
    ecosystem(&program);
    let names = |line: &str| -> Vec<String> {
        let said = program.line(&format!("{line} --format table")).ok().stdout;
        let rows = said.lines().skip(1).take_while(|line| !line.is_empty());
        rows.map(|line| line.split("  ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(names("scores"), ["Gamma", "Beta", "Alpha", "Empty"], "criticality 2, 1, 0, unknown");
    assert_eq!(names("scores --limit 1"), ["Gamma"]);
    assert_eq!(names("scores --level repo"), ["o/c", "o/b", "o/d", "O/A"], "of equals the adopted, then by id");
    assert_eq!(names("scores --sort name"), ["Alpha", "Beta", "Empty", "Gamma"]);
    for format in ["json", "ndjson", "csv"] {
        let said = program.line(&format!("scores --format {format}")).ok().stdout;
        let place = |id: &str| said.find(id).unwrap();
        assert!(place("p:a") < place("p:b") && place("p:b") < place("p:c"), "{format}: {said}");
    }
    for (natural, field) in [
        ("criticality:desc", "criticality_score:desc"),
        ("pony", "pony_factor"),
        ("adoption:asc", "adoption_score"),
        ("status:desc", "activity_status:desc"),
        ("name", "name:asc"),
        ("id:desc", "id:desc"),
    ] {
        let of = |sort: &str| program.json(&format!("scores --level repo --sort {sort}"));
        assert_eq!(of(natural), of(field), "{natural}");
    }
    let said = program.line("scores --sort importance").fails(2);
    assert!(said.contains("criticality, pony, adoption, status"), "{said}");
}

#[test]
fn columns_are_chosen_and_wide_tables_have_all() {
    let program = Program::fresh();
    ecosystem(&program);
    let table = |line: &str| program.line(&format!("{line} --format table")).ok().stdout;
    let head =
        |line: &str| table(line).lines().next().unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(head("scores"), ["name", "criticality", "pony", "status"], "what nothing is known of is no column");
    assert_eq!(head("scores --columns id,criticality_score,pony"), ["id", "criticality", "pony"]);
    let wide = head("scores --wide");
    assert_eq!(wide.len(), program.json("scores")[0].as_object().unwrap().len(), "{wide:?}");
    let csv = program.line("scores --format csv --columns status,name").ok().stdout;
    assert_eq!(csv.lines().next(), Some("activity_status,name"));
    let said = program.line("scores --format table --columns importance").fails(2);
    assert!(said.contains("`importance`") && said.contains("criticality, pony"), "{said}");
    for (line, part) in [("scores --columns name", "JSON"), ("status --format table --columns head", "no columns")] {
        let said = program.line(line).fails(2);
        assert!(said.contains(part), "{line}: {said}");
    }
    let root = program.json("status")["root"].as_str().unwrap().to_owned();
    let leaf = program.events()[0]["leaf_hash"].as_str().unwrap().to_owned();
    assert!(table("status").contains(&root), "a digest that fits is whole");
    let of_events = |more: &str| table(&format!("events {more}"));
    assert!(of_events("--columns position,leaf").contains(&leaf[..12]) && !of_events("--columns leaf").contains(&leaf));
    assert!(of_events("--wide").contains(&leaf));
    assert_eq!(of_events("--limit 3").lines().count(), 4);
    assert_eq!(program.line("events --limit 3").ok().lines().len(), 3);
}

#[test]
fn wide_characters_keep_the_columns_and_long_names_are_cut_with_an_ellipsis() {
    let program = Program::fresh();
    let long = "A name that is very much longer than any terminal of eighty columns has room for, by far";
    let rows = format!("p:a,共有基础设施,live,2026-01-01\np:b,\"{long}\",in-dev,2026-01-01\n");
    program.fed(["ingest", "survey", "-"], survey(&rows).as_bytes()).ok();
    program.json("project");
    let said = program.line("scores --format table").ok().stdout;
    let lines: Vec<&str> = said.lines().collect();
    let before = |line: &str, part: &str| measure_text_width(&line[..line.find(part).unwrap()]);
    assert_eq!(before(lines[1], "live"), before(lines[2], "in-dev"), "{said}");
    assert!(lines[2].contains('…') && measure_text_width(lines[2]) <= 80, "{said}");
    let wide = program.line("scores --format table --wide").ok().stdout;
    assert!(wide.contains(long), "{wide}");
}

#[test]
fn the_log_has_a_view_for_people() {
    let program = Program::fresh();
    ecosystem(&program);
    let said = program.line("events --format table").ok().stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), program.events().len() + 1, "a line each: {said}");
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["position", "time", "type", "stream", "actor", "bytes"]
    );
    let first = &program.events()[0];
    let bytes = serde_json::to_string(&first["payload"]).unwrap().len().to_string();
    let words: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!((words[0], words.last()), ("1", Some(&bytes.as_str())), "{said}");
    assert!(lines[1].contains("SurveyAnswered"));
    program.line("events --format csv").fails(2);
}

#[test]
fn the_verdict_comes_first_and_nothing_says_null() {
    let program = Program::fresh();
    ecosystem(&program);
    for (line, first) in [
        ("replay --verify", ["verified", "true"]),
        ("rebuild", ["equal_to_live", "true"]),
        ("audit verify", ["ok", "true"]),
        ("rebuild --formula atlas-1", ["promoted", "false"]),
    ] {
        let said = program.line(&format!("{line} --format table")).ok().stdout;
        assert_eq!(said.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), first, "{said}");
        let heads_a_list = |line: &str| line == "not_covered";
        let empty = |line: &&str| line.split_whitespace().count() == 1 && line.contains('_') && !heads_a_list(line);
        assert_eq!(said.lines().find(empty), None, "{said}");
    }
    let said = program.line("doctor --format table").stdout;
    assert!(said.starts_with("1 check says what to mend\nMEND  data folder: "), "{said}");
    std::fs::set_permissions(program.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let said = program.line("doctor --format table").ok().stdout;
    assert!(said.starts_with("all is well\nok    data folder: "), "{said}");
}

#[test]
fn what_another_formula_moves_is_named_with_both_values() {
    let program = Program::fresh();
    ecosystem(&program);
    let found = program.json("formula diff seed atlas-1");
    let said = program.line("formula diff seed atlas-1 --format table").ok().stdout;
    let text = |value: &Value| match value {
        Value::Null => "unknown".to_owned(),
        value => value.to_string(),
    };
    let changed = found["changed"].as_array().unwrap();
    assert!(changed.len() > 3 && changed.len() <= 20, "{found:#}");
    let short = [("criticality_score", "criticality"), ("pony_factor", "pony"), ("pg_score", "score")];
    for change in changed {
        let metric = change["metric"].as_str().unwrap();
        let metric = short.iter().find(|(field, _)| *field == metric).map_or(metric, |(_, name)| *name);
        let line = format!(
            "  {} {metric}: {} -> {}",
            change["id"].as_str().unwrap(),
            text(&change["before"]),
            text(&change["after"])
        );
        assert!(said.contains(&line), "`{line}` is not in\n{said}");
    }
    assert!(!said.contains(" a external") && !said.contains("[\""), "{said}");
    let promoted = program.line("rebuild --formula atlas-1 --promote --format table").ok().stdout;
    assert!(promoted.contains("promoted") && promoted.contains("Values that move"), "{promoted}");
    assert_eq!(program.json("status")["projections"][2]["formula"], "atlas-1");
}

#[test]
fn a_publication_leaves_nothing_to_project() {
    let program = Program::fresh();
    ecosystem(&program);
    for label in ["first", "second"] {
        let published = program.line(&format!("publish --label {label}")).ok();
        assert_eq!(published.stderr, "");
        let status = program.json("status");
        let lags: Vec<&Value> = status["projections"].as_array().unwrap().iter().map(|live| &live["lag"]).collect();
        assert_eq!(lags, [&json!(0); projections::Projection::ALL.len()], "{status:#}");
        assert_eq!(program.line("scores").ok().stderr, "");
        let checks = program.line("doctor").json()["checks"].as_array().unwrap().clone();
        let found = checks.iter().find(|check| check["name"] == "projections").unwrap();
        assert_eq!(found["ok"], true, "{found}");
    }
    // An event that is not projected yet is one, and said to be.
    program.sbom("o/z", &spdx(&["z"], &[]), &[]);
    let said = program.line("doctor --format table");
    assert!(said.code == 1 && said.stdout.contains("projections: 1 event behind the log: run `pg-atlas project`"));
}
