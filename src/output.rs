//! Results on stdout, in the format asked for.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

impl Format {
    /// The format asked for; a table on a terminal and JSON into a pipe otherwise.
    pub(crate) fn or_default(asked: Option<Self>) -> Self {
        asked.unwrap_or(if io::stdout().is_terminal() { Self::Table } else { Self::Json })
    }
}

/// A command's result.
#[derive(Debug)]
pub(crate) enum Output {
    /// Nothing to print.
    None,
    /// One object.
    Object(Map<String, Value>),
    /// Rows with their columns in order.
    Rows(Vec<&'static str>, Vec<Map<String, Value>>),
    /// Text to print as it is, whatever the format.
    Text(String),
    /// Lines for people, and the same as an object for programs.
    Report(String, Map<String, Value>),
    /// Lines for people; for programs an object that holds rows under a key, of which the columns are given.
    Listing(String, Map<String, Value>, Vec<&'static str>, &'static str),
}

/// Makes an object of a `json!({...})` literal.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Writes a result. A reader that has gone away is no failure.
pub(crate) fn print(output: &Output, format: Format) -> Result<()> {
    let text = render(output, format)?;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

fn render(output: &Output, format: Format) -> Result<String> {
    let json = |value: &Value| serde_json::to_string_pretty(value).map_err(Failure::refused);
    if let Output::Listing(text, map, columns, key) = output {
        return match format {
            Format::Table => Ok(text.clone()),
            Format::Json => Ok(json(&Value::Object(map.clone()))? + "\n"),
            Format::Ndjson | Format::Csv => {
                let rows = map.get(*key).and_then(Value::as_array).into_iter().flatten();
                let rows = rows.filter_map(Value::as_object).cloned().collect();
                render(&Output::Rows(columns.clone(), rows), format)
            }
        };
    }
    Ok(match (output, format) {
        (Output::None | Output::Listing(..), _) => String::new(),
        (Output::Text(text), _) => text.clone(),
        (Output::Object(map) | Output::Report(_, map), Format::Json) => json(&Value::Object(map.clone()))? + "\n",
        (Output::Object(map) | Output::Report(_, map), Format::Ndjson) => format!("{}\n", Value::Object(map.clone())),
        (Output::Rows(_, rows), Format::Json) => {
            json(&Value::Array(rows.iter().cloned().map(Value::Object).collect()))? + "\n"
        }
        (Output::Rows(_, rows), Format::Ndjson) => {
            rows.iter().map(|row| format!("{}\n", Value::Object(row.clone()))).collect()
        }
        (Output::Report(text, _), Format::Table) => text.clone(),
        (Output::Object(map), Format::Table) => fields(map),
        (Output::Rows(columns, rows), Format::Table) => table(columns, rows),
        (Output::Object(map) | Output::Report(_, map), Format::Csv) => {
            let columns: Vec<&str> = map.keys().map(String::as_str).collect();
            csv(&columns, std::slice::from_ref(map))?
        }
        (Output::Rows(columns, rows), Format::Csv) => csv(columns, rows)?,
    })
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// An object for people: a line a key.
pub(crate) fn fields(map: &Map<String, Value>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (key, value) in map {
        if !matches!(value, Value::Array(items) if items.is_empty()) {
            table.add_row([key.clone(), cell(Some(value))]);
        }
    }
    format!("{table}\n")
}

/// Columns for people.
pub(crate) fn table(columns: &[&str], rows: &[Map<String, Value>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().copied());
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(row.get(*column))));
    }
    for (n, name) in columns.iter().enumerate() {
        let numbers = rows.iter().any(|row| row.get(*name).is_some_and(Value::is_number));
        if let (true, Some(column)) = (numbers, table.column_mut(n)) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    format!("{table}\n")
}

/// Comma-separated values with a header.
pub(crate) fn csv(columns: &[&str], rows: &[Map<String, Value>]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).map_err(Failure::refused)?;
    for row in rows {
        writer.write_record(columns.iter().map(|column| cell(row.get(*column)))).map_err(Failure::refused)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::refused(error.into_error()))?;
    String::from_utf8(bytes).map_err(Failure::refused)
}
