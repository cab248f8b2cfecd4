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
pub(crate) mod looks;
pub(crate) mod pager;
mod report;
mod show;
mod table;

pub(crate) use self::looks::looks;
pub(crate) use self::show::Show;
use self::table::picked;
pub(crate) use self::table::{TableColumns, TablePages};
pub(crate) use crate::service::answer::csv;

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
    Report(String, Box<dyn JsonObject>),
    /// Lines for people; for programs an object that holds rows under a key, of which the columns are given.
    Listing(String, Map<String, Value>, Vec<&'static str>, &'static str),
    /// A result with lines for people behind it.
    Followed(Box<Self>, String),
}

/// What is an object in JSON. It may be long: nothing is made of it on the way but what is asked for.
pub(crate) trait JsonObject: fmt::Debug {
    /// Writes it.
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;
    /// Its fields.
    fn object(&self) -> Result<Map<String, Value>>;
}

impl<T: Serialize + fmt::Debug> JsonObject for T {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_json(self, out)
    }

    fn object(&self) -> Result<Map<String, Value>> {
        Ok(object(serde_json::to_value(self).map_err(Failure::refused)?))
    }
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
        if let Self::Object(map) = &mut self {
            map.insert(key.to_owned(), value.into());
        }
        self
    }

    /// An answer as lines for people and an object for programs.
    pub(crate) fn report(text: String, answer: &(impl Serialize + fmt::Debug)) -> Result<Self> {
        Ok(Self::Report(text, Box::new(answer.object()?)))
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
    let written = write(output, format, &mut out)?;
    match written.and_then(|()| out.end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

/// Writes a result, if it has the format; answers whether the reader took it.
fn write(output: &Output, format: OutputFormat, out: &mut dyn Write) -> Result<io::Result<()>> {
    if let Output::Followed(output, text) = output {
        let behind = if format == OutputFormat::Table { format!("\n{text}") } else { String::new() };
        return Ok(write(output, format, out)?.and_then(|()| out.write_all(behind.as_bytes())));
    }
    let picks = !looks().show.columns.is_empty();
    let text = match format {
        OutputFormat::Json | OutputFormat::Ndjson if picks && !matches!(output, Output::None) => return Err(whole()),
        OutputFormat::Json => return Ok(json(output, out)),
        OutputFormat::Ndjson => ndjson(output)?,
        OutputFormat::Csv => values(output)?,
        OutputFormat::Table if picks && !matches!(output, Output::Rows(..) | Output::None) => {
            let csv = if matches!(output, Output::Text(_)) { "" } else { "; --format csv has" };
            return Err(Failure::environment(anyhow!("--columns: this result has no columns{csv}")));
        }
        OutputFormat::Table => people(output)?,
    };
    Ok(out.write_all(text.as_bytes()))
}

/// JSON has no columns to choose from.
pub(crate) fn whole() -> Failure {
    Failure::environment(anyhow!("--columns is for tables and CSV: JSON has every field; give --format table or csv"))
}

fn json(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    match output {
        Output::None | Output::Followed(..) => Ok(()),
        Output::Text(text) => out.write_all(text.as_bytes()),
        Output::Object(map) | Output::Listing(_, map, ..) => write_json(map, out),
        Output::Report(_, answer) => answer.write(out),
        Output::Rows(_, rows) => write_json(rows, out),
    }
}

fn ndjson(output: &Output) -> Result<String> {
    match output {
        Output::None | Output::Followed(..) => Ok(String::new()),
        Output::Text(text) => Ok(text.clone()),
        Output::Object(map) => line(map),
        Output::Report(_, answer) => line(&answer.object()?),
        Output::Rows(_, rows) => rows.iter().map(line).collect(),
        Output::Listing(_, map, _, key) => listed(map, key).into_iter().map(line).collect(),
    }
}

fn values(output: &Output) -> Result<String> {
    let show = &looks().show;
    match output {
        Output::None | Output::Followed(..) => Ok(String::new()),
        Output::Text(text) => Ok(text.clone()),
        Output::Object(map) => values_of(map),
        Output::Report(_, answer) => values_of(&answer.object()?),
        Output::Rows(columns, rows) => {
            Ok(csv(&columns.asked(&show.columns)?, &rows.iter().collect::<Vec<_>>(), show.raw)?)
        }
        Output::Listing(_, map, columns, key) => {
            let fields = if show.columns.is_empty() { columns.clone() } else { picked(columns, &show.columns)? };
            Ok(csv(&fields, &listed(map, key), show.raw)?)
        }
    }
}

/// The cells of one object.
fn values_of(map: &Map<String, Value>) -> Result<String> {
    let show = &looks().show;
    // What is nothing but a list of objects is its rows.
    let rows = match map.iter().next() {
        Some((key, Value::Array(_))) if map.len() == 1 => listed(map, key),
        _ => vec![map],
    };
    let fields: BTreeSet<&str> = rows.iter().flat_map(|row| row.keys()).map(String::as_str).collect();
    let fields: Vec<&str> = fields.into_iter().collect();
    let fields = if show.columns.is_empty() { fields } else { picked(&fields, &show.columns)? };
    Ok(csv(&fields, &rows, show.raw)?)
}

fn people(output: &Output) -> Result<String> {
    match output {
        Output::None | Output::Followed(..) => Ok(String::new()),
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

/// Bytes of JSON that are written at a time.
const JSON_BUFFER: usize = 64 << 10;

/// Writes JSON for people and programs.
fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(JSON_BUFFER, out);
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
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
