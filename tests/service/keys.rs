//! What clients hand in with keys, and what is left of it when everything ends in the middle.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Service;
use super::handed::{named, post};
use crate::support::program::Program;

/// A key with these flags.
fn key(program: &Program, flags: &[&str]) -> Value {
    program.run(["key", "create"].iter().chain(flags)).ok().json()
}

/// Hands in with a key and further headers; status and answer.
fn send(service: &Service, key: &Value, target: &str, more: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let bearer = format!("Bearer {}", key["key"].as_str().unwrap());
    let headers: Vec<_> = [("Authorization", bearer.as_str())].into_iter().chain(more.iter().copied()).collect();
    let (status, _, answer) = post(service, target, &headers, body);
    (status, answer)
}

const TOOL: &str = "/ingest/sbom?repo=pkg:github/acme/tool";

#[test]
fn a_key_is_for_what_it_says_until_it_is_revoked() {
    let program = Program::fresh();
    let made = key(&program, &["--kinds", "sbom,repo", "--repos", "pkg:github/Acme/*", "--name", "nightly"]);
    assert_eq!((&made["kinds"], &made["repos"]), (&json!(["sbom", "repo"]), &json!(["pkg:github/acme/*"])));
    let listed = program.json("key list");
    assert_eq!((&listed[0]["id"], &listed[0]["name"]), (&made["id"], &json!("nightly")));
    assert!(!listed.to_string().contains(made["key"].as_str().unwrap()));
    let service = Service::of(&mut program.command(), &[]);
    let (status, answer) = send(&service, &made, &format!("{TOOL}&dry-run"), &[], &named("x", &["left"]));
    assert_eq!((status, &answer["outcome"], &answer["position"]), (200, &json!("dry-run"), &Value::Null), "{answer}");
    let (status, answer) = send(&service, &made, TOOL, &[], &named("x", &["left"]));
    assert_eq!((status, &answer["outcome"], &answer["position"]), (202, &json!("appended"), &json!(1)), "{answer}");
    let facts = json!({"stargazers_count": 5}).to_string();
    let (status, answer) = send(&service, &made, "/ingest/repo?repo=pkg:github/acme/tool", &[], facts.as_bytes());
    assert_eq!((status, &answer["position"]), (202, &json!(2)), "{answer}");
    for (target, status) in [
        ("/ingest/sbom?repo=pkg:github/other/tool", 403),
        ("/ingest/grants", 403),
        ("/ingest/sbom", 403),
        ("/ingest/sbom?repo=pkg:github/acme/tool&colour=red", 422),
        ("/ingest/sbom?repo=pkg:github/acme/tool&observed_at=soon", 422),
        ("/ingest/nothing", 404),
    ] {
        assert_eq!(send(&service, &made, target, &[], &named("x", &["left"])).0, status, "{target}");
    }
    assert_eq!(send(&service, &made, TOOL, &[], b"no document").0, 422);
    let other = json!({"key": format!("{}x", made["key"].as_str().unwrap())});
    assert_eq!(send(&service, &other, TOOL, &[], &named("x", &["left"])).0, 401);
    program.run(["key", "revoke", made["id"].as_str().unwrap()]).ok();
    assert_eq!(send(&service, &made, TOOL, &[], &named("x", &["left"])).0, 401);
    assert_eq!(service.end(), Some(0));
    assert!(program.events().iter().all(|event| event["metadata"]["actor"] == "nightly"));
    assert!(program.run(["key", "revoke", "0000000000000000"]).fails(1).contains("no key"));
    assert!(program.run(["key", "create", "--repos", "acme/*"]).fails(2).contains("repos"));
}

#[test]
fn an_idempotency_key_stands_for_what_it_was_used_for() {
    let program = Program::fresh();
    let (made, service) = (key(&program, &[]), Service::of(&mut program.command(), &[]));
    let once = [("Idempotency-Key", "once")];
    let (status, first) = send(&service, &made, TOOL, &once, &named("x", &["left"]));
    assert_eq!((status, &first["outcome"]), (202, &json!("appended")));
    assert_eq!(send(&service, &made, TOOL, &[], &named("x", &["right"])).0, 202);
    let (status, again) = send(&service, &made, TOOL, &once, &named("x", &["left"]));
    assert_eq!((status, &again["outcome"], &again["position"]), (202, &json!("duplicate"), &first["position"]));
    assert_eq!(send(&service, &made, TOOL, &once, &named("x", &["other"])).0, 409);
    assert_eq!(send(&service, &made, TOOL, &[("Idempotency-Key", "")], &named("x", &["left"])).0, 422);
    assert_eq!(service.end(), Some(0));
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With which key, of what, with which headers and body something is refused, and how.
type Refused<'a> = (&'a Value, &'a str, &'a [(&'a str, &'a str)], &'a [u8], u16);

#[test]
fn what_is_refused_is_a_problem_but_where_the_path_is_the_contracts() {
    let program = Program::fresh();
    let (made, narrow) = (key(&program, &[]), key(&program, &["--kinds", "sbom"]));
    let service = Service::of(&mut program.command(), &[]);
    let facts = |stars: u32| json!({ "stargazers_count": stars }).to_string().into_bytes();
    let target = "/ingest/repo?repo=pkg:github/acme/tool";
    let once = [("Idempotency-Key", "once")];
    assert_eq!(send(&service, &made, target, &once, &facts(1)).0, 202);
    let unknown = json!({"key": "pga_none"});
    let none = json!({"key": ""});
    let gzip = gzipped(&vec![b' '; 80 << 20]);
    let asked: [Refused<'_>; 9] = [
        (&none, target, &[], b"{}", 401),
        (&unknown, target, &[], b"{}", 401),
        (&narrow, target, &[], b"{}", 403),
        (&made, target, &once, &facts(2), 409),
        (&made, target, &[("Content-Encoding", "gzip")], &gzip, 413),
        (&made, target, &[("Content-Encoding", "br")], b"{}", 415),
        (&made, target, &[], b"nonsense", 422),
        (&made, "/ingest/repo?repo=pkg:github/acme/tool&colour=red", &[], b"{}", 422),
        (&made, "/ingest/batch", &[], b"nonsense\n", 422),
    ];
    for (key, target, more, body, status) in asked {
        let (answered, answer) = send(&service, key, target, more, body);
        assert_eq!((answered, &answer["status"]), (status, &json!(status)), "{target}: {answer}");
        assert_eq!(answer["type"], "about:blank", "{answer}");
        assert!(answer["title"].is_string() && answer["detail"].is_string(), "{answer}");
        let of_contract = send(&service, key, TOOL, more, body);
        assert!(of_contract.1.get("status").is_none(), "{}", of_contract.1);
    }
    let (_, nothing) = send(&service, &made, "/ingest/batch", &[], b"nonsense\n");
    assert_eq!((&nothing["refused_count"], &nothing["refused"][0]["row"]), (&json!(1), &json!(1)), "{nothing}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn packed_bodies_are_unpacked_and_bombs_are_not() {
    let program = Program::fresh();
    let (made, service) = (key(&program, &[]), Service::of(&mut program.command(), &[]));
    let gzip = [("Content-Encoding", "gzip")];
    assert_eq!(send(&service, &made, TOOL, &gzip, &gzipped(&named("x", &["left"]))).0, 202);
    assert_eq!(send(&service, &made, TOOL, &gzip, &gzipped(&named("x", &["left"]))[..40]).0, 422, "damaged");
    assert_eq!(send(&service, &made, TOOL, &gzip, &gzipped(&vec![b' '; 80 << 20])).0, 413);
    assert_eq!(send(&service, &made, TOOL, &[("Content-Encoding", "br")], b"x").0, 415);
    assert_eq!(send(&service, &made, TOOL, &[("Content-Type", "multipart/form-data; boundary=x")], b"x").0, 415);
    let (status, _, answer) = {
        let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
        let head = format!(
            "POST {TOOL} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000000\r\nAuthorization: {bearer}\r\n\r\n"
        );
        let said = service.sent(head.as_bytes());
        (said[9..12].parse::<u16>().unwrap(), String::new(), said)
    };
    assert_eq!(status, 413, "{answer}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(send(&service, &made, TOOL, &[], deep.as_bytes()).0, 422);
    assert_eq!(service.get("/projects").0, 200);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn lines_are_taken_each_for_itself() {
    let program = Program::fresh();
    let made = key(&program, &["--repos", "pkg:github/acme/*"]);
    let service = Service::of(&mut program.command(), &[]);
    let line = |repo: &str, name: &str| {
        let document: Value = serde_json::from_slice(&named(name, &[name])).unwrap();
        format!("{}\n", json!({"kind": "sbom", "repo": repo, "document": document}))
    };
    let lines: String = (0..300).map(|n| line(&format!("pkg:github/acme/r{n}"), "a")).collect();
    let lines = format!("{lines}{}nonsense\n", line("pkg:github/other/x", "a"));
    let (status, answer) = send(&service, &made, "/ingest/batch?dry-run", &[], lines.as_bytes());
    assert_eq!((status, &answer["records"], &answer["refused_count"]), (200, &json!(302), &json!(2)), "{answer}");
    let (status, answer) = send(&service, &made, "/ingest/batch", &[], &gzipped(lines.as_bytes()));
    assert_eq!((status, &answer["appended"], &answer["refused_count"]), (202, &json!(300), &json!(2)), "{answer}");
    assert!(answer["refused"][0]["reason"].as_str().unwrap().contains("not for this repository"), "{answer}");
    let (status, answer) = send(&service, &made, "/ingest/batch", &[], lines.as_bytes());
    assert_eq!((status, &answer["duplicates"], &answer["appended"]), (202, &json!(300), &json!(0)), "{answer}");
    let (status, answer) = send(&service, &made, "/ingest/batch", &[], line("pkg:github/other/x", "a").as_bytes());
    assert_eq!((status, &answer["refused"][0]["row"]), (422, &json!(1)), "{answer}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_was_accepted_is_there_once_when_it_is_killed_in_the_middle() {
    const CLIENTS: usize = 8;
    let program = Program::fresh();
    let made = Arc::new(key(&program, &[]));
    let service = Arc::new(Service::of(&mut program.command(), &[]));
    let accepted = Arc::new(AtomicUsize::new(0));
    let document = |client: usize, n: usize| named(&format!("{client}-{n}"), &[&format!("p{n}")]);
    let target = |client: usize| format!("/ingest/sbom?repo=pkg:github/acme/r{client}");
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (service, made, accepted) = (Arc::clone(&service), Arc::clone(&made), Arc::clone(&accepted));
            thread::spawn(move || {
                let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
                let mut held = Vec::new();
                for n in 0.. {
                    let body = document(client, n);
                    let head = format!(
                        "POST {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\nAuthorization: {bearer}\r\nIdempotency-Key: {client} {n}\r\n\r\n",
                        target(client),
                        body.len()
                    );
                    let Some(said) = service.tried(&[head.as_bytes(), &body].concat()) else { break };
                    if !said.starts_with("HTTP/1.1 202") {
                        break;
                    }
                    held.push(said);
                    accepted.fetch_add(1, Ordering::SeqCst);
                }
                held
            })
        })
        .collect();
    while accepted.load(Ordering::SeqCst) < 5 * CLIENTS {
        thread::yield_now();
    }
    service.kill();
    let held: Vec<Vec<String>> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let service = Service::of(&mut program.command(), &[]);
    for (client, held) in held.iter().enumerate() {
        // The last may be there, and nobody was told: told again, it is there once, like all before it.
        for n in 0..=held.len() {
            let key = format!("{client} {n}");
            let once = [("Idempotency-Key", key.as_str())];
            let (status, answer) = send(&service, &made, &target(client), &once, &document(client, n));
            assert_eq!(status, 202, "{answer}");
        }
    }
    assert_eq!(service.end(), Some(0));
    let events = program.events();
    for (client, held) in held.iter().enumerate() {
        let of = |event: &&Value| event["stream"] == format!("repo:pkg:github/acme/r{client}");
        let there: Vec<u64> = events.iter().filter(of).map(|event| event["position"].as_u64().unwrap()).collect();
        let told: Vec<u64> = held.iter().map(|said| position(said)).collect();
        assert_eq!((&there[..told.len()], there.len()), (&told[..], told.len() + 1), "{client}");
    }
    program.json("audit verify");
}

/// The position that an answer tells.
fn position(said: &str) -> u64 {
    let (_, body) = said.split_once("\r\n\r\n").unwrap();
    serde_json::from_str::<Value>(body).unwrap()["position"].as_u64().unwrap()
}
