//! The service over HTTP, as a second process on a loopback port of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::program::{BINARY, Program, bare};
use crate::support::skipped::skipped;

/// Where the golden pairs of the service that ours stands for are.
const PAIRS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/upstream");

/// A service at work, ended with the story.
struct Service {
    child: Child,
    host: String,
}

impl Service {
    fn of(command: &mut Command, more: &[&str]) -> Self {
        let command = command.args(["serve", "--listen", "127.0.0.1:0", "--format", "ndjson"]).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let host = said["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Self { child, host }
    }

    /// Sends text as it is, and answers all that comes back.
    fn raw(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut said = Vec::new();
        // A server that refuses may close before it has read everything.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Status and body.
    fn get(&self, target: &str) -> (u16, Value) {
        let said = self.raw(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host));
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Asks it to end, and answers the exit code.
    fn end(mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

fn document() -> Value {
    json!({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "x",
        "documentNamespace": "https://spdx.example/x", "creationInfo": {"created": "2026-01-01T00:00:00Z",
        "creators": ["Tool: x"]}, "packages": [{"SPDXID": "SPDXRef-a", "name": "left", "versionInfo": "1.0",
        "downloadLocation": "NOASSERTION", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl", "referenceLocator": "pkg:npm/left@1.0"}]}], "relationships": []})
}

#[test]
fn what_is_appended_is_answered_and_a_signal_ends_it_in_order() {
    let program = Program::fresh();
    program.sbom("Acme/Tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let (status, repo) = service.get("/repos/pkg%3Agithub%2Facme%2Ftool");
    assert_eq!((status, &repo["display_name"]), (200, &json!("Tool")), "{repo}");
    let (_, edges) = service.get("/repos/pkg:github/acme/tool/depends-on");
    assert_eq!(edges[0]["canonical_id"], "pkg:npm/left", "{edges}");
    // Another process appends while it serves.
    program.sbom("acme/later", &document(), &[]);
    while service.get("/repos/pkg:github/acme/later").0 != 200 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (_, sboms) = service.get("/ingest/sbom?repository=acme/later");
    assert_eq!((&sboms["total"], &sboms["items"][0]["repository_claim"]), (&json!(1), &json!("acme/later")), "{sboms}");
    assert_eq!(service.get("/projects?limit=0").0, 422);
    assert_eq!(service.get("/nothing").0, 404);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn one_that_only_reads_answers_what_others_append_and_writes_nothing() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &["--read-only"]);
    assert_eq!(service.get("/repos/pkg:github/acme/tool").0, 200);
    let status = program.json("status");
    assert_eq!(status["projections"], json!([]), "it made builds: {status}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn heads_without_measure_are_refused_and_it_lives_on() {
    let program = Program::fresh();
    let service = Service::of(&mut program.command(), &[]);
    let many: String = (0..1_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("GET /projects?search={} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(200_000));
    for head in [format!("GET /projects HTTP/1.1\r\nHost: a\r\n{many}\r\n"), long, "nonsense\r\n\r\n".to_owned()] {
        let said = service.raw(&head);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    assert_eq!(service.get("/projects").0, 200);
    assert_eq!(service.end(), Some(0));
}

/// What the pairs of a set say of a service, but for those that are known to differ.
fn replayed(service: &Service, set: &str, known: &[String]) {
    let mut replay = Command::new("python3");
    replay.arg(format!("{PAIRS}/replay.py")).arg(format!("http://{}", service.host));
    let told = replay.args(["--set", set, "--show", "1000"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let failed: Vec<&str> = told.lines().filter(|line| line.starts_with("FAIL ")).collect();
    let new: Vec<&&str> =
        failed.iter().filter(|line| !known.iter().any(|known| line.contains(known.as_str()))).collect();
    assert!(new.is_empty() && told.contains(" passed, "), "{told}");
}

#[test]
fn the_golden_pairs_hold() {
    if !Path::new(PAIRS).exists() {
        return skipped("the golden pairs are not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut seed = Command::new("bash");
    seed.arg(format!("{PAIRS}/seed/ingest_ours.sh")).arg(BINARY).arg(&data).env_remove("DATABASE_URL");
    assert!(seed.stdout(Stdio::null()).status().unwrap().success());
    let service = Service::of(bare().arg("--data-dir").arg(&data), &[]);
    // A list that the log does not keep; a package's second release; ids of the other's own; attempts that stored
    // nothing; no OpenAPI yet.
    let known = [199, 200, 349, 496, 497, 689, 731, 732, 919].map(|n| format!("main/{n} "));
    replayed(&service, "main", &known);
    assert_eq!(service.end(), Some(0));
    let empty = Program::fresh();
    let service = Service::of(&mut empty.command(), &[]);
    replayed(&service, "empty", &[]);
    assert_eq!(service.end(), Some(0));
}
