//! Results on stdout, in the format asked for.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::anyhow;
use clap::ValueEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cli::failure::{Failure, Result};
use crate::service::answer::columns;

pub(crate) mod cell;
mod csv;
pub(crate) mod looks;
pub(crate) mod pager;
mod report;
mod show;
mod table;

pub(crate) use self::csv::csv;
pub(crate) use self::looks::looks;
pub(crate) use self::show::Show;
use self::table::picked;
pub(crate) use self::table::{TableColumns, TablePages};

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

/// Refuses a format that is asked of a command which writes something as it is.
pub(crate) fn as_it_is(asked: Option<OutputFormat>, why: &str) -> Result<()> {
    match asked {
        None | Some(OutputFormat::Json) => Ok(()),
        Some(_) => Err(Failure::environment(anyhow!("--format: {why}"))),
    }
}

/// A command's result.
#[derive(Debug)]
pub(crate) enum Output {
    /// Nothing to print.
    None,
    /// One object.
    Object(Map<String, Value>),
    /// Rows with their columns.
    Rows(TableColumns, Vec<Map<String, Value>>),
    /// Text to print as it is, whatever the format.
    Text(String),
    /// Lines for people, and the same as an object for programs.
    Report(String, Map<String, Value>),
    /// Lines for people; for programs an object that holds rows under a key, of which the columns are given.
    Listing(String, Map<String, Value>, Vec<&'static str>, &'static str),
    /// A result with lines for people behind it.
    Followed(Box<Self>, String),
    /// A JSON document, whatever the format: it may be long, and is written as it is made.
    Document(Box<dyn JsonDocument>),
}

/// What can be written as JSON.
pub(crate) trait JsonDocument: fmt::Debug {
    /// Writes it for people and programs.
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;
}

impl<T: Serialize + fmt::Debug> JsonDocument for T {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(DOCUMENT_BUFFER, out);
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

/// Bytes of a long document that are written at a time.
const DOCUMENT_BUFFER: usize = 64 << 10;

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
        Ok(Self::of_columns(columns, objects(answers)?))
    }

    /// Rows with these columns.
    pub(crate) fn of_columns(columns: Vec<&'static str>, rows: Vec<Map<String, Value>>) -> Self {
        Self::Rows(TableColumns { all: columns, shown: Vec::new() }, rows)
    }

    /// With these columns alone for people who do not ask for others, the most important first.
    pub(crate) fn shown(mut self, fields: Vec<&'static str>) -> Self {
        if let Self::Rows(columns, _) = &mut self {
            columns.shown = fields;
        }
        self
    }
}

/// Answers as objects.
pub(crate) fn objects(answers: &[impl Serialize]) -> Result<Vec<Map<String, Value>>> {
    answers.iter().map(|answer| Ok(object(serde_json::to_value(answer).map_err(Failure::refused)?))).collect()
}

/// Writes a result. A reader that has gone away is no failure.
pub(crate) fn print(output: &Output, format: OutputFormat) -> Result<()> {
    let mut out = pager::PagedOutput::open();
    let written = match output {
        Output::Document(_) if !looks().show.columns.is_empty() => return Err(whole()),
        Output::Document(document) => document.write(&mut out),
        _ => out.write_all(render(output, format)?.as_bytes()),
    };
    match written.and_then(|()| out.end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

fn render(output: &Output, format: OutputFormat) -> Result<String> {
    if let Output::Followed(output, text) = output {
        let shown = render(output, format)?;
        return Ok(if format == OutputFormat::Table { format!("{shown}\n{text}") } else { shown });
    }
    let picks = !looks().show.columns.is_empty();
    match format {
        OutputFormat::Json | OutputFormat::Ndjson if picks && !matches!(output, Output::None) => Err(whole()),
        OutputFormat::Json => json(output),
        OutputFormat::Ndjson => ndjson(output),
        OutputFormat::Csv => values(output),
        OutputFormat::Table if picks && !matches!(output, Output::Rows(..) | Output::None) => {
            let csv = if matches!(output, Output::Text(_)) { "" } else { "; --format csv has" };
            Err(Failure::environment(anyhow!("--columns: this result has no columns{csv}")))
        }
        OutputFormat::Table => people(output),
    }
}

/// JSON has no columns to choose from.
pub(crate) fn whole() -> Failure {
    Failure::environment(anyhow!("--columns is for tables and CSV: JSON has every field; give --format table or csv"))
}

fn json(output: &Output) -> Result<String> {
    match output {
        Output::None | Output::Followed(..) | Output::Document(_) => Ok(String::new()),
        Output::Text(text) => Ok(text.clone()),
        Output::Object(map) | Output::Report(_, map) | Output::Listing(_, map, ..) => pretty(map),
        Output::Rows(_, rows) => pretty(rows),
    }
}

fn ndjson(output: &Output) -> Result<String> {
    match output {
        Output::None | Output::Followed(..) | Output::Document(_) => Ok(String::new()),
        Output::Text(text) => Ok(text.clone()),
        Output::Object(map) | Output::Report(_, map) => line(map),
        Output::Rows(_, rows) => rows.iter().map(line).collect(),
        Output::Listing(_, map, _, key) => listed(map, key).into_iter().map(line).collect(),
    }
}

fn values(output: &Output) -> Result<String> {
    let show = &looks().show;
    match output {
        Output::None | Output::Followed(..) | Output::Document(_) => Ok(String::new()),
        Output::Text(text) => Ok(text.clone()),
        Output::Object(map) | Output::Report(_, map) => {
            // What is nothing but a list of objects is its rows.
            let rows = match map.iter().next() {
                Some((key, Value::Array(_))) if map.len() == 1 => listed(map, key),
                _ => vec![map],
            };
            let fields: BTreeSet<&str> = rows.iter().flat_map(|row| row.keys()).map(String::as_str).collect();
            let fields: Vec<&str> = fields.into_iter().collect();
            let fields = if show.columns.is_empty() { fields } else { picked(&fields, &show.columns)? };
            csv(&fields, &rows, show.raw)
        }
        Output::Rows(columns, rows) => csv(&columns.asked(&show.columns)?, &rows.iter().collect::<Vec<_>>(), show.raw),
        Output::Listing(_, map, columns, key) => {
            let fields = if show.columns.is_empty() { columns.clone() } else { picked(columns, &show.columns)? };
            csv(&fields, &listed(map, key), show.raw)
        }
    }
}

fn people(output: &Output) -> Result<String> {
    match output {
        Output::None | Output::Followed(..) | Output::Document(_) => Ok(String::new()),
        Output::Text(text) | Output::Report(text, _) | Output::Listing(text, ..) => Ok(text.clone()),
        Output::Object(map) => Ok(fields(&unsaid(map))),
        Output::Rows(columns, rows) => columns.table(rows, looks()),
    }
}

/// An object without the warnings that the same person has read on the other stream.
fn unsaid(map: &Map<String, Value>) -> Map<String, Value> {
    let said = |key: &str| key == "warnings" && io::stderr().is_terminal();
    map.iter().filter(|(key, _)| !said(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The rows that an object holds under a key.
fn listed<'a>(map: &'a Map<String, Value>, key: &str) -> Vec<&'a Map<String, Value>> {
    map.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect()
}

/// JSON for people and programs.
pub(crate) fn pretty(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::refused)? + "\n")
}

fn line(map: &Map<String, Value>) -> Result<String> {
    Ok(serde_json::to_string(map).map_err(Failure::refused)? + "\n")
}

/// An object for people.
pub(crate) fn fields(map: &Map<String, Value>) -> String {
    report::fields(map, looks())
}

/// Rows for people.
pub(crate) fn table(fields: &[&str], rows: &[Map<String, Value>]) -> String {
    table::table(fields, rows, looks())
}
