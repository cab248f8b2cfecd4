//! `export`: the graph and the scores for other tools.
//!
//! An export of now shows the live builds at their position, an export of then a replay. Nodes and edges are sorted, so
//! equal states give equal files.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::cli::draft::{self, FileDraft};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{ExportCommand, ExportTo, GraphFormat, ScoreFormat};
use crate::cli::output::{Output, csv, object, objects};
use crate::service::Deps;
use crate::service::answer::columns;
use crate::service::ask::edges::EdgeRow;
use crate::service::ask::export::{self, snapshot};

/// Columns of a node.
const NODE: &[&str] = &[
    "id",
    "level",
    "name",
    "project_id",
    "activity_status",
    "criticality_score",
    "pony_factor",
    "adoption_score",
    "pg_score",
];
/// What is exported.
struct ExportRows {
    nodes: Vec<Map<String, Value>>,
    edges: Vec<EdgeRow>,
}

impl ExportRows {
    fn of(export::GraphSnapshot { nodes, edges }: export::GraphSnapshot) -> Result<Self> {
        Ok(Self { nodes: objects(&nodes)?, edges })
    }
}

/// `export`.
pub(crate) async fn run(deps: &Deps, what: ExportCommand) -> Result<Output> {
    let (ExportTo { out, .. }, text) = match what {
        ExportCommand::Graph { format, to } => {
            let snapshot = ExportRows::of(snapshot(deps, &to.at.clone().into()).await?)?;
            let text = match format {
                GraphFormat::Graphml => graphml(&snapshot),
                GraphFormat::Csv => csv(columns::<EdgeRow>(), &objects(&snapshot.edges)?)?,
                GraphFormat::Json => {
                    pretty(&json!({"directed": true, "nodes": snapshot.nodes, "edges": snapshot.edges}))?
                }
            };
            (to, text)
        }
        ExportCommand::Scores { format, to } => {
            let snapshot = ExportRows::of(snapshot(deps, &to.at.clone().into()).await?)?;
            let text = match format {
                ScoreFormat::Csv => csv(&node_columns(&snapshot.nodes), &snapshot.nodes)?,
                ScoreFormat::Json => pretty(&json!(snapshot.nodes))?,
            };
            (to, text)
        }
    };
    let Some(path) = out.filter(|path| !draft::is_stdout(path)) else { return Ok(Output::Text(text)) };
    let bytes = write(&path, &text).with_context(|| path.display().to_string()).map_err(Failure::refused)?;
    Ok(Output::Object(object(json!({"file": path.display().to_string(), "bytes": bytes}))))
}

fn write(path: &Path, text: &str) -> std::io::Result<u64> {
    let mut draft = FileDraft::create(path)?;
    draft.write_all(text.as_bytes())?;
    draft.end()
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::refused)? + "\n")
}

/// The columns that nodes have, those of every formula first.
fn node_columns(nodes: &[Map<String, Value>]) -> Vec<&str> {
    let further = nodes.first().into_iter().flat_map(|node| node.keys().map(String::as_str));
    let further = further.filter(|name| !NODE.contains(name));
    NODE.iter().copied().chain(further).collect()
}

/// GraphML: projects, repositories and packages as nodes, dependencies as edges from dependent to dependency.
fn graphml(snapshot: &ExportRows) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    let names = node_columns(&snapshot.nodes);
    let attributes = names.iter().filter(|name| **name != "id");
    // Writing to a String cannot fail.
    for name in attributes.clone() {
        let of = |node: &Map<String, Value>| node.get(*name).cloned().unwrap_or_default();
        let numbers = snapshot.nodes.iter().any(|node| of(node).is_number());
        let kind = if numbers { "double" } else { "string" };
        let _ = writeln!(text, "  <key id=\"{name}\" for=\"node\" attr.name=\"{name}\" attr.type=\"{kind}\"/>");
    }
    for name in &columns::<EdgeRow>()[2..] {
        let _ = writeln!(text, "  <key id=\"{name}\" for=\"edge\" attr.name=\"{name}\" attr.type=\"string\"/>");
    }
    text.push_str("  <graph id=\"pg-atlas\" edgedefault=\"directed\">\n");
    for node in &snapshot.nodes {
        let _ = writeln!(text, "    <node id=\"{}\">", escaped(&plain(node.get("id"))));
        for name in attributes.clone() {
            data(&mut text, name, node.get(*name));
        }
        text.push_str("    </node>\n");
    }
    for line in &snapshot.edges {
        let (from, to) = (escaped(&line.in_vertex), escaped(&line.out_vertex));
        let _ = writeln!(text, "    <edge source=\"{from}\" target=\"{to}\">");
        data(&mut text, "version_range", line.version_range.clone().map(Value::from).as_ref());
        data(&mut text, "confidence", Some(&Value::from(line.confidence.clone())));
        text.push_str("    </edge>\n");
    }
    text.push_str("  </graph>\n</graphml>\n");
    text
}

fn data(text: &mut String, name: &str, value: Option<&Value>) {
    if value.is_some_and(|value| !value.is_null()) {
        let _ = writeln!(text, "      <data key=\"{name}\">{}</data>", escaped(&plain(value)));
    }
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Text as XML holds it. What XML cannot hold at all becomes the replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
