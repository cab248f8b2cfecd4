//! Exports of a snapshot, in the formats that other tools read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{node_columns, of_resident};
use crate::service::answer::{columns, csv};
use crate::service::ask::edges::EdgeRow;
use crate::service::ask::resident::Resident;
use crate::service::ask::standing::StandsAt;
use crate::service::{Error, Result};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// Projects, repositories and packages with their scores.
    Scores,
    /// The same and what depends on what.
    Graph,
    /// What depends on what.
    Edges,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum ExportFormat {
    /// One document, which says where it stands.
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// GraphML, for the graph alone.
    Graphml,
}

/// Writes everything of a snapshot.
///
/// # Errors
/// [`Error::Invalid`] for GraphML of what is no graph.
pub fn exported(atlas: &Resident, kind: ExportKind, format: ExportFormat) -> Result<String> {
    let whole = of_resident(atlas);
    if format == ExportFormat::Graphml {
        return match kind {
            ExportKind::Graph => whole.graphml(),
            _ => Err(Error::invalid(
                "format",
                "GraphML is of a graph: ask for /export/graph, or for json, csv or ndjson",
            )),
        };
    }
    let at = StandsAt::of(atlas, atlas.position);
    let document = |value: Value| serde_json::to_string(&value).map_err(Error::refused);
    match (kind, format) {
        (ExportKind::Scores, ExportFormat::Json) => document(json!({"at": at, "items": whole.nodes})),
        (ExportKind::Edges, ExportFormat::Json) => document(json!({"at": at, "items": whole.edges})),
        (ExportKind::Graph, ExportFormat::Json) => {
            document(json!({"at": at, "directed": true, "nodes": whole.nodes, "edges": whole.edges}))
        }
        (ExportKind::Scores, ExportFormat::Csv) => {
            let nodes = whole.objects()?;
            csv(&node_columns(&nodes), &nodes, false)
        }
        (ExportKind::Scores, _) => lines(&whole.nodes),
        (ExportKind::Graph, ExportFormat::Ndjson) => Ok(lines(&whole.nodes)? + &lines(&whole.edges)?),
        (_, ExportFormat::Csv) => csv(columns::<EdgeRow>(), &objects(&whole.edges)?, false),
        _ => lines(&whole.edges),
    }
}

/// Writes rows, which are no graph.
///
/// # Errors
/// As [`exported`].
pub fn rows<T: Serialize + for<'de> Deserialize<'de>>(rows: &[T], format: ExportFormat) -> Result<String> {
    match format {
        ExportFormat::Json => serde_json::to_string(&json!({"items": rows})).map_err(Error::refused),
        ExportFormat::Csv => csv(columns::<T>(), &objects(rows)?, false),
        ExportFormat::Ndjson => lines(rows),
        ExportFormat::Graphml => Err(Error::invalid("format", "GraphML is of a graph: ask for json, csv or ndjson")),
    }
}

fn objects<T: Serialize>(rows: &[T]) -> Result<Vec<Map<String, Value>>> {
    let object = |row: &T| match serde_json::to_value(row).map_err(Error::refused)? {
        Value::Object(object) => Ok(object),
        other => Err(Error::refused(format!("{other} is no row"))),
    };
    rows.iter().map(object).collect()
}

fn lines<T: Serialize>(rows: &[T]) -> Result<String> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(row).map_err(Error::refused)?;
        text.push('\n');
    }
    Ok(text)
}
