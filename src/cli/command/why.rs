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
/// Columns of a line.
const WIDTH: usize = 80;
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
    let mut text: String = told.sentences.iter().map(|sentence| wrapped(sentence, 0)).collect();
    let counts = told.counts.iter().map(|named| {
        let name = named.name.as_ref().map_or_else(|| short(&named.part.id), String::clone);
        let value = if named.part.value.is_null() { String::new() } else { format!("{}: ", plain(&named.part.value)) };
        (name, wrapped(&format!("{value}{}", named.part.reason), INDENT))
    });
    list(&mut text, "What counts", told.counts.len(), counts);
    let left = told.does_not_count.iter().map(|part| (short(&part.id), wrapped(&part.reason, INDENT)));
    list(&mut text, "What does not count", told.does_not_count.len(), left);
    let missing = told.missing.iter().map(|gap| (gap.to_string(), format!("{:INDENT$}{}\n", "", gap::command(gap))));
    list(&mut text, "What nobody has said yet", told.missing.len(), missing);
    let events = match told.events.len() {
        0 => return text,
        1 => "1 event is behind it".to_owned(),
        count => format!("{count} events are behind it"),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\n{events} at position {}, formula {}; their proofs:\n      pg-atlas audit explain {} {}",
        told.position,
        told.formula,
        gap::quoted(&told.id),
        told.metric
    );
    text
}

/// Entries of two lines, under a heading; nothing where there are none.
fn list(text: &mut String, heading: &str, count: usize, entries: impl Iterator<Item = (String, String)>) {
    if count == 0 {
        return;
    }
    let _ = writeln!(text, "\n{heading}");
    entries.take(SHOWN).for_each(|(id, reason)| {
        let _ = write!(text, "  {id}\n{reason}");
    });
    if count > SHOWN {
        let _ = writeln!(text, "  and {} more (--format json)", count - SHOWN);
    }
}

/// Lines of words that fit, each behind so many blanks. A word that is longer than a line, an id or an address, has
/// one.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut lines, mut column) = (format!("{:indent$}", ""), indent);
    text.split(' ').filter(|word| !word.is_empty()).for_each(|word| {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            let _ = write!(lines, "\n{:indent$}", "");
            column = indent;
        }
        if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    });
    lines + "\n"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_no_word() {
        let text = "a pkg:github/o/n ".repeat(20);
        for indent in [0, INDENT] {
            let lines = wrapped(&text, indent);
            assert!(lines.lines().all(|line| line.len() <= WIDTH && line.starts_with(&" ".repeat(indent))), "{lines}");
            assert_eq!(lines.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
        }
        let long = "x".repeat(100);
        assert_eq!(wrapped(&format!("a {long} b"), 2), format!("  a\n  {long}\n  b\n"));
    }
}
