//! What `events` and `status` print is enough to recompute the log's hashes: by a canonical form written a second time.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::documents::{ecosystem, spdx};
use crate::support::program::Program;

/// RFC 8785, for integers only.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => {
            assert!(number.is_i64() || number.is_u64(), "no float in the log: {number}");
            out.push_str(&number.to_string());
        }
        Value::String(text) => quoted(text, out),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| key.encode_utf16().collect::<Vec<u16>>());
            out.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                quoted(key, out);
                out.push(':');
                canonical(&map[key], out);
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn form(value: &Value) -> String {
    let mut out = String::new();
    canonical(value, &mut out);
    out
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// RFC 6962, section 2.1, as it is written there.
fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => sha256(&[]),
        [one] => one.clone(),
        many => {
            let half = many.len().next_power_of_two() / 2;
            sha256(&[&[1], &root(&many[..half]), &root(&many[half..])])
        }
    }
}

/// Checks every line of `events` and the root of `status`.
fn recompute(program: &Program) -> usize {
    let events = program.events();
    let mut leaves = Vec::new();
    for (n, event) in events.iter().enumerate() {
        assert_eq!(event["position"], n + 1);
        let payload = hex(&sha256(&[form(&event["payload"]).as_bytes()]));
        assert_eq!(event["payload_sha256"], payload, "payload of {}", event["position"]);
        let fields =
            ["stream", "sequence", "type", "version", "observed_at", "recorded_at", "metadata", "payload_sha256"];
        let envelope: Map<String, Value> = fields.map(|key| (key.to_owned(), event[key].clone())).into_iter().collect();
        let leaf = sha256(&[&[0], form(&Value::Object(envelope)).as_bytes()]);
        assert_eq!(event["leaf_hash"], hex(&leaf), "leaf of {}", event["position"]);
        leaves.push(bytes(event["leaf_hash"].as_str().unwrap()));
        for time in ["observed_at", "recorded_at"] {
            let text = event[time].as_str().unwrap();
            assert!(text.len() == "2026-01-01T00:00:00.000000Z".len() && text.ends_with('Z'), "{text}");
        }
        let (append, index) = event["event"].as_str().unwrap().split_once('/').unwrap();
        assert!(append.len() == 36 && index.parse::<u32>().is_ok());
    }
    let status = program.json("status");
    assert_eq!(status["root"], hex(&root(&leaves)));
    assert_eq!(status["tree_size"], events.len());
    assert_eq!(status["head"], events.len());
    events.len()
}

#[test]
fn the_second_canonical_form_is_that_of_the_standard() {
    let value: Value = serde_json::from_str(
        "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\\u0080\":6,\"\u{f6}\":7}",
    )
    .unwrap();
    // The sorting example of RFC 8785, section 3.2.3.
    assert_eq!(
        form(&value),
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
    );
    assert_eq!(form(&json!("\u{1}\u{1f}\u{7f}/\u{2028}\"\\")), "\"\\u0001\\u001f\u{7f}/\u{2028}\\\"\\\\\"");
    assert_eq!(hex(&sha256(&[b"abc"])), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn every_line_and_the_root_can_be_recomputed() {
    let program = Program::fresh();
    assert_eq!(recompute(&program), 0);
    ecosystem(&program);
    // Texts that are hard to write canonically, and one more event than a power of two.
    let mut odd = spdx(&["a", "b"], &[("a", "b")]);
    odd["packages"][1]["versionInfo"] = json!("1 \"\\\\ \u{7f} \u{2028} \u{1f600} \u{fb33}");
    program.sbom("o/odd", &odd, &["--actor", "Zo\u{eb} \"Z\" \u{1f600}"]);
    assert_eq!(recompute(&program), 9);
    program.json("publish --label first");
    program.json("rebuild --promote");
    assert_eq!(recompute(&program), 12);
    let events = program.events();
    assert_eq!(events[8]["metadata"]["actor"], "Zo\u{eb} \"Z\" \u{1f600}");
    let types: Vec<&str> = events[9..].iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["FormulaAdopted", "ScoresPublished", "FormulaPromoted"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let program = Program::fresh();
    let rows: String = (0..3000).map(|n| format!("p:{n},,live,2026-01-01\n")).collect();
    program.fed(["ingest", "survey", "-"], super::documents::survey(&rows).as_bytes()).ok();
    let mut child = program.command().arg("events").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&first).unwrap()["position"], 1);
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}
