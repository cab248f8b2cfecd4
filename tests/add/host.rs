//! `add` asks the host of the repository, where its address is configured.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{PROJECT, checkout, commands, told};
use crate::support::program::{Program, Ran};

const TOKEN: &str = "HUNTER2";
const FACTS: &str = r#"{"full_name": "O/One", "stargazers_count": 30, "forks_count": 4, "private": false}"#;

/// A host on the loopback that gives one answer to everybody, and keeps what it was asked.
struct CodeHost {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl CodeHost {
    fn start(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heads);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                log.lock().unwrap().push(head.join("\n").to_lowercase());
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    body.len()
                );
                // Who has gone away needs no answer.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn add(program: &Program, folder: &str, settings: &[(&str, &str)], extra: &[&str]) -> Ran {
    let mut command = program.command();
    Ran::of(command.args(["add", folder, "--project", PROJECT]).args(extra).envs(settings.iter().copied()))
}

#[test]
fn what_the_host_says_goes_in_with_the_rest() {
    let program = Program::fresh();
    let folder = checkout(&program, "one", Some("https://github.com/O/One.git"));
    let host = CodeHost::start(200, FACTS);
    let settings = [("PG_ATLAS_GITHUB_URL", host.address.as_str()), ("PG_ATLAS_GITHUB_TOKEN", TOKEN)];
    let ran = add(&program, &folder, &settings, &["--status", "live", "-vv"]).ok();
    assert!(!(ran.stdout.clone() + &ran.stderr).contains(TOKEN), "{ran:#?}");
    let first = ran.json();
    let row = |kind: &str, position: u64| json!([kind, "appended", position]);
    assert_eq!(told(&first), [row("survey", 1), row("git-log", 2), row("repo", 3)]);
    assert_eq!(commands(&first), ["pg-atlas ingest sbom FILE --repo pkg:github/o/one", "pg-atlas project"]);
    let heads = host.heads();
    assert!(heads.len() == 1 && heads[0].starts_with("get /repos/o/one http/1.1\n"), "{heads:#?}");
    assert!(heads[0].contains("authorization: bearer hunter2"), "{heads:#?}");

    let table = add(&program, &folder, &settings, &["--status", "live", "--format", "table"]).ok().stdout;
    assert!(table.contains("repo     duplicate at position 3: stars 30, forks 4\n"), "{table}");
    program.json("project");
    assert_eq!(program.json("scores --level repo")[0]["adoption_score"], 0.0);
    let events = program.line("events").ok().stdout;
    assert!(events.contains("\"stars\":30") && !events.contains(TOKEN), "{events}");

    // A host knows the present alone; a rehearsal asks it as well.
    let asked = host.heads().len();
    let then = add(&program, &folder, &settings, &["--observed-at", "2026-11-01"]).ok().json();
    assert!(told(&then).iter().all(|row| row[0] != "repo") && host.heads().len() == asked, "{then:#}");
    let dry = add(&program, &folder, &settings, &["--dry-run"]).ok().json();
    assert_eq!(told(&dry), [json!(["git-log", "dry-run", null]), json!(["repo", "dry-run", null])]);
    assert_eq!(host.heads().len(), asked + 1);
}

#[test]
fn a_host_that_refuses_leaves_the_rest_and_is_missing_with_the_command() {
    let refused = |status: u16, body: &'static str| -> Value {
        let program = Program::fresh();
        let folder = checkout(&program, "one", Some("https://github.com/o/one"));
        let host = CodeHost::start(status, body);
        let settings = [("PG_ATLAS_GITHUB_URL", host.address.as_str())];
        let answer = add(&program, &folder, &settings, &[]).ok().json();
        assert_eq!(told(&answer), [json!(["git-log", "appended", 1])]);
        assert!(!host.heads()[0].contains("authorization"), "no token, none sent");
        answer["missing"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["what"].as_str().unwrap().contains("host"))
            .unwrap()
            .clone()
    };
    let command = "pg-atlas ingest repo FILE.json --repo pkg:github/o/one";
    let about = "what its host says of pkg:github/o/one: ";
    assert_eq!(
        refused(403, "{\"message\": \"rate limit exceeded\"}"),
        json!({"what": format!("{about}answered with status 403"), "command": command})
    );
    let silent = refused(200, "{\"message\": \"hello\"}");
    assert!(silent["what"].as_str().unwrap().starts_with(&format!("{about}nothing about a repository")), "{silent}");
}

#[test]
fn an_address_that_is_none_is_refused_before_anything_is_read() {
    let program = Program::fresh();
    let folder = checkout(&program, "one", Some("https://github.com/o/one"));
    for (settings, said) in [
        (&[("PG_ATLAS_GITHUB_URL", "https://ann:HUNTER2@h/")][..], "PG_ATLAS_GITHUB_URL: expected a base address"),
        (
            &[("PG_ATLAS_GITHUB_URL", "http://h.example/"), ("PG_ATLAS_GITHUB_TOKEN", TOKEN)],
            "PG_ATLAS_GITHUB_TOKEN: it would be sent for all to read",
        ),
    ] {
        let complaint = add(&program, &folder, settings, &[]).fails(2);
        assert!(complaint.contains(said) && !complaint.contains(TOKEN), "{complaint}");
    }
    assert_eq!(program.count(), 0);
    // Another kind of host has other variables.
    let elsewhere = checkout(&program, "two", Some("https://gitlab.com/group/two"));
    add(&program, &elsewhere, &[("PG_ATLAS_GITHUB_URL", "nonsense")], &[]).ok();
}
