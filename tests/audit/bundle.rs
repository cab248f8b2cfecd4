//! The bundle: checked by the program that wrote it, without its database.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::{checkpoint, ecosystem, verify};
use crate::support::cli::{Place, ended};
use crate::support::{events, log};

/// Runs the check of a bundle without any database.
pub(crate) fn offline(code: i32, place: &Place, bundle: &str, more: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pg-atlas"));
    command.env_clear().env("PG_ATLAS_DATA_DIR", place.path("nowhere"));
    command.args(["audit", "verify", bundle]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = ended(code, command);
    assert!(!place.path("nowhere").exists(), "a bundle needs no data folder");
    said.json()
}

/// The lines of a bundle.
pub(crate) fn lines(bundle: &str) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(bundle).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Writes a bundle of these lines.
pub(crate) fn written(place: &Place, name: &str, lines: &[String]) -> String {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
    place.file(name, out.finish().unwrap())
}

/// A place with two publications and a bundle. Answers the bundle, a checkpoint and the key.
pub(crate) async fn exported(place: &Place) -> (String, String, String) {
    ecosystem(place);
    place.run(&["publish", "--label", "one"]);
    let writer = place.db.log();
    let fill = (0..300).map(|n| events::repo(&format!("o/r{}", n % 5), n).into()).collect();
    writer.append_batch(fill, &log::context()).await.unwrap();
    place.run(&["publish", "--label", "two"]);
    let (file, key) = checkpoint(place, "checkpoint.json");
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    let answer = place.run(&["audit", "export", &bundle]);
    assert_eq!((&answer["publications"], &answer["checkpoints"]), (&json!(2), &json!(1)), "{answer}");
    assert_eq!(answer["events"], answer["tree_size"]);
    (bundle, file, key)
}

#[tokio::test]
async fn a_bundle_is_checked_without_a_database() {
    let place = Place::new().await;
    let (bundle, file, key) = exported(&place).await;
    let found = offline(0, &place, &bundle, &["--key", &key, "--checkpoint", &file]);
    let live = verify(&place, 0, &["--key", &key, "--checkpoint", &file]);
    for field in ["tree_size", "root", "events", "ok", "trusted", "trusted_to", "first_bad_position", "publications"] {
        assert_eq!(found[field], live[field], "{field}");
    }
    let verified = |label: &str| {
        found["publications"].as_array().unwrap().iter().any(|p| p["label"] == label && p["result"] == "verified")
    };
    assert!(verified("one") && verified("two"), "{found}");
    assert_eq!(offline(0, &place, &bundle, &["--key", &key])["trusted"], false);
    assert_eq!(offline(0, &place, &bundle, &["--checkpoint", &file])["trusted"], false);
    // A key that is none of the signers' is worth a word, even where nothing depends on it.
    let stranger = domain::note::SigningKey::secret("log.other", &[3; 32]).unwrap();
    let stranger = domain::note::SigningKey::parse(&stranger).unwrap().public().to_string();
    let warned = place.ends(0, &["audit", "verify", &bundle, "--key", &stranger]);
    assert_eq!(warned.json()["trusted"], false);
    assert!(warned.stderr.contains("have signed none of the checkpoints in the bundle (1)"), "{warned:?}");
    assert_eq!(place.ends(0, &["audit", "verify", &bundle, "--key", &stranger, "--key", &key]).stderr, "");
    // The same log gives the same bundle.
    let again = place.path("again.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &again]);
    assert_eq!(std::fs::read(&bundle).unwrap(), std::fs::read(&again).unwrap());
}

#[tokio::test]
async fn whatever_is_changed_in_a_bundle_is_named() {
    let place = Place::new().await;
    let (bundle, file, key) = exported(&place).await;
    let whole = lines(&bundle);
    let trust = ["--key", key.as_str(), "--checkpoint", file.as_str()];
    let event = |position: u64| {
        let start = format!("{{\"event\":{{\"position\":{position},");
        whole.iter().position(|line| line.starts_with(&start)).unwrap()
    };
    let changed = |what: &str, position: Option<u64>, lines: &[String]| {
        let found = offline(1, &place, &written(&place, "changed.bundle", lines), &trust);
        assert_eq!((found["first_bad_position"].as_u64(), &found["ok"]), (position, &false.into()), "{what}: {found}");
        found
    };
    let edit = |place: usize, edit: &dyn Fn(&mut Value)| {
        let mut lines = whole.clone();
        let mut line: Value = serde_json::from_str(&lines[place]).unwrap();
        edit(&mut line);
        lines[place] = line.to_string();
        lines
    };
    changed(
        "a payload",
        Some(100),
        &edit(event(100), &|line| {
            let text = line["event"]["payload"].as_str().unwrap().replace("\"stars\":", "\"stars\":1");
            line["event"]["payload"] = text.into();
        }),
    );
    changed(
        "a time",
        Some(100),
        &edit(event(100), &|line| line["event"]["recorded_at"] = "2026-01-01T00:00:00.000000Z".into()),
    );
    let mut lines = whole.clone();
    lines.remove(event(200));
    changed("an event removed", Some(200), &lines);
    let mut lines = whole.clone();
    lines.swap(event(200), event(210));
    changed("two events swapped", Some(200), &lines);
    let head = lines.iter().filter(|line| line.starts_with("{\"event\":")).count() as u64;
    changed("the end missing", Some(head + 1), &whole[..whole.len() - 1]);
    changed("the tail missing", Some(251), &whole[..event(251)]);
    let mut lines = whole.clone();
    lines.push("{}".to_owned());
    changed("something behind the end", Some(head + 1), &lines);
    changed("the header's root", None, &edit(0, &|line| line["header"]["root"] = "00".repeat(32).into()));
    changed("another format", None, &edit(0, &|line| line["header"]["format"] = "pg-atlas-bundle/9".into()));
    let score = whole.iter().position(|line| line.contains("\"criticality_score\":2")).unwrap();
    let mut lines = whole.clone();
    lines[score] = lines[score].replace("\"criticality_score\":2", "\"criticality_score\":3");
    changed("a score", None, &lines);

    // Chunks of nothing add up to the document, and are megabytes of a file that inflates to hours of lines.
    let digest = domain::digest::Digest::of(b"ab");
    for (bytes, chunks, body, reason) in [
        (2, 2, vec!["", "YWI="], "has a chunk of nothing"),
        (u64::MAX, u64::MAX, vec![""; 1_000], "has a chunk of nothing"),
        (2, 3, vec!["", "", "YWI="], "has more chunks than bytes"),
        (2, 2, vec!["YWI=", "YWI="], "has more bytes than it says"),
    ] {
        let document = json!({"artifact": {"sha256": digest, "bytes": bytes, "chunks": chunks}});
        let body = body.into_iter().map(|chunk| json!({"chunk": chunk}));
        let mut lines = whole.clone();
        let end = lines.len() - 1;
        lines.splice(end..end, [document].into_iter().chain(body).map(|line| line.to_string()));
        let found = changed(reason, Some(head + 1), &lines);
        assert!(found["reason"].as_str().unwrap().contains(reason), "{reason}: {found}");
    }

    let bytes = std::fs::read(&bundle).unwrap();
    let half = place.file("half.bundle", &bytes[..bytes.len() / 2]);
    assert_eq!(offline(1, &place, &half, &[])["ok"], false);
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    assert_eq!(offline(1, &place, &place.file("flipped.bundle", &flipped), &[])["ok"], false);
    assert_eq!(offline(1, &place, &place.file("text.bundle", "no bundle"), &[])["ok"], false);
    // A bundle of the log as it was before the checkpoint lacks what the checkpoint vouches for.
    let mut command = place.command(&["audit", "verify", place.path("missing").to_str().unwrap()]);
    command.env_remove("DATABASE_URL");
    ended(1, command);
}

#[tokio::test]
async fn a_bundle_of_an_empty_log_and_one_with_documents() {
    let place = Place::new().await;
    let empty = place.path("empty.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &empty]);
    let found = offline(0, &place, &empty, &[]);
    assert_eq!((found["tree_size"].as_u64(), &found["ok"]), (Some(0), &true.into()));
    ecosystem(&place);
    let full = place.path("full.bundle").to_str().unwrap().to_owned();
    let answer = place.run(&["audit", "export", &full, "--artifacts"]);
    assert_eq!(answer["artifacts"], 4, "one survey, three bills of materials: {answer}");
    assert_eq!(offline(0, &place, &full, &[])["ok"], true);
}
