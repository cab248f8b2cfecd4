//! Bad survey files: the file is refused by name, or its rows one by one.

use serde_json::{Value, json};

use super::documents::survey;
use crate::support::program::{Program, Ran};

const CANARY: &str = "canary.person@example.org";

fn ingest(program: &Program, file: &[u8]) -> Ran {
    program.fed(["ingest", "survey", "-"], file)
}

#[test]
fn a_file_that_is_no_survey_is_refused_with_the_reason() {
    let program = Program::fresh();
    program.json("migrate");
    let bomb = [&[0x1f, 0x8b][..], &[0; 100]].concat();
    for (what, file, reason) in [
        ("empty", &b""[..], "empty"),
        ("JSON", b"{\"a\": 1}\n", "header"),
        ("another header", b"id,name\n1,2\n", "project_id"),
        ("a column missing", b"project_id,project_name,status\n", "answered_at"),
        ("a column twice", b"project_id,project_id,project_name,status,answered_at\n", "twice"),
        ("no UTF-8", b"project_id,project_name,status,answered_at\n\xff,b,live,2026-01-01\n", "line 2: not UTF-8"),
        ("NULs", b"\0\0\0\0\0", "header"),
        ("damaged gzip", &bomb, "damaged gzip data"),
    ] {
        let complaint = ingest(&program, file).fails(1);
        assert!(complaint.contains(reason), "{what}: `{complaint}` does not say `{reason}`");
        assert_eq!((program.count(), program.artifacts().len()), (0, 0), "{what}");
    }
    program.run(["ingest", "survey", "no/such/file.csv"]).fails(1);
    program.run(["ingest", "survey", "/"]).fails(1);
    program.run(["ingest", "survey", "/dev/zero"]).fails(1);
}

#[test]
fn malformed_rows_are_refused_and_the_others_stand() {
    let program = Program::fresh();
    let rows = "p:a,A,live,2026-01-01\n\
                p:b,B,undead,2026-01-01\n\
                ,,live,2026-01-01\n\
                p:c,C,live,31.12.2026\n\
                p:d,D,live\n\
                p:e,E\u{0},live,2026-01-01\n\
                \"p:f\nx\",F,live,2026-01-01\n\
                p:g,G,in-dev,2026-01-01T12:00:00+02:00\n";
    let ran = ingest(&program, survey(rows).as_bytes()).ok();
    let answer = ran.json();
    assert_eq!(json!([answer["appended"], answer["last_position"]]), json!([3, 3]), "a line break is white space");
    let refused = answer["refused"].as_array().unwrap();
    let lines: Vec<&Value> = refused.iter().map(|one| &one["row"]).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
    for one in refused {
        let said = format!("row {} refused: {}", one["row"], one["reason"].as_str().unwrap());
        assert!(ran.stderr.contains(&said), "{said} is not on standard error: {}", ran.stderr);
    }
    assert_eq!(program.count(), 3);
    program.json("project");
    assert_eq!(program.json("scores").as_array().unwrap().len(), 3);
}

#[test]
fn a_file_of_nothing_but_bad_rows_is_still_read_to_its_end() {
    let program = Program::fresh();
    let answer = ingest(&program, survey("p:a,A,undead,2026-01-01\n").as_bytes()).ok().json();
    assert_eq!(json!([answer["appended"], answer["refused"][0]["row"], answer["last_position"]]), json!([0, 2, null]));
    assert_eq!(program.count(), 0);
}

#[test]
fn addresses_go_nowhere() {
    let program = Program::fresh();
    let rows =
        format!("p:a,Alpha of {CANARY},live,2026-01-01\n{CANARY},B,live,2026-01-01\np:c,{CANARY},undead,2026-01-01\n");
    let ran = ingest(&program, survey(&rows).as_bytes()).ok();
    let kept: String = program.artifacts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for (what, text) in [
        ("the answer", ran.stdout.clone()),
        ("said", ran.stderr.clone()),
        ("the log", program.run(["events"]).ok().stdout),
        ("the document", kept),
    ] {
        assert!(!text.contains(CANARY), "{what}: {text}");
    }
}
