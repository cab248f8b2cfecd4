//! `why`.

use std::fmt::Write as _;

use anyhow::anyhow;
use serde_json::{Map, Value};

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::gap;
use crate::cli::output::cell::{self, indented};
use crate::cli::output::{Output, OutputFormat, object};
use crate::cli::session;
use crate::service::ask::why::{WhyAnswer, WhyQuery, why};

/// Entries of a list that a person is shown.
const SHOWN: usize = 12;
/// Blanks in front of what is said of an entry.
const INDENT: usize = 6;

/// `why`: an object where a metric is named, else an array with one object a metric.
pub(crate) async fn run(common: &Common, asked: &WhyQuery) -> Result<Output> {
    let format = OutputFormat::or_default(common.format);
    if format == OutputFormat::Csv {
        let reason = "sentences have no columns: `why` answers with --format table, json or ndjson";
        return Err(Failure::environment(anyhow!(reason)));
    }
    let told = why(&session::deps(common)?, asked).await?;
    if format == OutputFormat::Table {
        return Ok(Output::Text(told.iter().map(text).collect::<Vec<_>>().join("\n")));
    }
    let mut objects = told.iter().map(written).collect::<Result<Vec<_>>>()?;
    Ok(match (asked.metric.is_some(), objects.len()) {
        (true, 1) => Output::Object(objects.remove(0)),
        _ => Output::of_columns(Vec::new(), objects),
    })
}

/// An answer for programs.
fn written(told: &WhyAnswer) -> Result<Map<String, Value>> {
    let mut object = object(serde_json::to_value(told).map_err(Failure::refused)?);
    object.insert("missing".to_owned(), gap::missing(&told.missing));
    Ok(object)
}

/// An answer for people.
fn text(told: &WhyAnswer) -> String {
    let mut text: String = told.sentences.iter().map(|sentence| indented(sentence, 0)).collect();
    let counts = told.counts.iter().map(|named| {
        let name = named.name.as_ref().map_or_else(|| cell::short(&named.part.id).to_owned(), String::clone);
        let value =
            if named.part.value.is_null() { String::new() } else { cell::flat(&named.part.value, &[", "]) + ": " };
        (name, indented(&format!("{value}{}", named.part.reason), INDENT))
    });
    list(&mut text, "What counts", told.counts.len(), counts);
    let left =
        told.does_not_count.iter().map(|part| (cell::short(&part.id).to_owned(), indented(&part.reason, INDENT)));
    list(&mut text, "What does not count", told.does_not_count.len(), left);
    let missing = told.missing.iter().map(|gap| (gap.to_string(), gap::pasted(&gap::command(gap), INDENT) + "\n"));
    list(&mut text, "What nobody has said yet", told.missing.len(), missing);
    let events = match told.events.len() {
        0 => return text,
        1 => "1 event is behind it".to_owned(),
        count => format!("{count} events are behind it"),
    };
    let proofs = gap::pasted(&format!("pg-atlas audit explain {} {}", gap::quoted(&told.id), told.metric), INDENT);
    // Writing to a String cannot fail.
    let _ =
        writeln!(text, "\n{events} at position {}, formula {}; their proofs:\n{proofs}", told.position, told.formula);
    text
}

/// Entries of two lines, under a heading; nothing where there are none.
fn list(text: &mut String, heading: &str, count: usize, entries: impl Iterator<Item = (String, String)>) {
    if count == 0 {
        return;
    }
    let _ = writeln!(text, "\n{heading}");
    entries.take(SHOWN).for_each(|(id, reason)| {
        let _ = write!(text, "{}{reason}", indented(&id, 2));
    });
    if count > SHOWN {
        let _ = writeln!(text, "  and {} more (--format json)", count - SHOWN);
    }
}
