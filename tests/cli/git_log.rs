//! `ingest git-log`: the export of a repository stands for the repository.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::program::{Program, Ran, bare};

/// The address that must never leave the repository.
const ADDRESS: &str = "canary.person@example.org";

fn git(folder: &Path, args: &[&str], day: &str) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Canary Person").env(format!("GIT_{who}_EMAIL"), ADDRESS);
        command.env(format!("GIT_{who}_DATE"), format!("{day}T12:00:00Z"));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_export_made_without_a_database_is_the_same_log() {
    let program = Program::fresh();
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"], "2026-01-01");
    for day in ["2026-01-01", "2026-01-02", "2026-01-02"] {
        git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "work"], day);
    }
    let path = folder.path().to_str().unwrap();
    let about = ["--repo", "pkg:github/o/r", "--observed-at", "2026-02-01"];
    let dry = ["ingest", "git-log", path, "--dry-run", "--format", "ndjson"];
    let export = Ran::of(bare().args(dry).args(about).env("PG_ATLAS_DATA_DIR", program.data())).ok();
    assert!(!export.stdout.contains(ADDRESS) && !export.stdout.contains("Canary"), "{}", export.stdout);

    let first = program.run(["ingest", "git-log", path].into_iter().chain(about)).ok();
    let answer = first.json();
    assert_eq!(
        json!([answer["outcome"], answer["commits"], answer["contributors"], answer["bots_excluded"]]),
        json!(["appended", 3, 1, 0])
    );
    assert_eq!(answer["latest_commit_date"], "2026-01-02T12:00:00.000000Z");
    let file = program.file("export.ndjson", export.stdout.as_bytes());
    let again = program.run(["ingest", "git-log", file.to_str().unwrap()].into_iter().chain(about)).ok().json();
    assert_eq!(json!([again["outcome"], again["position"]]), json!(["duplicate", 1]), "{again:#}");

    let log = program.run(["events"]).ok().stdout;
    let kept: String = program.artifacts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for (what, text) in [("events", &log), ("artifacts", &kept), ("the answer", &first.stdout), ("said", &first.stderr)]
    {
        assert!(!text.contains(ADDRESS) && !text.contains("Canary"), "{what}: {text}");
    }
    assert_eq!(answer["format_version"], program.events()[0]["payload"]["document"]["format_version"]);
    program.json("project");
    assert_eq!(program.json("scores --level repo")[0]["pony_factor"], 1);
}

#[test]
fn a_key_that_was_lost_is_missed() {
    let program = Program::fresh();
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"], "2026-01-01");
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "work"], "2026-01-01");
    let path = folder.path().to_str().unwrap();
    let ingest = |day: &str| {
        let about = ["--repo", "pkg:github/o/r", "--observed-at", day];
        program.run(["ingest", "git-log", path].into_iter().chain(about)).ok()
    };
    let healthy = || {
        let checks: serde_json::Value = serde_json::from_str(&program.run(["doctor"]).stdout).unwrap();
        let check = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == "pseudonyms");
        check.unwrap()["ok"].as_bool().unwrap()
    };
    for day in ["2026-02-01", "2026-02-02"] {
        assert_eq!(ingest(day).json()["warnings"], json!([]));
    }
    let made = program.events()[0]["payload"]["pseudonym_key"].as_str().unwrap().to_owned();
    assert!(healthy());
    std::fs::remove_file(program.data().join("pseudonym.key")).unwrap();
    assert!(!healthy(), "it is gone");
    let ran = ingest("2026-02-03");
    let answer = ran.json();
    let warnings = answer["warnings"].as_array().unwrap();
    assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().contains(&made), "{ran:#?}");
    assert!(ran.stderr.contains(warnings[0].as_str().unwrap()), "{ran:#?}");
    assert!(!healthy(), "and another one is in its place");
}
