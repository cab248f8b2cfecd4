//! `why`.

use std::fmt::Write as _;

use anyhow::anyhow;
use serde_json::{Map, Value};

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::gap;
use crate::cli::output::{Output, OutputFormat, object};
use crate::cli::session;
use crate::service::ask::why::{WhyAnswer, WhyQuery, why};

/// Entries of a list that a person is shown.
const SHOWN: usize = 12;

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
    let mut text = told.sentences.join("\n");
    text.push('\n');
    let counts = told.counts.iter().map(|named| {
        let name = named.name.as_ref().map_or_else(|| short(&named.part.id), String::clone);
        let value = if named.part.value.is_null() { String::new() } else { format!("{}: ", plain(&named.part.value)) };
        (name, format!("{value}{}", named.part.reason))
    });
    list(&mut text, "What counts", told.counts.len(), counts);
    let left = told.does_not_count.iter().map(|part| (short(&part.id), part.reason.clone()));
    list(&mut text, "What does not count", told.does_not_count.len(), left);
    let missing = told.missing.iter().map(|gap| (gap.to_string(), gap::command(gap)));
    list(&mut text, "What nobody has said yet", told.missing.len(), missing);
    // Writing to a String cannot fail.
    let _ = match told.events.len() {
        0 => Ok(()),
        count => writeln!(
            text,
            "\n{} at position {}, formula {}; proofs: pg-atlas audit explain {} {}",
            if count == 1 { "1 event is behind it".to_owned() } else { format!("{count} events are behind it") },
            told.position,
            told.formula,
            gap::quoted(&told.id),
            told.metric
        ),
    };
    text
}

/// Entries of two lines, under a heading; nothing where there are none.
fn list(text: &mut String, heading: &str, count: usize, entries: impl Iterator<Item = (String, String)>) {
    if count == 0 {
        return;
    }
    let _ = writeln!(text, "\n{heading}");
    entries.take(SHOWN).for_each(|(id, reason)| {
        let _ = writeln!(text, "  {id}\n      {reason}");
    });
    if count > SHOWN {
        let _ = writeln!(text, "  and {} more (--format json)", count - SHOWN);
    }
}

/// A value within a line.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A pseudonym as people tell them apart; everything else as it is.
fn short(id: &str) -> String {
    let digest = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digest { format!("{}…", &id[..12]) } else { id.to_owned() }
}
