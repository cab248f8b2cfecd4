//! Clients: each has its own share of what there is, by the address that proxies which are believed tell of it.

use std::fs::{self, File};

use super::handed::post;
use super::*;

#[test]
fn clients_behind_a_proxy_have_each_their_own_share_and_turn() {
    let program = api::program();
    let behind = |more: &[&str]| Service::of(program.command().env("PG_ATLAS_TRUSTED_PROXIES", "::1, 127.0.0.1"), more);
    let service = behind(&["--rate", "2"]);
    let status = |client: &str| service.asked("/projects", &[&format!("X-Forwarded-For: {client}")]).0;
    assert_eq!(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"].map(status), [200, 200, 429, 200]);
    let refused = |target| service.asked(target, &["X-Forwarded-For: 192.0.2.1"]).2;
    assert_eq!(refused("/projects"), "{\"detail\":\"Rate limit exceeded\"}");
    assert_eq!(serde_json::from_str::<Value>(&refused("/scores")).unwrap()["status"], 429, "ours is a problem");
    assert_eq!(service.end(), Some(0));
    let service = behind(&[]);
    let draft = service.ok("/formulas/seed")["document"].as_str().unwrap().to_owned();
    // One has its turn for as long as it does not send what it would try.
    let slow = || {
        let mut slow = TcpStream::connect(&service.host).unwrap();
        let head = "POST /formulas/try HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\n\r\n";
        slow.write_all(head.as_bytes()).unwrap();
        slow
    };
    let tried = |client| post(&service, "/formulas/try", &[("X-Forwarded-For", client)], draft.as_bytes()).0;
    let (begun, mut held) = (Instant::now(), vec![slow()]);
    while tried("192.0.2.1") != 429 {
        assert!(begun.elapsed() < AT_ALL, "it has its turn");
        // The one before may have come while another was being tried.
        held.push(slow());
    }
    assert_eq!(tried("192.0.2.2"), 200);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_is_asked_at_length_is_bounded_together() {
    const MOST: usize = 8 << 20;
    let program = api::program();
    program.json("tenant create acme");
    let service = Service::of(program.command().env("PG_ATLAS_TRUSTED_PROXIES", "127.0.0.1"), &[]);
    let body = json!({"purls": ["pkg:npm/left"]}).to_string();
    let looked = |target: &str, client| post(&service, target, &[("X-Forwarded-For", client)], body.as_bytes()).0;
    let asked = || looked("/lookup", "127.0.0.1");
    // What is refused is closed while it is still sent.
    let hold = || {
        let mut stream = TcpStream::connect(&service.host).unwrap();
        write!(stream, "POST /lookup HTTP/1.1\r\nHost: a\r\nContent-Length: {MOST}\r\n\r\n").unwrap();
        stream.write_all(&vec![b' '; MOST - 1]).ok();
        stream
    };
    let (begun, mut held) = (Instant::now(), (0..4).map(|_| hold()).collect::<Vec<_>>());
    while asked() != 503 {
        assert!(begun.elapsed() < AT_ALL, "there is room without end");
        // One that was held may have been given up meanwhile: nobody sends for ever.
        held.push(hold());
    }
    let others = [("/t/acme/lookup", "127.0.0.1"), ("/lookup", "192.0.2.1")];
    assert_eq!(others.map(|(target, client)| looked(target, client)), [200, 200], "there is room for others");
    drop(held);
    while asked() != 200 {
        assert!(begun.elapsed() < AT_ALL, "there is room again");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_depends_on_what_is_sent_has_no_tag() {
    let program = api::program();
    let service = Service::of(&mut program.command(), &[]);
    let tag = service.header("/packages", "etag").unwrap();
    let asked = |purl: &str, tag: &str| {
        let body = json!({ "purls": [purl] }).to_string();
        post(&service, "/lookup", &[("If-None-Match", tag)], body.as_bytes())
    };
    let (status, head, found) = asked("pkg:npm/left", &tag);
    assert_eq!((status, &found["items"][0]["found"]), (200, &json!(true)));
    assert!(head.contains("pg-atlas-position: "), "{head}");
    // Another question is not answered by what is known of the first.
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap_or(&tag);
    assert_eq!(asked("pkg:npm/none", tag).2["items"][0]["found"], false);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn the_programs_log_says_in_which_request_something_was_wrong() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let told = program.data().join("told");
    let mut command = program.command();
    let service = Service::telling(&mut command, &[], File::create(&told).unwrap());
    let target = "/ingest/sbom/1";
    assert!(service.ok(target)["raw_artifact"].is_string());
    fs::remove_dir_all(program.data().join("artifacts")).unwrap();
    for (said, kept) in [("X-Request-Id: deploy-17", true), ("X-Request-Id: two words", false)] {
        let (status, head, _) = service.asked(target, &[said]);
        assert_eq!((status, head.contains(&said.to_lowercase())), (200, kept), "{head}");
    }
    assert_eq!(service.end(), Some(0));
    let told = fs::read_to_string(&told).unwrap();
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("cannot be shown")).collect();
    assert!(lines.len() == 2 && lines[0].contains("deploy-17") && !told.contains("two words"), "{told}");
}

#[test]
fn a_client_has_a_share_of_every_tenant_and_none_of_names_that_it_makes_up() {
    let program = Program::fresh();
    program.json("tenant create acme");
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let service = Service::of(&mut program.command(), &["--rate", "3", "--metrics-listen", &metrics]);
    let asked = |target: &str| service.get(target).0;
    // What opens it may be a name that is made up, and counts as one.
    assert_eq!(asked("/t/acme/projects"), 200);
    assert_eq!([(); 4].map(|()| asked("/t/acme/projects")), [200, 200, 200, 429]);
    assert_eq!([(); 4].map(|()| asked("/projects")), [200, 200, 200, 429], "another tenant's share is whole");
    assert_eq!(["a", "b", "c"].map(|name| asked(&format!("/t/{name}/projects"))), [404, 404, 429]);
    let told = counted(&metrics);
    for line in [
        "pg_atlas_answers_total{tenant=\"acme\",status=\"2xx\"} 4\n",
        "pg_atlas_refused_total{tenant=\"acme\",status=\"429\"} 1\n",
        "pg_atlas_answer_seconds_count{tenant=\"acme\"} 5\n",
        "pg_atlas_refused_total{tenant=\"public\",status=\"429\"} 1\n",
        "pg_atlas_answers_total{tenant=\"\",status=\"4xx\"} 3\n",
        "pg_atlas_write_failures_total{tenant=\"acme\"} 0\n",
        "pg_atlas_free_folds{tenant=\"acme\"} 2\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn bodies_are_bounded_under_every_tenant() {
    let program = Program::fresh();
    program.json("tenant create acme");
    let key = program.json("--tenant acme key create")["key"].as_str().unwrap().to_owned();
    let service = Service::of(&mut program.command(), &[]);
    let head = format!(
        "POST /t/acme/ingest/sbom?repo=pkg:github/acme/tool HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Authorization: Bearer {key}\r\nContent-Length: {}\r\n\r\n",
        65 << 20
    );
    let said = service.raw(&head);
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    let bearer = format!("Bearer {key}");
    let taken = |target: &str| post(&service, target, &[("Authorization", &bearer)], document().to_string().as_bytes());
    assert_eq!(taken("/t/acme/ingest/sbom?repo=pkg:github/acme/tool").0, 202);
    assert_eq!(taken("/ingest/sbom?repo=pkg:github/acme/tool").0, 401, "a key is for its tenant");
    assert_eq!(service.end(), Some(0));
}
