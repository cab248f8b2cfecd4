//! Documents of every format inside of statements, envelopes and bundles, one in the other, whole and damaged.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::super::super::MAX_WRAPPERS;
use super::super::{parse, parsed, subject, twins};
use super::{meaning, read_anything};

/// Puts a text into a wrapper that holds it as text.
fn held(text: &str, layer: u8) -> Value {
    let envelope = |payload: String| json!({"payloadType": "x", "payload": payload, "signatures": [{"sig": "c2ln"}]});
    match layer {
        0 => json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": "x", "predicate": {"Data": text}}),
        1 => envelope(STANDARD.encode(text)),
        2 => envelope(URL_SAFE.encode(text)),
        3 => json!({"mediaType": "x", "dsseEnvelope": envelope(STANDARD_NO_PAD.encode(text))}),
        4 => json!({"sbom": text}),
        5 => json!({"predicateType": "x", "predicate": text}),
        _ => json!({"SPDX": text, "other": null}),
    }
}

/// Puts a document into a wrapper that holds it as it is.
fn around(document: Value, layer: u8) -> Value {
    match layer {
        0 => json!({"sbom": document}),
        1 => json!({"SPDX": document}),
        2 => json!({"predicateType": "x", "predicate": document}),
        3 => json!({"predicateType": "x", "predicate": {"Data": document, "Timestamp": "x"}}),
        _ => document,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wrappers_are_opened_up_to_their_limit(
        sample in any::<Index>(),
        inner in 0..6u8,
        layers in prop::collection::vec(0..7u8, 0..MAX_WRAPPERS + 3),
        utf16: bool,
    ) {
        let (_, plain) = sample.get(&twins::written(&twins::example())).clone();
        let document = serde_json::from_str::<Value>(&plain).map(|tree| around(tree, inner).to_string());
        let inner = document.unwrap_or_else(|_| plain.clone());
        let whole = layers.iter().fold(inner, |text, layer| held(&text, *layer).to_string());
        let bytes = match utf16 {
            true => "\u{feff}".encode_utf16().chain(whole.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            false => whole.into_bytes(),
        };
        match parse(&bytes, subject()) {
            Ok(found) => {
                prop_assert!(layers.len() <= MAX_WRAPPERS);
                prop_assert_eq!(meaning(&found), meaning(&parsed(&plain)));
            }
            Err(refused) => {
                prop_assert!(layers.len() > MAX_WRAPPERS, "{}", refused);
                prop_assert!(refused.to_string().contains("wrapped more than"), "{}", refused);
            }
        }
    }

    #[test]
    fn damaged_wrappers_are_refused_or_opened(
        sample in any::<Index>(),
        layers in prop::collection::vec((0..7u8, any::<Index>(), any::<Index>(), 0..4u8), 1..4),
    ) {
        let (_, mut text) = sample.get(&twins::written(&twins::example())).clone();
        for (layer, one, other, action) in layers {
            let mut tree = held(&text, layer);
            let keys: Vec<String> = tree.as_object().unwrap().keys().cloned().collect();
            let (key, other_key) = (one.get(&keys), other.get(&keys));
            match action {
                0 => tree[key] = tree[other_key].clone(),
                1 => {
                    let kinds = [json!(null), json!(1), json!([]), json!({}), json!("="), json!("e30")];
                    tree[key] = other.get(&kinds).clone();
                }
                2 => tree = json!({key: tree}),
                _ => {}
            }
            text = tree.to_string();
            if action == 3 {
                let at = (0..=one.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                text.insert_str(at, other.get::<&str>(&["\"", "\\u0000", "{", "}", "=", "-", "+", ",", "\u{ff20}"]));
            }
        }
        read_anything(text.as_bytes());
    }
}
