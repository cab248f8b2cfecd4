//! Bills of materials as clients of the contract hand them in over HTTP: a JSON object, plain or in one envelope
//! (`{"sbom": {...}}`, as a code host exports it), and of SPDX 2 one that says all it has to. Stricter than what is read
//! from files, for these clients are programs that can be told; whatever else is a bill of materials has other ways in.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use domain::digest::Digest;
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Found, Key, Kind, List, Shape};
use super::spdx2;

mod license;

/// What wraps a document.
const ENVELOPE: &str = "sbom";
/// What an SPDX 2 document must say, as text.
const DOCUMENT_FIELDS: [&str; 5] = ["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace"];
/// What else is looked at of a document.
const OTHER_FIELDS: [&str; 6] = [ENVELOPE, "bomFormat", "@context", "creationInfo", "packages", "relationships"];
/// What each of its packages must say, as text.
const PACKAGE_FIELDS: [&str; 3] = ["name", "SPDXID", "downloadLocation"];
/// Licences of a package.
const LICENSES: [&str; 2] = ["licenseConcluded", "licenseDeclared"];
/// Most complaints about one document.
const MAX_COMPLAINTS: usize = 10;
/// Largest package or relationship, in bytes: 1 MiB. One at a time is taken apart, so memory follows what is sent.
const MAX_PART_BYTES: usize = 1024 * 1024;

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
    if fields.get(ENVELOPE).is_some_and(|inner| is_object(inner)) {
        return Err(vec!["the document is in more than one envelope".to_owned()]);
    }
    // Of other formats, reading them tells all there is to tell.
    if !(fields.contains_key("bomFormat") || fields.contains_key("@context")) {
        let complaints = complaints(&fields);
        if !complaints.is_empty() {
            return Err(complaints);
        }
    }
    let document = document.as_bytes();
    let content_hash = hash_of_fields(&fields).unwrap_or_else(|| Digest::of(document));
    Ok(HandedDocument { document: document.to_vec(), content_hash })
}

/// The content of a document as clients tell it: of its name, packages and relations, whatever their order and whatever
/// else it says; of all bytes where it is no document of that form.
#[must_use]
pub fn content_hash(document: &[u8]) -> Digest {
    let read = unwrapped(document).ok();
    read.and_then(|(_, fields)| hash_of_fields(&fields)).unwrap_or_else(|| Digest::of(document))
}

/// Fields of a document, as far as they are looked at, each as it is written.
type HandedFields<'a> = BTreeMap<&'static str, &'a RawValue>;

/// An object, of which those fields are wanted.
struct HandedShape;

impl<'de> Shape<'de> for HandedShape {
    type Value = HandedFields<'de>;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Found<Self::Value>, A::Error> {
        let mut fields = HandedFields::new();
        while let Some(Key(key)) = object.next_key()? {
            let Some(name) = DOCUMENT_FIELDS.into_iter().chain(OTHER_FIELDS).find(|name| key == *name) else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            if fields.insert(name, object.next_value()?).is_some() {
                return Err(A::Error::duplicate_field(name));
            }
        }
        Ok(Found::Is(fields))
    }
}

/// A document without its envelope, and its fields.
fn unwrapped(body: &[u8]) -> Result<(&str, HandedFields<'_>), String> {
    let body = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let fields = |text| match json::document(text, &[], HandedShape) {
        Ok(Found::Is(fields)) => Ok(fields),
        Ok(_) => Err("the document is no JSON object".to_owned()),
        Err(refused) => Err(refused.to_string()),
    };
    let outer = fields(body)?;
    match outer.get(ENVELOPE).filter(|inner| is_object(inner)) {
        Some(inner) => Ok((inner.get(), fields(inner.get())?)),
        None => Ok((body, outer)),
    }
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// What stands in a list; none where there is no list, or one that is longer than any that is read.
fn listed<'a>(fields: &HandedFields<'a>, name: &str) -> Option<Vec<&'a RawValue>> {
    match serde_json::from_str(fields.get(name)?.get()) {
        Ok(List::Is(items)) => Some(items),
        _ => None,
    }
}

/// A part of a document, taken apart; none where it is too large or too deep for that.
fn part(value: &RawValue) -> Option<Value> {
    let text = Some(value.get()).filter(|text| text.len() <= MAX_PART_BYTES)?;
    serde_json::from_str(text).ok()
}

/// The parts of a list in the order of what they say under these names, each written the one way that hashes.
fn sorted(items: &[&RawValue], names: &[&str]) -> Option<String> {
    let written = |item: &&RawValue| {
        let item = part(item)?;
        let text = |name: &&str| item.get(*name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // Fields stand in the order of their names: maps of this program do.
        Some((names.iter().map(text).collect::<Vec<String>>(), item.to_string()))
    };
    let mut written: Vec<_> = items.iter().map(written).collect::<Option<_>>()?;
    written.sort_by(|a, b| a.0.cmp(&b.0));
    Some(written.into_iter().map(|(_, item)| item).collect::<Vec<_>>().join(","))
}

fn hash_of_fields(fields: &HandedFields<'_>) -> Option<Digest> {
    let name = fields.get("name").map_or(Some(Value::Null), |name| part(name))?;
    let packages = sorted(&listed(fields, "packages")?, &["SPDXID"])?;
    let relationships = listed(fields, "relationships").unwrap_or_default();
    let relationships = sorted(&relationships, &["spdxElementId", "relatedSpdxElement", "relationshipType"])?;
    let content = format!(r#"{{"name":{name},"packages":[{packages}],"relationships":[{relationships}]}}"#);
    Some(Digest::of(content.as_bytes()))
}

/// When a document was made.
#[derive(Deserialize)]
struct HandedCreation {
    created: String,
}

/// What an SPDX 2 document fails to say, or says in no form that is known.
fn complaints(fields: &HandedFields<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    let missing = |place: &str, name: &str| format!("{place}: `{name}` is missing or no text");
    let is_text = |name: &&str| fields.get(name).is_some_and(|value| value.get().starts_with('"'));
    complaints.extend(DOCUMENT_FIELDS.iter().filter(|name| !is_text(name)).map(|name| missing("document", name)));
    let mut licenses = Vec::new();
    for_each_part(fields, "packages", &mut complaints, |complaints, place, package| {
        let text = |name: &str| package.get(name).and_then(Value::as_str);
        complaints.extend(PACKAGE_FIELDS.iter().filter(|name| text(name).is_none()).map(|name| missing(place, name)));
        let unknown = |name: &&&str| text(name).is_some_and(|written| !license::is_expression(written));
        if licenses.len() < MAX_COMPLAINTS {
            let said = |name: &&str| format!("{place}: `{name}` is no licence expression");
            licenses.extend(LICENSES.iter().filter(unknown).map(said));
        }
    });
    let info = fields.get("creationInfo").and_then(|info| serde_json::from_str::<HandedCreation>(info.get()).ok());
    let is_time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").is_ok();
    if info.is_none_or(|info| !is_time(&info.created)) {
        complaints.push("creationInfo: `created` is missing or no time of the form 2026-01-31T12:00:00Z".to_owned());
    }
    complaints.append(&mut licenses);
    for_each_part(fields, "relationships", &mut complaints, |complaints, place, relation| {
        let kind = relation.get("relationshipType").and_then(Value::as_str);
        if !kind.is_some_and(spdx2::is_relation) {
            complaints.push(format!("{place}: `relationshipType` is none that SPDX 2.3 knows"));
        }
    });
    complaints.truncate(MAX_COMPLAINTS);
    complaints
}

/// Looks at the parts of a list one by one, by their places, until there is enough to complain of.
fn for_each_part(
    fields: &HandedFields<'_>,
    name: &str,
    complaints: &mut Vec<String>,
    mut look: impl FnMut(&mut Vec<String>, &str, &Value),
) {
    for (n, written) in listed(fields, name).unwrap_or_default().into_iter().enumerate() {
        if complaints.len() >= MAX_COMPLAINTS {
            break;
        }
        let place = format!("{name}[{n}]");
        match part(written) {
            Some(part) => look(complaints, &place, &part),
            None => complaints.push(too_much(&place)),
        }
    }
}

fn too_much(place: &str) -> String {
    format!("{place}: more than {MAX_PART_BYTES} bytes, or no JSON that can be taken apart")
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
        let written = |packages: &str| {
            let rest = r#""relationships":[ ],"creationInfo":0,"name":"\u0078""#;
            content_hash(format!("{{ \"packages\": [{packages}], {rest} }}").as_bytes())
        };
        let plain = br#"{"name":"x","packages":[{"SPDXID":"a","z":1},{"SPDXID":"b"}],"relationships":[]}"#;
        assert_eq!(written(r#"{"SPDXID":"b"},{"z": 1, "SPDXID":"a"}"#), Digest::of(plain));
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
        for many in [json!({"packages": vec![json!({}); 50]}), json!({"relationships": vec![json!(0); 50]})] {
            assert_eq!(hand(&many).unwrap_err().len(), MAX_COMPLAINTS);
        }
        let mut large = document();
        large["packages"][1]["comment"] = "x".repeat(MAX_PART_BYTES).into();
        assert_eq!(hand(&large).unwrap_err(), [too_much("packages[1]")]);
        assert_eq!(content_hash(large.to_string().as_bytes()), Digest::of(large.to_string().as_bytes()));
        assert!(hand(&json!({"bomFormat": "CycloneDX"})).is_ok(), "its reader tells the rest");
    }
}
