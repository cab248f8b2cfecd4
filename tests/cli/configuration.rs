//! Where the atlas is: flags before the environment, the environment before a configuration file, and what is set to
//! nothing is not set.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::embedded::server::Data;
use crate::support::program::{Program, Ran, bare};
use crate::support::skipped::skipped;

/// A text that no message may hold.
const CANARY: &str = "HUNTER2";

/// The program in a folder, with nothing of the caller's environment that names a place.
fn within(folder: &Path) -> Command {
    let mut command = bare();
    command.current_dir(folder).env_remove("PG_ATLAS_CONFIG").env_remove("XDG_DATA_HOME");
    command
}

/// Where `doctor` says the data is.
fn place(command: &mut Command) -> String {
    let checks = Ran::of(command.arg("doctor")).json();
    let check = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == "data folder").unwrap();
    check["detail"].as_str().unwrap().to_owned()
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let program = Program::fresh();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg-atlas.toml");
    fs::write(&file, format!("database_url = '{}'\ndata_dir = 'of-the-file'\n", program.url())).unwrap();
    let canonical = folder.path().canonicalize().unwrap();

    // The file of the current folder; its path is below itself.
    let said = place(&mut within(folder.path()));
    assert!(said.contains(canonical.join("of-the-file").to_str().unwrap()), "{said}");
    let said = place(within(folder.path()).env("PG_ATLAS_DATA_DIR", "/of/the/environment"));
    assert!(said.contains("/of/the/environment"), "{said}");
    let said =
        place(within(folder.path()).env("PG_ATLAS_DATA_DIR", "/of/the/environment").args(["--data-dir", "/flag"]));
    assert!(said.contains("/flag"), "{said}");
    let said = place(within(folder.path()).env("PG_ATLAS_DATA_DIR", ""));
    assert!(said.contains("of-the-file"), "what is set to nothing is not set: {said}");
    let empty: [(&str, &str); 2] = [("DATABASE_URL", ""), ("PG_ATLAS_CONFIG", "")];
    assert_eq!(Ran::of(within(folder.path()).envs(empty).arg("status")).ok().json()["head"], 0);
    let gone = "postgres://nobody@127.0.0.1:1/gone";
    Ran::of(within(folder.path()).env("DATABASE_URL", gone).arg("status")).fails(2);
    Ran::of(within(folder.path()).env("DATABASE_URL", gone).args(["status", "--database-url", &program.url()])).ok();

    // A named file goes before that of the folder, and folders above do not count.
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    let other = below.join("other.toml");
    fs::write(&other, "data_dir = 'of-the-other'\n").unwrap();
    let database = program.url();
    let said = place(within(folder.path()).env("PG_ATLAS_CONFIG", &other).env("DATABASE_URL", &database));
    assert!(said.contains("below/of-the-other"), "{said}");
    let named = ["--config", file.to_str().unwrap()];
    let said = place(within(folder.path()).env("PG_ATLAS_CONFIG", &other).args(named));
    assert!(said.contains("of-the-file"), "{said}");
    let said = place(within(&below).env("DATABASE_URL", &database).env("XDG_DATA_HOME", "/share"));
    assert!(!said.contains("of-the-"), "{said}");
}

#[test]
fn a_file_that_is_wrong_is_refused_with_its_line_and_without_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg-atlas.toml");
    for (text, line, reason) in [
        (
            format!("# x\ndatabase_uri = 'postgres://a:{CANARY}@h/d'\n"),
            2,
            "`database_uri` is no key; there are database_url",
        ),
        (format!("data_dir = '{CANARY}\n"), 1, "TOML"),
        (format!("database_url = '{CANARY}'\n"), 1, "database_url: the database URL is not of the form"),
        (format!("\n[registries]\npypi = 'https://a:{CANARY}@h/'\n"), 3, "registries.pypi: expected a base address"),
    ] {
        fs::write(&file, text).unwrap();
        for command in [&["status"][..], &["formula", "list", "-vv"]] {
            let complaint = Ran::of(within(folder.path()).args(command)).fails(2);
            assert!(complaint.starts_with(&format!("pg-atlas.toml line {line}: ")), "{complaint}");
            assert!(complaint.contains(reason) && !complaint.contains(CANARY), "{complaint}");
        }
    }
    fs::write(&file, "#".repeat(70_000)).unwrap();
    assert!(Ran::of(within(folder.path()).arg("status")).fails(2).contains("larger than"));
    let missing = ["--config", "no-such.toml", "formula", "list"];
    assert!(Ran::of(within(folder.path()).args(missing)).fails(2).contains("no-such.toml"));
}

#[test]
fn a_file_of_somebody_else_is_used_where_it_is_named() {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can give a file away");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg-atlas.toml");
    fs::write(&file, "data_dir = 'data'\n").unwrap();
    std::os::unix::fs::chown(&file, Some(4321), None).unwrap();
    let complaint = Ran::of(within(folder.path()).args(["formula", "list"])).fails(2);
    assert!(complaint.contains("belongs to user 4321"), "{complaint}");
    Ran::of(within(folder.path()).args(["--config", "pg-atlas.toml", "formula", "list"])).ok();
}

#[test]
fn every_variable_that_is_set_to_nothing_is_not_set() {
    let program = Program::fresh();
    let empty = [
        "PG_ATLAS_CONFIG",
        "PG_ATLAS_PG_BIN",
        "PG_ATLAS_CONTACT",
        "PG_ATLAS_NPM_URL",
        "PG_ATLAS_PSEUDONYM_KEY",
        "PG_ATLAS_SIGNING_KEY",
        "PG_ATLAS_SIGNING_KEY_FILE",
        "PG_ATLAS_POOL_SIZE",
        "PG_ATLAS_POOL_OVERFLOW",
        "PG_ATLAS_PROJECTION_POOL_SIZE",
        "PG_ATLAS_INTAKE_POOL_SIZE",
        "PG_ATLAS_SLOW_STATEMENT_MS",
    ]
    .map(|name| (name, ""));
    let checkout = crate::support::git::one_commit(&program.data().join("checkout"));
    let run = |args: &[&str]| Ran::of(program.command().envs(empty).args(args));
    run(&["ingest", "git-log", &checkout, "--repo", "pkg:github/o/a"]).ok();
    run(&["audit", "checkpoint"]).ok();
    let checks = run(&["doctor"]).json();
    let key = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == "pseudonyms");
    assert_eq!(key.unwrap()["ok"], true, "{checks:#}");
    for key in ["pseudonym.key", "signing.key"] {
        assert!(program.data().join(key).exists(), "{key} is made, as where nothing names one");
    }
    let complaint = run(&["ingest", "registry", "pkg:npm/x"]);
    assert!(complaint.stderr.contains("PG_ATLAS_NPM_URL"), "{complaint:?}");
}

#[test]
fn registries_are_named_by_the_file_as_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    // A port at which nobody listens: what matters is which address is asked.
    let file = "data_dir = 'data'\n[registries]\nnpm = 'http://127.0.0.1:1/of-the-file/'\n";
    fs::write(folder.path().join("pg-atlas.toml"), file).unwrap();
    let look = ["ingest", "registry", "pkg:npm/x", "--dry-run"];
    let ran = Ran::of(within(folder.path()).args(look));
    assert!(!format!("{ran:?}").contains("PG_ATLAS_NPM_URL"), "the address is known: {ran:?}");
    let answer: Value = ran.json();
    assert_eq!(answer["refused"].as_array().map(Vec::len), Some(1), "{answer:#}");
    let ran = Ran::of(within(folder.path()).args(look).env("PG_ATLAS_NPM_URL", "ftp://h/"));
    assert!(ran.stderr.contains("PG_ATLAS_NPM_URL"), "the environment goes before the file: {ran:?}");
}

#[test]
fn a_folder_to_begin_in_works_as_it_is() {
    let outer = Data::empty();
    let folder = outer.path().join("my atlas");
    let made = Ran::of(within(outer.path()).args(["init", "my atlas"])).ok().json();
    let files = json!(["pg-atlas.toml", "survey.csv", "grants.json", "repo.json", "batch.ndjson"]);
    assert_eq!(made, json!({"folder": "my atlas", "files": files}));
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("survey.csv").lines().count(), 2);
    let uncommented = read("pg-atlas.toml").replace("# [", "[").replace("# npm", "npm");
    fs::write(outer.path().join("uncommented.toml"), uncommented.replace("# contact", "contact")).unwrap();
    Ran::of(within(outer.path()).args(["--config", "uncommented.toml", "formula", "list"])).ok();

    let run = |line: &str| Ran::of(within(&folder).args(line.split_whitespace())).ok().json();
    for (line, records) in [("ingest survey survey.csv", 1), ("ingest grants grants.json", 2)] {
        let answer = run(line);
        assert_eq!(json!([answer["appended"], answer["refused"]]), json!([records, []]), "{answer:#}");
    }
    run("ingest repo repo.json --repo pkg:github/example/one --project daoip-5:example:project:one");
    let batch = run("ingest batch batch.ndjson");
    assert_eq!(json!([batch["appended"], batch["duplicates"], batch["refused"]]), json!([1, 4, []]), "{batch:#}");
    run("project");
    let scores = run("scores");
    assert_eq!(json!([scores[0]["name"], scores[0]["activity_status"]]), json!(["Example One", "live"]), "{scores:#}");
    assert!(folder.join("data/postgres").is_dir(), "the data is in the folder");
    crate::embedded::server::eventually("the server stops", || {
        !folder.join("data/postgres/run/.s.PGSQL.5432").exists()
    });

    // Nothing is overwritten, and nothing is made where one file is in the way.
    fs::write(folder.join("survey.csv"), "mine").unwrap();
    assert!(
        Ran::of(within(outer.path()).args(["init", "my atlas"])).fails(1).contains("pg-atlas.toml is there already")
    );
    let half = outer.path().join("half");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("repo.json"), "mine").unwrap();
    assert!(Ran::of(within(outer.path()).args(["init", "half"])).fails(1).contains("repo.json is there already"));
    assert_eq!(fs::read_dir(&half).unwrap().count(), 1);
    assert_eq!(
        (read("survey.csv").as_str(), fs::read_to_string(half.join("repo.json")).unwrap().as_str()),
        ("mine", "mine")
    );
}
