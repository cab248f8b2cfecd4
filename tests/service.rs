//! The service over HTTP, as a second process on a loopback port of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::git::one_commit;
use crate::support::program::{BINARY, Program, Ran, bare};
use crate::support::skipped::skipped;
use crate::support::wait::AT_ALL;

mod alerts;
mod api;
mod clients;
mod described;
mod handed;
mod hostile;
mod keys;
mod listed;
mod log;
mod moments;
mod parts;
mod script;
mod signing;
mod tenants;
mod tokens;

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Where the golden pairs of the service that ours stands for are.
const PAIRS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/upstream");

/// A service at work, ended with the story.
struct Service {
    child: Child,
    host: String,
}

impl Service {
    fn of(command: &mut Command, more: &[&str]) -> Self {
        Self::telling(command, more, tempfile::tempfile().unwrap())
    }

    /// One whose own log goes to a file.
    fn telling(command: &mut Command, more: &[&str], mut log: File) -> Self {
        let command = command.args(["serve", "--listen", "127.0.0.1:0", "--format", "ndjson"]).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(log.try_clone().unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut why = String::new();
            // What is only written cannot be read, and is kept by whoever made it.
            let _ = log.rewind().and_then(|()| log.read_to_string(&mut why));
            panic!("it listens nowhere, {}: {why}", child.wait().unwrap());
        });
        let host = said["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Self { child, host }
    }

    /// Sends text as it is, and answers all that comes back.
    fn raw(&self, text: &str) -> String {
        self.sent(text.as_bytes())
    }

    /// The same of bytes.
    fn sent(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        // A server that refuses may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut said = Vec::new();
        // A server that refuses may close before it has read everything.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// What comes back, where anything does.
    fn tried(&self, bytes: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect(&self.host).ok()?;
        stream.write_all(bytes).ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        Some(said).filter(|said| !said.is_empty())
    }

    /// Ends it at once, in the middle of whatever it does.
    fn kill(&self) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    }

    /// Status and body.
    fn get(&self, target: &str) -> (u16, Value) {
        let (status, _, body) = self.asked(target, &[]);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Status, head and body of an answer to a request with further headers.
    fn asked(&self, target: &str, headers: &[&str]) -> (u16, String, String) {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let host = &self.host;
        let said = self.raw(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n"));
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned())
    }

    /// What a document that is sent is answered.
    fn post(&self, target: &str, body: &str) -> (u16, Value) {
        let (host, length) = (&self.host, body.len());
        let head = format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close");
        let said = self.raw(&format!("{head}\r\n\r\n{body}"));
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// The value of a header of an answer.
    fn header(&self, target: &str, name: &str) -> Option<String> {
        let (_, head, _) = self.asked(target, &[]);
        head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned)
    }

    /// What a target answers with success.
    fn ok(&self, target: &str) -> Value {
        let (status, body) = self.get(target);
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    /// Asks until an answer is as it should be.
    fn until(&self, target: &str, fits: impl Fn(u16, &Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let (status, body) = self.get(target);
            if fits(status, &body) {
                return body;
            }
            assert!(begun.elapsed() < AT_ALL, "{target} still answers {status}: {body}");
            thread::sleep(LOOK);
        }
    }

    /// Asks it to end, and answers the exit code.
    fn end(mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended is left alone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a listener for metrics tells.
fn counted(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).unwrap();
    told
}

/// Says a statement to the database of a story.
fn say(program: &Program, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = PgConnection::connect(&program.url()).await.unwrap();
        conn.execute(statement).await.unwrap();
    });
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
    service.until("/repos/pkg:github/acme/later", |status, _| status == 200);
    let (_, sboms) = service.get("/ingest/sbom?repository=acme/later");
    assert_eq!((&sboms["total"], &sboms["items"][0]["repository_claim"]), (&json!(1), &json!("acme/later")), "{sboms}");
    assert_eq!(service.get("/projects?limit=0").0, 422);
    assert_eq!(service.get("/nothing").0, 404);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_a_private_repository_says_of_itself_is_not_for_the_public() {
    let program = Program::fresh();
    let told = |repo: &str, private: bool| {
        let facts = program.file("facts.json", json!({"private": private}).to_string().as_bytes());
        program.run(["ingest", "repo", facts.to_str().unwrap(), "--repo", &format!("pkg:github/{repo}")]).ok();
    };
    told("acme/open", false);
    told("acme/hidden", true);
    let position = |repo: &str| program.sbom(repo, &document(), &[])["position"].to_string();
    let (open, hidden) = (position("acme/open"), position("acme/hidden"));
    let service = Service::of(&mut program.command(), &[]);
    let shown = |position: &str| service.get(&format!("/ingest/sbom/{position}")).1;
    assert!(shown(&open)["raw_artifact"].as_str().unwrap().contains("pkg:npm/left@1.0"), "{}", shown(&open));
    assert_eq!(shown(&hidden)["repository_claim"], "acme/hidden");
    assert_eq!(shown(&hidden)["raw_artifact"], Value::Null);
    // Its new name hides nothing, and shows nothing.
    let renamed = program.file("renamed.json", json!({"full_name": "acme/seen"}).to_string().as_bytes());
    program.run(["ingest", "repo", renamed.to_str().unwrap(), "--repo", "pkg:github/acme/open"]).ok();
    service.until("/repos/pkg:github/acme/seen", |status, _| status == 200);
    assert!(shown(&open)["raw_artifact"].is_string(), "{}", shown(&open));
    assert_eq!(service.get(&format!("/gitlog/{open}")).0, 404, "of another kind");
    assert_eq!((service.get("/ingest/sbom/0").0, service.get("/ingest/sbom/99").0), (404, 404));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn an_erased_name_is_gone_from_answers() {
    let program = Program::fresh();
    let history = one_commit(&program.data().join("history"));
    program.run(["ingest", "git-log", &history, "--repo", "pkg:github/acme/tool"]).ok();
    let service = Service::of(&mut program.command(), &[]);
    let (_, people) = service.get("/contributors?search=ann");
    assert_eq!((&people["total"], &people["items"][0]["name"]), (&json!(1), &json!("Ann")), "{people}");
    program.run(["erase", "contributor", people["items"][0]["email_hash"].as_str().unwrap()]).ok();
    let nobody = |_, people: &Value| people["items"][0]["name"].as_str().unwrap().starts_with("anonymous-");
    service.until("/contributors", nobody);
    assert_eq!(service.get("/contributors?search=ann").1["total"], 0);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn parts_that_do_not_answer_take_no_port() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let refused = program.run(["serve", "--listen", &listen]).fails(2);
    assert!(refused.contains(&format!("cannot listen on {listen}")), "{refused}");
    let mut child = program.command().args(["serve", "--only", "projector", "--listen", &listen]).spawn().unwrap();
    let begun = Instant::now();
    while program.json("status")["projections"][0]["lag"] != 0 {
        assert!(begun.elapsed() < AT_ALL && child.try_wait().unwrap().is_none(), "it projects");
        thread::sleep(LOOK);
    }
    let ended = Service { child, host: String::new() }.end();
    assert_eq!(ended, Some(0));
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

/// The pairs of a set hold, but for exactly those that are known to differ.
fn replayed(service: &Service, set: &str, known: &[&str]) {
    let mut replay = Command::new("python3");
    replay.arg(format!("{PAIRS}/replay.py")).arg(format!("http://{}", service.host));
    let told = replay.args(["--set", set, "--show", "1000"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains(" passed, "), "{told}");
    let failed = told.lines().filter_map(|line| line.strip_prefix("FAIL ")?.split_whitespace().next());
    // One that holds by now is to be taken off the list.
    assert_eq!(failed.collect::<Vec<_>>(), known, "{told}");
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
    // 496, 497: a second release, 0.8.0, that the package's document from its registry, as it is fed to us, lacks.
    // 689: a contributor by the other's own number, 1; the pairs that mean somebody fetch the number first.
    // 731: the reference keeps attempts that stored nothing as rows; the pair's note lets ours have none.
    // 732: its repository has two git logs there, of which the newer supersedes; one is fed to us.
    let known = ["496", "497", "689", "731", "732"].map(|number| format!("main/{number}"));
    replayed(&service, "main", &known.each_ref().map(String::as_str));
    assert_eq!(service.end(), Some(0));
    let empty = Program::fresh();
    let service = Service::of(&mut empty.command(), &[]);
    replayed(&service, "empty", &[]);
    assert_eq!(service.end(), Some(0));
}
