//! Parameters by name: what they are and what they may be.

use domain::StreamKind;
use domain::status::ActivityStatus;
use serde_json::{Value, json};

use crate::http::api::{NEXT_MAX, TEXT_MAX};
use crate::http::asked::POINT_MAX;
use crate::http::body::ENCODINGS;
use crate::http::ingest::SBOM;
use crate::http::query::SEARCH_MAX;
use crate::http::table::{ApiOp, HttpOp, Operation};
use crate::http::upstream::{CATEGORY_MAX, ID_MAX, SORT_MAX, sort_fields};
use crate::service::act::ingest::{KINDS, MAX_KEY_BYTES};
use crate::service::ask::scores::{NATURAL, fields};

/// The greatest position that can be asked for.
const POSITION_MAX: u64 = i64::MAX.unsigned_abs();

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

/// A parameter behind the path of an operation.
pub(super) fn in_query(known: &Operation, name: &str) -> Value {
    let number = |least: u64, most: Option<u64>| match most {
        Some(most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        None => json!({"type": "integer", "minimum": least}),
    };
    let text = |most: usize| json!({"type": "string", "maxLength": most});
    let word = |words: &[&str]| json!({"type": "string", "enum": words});
    let matching = |pattern: String, most: usize| json!({"type": "string", "pattern": pattern, "maxLength": most});
    let is_contract = matches!(known.op, HttpOp::Contract(_));
    // Clients of the contract give null where they leave a text out. Whatever is sent for it is a text all the same.
    let nothing = json!({"type": "null"});
    let text_or_none = |most: usize| if is_contract { json!({"anyOf": [text(most), nothing]}) } else { text(most) };
    let (schema, about) = match (known.op, name) {
        (_, "as_of") => (point(), "a position, an RFC 3339 time or label:NAME; absent is now"),
        (_, "formula") => {
            (text(POINT_MAX), "a formula by name, or sha256: and the beginning of its hash; absent is the live one")
        }
        (_, "limit") => (number(1, Some(if is_contract { 200 } else { 1_000 })), "most rows"),
        (_, "offset") => (number(0, None), "rows left out before"),
        (_, "next") => (matching("^[A-Za-z0-9_-]*$".to_owned(), NEXT_MAX), "names the page behind one: its `next`"),
        (HttpOp::Own(ApiOp::Edges), "level") => (word(&["repo", "project"]), "kind of both ends"),
        (_, "level") => (word(&["project", "repo", "external"]), "kind of vertex"),
        (_, "status") => {
            let words = ActivityStatus::ALL.map(ActivityStatus::name).join("|");
            (matching(format!("^(({words})?(,({words})?)*)$"), TEXT_MAX), "statuses, separated by commas")
        }
        (HttpOp::Own(ApiOp::Ingest), "project") => (text(TEXT_MAX), "the project that it belongs to"),
        (_, "project") => (text(TEXT_MAX), "ids of projects, separated by commas"),
        (_, "q") => (text(TEXT_MAX), "a part of the id or the name"),
        (_, "search") => (text_or_none(SEARCH_MAX), "a part of the name"),
        (_, "flag") => (text(TEXT_MAX), "a flag that is raised"),
        (_, "ecosystem") => (text(TEXT_MAX), "type of the package URL"),
        (HttpOp::Contract(op), "sort") => {
            let each = format!(" *({})(:(asc|desc))? *", sort_fields(op).join("|"));
            (matching(format!("^(({each})?(,({each})?)*)$"), SORT_MAX), "fields, or field:desc, separated by commas")
        }
        (_, "sort") => {
            let fields: Vec<&str> = NATURAL.iter().map(|(natural, _)| *natural).chain(fields()).collect();
            (matching(format!("^(({})(:(asc|desc))?)?$", fields.join("|")), TEXT_MAX), "field, or field:desc")
        }
        (_, "metric") => (text(TEXT_MAX), "one metric alone"),
        (_, "format") => (word(&["json", "csv", "ndjson", "graphml"]), "how it is written"),
        (_, "position" | "size") => (number(0, Some(POSITION_MAX)), "a position, or a size, of the log"),
        (_, "a" | "b") => (text(TEXT_MAX), "a formula by name or hash"),
        (_, "of") => (text(TEXT_MAX), "only those with this end"),
        (HttpOp::Own(ApiOp::EdgeWhy), "from") => (text(TEXT_MAX), "the dependent"),
        (HttpOp::Own(ApiOp::EdgeWhy), "to") => (text(TEXT_MAX), "the dependency"),
        (HttpOp::Own(ApiOp::Why), "from") => (point(), "what changed it since this point"),
        (_, "from") => (number(0, Some(POSITION_MAX)), "where it begins"),
        (_, "to") => (number(0, Some(POSITION_MAX)), "where it ends"),
        (_, "stream") => {
            let (own, others): (Vec<_>, Vec<_>) =
                StreamKind::ALL.into_iter().partition(|kind| *kind == StreamKind::Atlas);
            let [own, others] =
                [own, others].map(|kinds| kinds.into_iter().map(StreamKind::name).collect::<Vec<_>>().join("|"));
            (matching(format!("^((({others}):.+)|{own})?$"), TEXT_MAX), "only the events of this stream")
        }
        (_, "id") => (text(TEXT_MAX), "of which one"),
        (_, "repo" | "repository") => (text_or_none(ID_MAX), "of this repository"),
        (_, "purl") => (text(TEXT_MAX), "about this package"),
        (_, "package") => (text(TEXT_MAX), "a package that it publishes; several times"),
        (_, "observed_at") => (json!({"type": "string", "format": "date-time"}), "when it was so, an RFC 3339 time"),
        (_, "dry-run") => (json!({"type": "boolean"}), "says what would become of it"),
        (_, "project_type") => (word(&["public-good", "scf-project"]), "kind of project"),
        (_, "activity_status") => (word(&ActivityStatus::ALL.map(ActivityStatus::name)), "status"),
        (_, "category") => (text_or_none(CATEGORY_MAX), "exactly this category"),
        (_, "project_id") => (json!({"type": "integer"}), "number of the project"),
        _ => (text(TEXT_MAX), ""),
    };
    let is_needed = matches!(
        (known.op, name),
        (HttpOp::Own(ApiOp::EdgeWhy), "from" | "to") | (HttpOp::Own(ApiOp::FormulaDiff), "a" | "b")
    );
    let mut parameter =
        json!({"name": name, "in": "query", "required": is_needed, "description": about, "schema": schema});
    if is_needed {
        parameter["schema"]["minLength"] = json!(1);
    }
    parameter
}

/// A point of the log.
fn point() -> Value {
    let day = "(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
    let time = r"([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])";
    json!({"type": "string", "pattern": format!("^([0-9]{{1,18}}|label:.+|{day}T{time})?$"), "maxLength": POINT_MAX})
}
