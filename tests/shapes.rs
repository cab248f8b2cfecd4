//! The shapes of events: the schema that is kept is the one the types give, nothing in it is derived, and every shape
//! ever written is readable.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use domain::{EventType, codec, schema};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// What a fold computes. No fact may have a field of such a name.
const DERIVED: [&str; 15] = [
    "active",
    "adoption",
    "claim",
    "criticality",
    "dependents",
    "edge",
    "edges",
    "membership",
    "percentile",
    "pony",
    "rank",
    "resolved",
    "score",
    "scores",
    "vertex",
];
/// Fields named `status`: what a source itself says, word for word.
const SAID: [&str; 3] = ["SurveyAnswered.status", "GrantRecord.integration_status", "GrantRecord.status"];

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.schema.json");
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

/// Calls `look` with every (definition, field) that a definition reaches, and every object schema on the way.
fn walk(name: &str, place: &Value, all: &Value, seen: &mut Vec<String>, look: &mut dyn FnMut(&str, &Value)) {
    match place {
        Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                let target = target.rsplit('/').next().unwrap();
                if !seen.iter().any(|known| known == target) {
                    seen.push(target.to_owned());
                    walk(target, &all["$defs"][target], all, seen, look);
                }
            }
            look(name, place);
            fields.values().for_each(|value| walk(name, value, all, seen, look));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(name, value, all, seen, look)),
        _ => {}
    }
}

#[test]
fn the_schema_that_is_kept_is_that_of_the_types() {
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema::events()).unwrap());
    if std::env::var_os("PG_ATLAS_WRITE_SCHEMA").is_some() {
        fs::write(KEPT, &generated).unwrap();
    }
    let kept = fs::read_to_string(KEPT).unwrap_or_default();
    assert!(kept == generated, "docs/events.schema.json is old: run this test once with PG_ATLAS_WRITE_SCHEMA=1");
}

#[test]
fn nothing_derived_is_in_an_event() {
    let all = schema::events();
    for kind in EventType::ALL {
        let payload = &all["properties"][kind.name()];
        assert!(payload.is_object(), "{kind} has a schema");
        let mut fields = Vec::new();
        walk(kind.name(), payload, &all, &mut Vec::new(), &mut |name, place| {
            assert_ne!(place["type"], "number", "{name}: a float");
            let Some(properties) = place["properties"].as_object() else { return };
            assert_eq!(place["additionalProperties"], false, "{name} takes in any field: {place}");
            fields.extend(properties.keys().map(|field| format!("{name}.{field}")));
        });
        assert!(!fields.is_empty(), "{kind} has fields");
        for field in fields.iter().filter(|_| kind.is_fact()) {
            let name = field.rsplit('.').next().unwrap();
            let derived = name.split('_').any(|word| DERIVED.contains(&word));
            let status = name.split('_').any(|word| word == "status") && !SAID.contains(&field.as_str());
            assert!(!derived && !status, "{kind}: {field} is derived");
        }
    }
}

/// Frozen payloads: (type, version, bytes).
fn corpus() -> Vec<(String, u32, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(CORPUS)
        .expect("the corpus")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            let mut parts = name.split('.');
            let (kind, version) = (parts.next().expect("a type"), parts.next().expect("a version"));
            let bytes = fs::read(&path).expect("a payload");
            (kind.to_owned(), version.parse().expect("a version"), bytes.trim_ascii_end().to_vec())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_shape_ever_written_is_readable() {
    let corpus = corpus();
    for kind in EventType::ALL {
        let current = kind.current_version();
        let held = corpus.iter().filter(|(name, ..)| name == kind.name()).map(|(_, version, _)| *version);
        let mut held: Vec<u32> = held.collect();
        held.dedup();
        assert_eq!(held, (1..=current).collect::<Vec<u32>>(), "{kind}: a frozen sample of every version");
    }
    for (kind, version, bytes) in corpus {
        let event = codec::decode(&kind, version, &bytes).unwrap_or_else(|error| panic!("{kind}.{version}: {error}"));
        if version == event.event_type().current_version() {
            let written = String::from_utf8(codec::encode(&event).unwrap()).unwrap();
            assert_eq!(written, String::from_utf8(bytes).unwrap(), "{kind}: a new shape needs a new version");
        }
    }
}

/// Every field there is stands in a frozen sample: one that is left out where it says nothing may come later, in the
/// version that there is, and what was written with it must stay readable.
#[test]
fn every_field_has_a_frozen_sample() {
    fn keys(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                found.insert(key.clone());
                keys(value, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }
    let all = schema::events();
    let mut frozen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, _, bytes) in corpus() {
        keys(&serde_json::from_slice(&bytes).unwrap(), frozen.entry(kind).or_default());
    }
    for kind in EventType::ALL {
        let mut missing = BTreeSet::new();
        walk(kind.name(), &all["properties"][kind.name()], &all, &mut Vec::new(), &mut |name, place| {
            let fields = place["properties"].as_object().into_iter().flatten();
            missing.extend(
                fields
                    .map(|(field, _)| field)
                    .filter(|field| !frozen[kind.name()].contains(*field))
                    .map(|field| format!("{name}.{field}")),
            );
        });
        assert!(missing.is_empty(), "{kind}: no frozen sample in {CORPUS} has {missing:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stored_bytes_are_an_event_or_none(
        sample in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        end in prop::option::of(any::<Index>()),
    ) {
        let corpus = corpus();
        let (kind, version, mut bytes) = sample.get(&corpus).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.map_or(bytes.len(), |end| end.index(bytes.len())));
        if let Ok(event) = codec::decode(&kind, version, &bytes)
            && let Ok(stored) = codec::encode(&event)
        {
            let current = event.event_type().current_version();
            prop_assert_eq!(codec::decode(&kind, current, &stored).unwrap(), event);
        }
    }
}
