//! Documents inside of statements and envelopes, and in other encodings.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::super::MAX_WRAPPERS;
use super::{Parsed, component, cyclonedx_value, parse, parsed, refusal, subject, twins, warnings};

fn document() -> Value {
    // `?>` and `?~` make the two alphabets of base64 differ.
    let mut component = component("a", "1");
    component["description"] = json!("?>?~?>?~???>>>~~~");
    cyclonedx_value(&[component], &[("app", &["a"])])
}

fn statement(predicate: &Value) -> Value {
    json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://cyclonedx.org/bom", "predicate": predicate})
}

fn same(one: &Parsed, other: &Parsed) {
    assert_eq!((&one.facts.packages, &one.facts.relations), (&other.facts.packages, &other.facts.relations));
    assert_eq!(one.facts.described, other.facts.described);
}

#[test]
fn wrappers_are_opened_and_named() {
    let plain = parsed(&document().to_string());
    assert_eq!(plain.warnings, []);
    let inner = statement(&document()).to_string();
    let envelope =
        |payload: String| json!({"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []});
    let (standard, url_safe) = (STANDARD.encode(&inner), URL_SAFE_NO_PAD.encode(&inner));
    assert_ne!(standard.trim_end_matches('='), url_safe);
    let in_lines = standard.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    for (wrapped, places) in [
        (json!({"note": 1, "sbom": document()}), vec!["sbom"]),
        (json!({"SPDX": document()}), vec!["SPDX"]),
        (statement(&document()), vec!["predicate"]),
        (statement(&json!({"Data": document(), "Timestamp": "2026-01-01T00:00:00Z"})), vec!["predicate.Data"]),
        (statement(&json!({"Data": document().to_string()})), vec!["predicate.Data"]),
        (envelope(standard.clone()), vec!["payload", "predicate"]),
        (envelope(url_safe), vec!["payload", "predicate"]),
        (envelope(in_lines.join("\r\n")), vec!["payload", "predicate"]),
        (json!({"mediaType": "x", "dsseEnvelope": envelope(standard)}), vec!["dsseEnvelope.payload", "predicate"]),
    ] {
        let found = parsed(&wrapped.to_string());
        same(&found, &plain);
        let named: Vec<&str> = found.warnings.iter().map(|warning| warning.place.as_str()).collect();
        assert_eq!(named, places, "{wrapped}");
        assert!(found.warnings.iter().all(|warning| warning.message.ends_with("; unwrapped")));
        assert_eq!(found.facts.document.bytes, wrapped.to_string().len() as u64, "what is kept is what came");
    }
}

#[test]
fn every_format_may_be_held_as_text() {
    let model = twins::example();
    for (name, text) in twins::written(&model) {
        let found = parsed(&statement(&json!({"Data": text})).to_string());
        same(&found, &parsed(&text));
        assert_eq!(found.format, name);
    }
}

#[test]
fn what_is_inside_is_refused_by_its_place() {
    let held = |text: &str| statement(&json!({"Data": text})).to_string();
    assert_eq!(refusal(&held("{\n x")), "predicate.Data: line 2, column 2: broken JSON: key must be a string");
    assert!(refusal(&held("words")).starts_with("predicate.Data: neither SPDX nor CycloneDX"));
    let binary = json!({"payload": "/w==", "payloadType": "x"}).to_string();
    assert!(refusal(&binary).starts_with("payload: byte 0: not UTF-8"));
    let mut deep = document().to_string();
    for _ in 0..=MAX_WRAPPERS + 1 {
        deep = held(&deep);
    }
    assert!(refusal(&deep).ends_with("wrapped more than 4 times"), "{}", refusal(&deep));
    let odd = json!({"sbom": {"spdxVersion": "SPDX-2.3.1", "packages": []}}).to_string();
    assert!(warnings(&odd).iter().any(|said| said.ends_with("2.3.1 is read as 2.3")), "{:?}", warnings(&odd));
}

#[test]
fn utf_16_is_read_with_a_warning_in_every_format() {
    for (name, text) in twins::written(&twins::example()) {
        let plain = parsed(&text);
        let text = text.trim_start_matches('\u{feff}').replace("encoding=\"utf-8\"", "encoding=\"UTF-16\"");
        let units: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [little, big] {
            let found = parse(&bytes, subject()).unwrap();
            same(&found, &plain);
            assert_eq!(found.warnings.len(), plain.warnings.len() + 1, "{name}");
            assert!(found.warnings.iter().any(|warning| warning.message.contains("UTF-16")), "{name}");
            assert_eq!(found.facts.document.sha256, domain::digest::Digest::of(&bytes), "{name}");
        }
        let marked = parsed(&format!("\u{feff}{text}"));
        assert_eq!(marked.warnings.len(), plain.warnings.len(), "{name}");
    }
}
