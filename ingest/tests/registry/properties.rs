use domain::facts::Subject;
use ingest::source::registry::parse;
use ingest::source::repo;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{CRATES, NPM, PYPI, REPO, assert_no_address, purl, round_trip};

/// What the samples are about.
const NAMES: [&str; 3] = ["pkg:npm/@stellar/stellar-base", "pkg:cargo/stellar-xdr", "pkg:pypi/stellar-sdk"];

/// A value that a field does not expect.
fn surprise() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\\x00-\\x1f]{1,3}".prop_map(Value::from),
        Just(json!("Ann canary@mail.example.org")),
        Just(json!({"canary@mail.example.org": [["canary%40mail.example.org"]]})),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"name": 1}, null, "x"])),
        Just(json!("1.2.3")),
    ]
}

/// Puts `new` in the place of the `target`-th node (counted in depth) of `tree`, or under a new key beside it.
fn replace(tree: &mut Value, target: &mut usize, new: &Value) {
    if *target == 0 {
        *tree = new.clone();
        return;
    }
    *target = target.saturating_sub(1);
    let children: Vec<&mut Value> = match tree {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return,
    };
    for child in children {
        let size = count(child);
        if *target < size {
            return replace(child, target, new);
        }
        *target -= size;
    }
}

fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// A sample with a few of its nodes replaced.
fn mutated(sample: Value) -> impl Strategy<Value = Value> {
    let nodes = count(&sample);
    prop::collection::vec((1..nodes, surprise()), 1..6).prop_map(move |changes| {
        let mut tree = sample.clone();
        for (mut target, new) in changes {
            replace(&mut tree, &mut target, &new);
        }
        tree
    })
}

/// A sample with a few of its bytes changed, or cut off.
fn damaged(sample: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0..sample.len(), any::<u8>()), 0..4);
    (changes, 0..=sample.len(), any::<bool>()).prop_map(move |(changes, end, cut)| {
        let mut bytes = sample.as_bytes().to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        bytes.truncate(if cut { end } else { bytes.len() });
        bytes
    })
}

fn index() -> Value {
    CRATES.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line")).collect()
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("a sample")
}

/// What was stored, if the document was accepted: it must have an event, and read back as itself.
fn read_repo(bytes: &[u8]) -> Vec<String> {
    let subject = Subject { id: "pkg:github/o/r".to_owned(), spelled: "O/R".to_owned(), project: None };
    let Ok(parsed) = repo::parse(bytes, subject.clone()) else { return Vec::new() };
    assert_eq!(repo::parse(&parsed.cleaned, subject).expect("what is stored is readable"), parsed);
    let mut stored = parsed.warnings;
    stored.extend([round_trip(parsed.facts), String::from_utf8(parsed.cleaned).expect("text")]);
    stored
}

fn read_package(asked: &str, bytes: &[u8]) -> Vec<String> {
    let Ok(parsed) = parse(&purl(asked), bytes) else { return Vec::new() };
    assert_eq!(parse(&purl(asked), &parsed.cleaned).expect("what is stored is readable"), parsed);
    let mut stored = parsed.warnings;
    stored.extend([round_trip(parsed.facts), String::from_utf8(parsed.cleaned).expect("text")]);
    stored
}

fn text_of(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a tree")
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_repo(&bytes);
        for asked in ["pkg:npm/x", "pkg:cargo/x", "pkg:pypi/x", "pkg:deb/debian/x"] {
            read_package(asked, &bytes);
        }
    }

    // A damaged address is no address, so nothing is said about addresses here.
    #[test]
    fn damaged_bytes_are_read_or_refused(
        repo in damaged(REPO), npm in damaged(NPM), crates in damaged(CRATES), pypi in damaged(PYPI),
    ) {
        read_repo(&repo);
        for (asked, bytes) in NAMES.into_iter().zip([npm, crates, pypi]) {
            read_package(asked, &bytes);
        }
    }

    #[test]
    fn surprises_cost_a_field_and_never_let_an_address_through(
        repo in mutated(sample(REPO)),
        npm in mutated(sample(NPM)),
        crates in mutated(index()),
        pypi in mutated(sample(PYPI)),
    ) {
        read_repo(&text_of(&repo)).iter().for_each(|stored| assert_no_address(stored));
        for (asked, document) in NAMES.into_iter().zip([npm, crates, pypi]) {
            read_package(asked, &text_of(&document)).iter().for_each(|stored| assert_no_address(stored));
        }
    }
}
