//! Proofs and explanations, checked from their files alone.

use domain::digest::Digest;
use serde_json::{Value, json};

use super::python::second;
use super::support::{checkpoint, ecosystem, published, renamed};
use crate::support::cli::{Place, Said, ended};

/// Checks a file where there is no database. Answers what was said.
fn said(place: &Place, code: i32, file: &str, keys: &[&str]) -> Said {
    let mut args = vec!["audit", "check", file];
    keys.iter().for_each(|key| args.extend(["--key", key]));
    let mut command = place.command(&args);
    command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    ended(code, command)
}

fn check(place: &Place, code: i32, content: &str, keys: &[&str]) -> Value {
    let file = place.file("to-check", content);
    let found = said(place, code, &file, keys).json();
    let ok = found["ok"].as_bool().unwrap();
    assert_eq!((ok, found["reason"].is_null(), found["proves"].is_string()), (code == 0, ok, ok), "{found:#}");
    found
}

/// Checks it with the program of Python as well, where this machine has it: it is to say the same.
fn check_by_both(place: &Place, code: i32, content: &str, keys: &[&str]) {
    check(place, code, content, keys);
    let file = place.file("to-check", content);
    let mut args = vec!["--check", file.as_str()];
    keys.iter().for_each(|key| args.extend(["--key", key]));
    if let Some(found) = second(code, &args) {
        assert_eq!((found["ok"].as_bool(), found["reason"].is_null()), (Some(code == 0), code == 0), "{found:#}");
    }
}

/// A log with a publication and a checkpoint. Answers the verification key too.
async fn audited() -> (Place, String) {
    let place = published().await;
    let (_, key) = checkpoint(&place, "checkpoint.json");
    (place, key)
}

/// The value with something else at a path.
fn with(value: &Value, path: &str, other: Value) -> String {
    let mut changed = value.clone();
    *changed.pointer_mut(path).unwrap_or_else(|| panic!("{path} in {value:#}")) = other;
    changed.to_string()
}

#[tokio::test]
async fn a_proof_of_an_event_is_checked_without_a_database() {
    let (place, key) = audited().await;
    let proof = place.run(&["audit", "prove", "3"]);
    let found = check(&place, 0, &proof.to_string(), &[]);
    assert_eq!((&found["ok"], &found["what"]), (&json!(true), &json!("inclusion")));
    assert!(found["proves"].as_str().unwrap().contains(proof["root"].as_str().unwrap()), "{found:#}");
    // Nothing in it is signed.
    assert!(check(&place, 1, &proof.to_string(), &[&key])["reason"].as_str().unwrap().contains("signed"));
    let other = json!("00".repeat(32));
    for (path, value) in [
        ("/position", json!(4)),
        ("/leaf_index", json!(3)),
        ("/leaf_hash", other.clone()),
        ("/tree_size", json!(60)),
        ("/root", other.clone()),
        ("/proof", json!([])),
        ("/proof/0", other.clone()),
    ] {
        assert_eq!(check(&place, 1, &with(&proof, path, value), &[])["what"], "inclusion", "{path}");
    }
    let text = proof.to_string();
    for (more, reason) in [("\"more\":1", "unknown field"), ("\"position\":3", "duplicate field")] {
        let found = check(&place, 1, &text.replacen('{', &format!("{{{more},"), 1), &[]);
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found:#}");
    }

    let grown = place.run(&["audit", "prove", "--from", "3"]);
    assert_eq!(check(&place, 0, &grown.to_string(), &[])["what"], "consistency");
    for (path, value) in [
        ("/from", json!(2)),
        ("/to", json!(9)),
        ("/from_root", other.clone()),
        ("/to_root", other),
        ("/proof", json!([])),
    ] {
        assert_eq!(check(&place, 1, &with(&grown, path, value), &[])["what"], "consistency", "{path}");
    }
}

#[tokio::test]
async fn an_explanation_is_checked_from_its_own_bytes() {
    let (place, key) = audited().await;
    let found = place.run(&["audit", "explain", "pkg:npm/z", "criticality_score", "--label", "one"]);
    for keys in [&[][..], &[key.as_str()]] {
        assert_eq!(check(&place, 0, &found.to_string(), keys)["what"], "explanation");
    }
    let stranger = domain::note::SigningKey::from_seed("stranger", &[1; 32]).unwrap().public().to_string();
    let other = json!("00".repeat(32));
    let payload = found["events"][0]["payload"].as_str().unwrap().replace("live", "dead");
    for (path, value) in [
        ("/format", json!("pg-atlas-explain/2")),
        ("/metric", json!("stars")),
        ("/label", json!("two")),
        ("/label", Value::Null),
        ("/position", json!(4)),
        ("/formula_hash", other.clone()),
        ("/tree_size", json!(6)),
        ("/root", other.clone()),
        ("/published", Value::Null),
        ("/published", found["events"][0].clone()),
        ("/events/0", found["events"][1].clone()),
        ("/events/0/payload", json!(payload)),
        ("/events/0/payload", Value::Null),
        ("/events/0/sequence", json!(9)),
        ("/events/0/leaf_index", json!(1)),
        ("/events/0/leaf_hash", other),
        ("/events/0/proof", json!([])),
        ("/events/0/because", json!([])),
    ] {
        check(&place, 1, &with(&found, path, value), &[]);
    }
    // Nothing rests on what was erased, be its digest right.
    let mut erased = found.clone();
    let event = erased["events"][0].as_object_mut().unwrap();
    let payload = event.insert("payload".to_owned(), Value::Null).unwrap();
    event.insert("payload_sha256".to_owned(), json!(Digest::of(payload.as_str().unwrap().as_bytes())));
    check_by_both(&place, 0, &found.to_string(), &[]);
    check_by_both(&place, 1, &erased.to_string(), &[]);
    let unsigned = with(&found, "/checkpoint", Value::Null);
    check(&place, 0, &unsigned, &[]);
    check(&place, 1, &unsigned, &[&key]);
    check(&place, 1, &found.to_string(), &[&stranger]);
    check(&place, 0, &place.run(&["audit", "explain", "p:c", "pony_factor"]).to_string(), &[]);
}

#[tokio::test]
async fn a_tlog_proof_carries_its_entry_and_its_checkpoint() {
    let place = Place::new().await;
    ecosystem(&place);
    let none = place.ends(1, &["audit", "prove", "3", "--tlog-proof"]);
    assert!(none.stderr.contains("no kept checkpoint is of size 3 or more"), "{none:?}");
    let (_, key) = checkpoint(&place, "first.json");
    place.run(&["publish", "--label", "one"]);
    let text = |args: &[&str]| String::from_utf8(place.ends(0, args).stdout).unwrap();
    // The head is not signed yet: the proof is against what is.
    let proof = text(&["audit", "prove", "3", "--tlog-proof"]);
    assert_eq!(text(&["audit", "prove", "3", "--tlog-proof", "--size", "6"]), proof);
    place.ends(1, &["audit", "prove", "7", "--tlog-proof"]);
    place.ends(1, &["audit", "prove", "3", "--tlog-proof", "--size", "5"]);
    place.ends(2, &["audit", "prove", "--from", "3", "--tlog-proof"]);
    let found = check(&place, 0, &proof, &[&key]);
    assert_eq!(found["what"], "tlog-proof");
    assert!(found["proves"].as_str().unwrap().contains("at position 3 of the log of size 6"), "{found:#}");
    check(&place, 0, &proof, &[]);
    let stranger = domain::note::SigningKey::from_seed("stranger", &[1; 32]).unwrap().public().to_string();
    check(&place, 1, &proof, &[&stranger]);
    // A checkpoint that names another log says nothing of this one, whoever signed it beside that log's key.
    let (path, note) = proof.split_once("\n\n").unwrap();
    let (note, other) = renamed(&place, note);
    let under_another_name = format!("{path}\n\n{note}");
    check_by_both(&place, 1, &under_another_name, &[&key]);
    check_by_both(&place, 0, &under_another_name, &[&other]);
    let entry = proof.lines().nth(1).unwrap();
    for changed in [
        proof.replace("index 2\n", "index 3\n"),
        proof.replace(&format!("{entry}\n"), ""),
        proof.replace(entry, "extra eyJhIjoxfQ=="),
        proof.replace("\n6\n", "\n7\n"),
        proof.replace("\n\n", "\n"),
        proof.replace("@v1", "@v2"),
    ] {
        assert_ne!(changed, proof);
        check(&place, 1, &changed, &[&key]);
    }
}

#[tokio::test]
async fn what_is_no_proof_is_refused_in_a_sentence() {
    let place = Place::new().await;
    for (content, reason) in [
        ("", "neither a JSON object nor a tlog-proof"),
        ("[]", "neither a JSON object"),
        ("\u{feff}{}", "neither a JSON object"),
        ("{}", "neither a proof"),
        ("{\"from_root\":", "not JSON"),
        (&format!("{{\"a\":{}", "[".repeat(100_000)), "not JSON"),
        ("{\"format\":\"pg-atlas-explain/9\"}", "pg-atlas-explain/9"),
    ] {
        let found = check(&place, 1, content, &[]);
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found:#}");
        assert_eq!(found["what"], Value::Null);
    }
    let file = place.file("bytes", [0xff, 0xfe]);
    assert_eq!(said(&place, 1, &file, &[]).json()["ok"], false);
    let large = std::fs::File::create(place.path("large")).unwrap();
    large.set_len(300 << 20).unwrap();
    let file = place.path("large").to_str().unwrap().to_owned();
    assert!(said(&place, 1, &file, &[]).stderr.contains("larger than"));
    assert!(said(&place, 1, "/nowhere/proof", &[]).stderr.contains("/nowhere/proof"));
    said(&place, 2, &file, &["nonsense"]);
}
