//! The schema of the events: the copy that is kept is the one the types give, and nothing in it is derived.

use std::path::PathBuf;

use domain::{EventType, schema};
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

fn kept() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.schema.json"))
}

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
        std::fs::write(kept(), &generated).unwrap();
    }
    let kept = std::fs::read_to_string(kept()).unwrap_or_default();
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
