//! Bills of materials as clients of the contract hand them in over HTTP: a JSON object, plain or in one envelope
//! (`{"sbom": {...}}`, as a code host exports it), and of SPDX 2 one that says all it has to. Stricter than what is read
//! from files, for these clients are programs that can be told; whatever else is a bill of materials has other ways in.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use domain::digest::Digest;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::spdx2;

mod license;

/// What wraps a document.
const ENVELOPE: &str = "sbom";
/// What an SPDX 2 document must say, as text.
const DOCUMENT_FIELDS: [&str; 5] = ["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace"];
/// What each of its packages must say, as text.
const PACKAGE_FIELDS: [&str; 3] = ["name", "SPDXID", "downloadLocation"];
/// Licences of a package.
const LICENSES: [&str; 2] = ["licenseConcluded", "licenseDeclared"];
/// Most complaints about one document.
const MAX_COMPLAINTS: usize = 10;

/// A document that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedDocument {
    /// Its bytes, without the envelope.
    pub document: Vec<u8>,
    /// What tells its content from that of others, as [`content_hash`].
    pub content_hash: Digest,
}

/// Takes a document out of what was handed in.
///
/// # Errors
/// What is wrong with it; at most ten complaints, and not about what reading it tells.
pub fn handed(body: &[u8]) -> Result<HandedDocument, Vec<String>> {
    let (document, fields) = unwrapped(body).map_err(|complaint| vec![complaint])?;
    if fields.get(ENVELOPE).is_some_and(Value::is_object) {
        return Err(vec!["the document is in more than one envelope".to_owned()]);
    }
    // Of other formats, reading them tells all there is to tell.
    if !(fields.contains_key("bomFormat") || fields.contains_key("@context")) {
        let complaints = complaints(&fields);
        if !complaints.is_empty() {
            return Err(complaints);
        }
    }
    let content_hash = hash_of_fields(fields).unwrap_or_else(|| Digest::of(document));
    Ok(HandedDocument { document: document.to_vec(), content_hash })
}

/// The content of a document as clients tell it: of its name, packages and relations, whatever their order and whatever
/// else it says; of all bytes where it is no document of that form.
#[must_use]
pub fn content_hash(document: &[u8]) -> Digest {
    let read = unwrapped(document).ok();
    read.and_then(|(_, fields)| hash_of_fields(fields)).unwrap_or_else(|| Digest::of(document))
}

/// A document without its envelope, and its fields.
fn unwrapped(body: &[u8]) -> Result<(&[u8], Map<String, Value>), String> {
    let malformed = |error: serde_json::Error| format!("JSON is malformed: {error}");
    let outer: BTreeMap<String, &RawValue> = serde_json::from_slice(body).map_err(malformed)?;
    let inner = outer.get(ENVELOPE).map(|raw| raw.get().as_bytes()).filter(|raw| raw.starts_with(b"{"));
    let document = inner.unwrap_or(body);
    Ok((document, serde_json::from_slice(document).map_err(malformed)?))
}

fn hash_of_fields(mut fields: Map<String, Value>) -> Option<Digest> {
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut list = |name: &str| match fields.remove(name) {
        Some(Value::Array(items)) => Some(items),
        _ => None,
    };
    let mut packages = list("packages")?;
    packages.sort_by_cached_key(|package| text(package, "SPDXID"));
    let mut relationships = list("relationships").unwrap_or_default();
    relationships.sort_by_cached_key(|relation| {
        ["spdxElementId", "relatedSpdxElement", "relationshipType"].map(|name| text(relation, name))
    });
    let name = fields.remove("name").unwrap_or_default();
    let content = serde_json::json!({"name": name, "packages": packages, "relationships": relationships});
    // Fields stand in the order of their names: maps of this program do.
    serde_json::to_vec(&content).ok().map(|bytes| Digest::of(&bytes))
}

/// What an SPDX 2 document fails to say, or says in no form that is known.
fn complaints(fields: &Map<String, Value>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut missing = |place: &str, object: &Map<String, Value>, names: &[&str]| {
        for name in names.iter().filter(|name| !object.get(**name).is_some_and(Value::is_string)) {
            complaints.push(format!("{place}: `{name}` is missing or no text"));
        }
    };
    missing("document", fields, &DOCUMENT_FIELDS);
    let items = |name: &str| {
        let list = fields.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().enumerate().map(|(n, item)| (n, item.as_object().cloned().unwrap_or_default())).collect::<Vec<_>>()
    };
    let packages = items("packages");
    for (n, package) in &packages {
        missing(&format!("packages[{n}]"), package, &PACKAGE_FIELDS);
    }
    let created = fields.get("creationInfo").and_then(|info| info.get("created")).and_then(Value::as_str);
    if created.is_none_or(|created| NaiveDateTime::parse_from_str(created, "%Y-%m-%dT%H:%M:%SZ").is_err()) {
        complaints.push("creationInfo: `created` is missing or no time of the form 2026-01-31T12:00:00Z".to_owned());
    }
    for (n, package) in &packages {
        for name in LICENSES {
            let written = package.get(name).and_then(Value::as_str);
            if written.is_some_and(|written| !license::is_expression(written)) {
                complaints.push(format!("packages[{n}]: `{name}` is no licence expression"));
            }
        }
    }
    for (n, relation) in items("relationships") {
        let kind = relation.get("relationshipType").and_then(Value::as_str);
        if !kind.is_some_and(spdx2::is_relation) {
            complaints.push(format!("relationships[{n}]: `relationshipType` is none that SPDX 2.3 knows"));
        }
    }
    complaints.truncate(MAX_COMPLAINTS);
    complaints
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "x",
            "documentNamespace": "https://spdx.example/x", "creationInfo": {"created": "2026-01-01T00:00:00Z"},
            "packages": [{"SPDXID": "SPDXRef-b", "name": "b", "downloadLocation": "NOASSERTION"},
                {"SPDXID": "SPDXRef-a", "name": "a", "downloadLocation": "NOASSERTION", "licenseDeclared": "MIT"}],
            "relationships": []})
    }

    fn hand(document: &Value) -> Result<HandedDocument, Vec<String>> {
        handed(document.to_string().as_bytes())
    }

    #[test]
    fn one_envelope_comes_off() {
        let plain = hand(&document()).unwrap();
        let wrapped = hand(&json!({"sbom": document()})).unwrap();
        assert_eq!(wrapped, plain);
        assert_eq!(content_hash(json!({"sbom": document()}).to_string().as_bytes()), plain.content_hash);
        let twice = json!({"sbom": {"sbom": document()}});
        assert_eq!(hand(&twice).unwrap_err(), ["the document is in more than one envelope"]);
        for body in ["", "{", "[]", "null", "{\"sbom\":null}", "{\"sbom\":\"x\"}", "\u{feff}{}"] {
            assert!(handed(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn content_is_told_whatever_its_order_and_its_date() {
        let mut other = document();
        other["packages"].as_array_mut().unwrap().reverse();
        other["creationInfo"]["created"] = json!("2026-02-01T00:00:00Z");
        other["documentNamespace"] = json!("https://spdx.example/y");
        assert_eq!(hand(&other).unwrap().content_hash, hand(&document()).unwrap().content_hash);
        other["name"] = json!("y");
        assert_ne!(hand(&other).unwrap().content_hash, hand(&document()).unwrap().content_hash);
        other["packages"] = json!({});
        let bytes = other.to_string();
        assert_eq!(hand(&other).unwrap().content_hash, Digest::of(bytes.as_bytes()));
        assert_eq!(content_hash(b"no document"), Digest::of(b"no document"));
    }

    #[test]
    fn what_a_document_fails_to_say_is_named() {
        for (pointer, value, complaint) in [
            ("/name", Value::Null, "document: `name` is missing"),
            ("/packages/1/downloadLocation", json!(5), "packages[1]: `downloadLocation` is missing"),
            ("/creationInfo/created", json!("2026-01-01T00:00:00.5Z"), "creationInfo: `created`"),
            ("/packages/1/licenseDeclared", json!("MIT OR OR"), "packages[1]: `licenseDeclared` is no licence"),
            ("/relationships", json!([{"relationshipType": "LIKES"}]), "relationships[0]: `relationshipType`"),
        ] {
            let mut document = document();
            *document.pointer_mut(pointer).unwrap() = value;
            let refused = hand(&document).unwrap_err();
            assert!(refused.len() == 1 && refused[0].starts_with(complaint), "{refused:?}");
        }
        assert_eq!(hand(&json!({"packages": [{}, {}, {}]})).unwrap_err().len(), MAX_COMPLAINTS);
        assert!(hand(&json!({"bomFormat": "CycloneDX"})).is_ok(), "its reader tells the rest");
    }
}
