//! `ingest batch`: many documents, one a line.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::cli::{Place, ended};
use crate::support::log::{check, count};

/// Bill of materials of `name` with one package.
fn sbom(name: &str, package: &str) -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"component": {"bom-ref": "root", "name": name}},
        "components": [{"bom-ref": "a", "name": package, "purl": format!("pkg:npm/{package}@1.0.0")}],
    })
}

/// One package record a line.
fn packages(range: std::ops::Range<usize>) -> String {
    let line = |n| {
        let index = format!("{{\"name\":\"crate-{n}\",\"vers\":\"1.0.{n}\",\"deps\":[]}}");
        json!({"kind": "registry", "purl": format!("pkg:cargo/crate-{n}"), "document": index,
               "observed_at": "2026-01-01"})
        .to_string()
            + "\n"
    };
    range.map(line).collect()
}

#[tokio::test]
async fn documents_of_every_kind_come_in_every_form() {
    let place = Place::new().await;
    place.file("in/documents/repo.json", json!({"full_name": "o/r", "stargazers_count": 7}).to_string());
    let survey = "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\np:2,Two,gone,2026-01-01\n";
    let grants = json!({"type": "Project", "id": "p:1", "name": "One"});
    let lines = [
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "project": "p:1", "document": sbom("r", "x")}),
        json!({"kind": "repo", "repo": "pkg:github/O/R", "path": "documents/repo.json", "project": null}),
        json!({"kind": "survey", "document": survey, "observed_at": "2026-01-02T00:00:00Z"}),
        json!({"kind": "grants", "base64": base64(&grants.to_string())}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "path": "/etc/passwd"}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "path": "../secret.json"}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "path": "link/secret.json"}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "docment": {}}),
        json!({"kind": "sbom", "repo": "pkg:npm/x", "document": {}}),
        json!({"kind": "repo", "repo": "pkg:github/o/r", "document": {"stars": 9}, "observed_at": "2999-01-01"}),
        json!({"kind": "repo", "repo": "pkg:github/o/r", "document": {"message": "Not Found"}}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "project": "ann@example.org", "document": sbom("r", "x")}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n\n")).collect::<String>() + "no JSON";
    place.file("secret.json", sbom("r", "secret").to_string());
    std::os::unix::fs::symlink(place.path(""), place.path("in/link")).unwrap();
    let file = place.file("in/batch.ndjson", &text);

    let dry = place.run(&["ingest", "batch", &file, "--dry-run"]);
    assert_eq!((dry["outcome"].as_str(), dry["last_position"].as_u64()), (Some("dry-run"), None));
    // The clock of this machine stands for the log's; every line is counted.
    assert_eq!((dry["records"].as_u64(), dry["refused_count"].as_u64()), (Some(14), Some(10)));
    let strict = place.ends(1, &["ingest", "batch", &file, "--strict"]);
    assert!(strict.stderr.contains("10 refused, the first is line 5: row 3: "), "{strict:?}");
    assert!(strict.stderr.contains("nothing is appended"), "{strict:?}");
    assert!(!place.data().join("artifacts").exists());
    assert_eq!(count(place.db.pool(), "SELECT count(*) FROM log.event").await, 0);

    let said = place.ends(0, &["ingest", "batch", &file]);
    let done = said.json();
    assert_eq!((done["appended"].as_u64(), done["duplicates"].as_u64()), (Some(4), Some(0)), "{said:?}");
    assert_eq!(done["records"], dry["records"]);
    let refused: Vec<_> = done["refused"].as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()).collect();
    let mut sorted = refused.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [5, 9, 11, 13, 15, 17, 19, 21, 23, 25], "{said:?}");
    assert_eq!(said.stderr.matches(" refused: ").count(), refused.len(), "{said:?}");
    let reasons = done["refused"].to_string();
    for reason in ["below the folder", "leads out of the folder", "unknown field `docment`", "names no repository"] {
        assert!(reasons.contains(reason), "{reason}: {reasons}");
    }
    assert_eq!(check(place.db.pool()).await.len(), 4);
    assert_eq!(place.run(&["artifact", "audit"]), json!([]));

    let again = place.run(&["ingest", "batch", &file]);
    assert_eq!((again["appended"].as_u64(), again["duplicates"].as_u64()), (Some(0), Some(4)));
    assert_eq!(again["last_position"], done["last_position"]);
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n)) as usize & 63];
            out.push(if n <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[tokio::test]
async fn what_is_refused_is_said_in_the_order_of_lines_and_briefly() {
    const LONG: usize = 3_000_000;
    let place = Place::new().await;
    let (facts, long) = (json!({"stars": 1}), "x".repeat(LONG));
    let lines = [
        // Refused by the log: after the reader has refused what stands below.
        json!({"kind": "repo", "repo": "pkg:github/o/r", "observed_at": "2999-01-01", "document": facts}),
        json!({"kind": long, "document": {}}),
        json!({"kind": "repo", "repo": "pkg:github/o/r", "observed_at": long, "document": facts}),
        json!({"kind": "repo", "repo": format!("pkg:github/{long}"), "document": facts}),
        json!({"kind": "repo", "repo": "pkg:github/o/r", "path": format!("{long}.json")}),
    ];
    let file = place.file("batch.ndjson", lines.map(|line| format!("{line}\n")).concat());
    let said = place.ends(0, &["ingest", "batch", &file]);
    let done = said.json();
    let rows: Vec<u64> = done["refused"].as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, [1, 2, 3, 4, 5], "{done}");
    assert!(done["refused"][1]["reason"].as_str().unwrap().contains("expected one of"), "{done}");
    assert!(said.stdout.len() + said.stderr.len() < 20_000, "{} {}", said.stdout.len(), said.stderr.len());
    let strict = place.ends(1, &["ingest", "batch", &file, "--strict"]).stderr;
    assert!(strict.contains("5 refused, the first is line 1: ") && strict.len() < 20_000, "{}", strict.len());
}

#[tokio::test]
async fn odd_projects_are_said_of_the_line_that_names_them_first() {
    let place = Place::new().await;
    let grants = json!({"type": "Project", "id": "p:granted", "name": "Granted"});
    let told = |repo: &str, project: &str| json!({"kind": "sbom", "repo": repo, "project": project, "document": sbom("r", "x")});
    let lines = [
        told("pkg:github/o/a", "p:new"),
        told("pkg:github/o/b", "p:new"),
        json!({"kind": "grants", "document": grants}),
        told("pkg:github/o/c", "p:granted"),
    ];
    let first = place.file("first.ndjson", lines.map(|line| format!("{line}\n")).concat());
    let said = place.ends(0, &["ingest", "batch", &first]).stderr;
    let odd = |said: &str| said.lines().filter(|line| line.contains("project p:")).count();
    assert!(said.contains("line 1: project p:new is described by no grants record"), "{said}");
    assert_eq!(odd(&said), 1, "what line 3 describes is no news in line 4: {said}");
    place.run(&["project"]);
    let moved = place.file("moved.ndjson", format!("{}\n", told("pkg:github/o/a", "p:granted")));
    let said = place.ends(0, &["ingest", "batch", &moved]).stderr;
    let says = "line 1: pkg:github/o/a belonged to project p:new and is said to belong to p:granted now";
    assert!(said.contains(says), "{said}");
    assert_eq!(odd(&said), 1, "{said}");
    // Of very many the first are named.
    let many = (0..1_002).map(|n| format!("{}\n", told("pkg:github/o/a", &format!("p:{n}"))));
    let many = place.file("many.ndjson", many.collect::<String>());
    let said = place.ends(0, &["ingest", "batch", &many]).stderr;
    assert_eq!((odd(&said), said.matches("see `triage list`").count()), (1_000, 1), "two of each line");
}

#[tokio::test]
async fn an_address_in_a_line_is_not_said_again() {
    let place = Place::new().await;
    let lines = [
        json!({"kind": "ann@example.org", "document": {}}),
        json!({"kind": "sbom", "ann@example.org": 1}),
        json!({"kind": "sbom", "repo": "pkg:github/o/r", "path": "ann@example.org.json"}),
        json!({"kind": "sbom", "repo": 7, "key": "ann@example.org", "project": "ann@example.org"}),
    ];
    let file = place.file("batch.ndjson", lines.map(|line| format!("{line}\n")).concat());
    for further in [&["--dry-run"][..], &[]] {
        let said = place.ends(0, &[&["ingest", "batch", &file], further].concat());
        let refused = said.json()["refused"].to_string();
        assert!(refused.contains("unknown variant `<email>`, expected one of `sbom`, `survey`"), "{said:?}");
        assert_eq!(said.json()["refused_count"], 4, "{said:?}");
        assert!(!format!("{said:?}").contains("ann@"), "{said:?}");
    }
    let mistyped = place.ends(2, &["ingest", "batch", &file, "--observed-at", "ann@example.org"]);
    assert!(mistyped.stderr.contains("--observed-at: `<email>`: expected a time"), "{mistyped:?}");
}

/// How many raw documents are kept.
fn stored(place: &Place) -> usize {
    let folders = std::fs::read_dir(place.data().join("artifacts/sha256")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn equal_lines_count_each_time_and_keys_of_ones_own_stand() {
    let place = Place::new().await;
    let a = json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom("r", "a")}).to_string();
    let b = json!({"kind": "sbom", "repo": "pkg:github/o/r", "document": sbom("r", "b")}).to_string();
    let file = place.file("batch.ndjson", format!("{a}\n{b}\n{a}\n"));
    assert_eq!(place.run(&["ingest", "batch", &file])["appended"], 3);
    assert_eq!(place.run(&["ingest", "batch", &file])["duplicates"], 3);

    let keyed = |document| json!({"kind": "sbom", "repo": "pkg:github/o/s", "key": "mine", "document": document});
    let file = place.file("keyed.ndjson", format!("{}\n{}\n", keyed(sbom("s", "a")), keyed(sbom("s", "b"))));
    let done = place.run(&["ingest", "batch", &file]);
    assert_eq!((done["appended"].as_u64(), done["refused"][0]["row"].as_u64()), (Some(1), Some(2)), "{done}");
    assert!(done["refused"][0]["reason"].as_str().unwrap().contains("used for something else"));
    assert_eq!(stored(&place), 3, "the refused line's document is not kept");

    // Refused as a whole: for a key of the log, and for one of the input itself.
    let fresh = |key: &str, package| {
        json!({"kind": "sbom", "repo": "pkg:github/o/u", "key": key, "document": sbom("u", package)}).to_string()
    };
    for (first, second) in [("new", "mine"), ("twice", "twice")] {
        let file = place.file("strict.ndjson", format!("{}\n{}\n", fresh(first, "x"), fresh(second, "y")));
        let refused = place.ends(3, &["ingest", "batch", &file, "--strict"]);
        let said =
            format!("1 refused, the first is line 2: the idempotency key `{second}` was used for something else");
        assert!(refused.stderr.contains(&said), "{refused:?}");
    }
    assert_eq!((count(place.db.pool(), "SELECT count(*) FROM log.event").await, stored(&place)), (4, 3));

    // The file behind a path is a part of its line.
    let line = json!({"kind": "sbom", "repo": "pkg:github/o/t", "path": "now.json"}).to_string();
    let file = place.file("paths.ndjson", line);
    for (package, appended) in [("a", 1), ("a", 0), ("b", 1), ("b", 0)] {
        place.file("now.json", sbom("t", package).to_string());
        assert_eq!(place.run(&["ingest", "batch", &file])["appended"], appended);
    }
    check(place.db.pool()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_half_way_and_fed_again_every_fact_is_there_once() {
    const ALL: usize = 5_000;
    let place = Place::new().await;
    let file = place.file("all.ndjson", packages(0..ALL));
    place.run(&["migrate"]);

    // More than one batch, less than all: what is not yet appended is lost with the process.
    let mut child = place.command(&["ingest", "batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(packages(0..3_500).as_bytes()).unwrap();
    input.flush().unwrap();
    let begun = Instant::now();
    while count(place.db.pool(), "SELECT count(*) FROM log.event").await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is appended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(input);
    let before = count(place.db.pool(), "SELECT count(*) FROM log.event").await as usize;
    assert!(before < ALL, "{before}");

    let done = place.run(&["ingest", "batch", &file]);
    assert_eq!(done["duplicates"].as_u64(), Some(before as u64), "{done}");
    assert_eq!(done["appended"].as_u64(), Some((ALL - before) as u64));
    let stored = check(place.db.pool()).await;
    let streams: std::collections::BTreeSet<_> = stored.iter().map(|event| event.envelope.stream.to_string()).collect();
    assert_eq!((stored.len(), streams.len()), (ALL, ALL));
    assert_eq!(place.run(&["artifact", "audit"]), json!([]), "every document was kept before its event");
    assert_eq!(place.run(&["ingest", "batch", &file])["duplicates"].as_u64(), Some(ALL as u64));
}

/// A page is made ready while the one before it is appended: only where nothing of it rests on that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_repeats_of_the_one_before_is_found() {
    const PAGE: usize = 2_000;
    let place = Place::new().await;
    let keyed = |n: usize| packages(n..n + 1).replacen('{', "{\"key\":\"k\",", 1);
    let ends = 2 * PAGE;
    let text = [
        packages(0..ends - 1),
        keyed(ends - 1),
        keyed(ends),
        packages(ends - 2..ends - 1),
        packages(ends + 1..2 * ends),
    ];
    let said = place.ends(0, &["ingest", "batch", &place.file("batch.ndjson", text.concat())]);
    let done = said.json();
    let counted = ["appended", "duplicates", "refused_count"].map(|key| done[key].as_u64().unwrap());
    assert_eq!(counted, [2 * ends as u64 - 1, 1, 1], "{said:?}");
    assert_eq!(done["refused"][0]["row"], ends as u64 + 1, "{said:?}");
    assert_eq!(stored(&place), 2 * ends - 1);
    assert_eq!(check(place.db.pool()).await.len(), 2 * ends - 1);
}

#[tokio::test]
async fn standard_input_is_read_twice_when_it_must_be() {
    let place = Place::new().await;
    let feed = |text: String, code| {
        let file = place.file("in.ndjson", text);
        let mut command = place.command(&["ingest", "batch", "-", "--strict"]);
        command.stdin(std::fs::File::open(file).unwrap());
        ended(code, command)
    };
    feed(packages(0..3) + "{}\n", 1);
    assert_eq!(feed(packages(0..3), 0).json()["appended"], 3);
}
