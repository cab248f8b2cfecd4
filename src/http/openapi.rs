//! The description of the service for programs: OpenAPI 3.1, made of the table of operations and the types of answers.

mod answers;
mod parameters;
mod refusals;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::{HttpAnswer, text};
use super::table::{ApiOp, HttpOp, Operation, described};

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

/// Integers are integers: how wide ours are makes clients that are generated take other types for them.
fn without_widths(schema: &mut Schema) {
    let is_width = |format: &Value| format.as_str().is_some_and(|format| format.contains("int"));
    if schema.get("format").is_some_and(is_width) {
        schema.remove("format");
    }
}

/// The description as JSON.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.transforms.push(Box::new(RecursiveTransform(without_widths)));
    });
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for known in described() {
        let operation = operation(&mut generator, known);
        paths.entry(known.template()).or_default().insert(known.method().as_str().to_lowercase(), operation);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.extend(refusals::schemas());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "PG Atlas",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Paths of another tenant stand behind /t/TENANT.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key (`pga_...`); for bills of materials also a token of a run on the code host.",
            }},
        },
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
    let asked = known.parameters.iter().map(|name| parameters::in_query(known, name));
    let sent = if refusals::by_key(known.op) { parameters::headers_of_documents() } else { Vec::new() };
    let content = match answer.schema {
        Some(schema) => json!({ answer.media: {"schema": schema(generator)} }),
        None => json!({ answer.media: {"schema": {"type": "string"}} }),
    };
    let content = if known.op == HttpOp::Own(ApiOp::Export) { answers::exported(content) } else { content };
    let mut responses = refusals::of(known);
    if refusals::by_key(known.op) {
        let description = "what would become of it: with `dry-run` nothing is kept";
        responses.insert("200".to_owned(), json!({"description": description, "content": content}));
    }
    responses.insert(answer.status.to_string(), json!({"description": about, "content": content}));
    let mut operation = json!({
        "operationId": known.id,
        "summary": about,
        "tags": [tag],
        "parameters": named.chain(asked).chain(sent).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(body) = answers::body(generator, known.op) {
        operation["requestBody"] = body;
    }
    let bearer = json!({"bearer": []});
    if known.takes_documents() {
        operation["security"] = json!([bearer]);
    } else if known.op == HttpOp::Own(ApiOp::Bundle) {
        operation["security"] = json!([{}, bearer]);
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
