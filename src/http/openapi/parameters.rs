//! Parameters by name: what they are and what they may be.

use serde_json::{Value, json};

use crate::http::body::ENCODINGS;
use crate::http::ingest::SBOM;
use crate::service::act::ingest::{KINDS, MAX_KEY_BYTES};

/// The headers of documents that are handed in with a key.
pub(super) fn headers_of_documents() -> Vec<Value> {
    let header = |name: &str, about: &str, schema: Value| json!({"name": name, "in": "header", "required": false, "description": about, "schema": schema});
    let key = json!({"type": "string", "minLength": 1, "maxLength": MAX_KEY_BYTES});
    vec![
        header("Idempotency-Key", "names the request: the same again changes nothing", key),
        header("Content-Encoding", "how the body is packed", json!({"type": "string", "enum": ENCODINGS})),
    ]
}

/// A part of a path.
pub(super) fn in_path(name: &str) -> Value {
    if name == "kind" {
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).filter(|kind| *kind != SBOM).collect();
        let schema = json!({"type": "string", "enum": kinds});
        let about = "a kind of document, as the command line calls it; bills of materials have a path of their own";
        return json!({"name": name, "in": "path", "required": true, "description": about, "schema": schema});
    }
    let (kind, about) = match name {
        "contributor_id" | "submission_id" | "artifact_id" | "position" => ("integer", "its number"),
        "purl" => ("string", "a package URL, percent-encoded as one segment"),
        "canonical_id" | "id" => ("string", "an id, percent-encoded as one segment"),
        "metric" => {
            ("string", "criticality_score, pony_factor, adoption_score, activity_status, pg_score, flags or a term")
        }
        "tile" => ("string", "LEVEL/INDEX[.p/WIDTH] or entries/INDEX[.p/WIDTH]"),
        "what" => ("string", "scores, graph, edges or history"),
        _ => ("string", "its name"),
    };
    json!({"name": name, "in": "path", "required": true, "description": about, "schema": {"type": kind}})
}

/// A parameter behind the path.
pub(super) fn in_query(name: &str) -> Value {
    let number = |least: u64, most: Option<u64>| match most {
        Some(most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        None => json!({"type": "integer", "minimum": least}),
    };
    let text = || json!({"type": "string"});
    let word = |words: &[&str]| json!({"type": "string", "enum": words});
    let (schema, about) = match name {
        "as_of" => (text(), "a position, an RFC 3339 time or label:NAME; absent is now"),
        "formula" => (text(), "a formula by name, or sha256: and the beginning of its hash; absent is the live one"),
        "limit" => (number(1, Some(1_000)), "most rows; 200 on paths of the contract"),
        "offset" => (number(0, None), "rows left out before"),
        "next" => (text(), "names the page behind one: what that called next"),
        "level" => (word(&["project", "repo", "external"]), "kind of vertex"),
        "status" => (text(), "statuses, separated by commas"),
        "project" => (text(), "ids of projects, separated by commas"),
        "q" => (text(), "a part of the id or the name"),
        "search" => (json!({"type": "string", "maxLength": 256}), "a part of the name"),
        "flag" => (text(), "a flag that is raised"),
        "ecosystem" => (text(), "type of the package URL"),
        "sort" => (text(), "field, or field:desc"),
        "metric" => (text(), "one metric alone"),
        "format" => (word(&["json", "csv", "ndjson", "graphml"]), "how it is written"),
        "position" | "size" => (number(0, None), "a position, or a size, of the log"),
        "a" | "b" => (text(), "a formula by name or hash"),
        "of" => (text(), "only those with this end"),
        "from" => (text(), "where it begins"),
        "to" => (text(), "where it ends"),
        "stream" => (text(), "only the events of this stream"),
        "id" => (text(), "of which one"),
        "repo" | "repository" => (text(), "of this repository"),
        "purl" => (text(), "about this package"),
        "package" => (text(), "a package that it publishes; several times"),
        "observed_at" => (text(), "when it was so, an RFC 3339 time"),
        "dry-run" => (json!({"type": "boolean"}), "says what would become of it"),
        "project_type" => (word(&["public-good", "scf-project"]), "kind of project"),
        "activity_status" => (word(&["live", "in-dev", "discontinued", "non-responsive"]), "status"),
        "category" => (json!({"type": "string", "maxLength": 128}), "exactly this category"),
        "project_id" => (json!({"type": "integer"}), "number of the project"),
        _ => (text(), ""),
    };
    json!({"name": name, "in": "query", "required": false, "description": about, "schema": schema})
}
