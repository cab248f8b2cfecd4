//! Bad bills of materials: each is refused by name or taken with a warning, and leaves nothing half done.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::documents::{cyclonedx, spdx};
use crate::support::program::{BINARY, Program, Ran, bare};

/// More than a document may have, in bytes.
const TOO_MANY: u64 = 300 << 20;

fn ingest(program: &Program, document: &[u8]) -> Ran {
    program.fed(["ingest", "sbom", "-", "--repo", "pkg:github/o/a"], document)
}

/// Expects a refusal that says `reason` and leaves no event and no document.
fn refused(program: &Program, what: &str, ran: Ran, reason: &str) {
    let complaint = ran.fails(1);
    assert!(complaint.contains(reason), "{what}: `{complaint}` does not say `{reason}`");
    assert!(complaint.len() < 600, "{what}: a complaint of {} bytes", complaint.len());
    assert!(!complaint.chars().any(char::is_control), "{what}: {complaint:?}");
    assert_eq!(program.count(), 0, "{what}");
    assert_eq!(program.artifacts().len(), 0, "{what}");
}

/// `levels` lists within each other.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// A gzip body of `TOO_MANY` zeros in many members.
fn gzip_bomb() -> Vec<u8> {
    const MEMBER: usize = 1 << 20;
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![b' '; MEMBER]).unwrap();
    member.finish().unwrap().repeat(usize::try_from(TOO_MANY).unwrap() / MEMBER)
}

/// A zstd frame that repeats one byte for `TOO_MANY` bytes: run-length blocks of 128 KiB, four bytes each.
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    const RUN_LENGTH: u32 = 1;
    // Magic number; no content size, no checksum; a window of 128 KiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let blocks = u32::try_from(TOO_MANY).unwrap() / BLOCK;
    for n in 1..=blocks {
        let header = BLOCK << 3 | RUN_LENGTH << 1 | u32::from(n == blocks);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[test]
fn what_is_no_document_is_refused_with_the_reason() {
    let program = Program::fresh();
    program.json("migrate");
    let whole = spdx(&["a", "b"], &[("a", "b")]).to_string();
    let with = |key: &str, value: Value| {
        let mut document = spdx(&["a", "b"], &[("a", "b")]);
        document[key] = value;
        document.to_string()
    };
    let other_cyclonedx = |version: &str| cyclonedx(&["a"]).to_string().replace("\"1.5\"", &format!("\"{version}\""));
    let deep = |levels: usize| whole.replacen('{', &format!("{{\"odd\": {}, ", nested(levels)), 1);
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", vec![], "empty"),
        ("white space", b" \n\t ".to_vec(), "empty"),
        ("prose", b"hello".to_vec(), "JSON"),
        ("no JSON", b"{]".to_vec(), "JSON"),
        ("truncated", whole.as_bytes()[..whole.len() / 2].to_vec(), "JSON"),
        ("trailing text", format!("{whole} {{}}").into_bytes(), "JSON"),
        ("no text", vec![0xff, 0xfe, 0x00, 0x7b], "UTF"),
        ("a raw NUL", whole.replace("1.0.0", "1\u{0}").into_bytes(), "control character"),
        ("a number", b"7".to_vec(), "neither SPDX nor CycloneDX"),
        ("a list", b"[]".to_vec(), "neither SPDX nor CycloneDX"),
        ("another object", br#"{"name": "x"}"#.to_vec(), "neither SPDX nor CycloneDX"),
        ("SPDX without version", with("spdxVersion", Value::Null).into_bytes(), "spdxVersion"),
        ("an unknown SPDX", with("spdxVersion", json!("SPDX-9.9")).into_bytes(), "SPDX 9.9"),
        ("an unknown CycloneDX", other_cyclonedx("9.9").into_bytes(), "9.9"),
        ("a version that is no text", other_cyclonedx("x").replace("\"x\"", "1.5").into_bytes(), "specVersion"),
        ("a name twice", whole.replacen('{', "{\"packages\": [], ", 1).into_bytes(), "packages"),
        ("128 levels", deep(128).into_bytes(), "128"),
        ("100,000 levels", nested(100_000).into_bytes(), "128"),
        ("a million open lists", b"[".repeat(1_000_000), "128"),
        ("a gzip bomb", gzip_bomb(), "larger than 268435456 bytes"),
        ("a zstd bomb", zstd_bomb(), "larger than 268435456 bytes"),
        ("cut gzip", gzip_bomb()[..500].to_vec(), "damaged gzip data"),
        ("cut zstd", zstd_bomb()[..501].to_vec(), "damaged zstd data"),
    ];
    for (what, document, reason) in cases {
        refused(&program, what, ingest(&program, document), reason);
    }
    // The same limits hold without a database.
    let dry = ["ingest", "sbom", "-", "--repo", "pkg:github/o/a", "--dry-run"];
    refused(&program, "dry", program.fed(dry, deep(128).as_bytes()), "128");
    // One level less is odd, but a document.
    ingest(&program, deep(100).as_bytes()).ok();
    assert_eq!(program.count(), 1);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let program = Program::fresh();
    program.json("migrate");
    let at = |path: &str| program.run(["ingest", "sbom", path, "--repo", "pkg:github/o/a"]);
    refused(&program, "missing", at("no/such/file.json"), "no/such/file.json: no such file");
    let folder = program.data().to_str().unwrap().to_owned();
    refused(&program, "a folder", at(&folder), &format!("{folder}: is a directory"));
    let sparse = program.file("sparse.json", b"{}");
    File::options().write(true).open(&sparse).unwrap().set_len(TOO_MANY).unwrap();
    refused(&program, "sparse", at(sparse.to_str().unwrap()), "sparse.json: larger than 268435456 bytes");
    refused(&program, "endless", at("/dev/zero"), "/dev/zero: larger than 268435456 bytes");
    let odd = program.file("odd\u{1b}[31m.json", b"{");
    let ran = at(odd.to_str().unwrap());
    assert_eq!(ran.code, 1);
}

#[test]
fn a_file_of_somebody_else_is_denied() {
    const NOBODY: &str = "65534";
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let secret = folder.path().join("secret.json");
    fs::write(&secret, "{}").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = bare();
    if File::open(&secret).is_ok() {
        // Root reads everything: become nobody.
        let become_nobody = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--", BINARY];
        command = std::process::Command::new("setpriv");
        command.args(become_nobody).env_remove("DATABASE_URL");
        let probe = std::process::Command::new("setpriv").args(become_nobody).arg("--version").output();
        if !probe.is_ok_and(|probe| probe.status.success()) {
            println!("skipped: this user reads every file, and cannot become another that may run the program");
            return;
        }
    }
    command.args(["ingest", "sbom", "--repo", "pkg:github/o/a", "--dry-run"]).arg(&secret);
    let complaint = Ran::of(&mut command).fails(1);
    assert_eq!(complaint, format!("{}: permission denied", secret.display()));
}

#[test]
fn what_is_odd_is_taken_with_a_warning() {
    let base = || spdx(&["a", "b", "c"], &[("a", "b"), ("b", "c")]);
    let relation = |from: &str, to: &str| json!({"spdxElementId": from, "relatedSpdxElement": to, "relationshipType": "DEPENDS_ON"});
    let with_relation = |from: &str, to: &str| {
        let mut document = base();
        document["relationships"].as_array_mut().unwrap().push(relation(from, to));
        document
    };
    let mut nulls = base();
    nulls["packages"].as_array_mut().unwrap().push(Value::Null);
    nulls["relationships"].as_array_mut().unwrap().insert(0, Value::Null);
    let mut nul = base();
    nul["packages"][1]["versionInfo"] = json!("1\u{0}2");
    let mut list = base();
    list["packages"] = json!({});
    let mut purl = base();
    purl["packages"][2]["externalRefs"][0]["referenceLocator"] = json!("pkg:not a purl");
    let cases = [
        ("null entries", nulls, "null; skipped", 2),
        ("a dangling reference", with_relation("SPDXRef-b", "SPDXRef-gone"), "SPDXRef-gone", 2),
        ("a self edge", with_relation("SPDXRef-b", "SPDXRef-b"), "self edges dropped: 1", 2),
        ("NOASSERTION", with_relation("SPDXRef-b", "NOASSERTION"), "", 2),
        ("NONE", with_relation("SPDXRef-c", "NONE"), "", 2),
        ("an escaped NUL", nul, "versionInfo", 2),
        ("packages that are no list", list, "packages", 0),
        ("a purl that is none", purl, "purl", 2),
        ("no packages", cyclonedx(&[]), "incomplete snapshot", 0),
    ];
    for (what, document, warning, edges) in cases {
        let program = Program::fresh();
        let answer = program.sbom("o/a", &document, &[]);
        let warnings: Vec<&str> = answer["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        let said = warning.is_empty() || warnings.iter().any(|text| text.contains(warning));
        assert!(said, "{what}: no warning of `{warning}` in {warnings:#?}");
        assert_eq!(answer["outcome"], "appended", "{what}");
        assert_eq!(answer["edges"], edges, "{what}");
        assert_eq!((program.count(), program.artifacts().len()), (1, 1), "{what}");
        assert!(!program.run(["events"]).ok().stdout.contains("\\u0000"), "{what}");
        program.json("project");
        assert_eq!(program.json("replay --verify")["verified"], true, "{what}");
    }
}

#[test]
fn compressed_documents_are_the_documents() {
    let program = Program::fresh();
    let document = spdx(&["a", "b"], &[("a", "b")]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(document.to_string().as_bytes()).unwrap();
    let answer = ingest(&program, &gzip.finish().unwrap()).ok().json();
    assert_eq!(answer["outcome"], "appended");
    assert_eq!(program.sbom("o/a", &document, &[])["outcome"], "duplicate");
    assert_eq!(program.artifacts().len(), 1, "kept unpacked, once");
}
