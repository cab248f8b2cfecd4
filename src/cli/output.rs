//! Results on stdout, in the format asked for.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cli::failure::{Failure, Result};
use crate::service::answer::columns;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Columns for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

impl OutputFormat {
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
    /// A result with lines for people behind it.
    Followed(Box<Self>, String),
}

/// Makes an object of a `json!({...})` literal.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

impl Output {
    /// An answer as an object.
    pub(crate) fn of(answer: &impl Serialize) -> Result<Self> {
        Ok(Self::Object(object(serde_json::to_value(answer).map_err(Failure::refused)?)))
    }

    /// With another value beside those of an object.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Self::Object(map) | Self::Report(_, map) = &mut self {
            map.insert(key.to_owned(), value.into());
        }
        self
    }

    /// An answer as lines for people and an object for programs.
    pub(crate) fn report(text: String, answer: &impl Serialize) -> Result<Self> {
        Ok(Self::Report(text, object(serde_json::to_value(answer).map_err(Failure::refused)?)))
    }

    /// An answer as lines for people, and for programs an object that holds rows with these columns under a key.
    pub(crate) fn listing(
        text: String,
        answer: &impl Serialize,
        columns: Vec<&'static str>,
        key: &'static str,
    ) -> Result<Self> {
        Ok(Self::Listing(text, object(serde_json::to_value(answer).map_err(Failure::refused)?), columns, key))
    }

    /// With lines for people behind it, which programs do not see.
    pub(crate) fn followed_by(self, text: String) -> Self {
        Self::Followed(Box::new(self), text)
    }

    /// Answers as rows, whose columns are the fields of their type.
    pub(crate) fn rows<T: Serialize + DeserializeOwned>(answers: &[T]) -> Result<Self> {
        Self::columned(columns::<T>().to_vec(), answers)
    }

    /// Answers as rows with these columns.
    pub(crate) fn columned(columns: Vec<&'static str>, answers: &[impl Serialize]) -> Result<Self> {
        Ok(Self::Rows(columns, objects(answers)?))
    }
}

/// Answers as objects.
pub(crate) fn objects(answers: &[impl Serialize]) -> Result<Vec<Map<String, Value>>> {
    answers.iter().map(|answer| Ok(object(serde_json::to_value(answer).map_err(Failure::refused)?))).collect()
}

/// Writes a result. A reader that has gone away is no failure.
pub(crate) fn print(output: &Output, format: OutputFormat) -> Result<()> {
    let text = render(output, format)?;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

fn render(output: &Output, format: OutputFormat) -> Result<String> {
    if let Output::Followed(output, text) = output {
        let shown = render(output, format)?;
        return Ok(if format == OutputFormat::Table { format!("{shown}\n{text}") } else { shown });
    }
    if let Output::Listing(text, map, columns, key) = output {
        return match format {
            OutputFormat::Table => Ok(text.clone()),
            OutputFormat::Json => pretty(map),
            OutputFormat::Ndjson | OutputFormat::Csv => {
                let rows = map.get(*key).and_then(Value::as_array).into_iter().flatten();
                let rows = rows.filter_map(Value::as_object).cloned().collect();
                render(&Output::Rows(columns.clone(), rows), format)
            }
        };
    }
    Ok(match (output, format) {
        (Output::None | Output::Listing(..) | Output::Followed(..), _) => String::new(),
        (Output::Text(text), _) => text.clone(),
        (Output::Object(map) | Output::Report(_, map), OutputFormat::Json) => pretty(map)?,
        (Output::Object(map) | Output::Report(_, map), OutputFormat::Ndjson) => line(map)?,
        (Output::Rows(_, rows), OutputFormat::Json) => pretty(rows)?,
        (Output::Rows(_, rows), OutputFormat::Ndjson) => rows.iter().map(line).collect::<Result<_>>()?,
        (Output::Report(text, _), OutputFormat::Table) => text.clone(),
        (Output::Object(map), OutputFormat::Table) => fields(map),
        (Output::Rows(columns, rows), OutputFormat::Table) => table(columns, rows),
        (Output::Object(map) | Output::Report(_, map), OutputFormat::Csv) => {
            let columns: Vec<&str> = map.keys().map(String::as_str).collect();
            csv(&columns, std::slice::from_ref(map))?
        }
        (Output::Rows(columns, rows), OutputFormat::Csv) => csv(columns, rows)?,
    })
}

/// JSON for people and programs.
pub(crate) fn pretty(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::refused)? + "\n")
}

fn line(map: &Map<String, Value>) -> Result<String> {
    Ok(serde_json::to_string(map).map_err(Failure::refused)? + "\n")
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Width of a table inside an object where there is no terminal to say it.
const INNER_WIDTH: u16 = 160;
/// Length of a digest, and how much of it a person needs to recognise it.
const DIGEST: (usize, usize) = (64, 12);

/// An object for people: a line a value; then each list under its name, a line a text or a table of objects.
pub(crate) fn fields(map: &Map<String, Value>) -> String {
    let mut values = Table::new();
    values.load_style(presets::NOTHING);
    let mut lists = String::new();
    for (key, value) in map {
        match value {
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) => lists += &format!("\n{key}\n{}", list(items)),
            Value::Object(inner) => {
                for (name, value) in inner {
                    values.add_row([format!("{key}.{name}"), cell(Some(value))]);
                }
            }
            value => drop(values.add_row([key.clone(), cell(Some(value))])),
        }
    }
    trimmed(&values) + &lists
}

/// A list inside an object.
fn list(items: &[Value]) -> String {
    let rows: Option<Vec<&Map<String, Value>>> = items.iter().map(Value::as_object).collect();
    let Some(rows) = rows else {
        return items.iter().map(|item| format!("  {}\n", cell(Some(item)))).collect();
    };
    let mut columns: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    // A column in which nothing stands says nothing.
    columns.retain(|name| rows.iter().any(|row| row.get(*name).is_some_and(|value| !value.is_null())));
    let rows: Vec<Map<String, Value>> = rows.into_iter().map(shortened).collect();
    let mut table = columned(&columns, &rows);
    if table.width().is_none() {
        table.set_width(INNER_WIDTH);
    }
    trimmed(&table)
}

/// Digests as people tell them apart, also where one ends a text (`VERSION+DIGEST`); lists as text.
fn shortened(row: &Map<String, Value>) -> Map<String, Value> {
    let digest_from = |text: &str| {
        let from = text.rfind('+').map_or(0, |at| at + 1);
        let is_digest = text.len() - from == DIGEST.0 && text[from..].bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then_some(from)
    };
    let short = |value: &Value| match value {
        Value::String(text) => Value::from(digest_from(text).map_or(text.as_str(), |from| &text[..from + DIGEST.1])),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Value::from(items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", "))
        }
        value => value.clone(),
    };
    row.iter().map(|(name, value)| (name.clone(), short(value))).collect()
}

/// A table without the blanks that its lines end in.
fn trimmed(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Columns for people.
pub(crate) fn table(columns: &[&str], rows: &[Map<String, Value>]) -> String {
    format!("{}\n", columned(columns, rows))
}

fn columned(columns: &[&str], rows: &[Map<String, Value>]) -> Table {
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
    table
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
