//! `--dry-run` refuses what the real run refuses: the same exit code, the same words.

use serde_json::{Value, json};

use crate::support::program::{Program, Ran};

/// What a run came to, without what may differ: the clock, and what only a log can know.
fn essence(ran: &Ran) -> (i32, Vec<String>, Value) {
    let until_clock = |line: &str| line.split(" clock (").next().unwrap_or_default().to_owned();
    let said: Vec<String> = ran.stderr.lines().map(until_clock).collect();
    let refused = if ran.stdout.is_empty() { Value::Null } else { ran.json()["refused"].clone() };
    let rows = refused.as_array().into_iter().flatten();
    let rows = rows.map(|row| json!([row["row"], until_clock(row["reason"].as_str().unwrap())])).collect();
    (ran.code, said, Value::Array(rows))
}

struct Both<'a> {
    program: &'a Program,
}

impl Both<'_> {
    /// Runs it without and with `--dry-run`; both must end with this code and speak of this.
    fn end(&self, code: i32, says: &str, args: &[&str]) {
        let real = self.program.run(args);
        let dry = self.program.run([args, &["--dry-run"]].concat());
        assert_eq!(essence(&dry), essence(&real), "{args:?}");
        let (ended, said, rows) = essence(&real);
        assert_eq!(ended, code, "{args:?}: {real:#?}");
        let said = format!("{said:?} {rows}");
        assert!(said.contains(says), "{args:?}: {says}: {said}");
    }
}

#[test]
fn a_dry_run_refuses_what_the_real_run_refuses() {
    let program = Program::fresh();
    let both = Both { program: &program };
    let file = |name: &str, content: &str| program.file(name, content.as_bytes()).to_str().unwrap().to_owned();
    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "x"}]});
    let sbom_file = file("sbom.json", &sbom.to_string());
    let host = file("repo.json", r#"{"full_name": "o/r"}"#);
    let survey =
        file("s.csv", "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\np:2,Two,live,2026-01-01\n");
    let grants = file("grants.json", r#"[{"type": "Project", "id": "p:1"}, {"type": "Project", "id": "a\nb"}]"#);
    let git = file("git.ndjson", include_str!("../../demo/git/stellar_stellar-cli.ndjson"));
    let repo = ["--repo", "pkg:github/stellar/stellar-cli"];
    let (future, long) = (["--observed-at", "2999-01-01"], "k".repeat(513));

    // Flags that every kind takes.
    let kinds: [(&[&str], bool); 5] = [
        (&["sbom", &sbom_file], true),
        (&["repo", &host], true),
        (&["git-log", &git], true),
        (&["survey", &survey], false),
        (&["grants", &grants], false),
    ];
    for (kind, of_repo) in kinds {
        let of: &[&str] = if of_repo { &repo } else { &[] };
        let with =
            |more: &[&str]| [&["ingest"], kind, of, more].concat().iter().map(ToString::to_string).collect::<Vec<_>>();
        for (code, says, more) in [
            (1, "more than 5 minutes ahead of the log's", &future[..]),
            (2, "--observed-at: `soon`: expected a time (2026-01-31T12:00:00Z) or a date", &["--observed-at", "soon"]),
            (2, "expected a name or handle", &["--actor", "ann@example.org"]),
            (2, "expected 1 to 256 bytes", &["--actor", &long]),
            (2, "1 to 512 bytes", &["--idempotency-key", &long]),
            (2, "1 to 512 bytes", &["--idempotency-key", ""]),
        ] {
            let args = with(more);
            both.end(code, says, &args.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if of_repo {
            let other = |repo: &str, project: &str, code: i32, says: &str| {
                both.end(code, says, &[&["ingest"], kind, &["--repo", repo, "--project", project]].concat());
            };
            other("nonsense", "p", 2, "`nonsense` is no package URL");
            for meant in ["o/n", "https://github.com/O/n/", "pkg:github/o/n/"] {
                other(meant, "p", 2, "did you mean pkg:github/o/n");
            }
            other("pkg:npm/x", "p", 2, "names no repository: expected pkg:github/OWNER/NAME");
            other(repo[1], "a\nb", 2, "expected the project's id");
            other(repo[1], &"x".repeat(1025), 2, "1 to 1024 bytes");
            other(repo[1], "ann@example.org", 2, "e-mail");
        }
    }
    let mut git_log = vec!["ingest", "git-log", &git, "--format", "ndjson"];
    git_log.extend(repo);
    git_log.extend(future);
    git_log.push("--dry-run");
    assert!(program.run(git_log).fails(1).contains("more than 5 minutes ahead"));

    // Documents.
    let deep = file("deep.json", &format!("{}{}", "[".repeat(200), "]".repeat(200)));
    both.end(1, "128", &[&["ingest", "sbom", &deep][..], &repo].concat());
    both.end(1, "no such file", &[&["ingest", "sbom", "/nonexistent"][..], &repo].concat());
    both.end(
        1,
        "status: `alive`",
        &[
            "ingest",
            "survey",
            &file("a.csv", "project_id,project_name,status,answered_at\np,,alive,2026-01-01\n"),
            "--strict",
        ],
    );
    assert_eq!(program.count(), 0);

    // Rows that are refused, in files that are taken.
    both.end(0, "control characters", &["ingest", "grants", &grants]);
    let lines = [
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom, "key": "one"}),
        json!({"kind": "repo", "repo": "pkg:github/o/r", "document": {"stars": 1}, "key": "one"}),
        json!({"kind": "sbom", "repo": "pkg:npm/x", "document": sbom}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "project": "a\nb", "document": sbom}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "project": "ann@example.org", "document": sbom}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom, "key": long}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom, "observed_at": "2999-01-01"}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom, "observed_at": "soon"}),
    ];
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let batch = file("batch.ndjson", &lines.join("\n"));
    both.end(0, "`one` was used for something else", &["ingest", "batch", &batch]);
    both.end(0, "ahead of the log's", &["ingest", "batch", &batch]);
    both.end(1, "7 refused", &["ingest", "batch", &batch, "--strict"]);
    let conflict = file("conflict.ndjson", &lines[..2].join("\n"));
    both.end(3, "`one` was used for something else", &["ingest", "batch", &conflict, "--strict"]);
}

#[test]
fn a_key_as_long_as_it_may_be_stands_for_a_whole_file() {
    let program = Program::fresh();
    let survey = b"project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\np:2,Two,live,2026-01-01\n";
    let args = ["ingest", "survey", "-", "--idempotency-key", &"k".repeat(512)];
    let answer = program.fed(args, survey).ok().json();
    assert_eq!(json!([answer["appended"], answer["refused"]]), json!([2, []]));
    let answer = program.fed(args, survey).ok().json();
    assert_eq!(json!([answer["duplicates"], answer["refused"]]), json!([2, []]));
    let line = json!({"kind": "repo", "repo": "pkg:github/o/r", "document": {"stars": 1}}).to_string();
    let args = ["ingest", "batch", "-", "--idempotency-key", &"b".repeat(512)];
    assert_eq!(program.fed(args, line.as_bytes()).ok().json()["appended"], 1);
}
