//! A graph as GraphML: projects, repositories and packages as nodes, dependencies as edges from dependent to
//! dependency.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{GraphSnapshot, node_columns};
use crate::service::answer::columns;
use crate::service::ask::edges::EdgeRow;

/// The document; `nodes` are those of the snapshot, as objects.
pub(super) fn graphml(snapshot: &GraphSnapshot, nodes: &[Map<String, Value>]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    let names = node_columns(nodes);
    let attributes = names.iter().filter(|name| **name != "id");
    // Writing to a String cannot fail.
    for name in attributes.clone() {
        let numbers = nodes.iter().any(|node| node.get(*name).is_some_and(Value::is_number));
        let kind = if numbers { "double" } else { "string" };
        let _ = writeln!(text, "  <key id=\"{name}\" for=\"node\" attr.name=\"{name}\" attr.type=\"{kind}\"/>");
    }
    for name in &columns::<EdgeRow>()[2..] {
        let _ = writeln!(text, "  <key id=\"{name}\" for=\"edge\" attr.name=\"{name}\" attr.type=\"string\"/>");
    }
    text.push_str("  <graph id=\"pg-atlas\" edgedefault=\"directed\">\n");
    for node in nodes {
        let _ = writeln!(text, "    <node id=\"{}\">", escaped(&plain(node.get("id"))));
        for name in attributes.clone() {
            data(&mut text, name, node.get(*name));
        }
        text.push_str("    </node>\n");
    }
    for edge in &snapshot.edges {
        let (from, to) = (escaped(&edge.in_vertex), escaped(&edge.out_vertex));
        let _ = writeln!(text, "    <edge source=\"{from}\" target=\"{to}\">");
        data(&mut text, "version_range", edge.version_range.clone().map(Value::from).as_ref());
        data(&mut text, "confidence", Some(&Value::from(edge.confidence.clone())));
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
