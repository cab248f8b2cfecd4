//! What operations answer with when they do not do what they are for.

use serde_json::{Map, Value, json};

use crate::http::table::{ApiOp, HttpOp, Operation};

/// Whether documents are handed in by it with a key alone.
pub(super) fn by_key(op: HttpOp) -> bool {
    matches!(op, HttpOp::Own(ApiOp::Ingest | ApiOp::IngestBatch))
}

/// The statuses of an operation of this atlas, with what each means.
fn statuses(op: ApiOp) -> Vec<(u16, &'static str)> {
    let mut found = vec![
        (422, "what is asked for, or sent, cannot be: `detail` says where and what"),
        (429, "too often: again later"),
        (500, "a fault of the service"),
        (503, "not now: again later"),
    ];
    match op {
        ApiOp::Ingest | ApiOp::IngestBatch => found.extend([
            (400, "the body broke off"),
            (401, "there is no bearer, no such key, or not any longer"),
            (403, "the key is for something else"),
            (408, "the body took too long to arrive"),
            (409, "the Idempotency-Key stands for something else"),
            (413, "larger than is taken, packed or not"),
            (415, "packed by something else than gzip or zstd, or a form"),
        ]),
        ApiOp::Lookup | ApiOp::FormulaTry => found.extend([
            (400, "the body broke off"),
            (408, "the body took too long to arrive"),
            (413, "larger than is taken"),
        ]),
        ApiOp::Bundle => found.extend([
            (401, "no such key, or not any longer"),
            (403, "the log has events about private repositories, and there is no key for auditors"),
        ]),
        _ => {}
    }
    if !matches!(op, ApiOp::Live | ApiOp::Ready | ApiOp::IngestBatch) {
        found.push((404, "there is no such thing: ids that are near are named"));
    }
    found.sort_unstable();
    found
}

/// Every refusal, by its status.
pub(super) fn of(known: &Operation) -> Map<String, Value> {
    let refused = |description: &str, media: &str, schema: &str| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        json!({"description": description, "content": {media: {"schema": schema}}})
    };
    match known.op {
        HttpOp::Own(op) => {
            let each = |(status, about): (u16, &str)| {
                let mut answer = refused(about, "application/problem+json", "Problem");
                if status == 404 {
                    // Some ids make a path that means nothing, which is answered as the contract has it.
                    let detail = json!({"schema": {"$ref": "#/components/schemas/ErrorDetail"}});
                    answer["content"]["application/json"] = detail;
                }
                if [429, 503].contains(&status) {
                    let schema = json!({"type": "integer", "minimum": 1});
                    answer["headers"] = json!({"Retry-After": {"description": "in seconds", "schema": schema}});
                }
                (status.to_string(), answer)
            };
            statuses(op).into_iter().map(each).collect()
        }
        _ => {
            let any = refused("Refused", "application/json", "ErrorDetail");
            let wrong = refused("Parameters that cannot be", "application/json", "HTTPValidationError");
            [("422", wrong), ("4XX", any.clone()), ("503", any)]
                .map(|(status, answer)| (status.to_owned(), answer))
                .into_iter()
                .collect()
        }
    }
}

/// The schemas of refusals.
pub(super) fn schemas() -> [(String, Value); 4] {
    let text = || json!({"type": "string"});
    let lists = json!({"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}});
    let detail = json!({
        "type": "object",
        "description": "What was wrong: in words, or as a list of what each parameter lacks.",
        "properties": {"detail": {}},
        "required": ["detail"],
    });
    let problem = json!({
        "type": "object",
        "description": "Problem details (RFC 9457). `detail` says what was wrong, in words or as a list of what each \
                        parameter lacks; where nothing was taken of many documents, `refused` says of each why.",
        "properties": {"type": text(), "title": text(), "status": {"type": "integer"}, "detail": {}},
        "required": ["type", "title", "status", "detail"],
    });
    let lacking = json!({
        "type": "object",
        "description": "What a parameter lacks.",
        "properties": {"type": text(), "loc": {"type": "array", "items": {}}, "msg": text(), "input": {}, "ctx": {}},
        "required": ["type", "loc", "msg", "input"],
    });
    let wrong = json!({
        "type": "object",
        "description": "Parameters that cannot be.",
        "properties": {"detail": {"anyOf": [lists, text()]}},
        "required": ["detail"],
    });
    [("ErrorDetail", detail), ("Problem", problem), ("ValidationError", lacking), ("HTTPValidationError", wrong)]
        .map(|(name, schema)| (name.to_owned(), schema))
}
