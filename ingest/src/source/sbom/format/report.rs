//! What an object is that is no bill of materials: people hand in reports of other tools by mistake.

use std::borrow::Cow;

use super::super::warning::shown;

/// Greatest number of an object's fields that are looked at or named.
pub(super) const MAX_KEYS: usize = 64;
/// Greatest number of fields named in a refusal.
const MAX_NAMED: usize = 6;

/// Reports by fields that all of them have.
const REPORTS: [(&[&str], &str); 10] = [
    (&["ArtifactName", "Results"], "Trivy's own report"),
    (&["artifacts", "descriptor"], "Syft's own JSON"),
    (&["matches", "descriptor"], "a report of Grype"),
    (&["runs", "$schema"], "a SARIF log"),
    (&["lockfileVersion"], "a lock file"),
    (&["message", "documentation_url"], "an error of a host's API"),
    (&["document", "vulnerabilities"], "a security advisory (CSAF)"),
    (&["statements", "@context"], "an OpenVEX document"),
    (&["payload", "signatures"], "a signed envelope without a document in it"),
    (&["spdxId", "type"], "an element of SPDX 3 without `@context`"),
];

/// What an object of these fields is, in words; `kind` and `predicateType` as they stand in it.
pub(super) fn named(keys: &[Cow<'_, str>], kind: Option<&str>, predicate_type: Option<&str>) -> String {
    let has = |key: &str| keys.iter().any(|known| known == key);
    if let (Some(kind), true) = (kind, has("apiVersion")) {
        return format!("a Kubernetes object of kind {}", shown(kind));
    }
    if let Some(kind) = predicate_type {
        return format!("an in-toto statement about {}", shown(kind));
    }
    if let Some((_, name)) = REPORTS.iter().find(|(keys, _)| keys.iter().all(|key| has(key))) {
        return (*name).to_owned();
    }
    if keys.is_empty() {
        return "an object without fields".to_owned();
    }
    let named: Vec<String> = keys.iter().take(MAX_NAMED).map(|key| shown(key)).collect();
    let more = if keys.len() > MAX_NAMED { " and others" } else { "" };
    format!("an object with the fields {}{more}, no format and version", named.join(", "))
}

/// Whether an object with a `payload` is a DSSE envelope.
pub(super) fn is_envelope(keys: &[Cow<'_, str>]) -> bool {
    keys.iter().any(|key| key == "payloadType" || key == "signatures")
}
