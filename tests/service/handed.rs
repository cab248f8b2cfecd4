//! What runs of a code host hand in, under its tokens.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{PAIRS, Service, document, replayed};
use crate::support::git::one_commit_by;
use crate::support::host::{AUDIENCE, CodeHost, claims};
use crate::support::program::{Program, bare};
use crate::support::skipped::skipped;

/// The program, believing the tokens of a host.
pub(super) fn believing(command: &mut Command, host: &CodeHost) -> Service {
    let command = command.env("PG_ATLAS_API_URL", AUDIENCE).env("PG_ATLAS_OIDC_JWKS", &host.address);
    Service::of(command, &[])
}

/// Sends a body with headers; status, head and what is answered.
pub(super) fn post(service: &Service, target: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, Value) {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let size = body.len();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {size}\r\n{headers}\r\n",
        service.host
    );
    let said = service.sent(&[head.as_bytes(), body].concat());
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {said}"));
    (head[9..12].parse().unwrap(), head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Hands a document in under a token.
pub(super) fn hand(service: &Service, token: &str, body: &[u8]) -> (u16, Value) {
    let (status, _, answer) = post(service, "/ingest/sbom", &[("Authorization", &format!("Bearer {token}"))], body);
    (status, answer)
}

/// A document that says this name, and lists these packages.
pub(super) fn named(name: &str, packages: &[&str]) -> Vec<u8> {
    let mut document = document();
    document["name"] = json!(name);
    let package = document["packages"][0].clone();
    let packages = packages.iter().map(|name| {
        let mut package = package.clone();
        package["name"] = json!(name);
        package["SPDXID"] = json!(format!("SPDXRef-{name}"));
        package["externalRefs"][0]["referenceLocator"] = json!(format!("pkg:npm/{name}@1.0"));
        package
    });
    document["packages"] = packages.collect();
    document.to_string().into_bytes()
}

#[test]
fn what_a_run_hands_in_is_in_the_graph_and_its_actor_is_not_in_the_log() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    let accepted = |message: &str, packages: i64| {
        (202, json!({"message": message, "repository": "Acme/Tool", "package_count": packages}))
    };
    let handed = hand(&service, &host.token("Acme/Tool", "1"), &named("x", &["left", "right"]));
    assert_eq!(handed, accepted("queued", 2));
    service.until("/repos/pkg:github/acme/tool", |status, _| status == 200);
    let listed =
        service.until("/ingest/sbom?repository=Acme/Tool", |_, list| list["items"][0]["status"] == "processed");
    let item = &listed["items"][0];
    assert_eq!(
        (&item["id"], &item["repository_claim"], &item["actor_claim"]),
        (&json!(1), &json!("Acme/Tool"), &json!("ann"))
    );
    // In an envelope, with another date and order, it is the same.
    let mut again: Value = serde_json::from_slice(&named("x", &["right", "left"])).unwrap();
    again["creationInfo"]["created"] = json!("2026-02-01T00:00:00Z");
    let again = json!({ "sbom": again }).to_string().into_bytes();
    assert_eq!(hand(&service, &host.token("Acme/Tool", "2"), &again), accepted("duplicate skipped", -1));
    let listed = service.get("/ingest/sbom").1;
    assert_eq!((&listed["total"], &listed["items"][0]["sbom_content_hash"]), (&json!(2), &item["sbom_content_hash"]));
    // Taken back, it is what counts again.
    assert_eq!(hand(&service, &host.token("Acme/Tool", "3"), &named("x", &["left"])), accepted("queued", 1));
    assert_eq!(hand(&service, &host.token("Acme/Tool", "4"), &again), accepted("duplicate skipped", -1));
    service.until("/repos/pkg:github/acme/tool/depends-on", |_, edges| edges.as_array().map(Vec::len) == Some(2));
    assert_eq!(service.end(), Some(0));
    let events = program.events();
    let metadata = &events[0]["metadata"];
    let said = json!({"actor": "github-actions", "tool": metadata["tool"], "repository": "Acme/Tool", "ref": "refs/heads/main",
        "repository_id": "1001", "repository_owner_id": "2002", "visibility": "public", "sha": "2".repeat(40),
        "workflow": "sbom", "run_id": "42", "run_attempt": "1"});
    assert_eq!((events.len(), metadata), (3, &said));
    assert!(events.iter().all(|event| !event.to_string().contains("\"ann\"")), "the actor is in the log");
    program.json("audit verify");
}

#[test]
fn a_token_stands_for_one_document() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    let mut nameless = claims("acme/tool", "");
    nameless.as_object_mut().unwrap().remove("jti");
    let header = json!({"alg": "RS256", "kid": "k1"});
    for token in [host.token("acme/tool", "once"), host.sign(&header, &nameless, "k1")] {
        let name = token.len().to_string();
        // What is refused uses nothing up.
        assert_eq!(hand(&service, &token, b"{}").0, 422);
        assert_eq!(hand(&service, &token, &named(&name, &["a", &name])).1["message"], "queued");
        assert_eq!(hand(&service, &token, &named(&name, &["a", &name])).1["message"], "duplicate skipped");
        let (status, answer) = hand(&service, &token, &named(&name, &["b", &name]));
        assert_eq!(status, 403, "{answer}");
        assert!(answer["detail"].as_str().unwrap().ends_with("This token was used for another document"), "{answer}");
    }
    assert_eq!(service.end(), Some(0));
    assert_eq!(program.events().len(), 2);
}

#[test]
fn what_is_refused_is_listed_with_its_reason_and_without_a_private_ones() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    let mut document: Value = serde_json::from_slice(&named("x", &["left"])).unwrap();
    document["packages"][0]["licenseDeclared"] = json!("MIT OR OR");
    let (status, answer) = hand(&service, &host.token("acme/tool", "1"), document.to_string().as_bytes());
    assert_eq!((status, &answer["detail"]["error"]), (422, &json!("Invalid SPDX 2.3 document.")));
    assert_eq!(answer["detail"]["messages"], json!(["packages[0]: `licenseDeclared` is no licence expression"]));
    let mut private = claims("acme/hidden", "2");
    private["repository_visibility"] = json!("private");
    let private = host.sign(&json!({"alg": "RS256", "kid": "k1"}), &private, "k1");
    assert_eq!(hand(&service, &private, b"{\"secret\": 1}").0, 422);
    assert_eq!(hand(&service, &host.token("acme/tool", "3"), b"{\"sbom\":\"\xff\"}").0, 422);
    let (_, list) = service.get("/ingest/sbom");
    let items = list["items"].as_array().unwrap();
    let told: Vec<_> = items.iter().map(|item| (&item["status"], item["error_detail"].as_str().unwrap())).collect();
    let failed = json!("failed");
    let whole = "Invalid SPDX 2.3 document.\npackages[0]: `licenseDeclared` is no licence expression";
    assert_eq!(told, [(&failed, "Invalid SPDX 2.3 document."), (&failed, whole)]);
    let one = service.get(&format!("/ingest/sbom/{}", items[1]["id"])).1;
    assert_eq!((&one["repository_claim"], &one["raw_artifact"]), (&json!("acme/tool"), &Value::Null));
    // A private repository's document is taken, and shown to nobody.
    let mut private = claims("acme/hidden", "4");
    private["repository_visibility"] = json!("private");
    let private = host.sign(&json!({"alg": "RS256", "kid": "k1"}), &private, "k1");
    assert_eq!(hand(&service, &private, &named("y", &["left"])).0, 202);
    service.until("/repos/pkg:github/acme/hidden", |status, _| status == 200);
    let hidden = service.get("/ingest/sbom/1").1;
    assert_eq!((&hidden["status"], &hidden["raw_artifact"]), (&json!("processed"), &Value::Null), "{hidden}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn whoever_set_a_run_going_is_gone_with_an_erasure() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let history = one_commit_by(&program.data().join("history"), "1+wendy-x@users.noreply.github.com");
    program.run(["ingest", "git-log", &history, "--repo", "pkg:github/acme/tool"]).ok();
    let service = believing(&mut program.command(), &host);
    let by = |actor: &str, id: &str, body: &[u8]| {
        let mut claims = claims("acme/tool", id);
        claims["actor"] = json!(actor);
        hand(&service, &host.sign(&json!({"alg": "RS256", "kid": "k1"}), &claims, "k1"), body).0
    };
    // Each in every way: taken, told again, and the one who leaves a name refused as well.
    for (actor, id, package) in [("Wendy-X", "1", "left"), ("walter-y", "2", "right")] {
        assert_eq!(by(actor, id, &named("x", &[package])), 202);
        assert_eq!(by(actor, &format!("{id} again"), &named("x", &[package])), 202);
    }
    assert_eq!(by("Wendy-X", "3", b"{}"), 422);
    let claimed = || {
        let list = service.ok("/ingest/sbom");
        let actors = list["items"].as_array().unwrap().iter().map(|item| item["actor_claim"].as_str().unwrap_or(""));
        let mut actors: Vec<String> = actors.filter(|actor| !actor.is_empty()).map(str::to_owned).collect();
        actors.sort();
        (actors, list)
    };
    let (actors, list) = claimed();
    assert_eq!(actors, ["Wendy-X", "Wendy-X", "Wendy-X", "walter-y", "walter-y"], "{list}");
    let person = service.until("/contributors", |_, people| people["total"] == 1);
    program.run(["erase", "contributor", person["items"][0]["email_hash"].as_str().unwrap()]).ok();
    let (actors, list) = claimed();
    assert_eq!(actors, ["walter-y", "walter-y"], "{list}");
    let last = program.events().iter().filter_map(|event| event["position"].as_u64()).max().unwrap();
    program.run(["erase", "payload", &last.to_string(), "--reason", "asked for", "--yes"]).ok();
    let (actors, list) = claimed();
    assert!(actors.is_empty(), "{list}");
    assert_eq!(list["total"], 5, "what became of them is still told: {list}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_was_public_is_for_nobody_once_a_run_says_that_its_repository_is_private() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    assert_eq!(hand(&service, &host.token("acme/tool", "1"), &named("x", &["left"])).0, 202);
    assert_eq!(hand(&service, &host.token("acme/other", "2"), &named("x", &["left"])).0, 202);
    service.until("/repos/pkg:github/acme/other", |status, _| status == 200);
    let withheld = || {
        let events = service.ok("/events")["items"].clone();
        let of = |event: &Value| (event["withheld"].clone(), event["payload"].is_null());
        events.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(withheld(), [(json!(false), false), (json!(false), false)]);
    program.json("publish --label one");
    service.until("/publications/one", |status, _| status == 200);
    assert_eq!(service.asked("/publications/one/bundle", &[]).0, 200);
    let mut private = claims("ACME/Tool", "3");
    private["repository_visibility"] = json!("private");
    let private = host.sign(&json!({"alg": "RS256", "kid": "k1"}), &private, "k1");
    // What it hands in is no document: what it says of its repository counts all the same.
    assert_eq!(hand(&service, &private, b"{}").0, 422);
    assert_eq!(withheld()[..2], [(json!(true), true), (json!(false), false)]);
    assert_eq!(service.ok("/ingest/sbom/1")["raw_artifact"], Value::Null);
    assert!(service.ok("/ingest/sbom/2")["raw_artifact"].is_string());
    assert_eq!(service.asked("/publications/one/bundle", &[]).0, 403);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn without_a_database_documents_are_looked_at() {
    let host = CodeHost::with(&["k1"]);
    let mut command = bare();
    command.env("PG_ATLAS_API_URL", AUDIENCE).env("PG_ATLAS_OIDC_JWKS", &host.address);
    let service = Service::of(&mut command, &["--no-database"]);
    let down = json!({"detail": "Database is not configured."});
    for target in ["/metadata", "/projects?limit=0", "/repos/x", "/ingest/sbom", "/ingest/sbom/1"] {
        assert_eq!(service.get(target), (503, down.clone()), "{target}");
    }
    assert_eq!(service.get("/ready").1["status"], 503, "ours are problems");
    let (status, health) = service.get("/health");
    assert_eq!((status, &health["components"]["database"]), (200, &json!("not-configured")));
    assert_eq!(hand(&service, &host.token("a/b", "1"), &named("x", &["left"])).1["package_count"], 1);
    assert_eq!(hand(&service, &host.token("a/b", "1"), b"{}").0, 422);
    assert_eq!(hand(&service, "abc", b"{}").0, 403);
    if Path::new(PAIRS).exists() {
        replayed(&service, "nodb", &[]);
    }
    assert_eq!(service.end(), Some(0));
}

/// The most memory that the program held at once, in bytes.
#[cfg(target_os = "linux")]
pub(super) fn peak(service: &Service) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    kibibytes.unwrap().trim().parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_hollow_document_takes_little_more_memory_than_it_has_bytes() {
    const BYTES: usize = 16 * 1024 * 1024;
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    let before = peak(&service);
    for (id, item) in [("1", "0,"), ("2", "{},")] {
        let body = format!(r#"{{"packages":[{}0]}}"#, item.repeat(BYTES / item.len()));
        let (status, answer) = hand(&service, &host.token("acme/tool", id), body.as_bytes());
        assert_eq!(status, 422, "{answer}");
        assert!(answer["detail"]["messages"].as_array().unwrap().len() <= 10, "{answer}");
    }
    let more = peak(&service) - before;
    assert!(more < 16 * BYTES as u64, "{more} bytes more");
    assert_eq!(service.end(), Some(0));
}

/// Documents that ours and the reference disagree about: what says SPDX 3 and has another form is refused, CycloneDX is
/// a superset, and what is no text fails there by itself.
const OTHERWISE: [&str; 3] = ["SPDX-3.0", "CycloneDX", "no UTF-8"];

#[test]
fn the_golden_submissions_hold() {
    let Ok(told) = fs::read_to_string(format!("{PAIRS}/submit.ndjson")) else {
        return skipped("the golden submissions are not here");
    };
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let service = believing(&mut program.command(), &host);
    let mut otherwise = Vec::new();
    for (n, line) in told.lines().enumerate() {
        let pair: Value = serde_json::from_str(line).unwrap();
        let Some(who) = pair.get("auth") else { continue };
        // Some bodies are no text: their bytes are written as characters.
        let bytes = |text: &str| match pair["name"].as_str() {
            Some("a byte order mark" | "no UTF-8") => text.chars().map(|c| c as u8).collect(),
            _ => text.as_bytes().to_vec(),
        };
        let body = match pair["body_file"].as_str() {
            Some(file) => fs::read(format!("{PAIRS}/{file}")).unwrap(),
            None => bytes(pair["body"].as_str().unwrap()),
        };
        let mut claims = claims("", &format!("golden {n}"));
        claims.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        let token = host.sign(&json!({"alg": "RS256", "kid": "k1"}), &claims, "k1");
        let (status, answer) = hand(&service, &token, &body);
        let same = pair["compare"]["mode"] != "exact" || answer == pair["json"];
        if pair["status"] != status || !same {
            otherwise.push(pair["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(otherwise, OTHERWISE);
    replayed(&service, "submit", &[]);
    assert_eq!(service.end(), Some(0));
}
