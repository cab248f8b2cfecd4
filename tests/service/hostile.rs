//! Clients that mean harm: refused, and whoever comes beside them or after them is answered. What takes minutes or ten
//! thousand connections is `scripts/hostile`.

use std::fs::{self, File};

use super::handed::post;
use super::*;

/// Everybody else is answered.
fn lives(service: &Service) {
    assert_eq!(service.get("/projects").0, 200);
}

#[test]
fn heads_that_come_slowly_are_shut_out_while_others_are_answered() {
    const CLIENTS: usize = 200;
    let program = Program::fresh();
    let service = Service::of(&mut program.command(), &[]);
    let begun = |head: &str| {
        let mut stream = TcpStream::connect(&service.host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(AT_ALL)).unwrap();
        stream
    };
    let heads: Vec<TcpStream> = (0..CLIENTS).map(|_| begun("GET /projects HTTP/1.1\r\nHost: a\r\nX-")).collect();
    let bodies = || begun("POST /lookup HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    let bodies: Vec<TcpStream> = (0..CLIENTS).map(|_| bodies()).collect();
    lives(&service);
    for mut head in heads {
        let mut said = Vec::new();
        // It is closed, with a word or without.
        let _ = head.read_to_end(&mut said);
        assert!(!said.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&said));
    }
    lives(&service);
    drop(bodies);
    lives(&service);
    assert_eq!(service.end(), Some(0));
}

/// A frame of zstd that says so many times 128 KiB of spaces.
fn bomb(blocks: usize) -> Vec<u8> {
    const MAGIC_AND_WINDOW: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let block = |last: bool| {
        // A block of one byte again and again: its size above three bits of kind and end.
        let head: u32 = (128 << 10) << 3 | 1 << 1 | u32::from(last);
        [&head.to_le_bytes()[..3], b" "].concat()
    };
    let mut frame = MAGIC_AND_WINDOW.to_vec();
    (0..blocks).for_each(|number| frame.extend(block(number + 1 == blocks)));
    frame
}

#[cfg(target_os = "linux")]
#[test]
fn bodies_without_end_are_refused_and_memory_is_bounded() {
    const MIB: usize = 1 << 20;
    let program = Program::fresh();
    let key = program.run(["key", "create"]).ok().json()["key"].as_str().unwrap().to_owned();
    let service = Service::of(&mut program.command(), &[]);
    let before = super::handed::peak(&service);
    let target = "/ingest/repo?repo=pkg:github/acme/tool";
    let bearer = format!("Bearer {key}");
    // A gigabyte in pieces, of which nobody says beforehand that it is one.
    let sent = || {
        let mut stream = TcpStream::connect(&service.host).unwrap();
        let head = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAuthorization:";
        stream.write_all(format!("POST {target} {head} {bearer}\r\n\r\n").as_bytes()).unwrap();
        let piece = [format!("{MIB:x}\r\n").as_bytes(), &vec![b' '; MIB], b"\r\n"].concat();
        (0..1_024).take_while(|_| stream.write_all(&piece).is_ok()).count()
    };
    let taken: Vec<usize> = thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(sent)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(taken.iter().all(|taken| *taken < 512), "it was listened to: {taken:?} MiB");
    lives(&service);
    // Ten gigabytes in a third of a megabyte.
    let packed = [("Authorization", bearer.as_str()), ("Content-Encoding", "zstd")];
    let (status, _, answer) = post(&service, target, &packed, &bomb(81_920));
    assert_eq!((status, &answer["status"]), (413, &json!(413)), "{answer}");
    let (status, _, answer) = post(&service, "/ingest/batch?dry-run", &packed, &bomb(81_920));
    assert!((400..500).contains(&status) || answer["appended"] == 0, "{status}: {answer}");
    lives(&service);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(service.post("/lookup", &deep).0, 422);
    assert_eq!(service.post("/formulas/try", &format!("a = {}", "[".repeat(60_000))).0, 422);
    assert_eq!(post(&service, target, &packed[..1], deep.as_bytes()).0, 422);
    lives(&service);
    let more = super::handed::peak(&service) - before;
    assert!(more < 512 * MIB as u64, "{more} bytes more");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn tricks_with_paths_lead_nowhere() {
    let program = api::program();
    let service = Service::of(&mut program.command(), &[]);
    for target in [
        "/log/tile/../../../../etc/passwd",
        "/log/tile/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/log/tile/entries/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/repos/%252e%252e%252fetc%252fpasswd",
        "/repos/%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
        "/%c0%ae%c0%ae/",
        "/%00",
        "/repos/x%00y",
        "/projects/%00",
        "/packages/%ff%fe",
        "/t/%2e%2e/projects",
        "/t/%00/projects",
        "/t/public%2f..%2f..%2fprojects",
        "/t//projects",
        "/export/..%2fscores",
        "/publications/%2e%2e%2fone/bundle",
        "/badge/svg/..%2f..%2fx/y",
        "/ingest/sbom/..%2f1",
        "/events/%2e%2e",
        "/events/1%00",
    ] {
        let (status, _, body) = service.asked(target, &[]);
        assert!((400..500).contains(&status) && !body.contains("root:"), "{target}: {status} {body}");
    }
    // A target that is no path at all, and methods that there are not.
    for head in ["GET * HTTP/1.1", "GET http://other.example/projects/%00 HTTP/1.1", "BREW /projects HTTP/1.1"] {
        let said = service.raw(&format!("{head}\r\nHost: a\r\nConnection: close\r\n\r\n"));
        assert!(said.starts_with("HTTP/1.1 4"), "{head}: {said}");
    }
    lives(&service);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_looks_like_a_statement_is_a_text() {
    let program = api::program();
    let service = Service::of(&mut program.command(), &[]);
    let (events, all) = (program.events(), service.ok("/repos")["total"].clone());
    for text in ["'; DROP TABLE log.event; --", "' OR '1'='1", "x') UNION SELECT name FROM atlas.api_key --", "%'||'"] {
        let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for list in
            ["/projects?search=", "/repos?search=", "/contributors?search=", "/scores?level=repo&q=", "/packages?q="]
        {
            assert_eq!(service.ok(&format!("{list}{text}"))["total"], 0, "{list}");
        }
        for list in ["/ingest/sbom?repository=", "/gitlog?repo=", "/events?stream=repo:"] {
            assert_eq!(service.ok(&format!("{list}{text}"))["items"], json!([]), "{list}");
        }
        for one in
            ["/repos/", "/scores/", "/history/", "/publications/", "/formulas/", "/packages/", "/why/pony_factor/"]
        {
            assert_eq!(service.get(&format!("{one}{text}")).0, 404, "{one}");
        }
        assert_eq!(service.get(&format!("/scores?as_of=label:{text}")).0, 404);
        assert_eq!(service.get(&format!("/scores?sort={text}")).0, 422);
    }
    assert_eq!(service.ok("/repos")["total"], all);
    assert_eq!(service.end(), Some(0));
    assert_eq!(program.events(), events);
}

#[test]
fn nobody_writes_lines_into_the_programs_log() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let told = program.data().join("told");
    let mut command = program.command();
    let service = Service::telling(&mut command, &[], File::create(&told).unwrap());
    // What is asked for is gone, which the program tells of in its log.
    fs::remove_dir_all(program.data().join("artifacts")).unwrap();
    let forged = "%0d%0aERROR%20forged";
    let headers = ["X-Request-Id: a%0aforged", "User-Agent: \u{85}forged", "Referer: forged", "Origin: forged"];
    for target in ["/ingest/sbom/1", "/repos/x", "/scores", "/nothing", "/events/1", "/why/pony_factor/x"] {
        for more in [format!("?x={forged}"), forged.to_owned(), format!("?as_of={forged}&formula={forged}")] {
            service.asked(&format!("{target}{more}"), &headers);
        }
    }
    service.asked("/ingest/sbom/1", &headers);
    service.raw("GET /projects HTTP/1.1\r\nHost: a\r\nX-A: b\nforged\r\n\r\n");
    service.raw("forged\r\nERROR forged\r\n\r\n");
    lives(&service);
    assert_eq!(service.end(), Some(0));
    let told = fs::read_to_string(&told).unwrap();
    assert!(told.contains("cannot be shown") && !told.contains("forged"), "{told}");
}
