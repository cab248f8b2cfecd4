//! Documents as others write them, where the cases are there: what each is read as, or why it is refused.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::program::{Program, Ran};

/// The folder of the cases; `None`, with a message, where there is none.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/other");
    if !folder.is_dir() {
        println!("skipped: there are no cases here");
        return None;
    }
    Some(folder)
}

struct Cases {
    program: Program,
    folder: PathBuf,
}

impl Cases {
    fn there() -> Option<Self> {
        folder().map(|folder| Self { program: Program::fresh(), folder })
    }

    fn ingest(&self, kind: &str, files: &[&str]) -> Ran {
        let files = files.iter().map(|file| self.folder.join(file).to_str().unwrap().to_owned());
        let mut arguments: Vec<String> = ["ingest", kind].map(str::to_owned).into_iter().chain(files).collect();
        if kind == "repo" {
            arguments.extend(["--repo", "pkg:github/own/app"].map(str::to_owned));
        }
        self.program.run(arguments)
    }

    fn payload(&self, position: usize) -> Value {
        self.program.events()[position - 1]["payload"].clone()
    }
}

#[test]
fn survey_answers() {
    let Some(cases) = Cases::there() else { return };
    assert!(cases.ingest("survey", &["unclosed-quote.csv"]).fails(1).contains("line 3: a quote is opened here"));
    let slash = cases.ingest("survey", &["quotes-backslash.csv"]).fails(1);
    assert!(slash.contains("line 2: a quote inside of a cell"), "{slash}");
    for file in ["newline-at-end-of-cell.csv", "newline-crlf-in-name.csv", "newline-in-name.csv"] {
        let done = cases.ingest("survey", &[file]).ok().json();
        assert_eq!(done["refused"], json!([]), "{file}");
    }
    let names: Vec<Value> =
        cases.program.events().iter().map(|event| event["payload"]["project_name"].clone()).collect();
    assert!(names.contains(&json!("Alpha")) && names.contains(&json!("Alpha Project")), "{names:?}");
    let leap = cases.ingest("survey", &["date-leap-second.csv"]).ok().json();
    let position = usize::try_from(leap["last_position"].as_u64().unwrap()).unwrap();
    assert_eq!(cases.payload(position)["answered_at"], "2016-12-31T23:59:59.000000Z");
    let unseen = cases.ingest("survey", &["zwsp-id.csv"]).ok();
    assert!(unseen.stderr.contains("project_id: zero-width"), "{}", unseen.stderr);
    assert!(cases.program.events().iter().all(|event| event["payload"]["project_id"] != "p:a\u{200b}"));
}

#[test]
fn grants_records() {
    let Some(cases) = Cases::there() else { return };
    let nobody = cases.ingest("grants", &["nan-1.json", "nan-2.json", "nan-ids.json"]).ok().json();
    assert_eq!((&nobody["appended"], nobody["refused"].as_array().map(Vec::len)), (&json!(0), Some(4)), "{nobody}");
    cases.ingest("grants", &["socials-platform-url.json"]).ok();
    assert_eq!(cases.payload(1)["record"]["git_urls"], json!(["https://github.com/own/app"]));
    let percent = cases.ingest("grants", &["percent.json"]).ok().json();
    assert_eq!(percent["refused"], json!([]));
    let of = |id: &str| {
        let events = cases.program.events();
        let found = events.iter().find(|event| event["payload"]["record"]["id"] == id).cloned();
        found.unwrap()["payload"]["record"]["completion_percent"].clone()
    };
    assert_eq!((of("daoip-5:sys:app:p1"), of("daoip-5:sys:app:p2")), (json!("100"), json!("100")));
}

#[test]
fn host_facts() {
    let Some(cases) = Cases::there() else { return };
    for (file, stars) in [("stars-float.json", 10), ("stars-exp.json", 1000), ("gitlab.json", 5), ("gitea.json", 5)] {
        let done = cases.ingest("repo", &[file]).ok().json();
        assert_eq!((&done["stars"], &done["full_name"]), (&json!(stars), &json!("pkg:github/own/app")), "{file}");
        assert_eq!(done["warnings"], json!([]), "{file}");
    }
    let bom = cases.ingest("repo", &["facts-bom.json"]).ok().json();
    assert_eq!((&bom["stars"], &bom["warnings"]), (&json!(10), &json!([])));
    let wide = cases.ingest("repo", &["facts-utf16.json"]).ok().json();
    assert_eq!((&wide["outcome"], wide["warnings"].as_array().map(Vec::len)), (&json!("duplicate"), Some(1)), "{wide}");
}
