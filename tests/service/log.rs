//! The log over HTTP: events, what was published, and what foreign clients verify.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::digest::Digest;
use domain::merkle::{Frontier, leaf_hash};

use super::*;

#[test]
fn events_are_those_of_the_log_and_private_ones_are_without_payload() {
    let program = Program::fresh();
    let told = |repo: &str, private: bool| {
        let facts = program.file("facts.json", json!({"private": private}).to_string().as_bytes());
        program.run(["ingest", "repo", facts.to_str().unwrap(), "--repo", &format!("pkg:github/{repo}")]).ok();
    };
    told("acme/open", false);
    told("acme/hidden", true);
    program.sbom("acme/open", &document(), &[]);
    program.sbom("acme/hidden", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let events = service.ok("/events")["items"].clone();
    for (shown, whole) in events.as_array().unwrap().iter().zip(program.events()) {
        let mut shown = shown.clone();
        let withheld = shown.as_object_mut().unwrap().remove("withheld").unwrap();
        let hidden = whole["stream"].as_str().unwrap().ends_with("acme/hidden");
        assert_eq!(withheld, json!(hidden), "{shown}");
        if hidden {
            assert_eq!(shown["payload"], Value::Null);
            shown["payload"] = whole["payload"].clone();
        }
        assert_eq!(shown, whole);
    }
    assert_eq!(events.as_array().unwrap().len(), program.events().len());
    assert_eq!(service.ok("/events/3")["type"], "SbomSubmitted");
    let part = service.ok("/events?from=2&limit=2");
    assert_eq!((&part["items"][0]["position"], &part["next"]), (&json!(2), &json!(4)), "{part}");
    assert_eq!(service.ok("/events?from=99")["items"], json!([]));
    let of_one = service.ok("/events?stream=repo:pkg:github/acme/open");
    assert_eq!(of_one["items"].as_array().unwrap().len(), 2, "{of_one}");
    for (refused, status) in [
        ("/events?from=3&to=2", 422),
        ("/events?stream=nothing", 422),
        ("/events?limit=100000", 422),
        ("/events/0", 404),
        ("/events/99", 404),
        ("/events/x", 422),
    ] {
        assert_eq!(service.get(refused).0, status, "{refused}");
    }
    // The file of all is for auditors, as long as somebody is private.
    program.json("publish --label one");
    service.until("/publications/one", |status, _| status == 200);
    let key = |flags: &[&str]| {
        let made = program.run(["key", "create"].iter().chain(flags)).ok().json();
        made["key"].as_str().unwrap().to_owned()
    };
    let with = |service: &Service, key: &str| {
        let (status, head, _) = service.asked("/publications/one/bundle", &[&format!("Authorization: Bearer {key}")]);
        (status, head.contains("cache-control: private, no-store"))
    };
    let audit = key(&["--kinds", "audit"]);
    assert_eq!(service.get("/publications/one/bundle").0, 403);
    assert_eq!(with(&service, &audit), (200, true));
    assert_eq!(with(&service, &key(&[])).0, 403, "for documents alone");
    assert_eq!(with(&service, &key(&["--kinds", "audit", "--repos", "pkg:github/acme/*"])).0, 403, "for a part of it");
    assert_eq!((with(&service, &format!("{audit}x")).0, with(&service, "abc").0), (401, 401));
    assert_eq!(service.end(), Some(0));
    let front = Service::of(&mut program.command(), &["--read-only"]);
    assert_eq!(with(&front, &audit).0, 403, "it knows no keys");
    assert_eq!(front.end(), Some(0));
}

#[test]
fn a_stream_goes_on_behind_the_last_event_that_was_seen() {
    let program = Program::fresh();
    program.sbom("acme/one", &document(), &[]);
    program.sbom("acme/two", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let mut stream = TcpStream::connect(&service.host).unwrap();
    stream.set_read_timeout(Some(AT_ALL)).unwrap();
    write!(stream, "GET /events/stream HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut next = || lines.find(|line| line.starts_with("id: ")).unwrap();
    assert_eq!(next(), "id: 2");
    program.sbom("acme/three", &document(), &[]);
    assert_eq!(next(), "id: 3");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_was_published_is_listed_and_its_bundle_holds_elsewhere() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let said = program.json("publish --label one");
    let service = Service::of(&mut program.command(), &[]);
    let one = service.ok("/publications/one");
    for key in ["position", "label", "formula", "digest", "state_digest", "root"] {
        assert_eq!(one[key], said[key], "{key}: {one}");
    }
    assert_eq!(service.ok("/publications")["items"][0]["label"], "one");
    assert_eq!(service.get("/publications/two").0, 404);
    let mut stream = TcpStream::connect(&service.host).unwrap();
    write!(stream, "GET /publications/one/bundle HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let file = program.file("one.pgatlas", &whole[end..]);
    let verdict = bare().args(["audit", "verify", file.to_str().unwrap(), "--format", "json"]).output().unwrap();
    let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert_eq!(
        (&verdict["ok"], &verdict["publications"][0]["result"]),
        (&json!(true), &json!("verified")),
        "{verdict}"
    );
    assert_eq!(service.end(), Some(0));
}

#[test]
fn tiles_and_entries_give_the_root_that_the_checkpoint_signs() {
    let program = Program::fresh();
    for repo in ["acme/one", "acme/two", "acme/three"] {
        program.sbom(repo, &document(), &[]);
    }
    let signed = program.json("audit checkpoint");
    let size = signed["tree_size"].as_u64().unwrap();
    let service = Service::of(&mut program.command(), &[]);
    let (status, head, note) = service.asked("/log/checkpoint", &[]);
    assert_eq!((status, Value::from(note.clone())), (200, signed["note"].clone()), "{head}");
    let bytes = |target: &str| {
        let mut stream = TcpStream::connect(&service.host).unwrap();
        write!(stream, "GET {target} HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
        let mut whole = Vec::new();
        stream.read_to_end(&mut whole).unwrap();
        let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        assert!(whole.starts_with(b"HTTP/1.0 200"), "{target}: {}", String::from_utf8_lossy(&whole));
        whole[end..].to_vec()
    };
    let tile = bytes(&format!("/log/tile/0/000.p/{size}"));
    let hashes: Vec<Digest> = tile.chunks(32).map(|hash| Digest::from_slice(hash).unwrap()).collect();
    let bundle = bytes(&format!("/log/tile/entries/000.p/{size}"));
    let (mut entries, mut rest) = (Vec::new(), &bundle[..]);
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        entries.push(leaf_hash(&rest[2..2 + length]));
        rest = &rest[2 + length..];
    }
    assert_eq!(hashes, entries, "a leaf is the hash of its entry");
    let mut frontier = Frontier::default();
    hashes.iter().for_each(|hash| frontier.push(*hash));
    assert_eq!(BASE64.encode(frontier.root().0), note.lines().nth(2).unwrap());
    for nothing in ["0/001", "0/000", "1/000.p/1", "entries/000", "0/000.p/300", "x/000", "0/000.p/0"] {
        assert_eq!(service.get(&format!("/log/tile/{nothing}")).0, 404, "{nothing}");
    }
    let proof = service.ok("/log/proof?position=2");
    let told = program.json("audit prove 2");
    assert_eq!((&proof["proof"], &proof["leaf_hash"]), (&told["proof"], &told["leaf_hash"]));
    assert_eq!(service.ok("/log/proof?from=1&to=3")["proof"], program.json("audit prove --from 1 --to 3")["proof"]);
    for refused in ["/log/proof", "/log/proof?position=99", "/log/proof?from=9", "/log/proof?position=1&from=1"] {
        assert_eq!(service.get(refused).0, 422, "{refused}");
    }
    assert_eq!(service.end(), Some(0));
}
