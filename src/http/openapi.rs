//! The description of the service for programs: OpenAPI 3.1, made of the table of operations and the types of answers.

mod answers;
mod parameters;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::{HttpAnswer, text};
use super::table::{HttpOp, Operation, described};

/// What describes the schema of an answer.
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What an operation answers with success.
pub(super) struct DescribedAnswer {
    status: u16,
    media: &'static str,
    /// None where it is no JSON.
    schema: Option<Describe>,
}

/// An answer of JSON.
const fn json_of<T: JsonSchema>() -> DescribedAnswer {
    DescribedAnswer { status: 200, media: "application/json", schema: Some(SchemaGenerator::subschema_for::<T>) }
}

/// The description.
pub(super) fn answer() -> HttpAnswer {
    static WRITTEN: OnceLock<String> = OnceLock::new();
    let written = WRITTEN.get_or_init(|| document().to_string());
    text(StatusCode::OK, "application/json", written.as_str())
}

/// The description as JSON.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for known in described() {
        let operation = operation(&mut generator, known);
        paths.entry(known.template()).or_default().insert(known.method().as_str().to_lowercase(), operation);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert(
        "ErrorDetail".to_owned(),
        json!({
            "type": "object",
            "description": "What was wrong: in words, or as a list of what each parameter lacks. Operations of this \
                            atlas answer with the fields of problem details (RFC 9457) besides.",
            "properties": {"detail": {}, "type": {"type": "string"}, "title": {"type": "string"},
                           "status": {"type": "integer"}},
            "required": ["detail"],
        }),
    );
    let text = || json!({"type": "string"});
    schemas.insert(
        "ValidationError".to_owned(),
        json!({
            "type": "object",
            "description": "What a parameter lacks.",
            "properties": {"type": text(), "loc": {"type": "array", "items": {}}, "msg": text(), "input": {}, "ctx": {}},
            "required": ["type", "loc", "msg", "input"],
        }),
    );
    let lists = json!({"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}});
    schemas.insert(
        "HTTPValidationError".to_owned(),
        json!({
            "type": "object",
            "description": "Parameters that cannot be.",
            "properties": {"detail": {"anyOf": [lists, text()]}},
            "required": ["detail"],
        }),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "PG Atlas",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Paths of another tenant stand behind /t/TENANT.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn operation(generator: &mut SchemaGenerator, known: &Operation) -> Value {
    let (path, about, answer) = (known.template(), known.about, answers::answer(known.op));
    let tag = match known.op {
        HttpOp::Contract(_) if known.path.starts_with("/ingest") => "ingestion",
        HttpOp::Contract(_) => "contract",
        _ => "atlas",
    };
    let in_path = path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
    let named = in_path.map(parameters::in_path);
    let asked = known.parameters.iter().copied().map(parameters::in_query);
    let content = match answer.schema {
        Some(schema) => json!({ answer.media: {"schema": schema(generator)} }),
        None => json!({ answer.media: {"schema": {"type": "string"}} }),
    };
    let refused = json!({
        "description": "Refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorDetail"}}},
    });
    let mut operation = json!({
        "operationId": known.id,
        "summary": about,
        "tags": [tag],
        "parameters": named.chain(asked).collect::<Vec<_>>(),
        "responses": {
            answer.status.to_string(): {"description": about, "content": content},
            "422": {
                "description": "Parameters that cannot be",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
            },
            "4XX": refused,
            "503": refused,
        },
    });
    if let Some(body) = answers::body(generator, known.op) {
        operation["requestBody"] = body;
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the description is kept, for whoever reads what changed.
    const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

    #[test]
    fn the_description_that_is_kept_is_that_of_the_tables_and_types() {
        let made = serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n";
        if std::env::var_os("PG_ATLAS_WRITE_GOLDEN").is_some() {
            std::fs::write(KEPT, &made).unwrap_or_else(|error| panic!("{error}"));
        }
        let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
        assert!(kept == made, "docs/openapi.json is old: run this test once with PG_ATLAS_WRITE_GOLDEN=1");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        let names = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        let mut seen = 0;
        for name in names {
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
            seen += 1;
        }
        assert!(seen > 60, "{seen}");
    }
}
