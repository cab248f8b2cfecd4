//! `add`: a repository in one go, told twice without harm, and not at all where a part of it is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::cli::documents::spdx;
use crate::support::git::one_commit;
use crate::support::program::{Program, Ran};

mod host;

const PROJECT: &str = "daoip-5:x:project:one";

/// A checkout of one commit with this remote.
fn checkout(program: &Program, name: &str, origin: Option<&str>) -> String {
    let path = program.data().join(name);
    one_commit(&path);
    // A day before the ones that the stories look from.
    let who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"];
    let amend = ["commit", "-q", "--amend", "--allow-empty", "--no-edit", "--date", "2026-10-01T12:00:00Z"];
    git(&path, &[&who[..], &amend].concat());
    if let Some(url) = origin {
        git(&path, &["remote", "add", "origin", url]);
    }
    path.to_str().unwrap().to_owned()
}

fn git(folder: &Path, args: &[&str]) {
    let ran = Command::new("git").arg("-C").arg(folder).args(args).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

fn sbom(program: &Program) -> PathBuf {
    program.file("sbom.json", spdx(&["one", "two"], &[("one", "two")]).to_string().as_bytes())
}

/// Kinds with outcomes and positions.
fn told(answer: &Value) -> Vec<Value> {
    let row = |row: &Value| json!([row["kind"], row["outcome"], row["position"]]);
    answer["ingested"].as_array().unwrap().iter().map(row).collect()
}

fn commands(answer: &Value) -> Vec<&str> {
    answer["missing"].as_array().unwrap().iter().map(|row| row["command"].as_str().unwrap()).collect()
}

#[test]
fn a_checkout_is_added_in_one_go_and_twice_without_harm() {
    let program = Program::fresh();
    let folder = checkout(&program, "one", Some("git@github.com:O/One.git"));
    let file = sbom(&program);
    let args = ["add", &folder, "--sbom", file.to_str().unwrap(), "--project", PROJECT, "--status", "live"];
    let all = |extra: &[&'static str]| program.run(args.iter().copied().chain(extra.iter().copied())).ok();
    let ran = all(&["--project-name", "One", "--observed-at", "2026-11-01"]);
    let first = ran.json();
    assert_eq!(first["repo"], "pkg:github/o/one");
    let expected = [["survey", "appended"], ["sbom", "appended"], ["git-log", "appended"]];
    let numbered = |n: usize| json!([expected[n][0], expected[n][1], n + 1]);
    assert_eq!(told(&first), [numbered(0), numbered(1), numbered(2)]);
    assert_eq!(commands(&first), ["pg-atlas ingest repo FILE.json --repo pkg:github/o/one", "pg-atlas project"]);
    assert!(!ran.stderr.contains("described by no"), "the answer describes the project: {}", ran.stderr);

    program.json("project");
    let row = &program.json("scores")[0];
    assert_eq!(json!([row["id"], row["name"], row["activity_status"]]), json!([PROJECT, "One", "live"]));
    let repo = &program.json("scores --level repo")[0];
    assert_eq!(json!([repo["id"], repo["pony_factor"], repo["project_id"]]), json!(["pkg:github/o/one", 1, PROJECT]));

    let second = all(&["--project-name", "One", "--observed-at", "2026-11-01"]).json();
    let duplicate = |n: usize| json!([expected[n][0], "duplicate", n + 1]);
    assert_eq!(told(&second), [duplicate(0), duplicate(1), duplicate(2)]);
    assert_eq!(
        commands(&second),
        ["pg-atlas ingest repo FILE.json --repo pkg:github/o/one"],
        "the live tables know it all"
    );
    assert_eq!(program.count(), 3);

    // A later day is a later answer; everything else is what it was.
    let later = all(&["--project-name", "One", "--observed-at", "2026-11-02T23:59:59Z"]).json();
    assert_eq!(told(&later), [json!(["survey", "appended", 4]), duplicate(1), duplicate(2)]);
    let line = program.line("events --from 4").ok().stdout;
    assert!(line.contains(r#""answered_at":"2026-11-02T00:00:00.000000Z""#), "{line}");
    assert!(line.contains(r#""observed_at":"2026-11-02T23:59:59.000000Z""#), "{line}");

    let table = all(&["--project-name", "One", "--observed-at", "2026-11-01", "--format", "table"]).stdout;
    for part in ["pkg:github/o/one", "git-log  duplicate at position 3: commits 1, contributors 1", "Not known yet"] {
        assert!(table.contains(part), "`{part}` is not in\n{table}");
    }
}

#[test]
fn what_is_not_told_is_missing_until_the_log_knows_it() {
    let program = Program::fresh();
    let folder = checkout(&program, "one", None);
    let add =
        |args: &[&str]| program.run(["add", &folder, "--repo", "pkg:github/o/one"].iter().chain(args)).ok().json();
    let first = add(&[]);
    assert_eq!(told(&first), [json!(["git-log", "appended", 1])]);
    let sbom_is = "pg-atlas ingest sbom FILE --repo pkg:github/o/one";
    let repo_is = "pg-atlas ingest repo FILE.json --repo pkg:github/o/one";
    let project_is = "pg-atlas curate membership --repo pkg:github/o/one --project PROJECT --actor NAME --reason TEXT";
    assert_eq!(commands(&first), [sbom_is, repo_is, project_is, "pg-atlas project"]);

    let repo = program.file("repo.json", br#"{"full_name": "o/one", "stargazers_count": 3}"#);
    let about = ["--repo", "pkg:github/o/one", "--project", PROJECT];
    program.run(["ingest", "repo", repo.to_str().unwrap()].iter().chain(&about)).ok();
    let status_is = "pg-atlas ingest survey FILE.csv";
    assert_eq!(commands(&add(&[])), [sbom_is, status_is, "pg-atlas project"], "a document before named the project");
    program.json("project");
    assert_eq!(commands(&add(&[])), [sbom_is, status_is]);

    let dry = ["add", &folder, "--repo", "pkg:github/o/one", "--dry-run"];
    let mut command = crate::support::program::bare();
    let dry = Ran::of(command.args(dry).env("PG_ATLAS_DATA_DIR", program.data())).ok().json();
    assert_eq!(told(&dry), [json!(["git-log", "dry-run", null])]);
    assert_eq!(program.count(), 2, "nothing is appended by a dry run");
}

#[test]
fn what_is_wrong_anywhere_leaves_nothing_half_done() {
    let program = Program::fresh();
    let folder = checkout(&program, "one", Some("https://github.com/o/one"));
    let nameless = checkout(&program, "nameless", None);
    let elsewhere = checkout(&program, "elsewhere", Some("https://ann:HUNTER2@git.example.org/o/one"));
    let good = sbom(&program);
    let good = good.to_str().unwrap();
    let bad = program.file("bad.json", b"{\"bomFormat\": 1");
    let bad = bad.to_str().unwrap();
    let whole = ["--sbom", good, "--project", PROJECT, "--status", "live"];
    let cases: [(i32, &str, Vec<&str>); 8] = [
        (1, "bad.json", vec![&folder, "--sbom", bad, "--project", PROJECT, "--status", "live"]),
        (2, "sleeping", vec![&folder, "--sbom", good, "--project", PROJECT, "--status", "sleeping"]),
        (2, "--repo", [&[nameless.as_str()][..], &whole].concat()),
        (2, "--repo", [&[elsewhere.as_str()][..], &whole].concat()),
        (2, "pkg:npm/one", [&["pkg:npm/one"][..], &whole].concat()),
        (2, "did you mean https://github.com/o/gone", [&["o/gone"][..], &whole].concat()),
        (
            1,
            "no git repository",
            [&[program.data().to_str().unwrap(), "--repo", "pkg:github/o/one"][..], &whole].concat(),
        ),
        (1, "ahead of the log's clock", [&[folder.as_str()][..], &whole, &["--observed-at", "2060-01-01"]].concat()),
    ];
    for (code, said, args) in cases {
        let complaint = program.run(["add"].iter().chain(&args)).fails(code);
        assert!(complaint.contains(said) && !complaint.contains("HUNTER2"), "{args:?}: {complaint}");
        assert_eq!(program.count(), 0, "{args:?}");
        assert!(program.artifacts().is_empty() && !program.data().join("pseudonym.key").exists(), "{args:?}");
    }
    program.run(["add", &folder, "--status", "live"]).fails_usage();
    // A clone that cannot be reached: by way of a proxy that is not there.
    let mut command = program.command();
    command.args(["add", "https://github.com/o/one"]).args(whole).env("https_proxy", "http://127.0.0.1:1");
    command.env("no_proxy", "").env_remove("NO_PROXY");
    let complaint = Ran::of(&mut command).fails(1);
    assert!(complaint.contains("127.0.0.1"), "{complaint}");
    assert_eq!(program.count(), 0);
}
