//! Survey answers from a CSV file: header `project_id,project_name,status,answered_at`, one event a row.
//!
//! The four columns may stand in any order. Other columns are not read and lead to a warning. Cells are trimmed, a line
//! break inside of one is white space; rows and trailing cells that are empty are nothing. A malformed row is refused
//! with its line, the others stand. Quotes out of order refuse the file: nobody can tell which rows they join.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use domain::Event;
use domain::digest::Digest;
use domain::facts::DocumentRef;
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::redact;
use domain::time::Timestamp;
use domain::unseen;

use super::quoted::quoted;
use super::{NamedDocument, ReadEvent, Reading, Reads, RecordPlace, Refused, SourceKind, encoding};

mod clean;
mod quotes;
#[cfg(test)]
mod tests;

/// Survey answers.
pub const KIND: SourceKind = SourceKind {
    name: "survey",
    documents: "Survey answers: CSV with project_id,project_name,status,answered_at; one event a row",
    answer: &[],
    pseudonymous: false,
    publishing: false,
    reads: Reads::Records(reading),
};
/// Greatest number of rows in one file.
pub const MAX_ROWS: usize = 1_000_000;
/// Greatest length of one cell, in bytes.
pub const MAX_CELL_BYTES: usize = 1000;
/// Name and version of this parser.
pub const PARSER: &str = "survey/1";
/// What the document is called in events.
pub const FORMAT: &str = "CSV";

const COLUMNS: [&str; 4] = ["project_id", "project_name", "status", "answered_at"];

/// A survey file, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The answers with the line each row starts on (the header is line 1), in the order of the file.
    pub rows: Vec<(u64, SurveyAnswered)>,
    /// The rows that are malformed.
    pub refused: Vec<RefusedRow>,
    /// What is odd but harmless.
    pub warnings: Vec<String>,
    /// The bytes to keep as the raw document: the file without e-mail addresses.
    pub document: Vec<u8>,
}

/// A row that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The line the row starts on; the header is line 1.
    pub row: u64,
    /// The column, and what is wrong with it.
    pub reason: String,
}

/// Reads a survey file.
///
/// # Errors
/// When the file is empty, is no UTF-8, has quotes that are not closed or not doubled, lacks one of the four columns or
/// has more than [`MAX_ROWS`] rows.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Refused> {
    let (bytes, utf16) = encoding::narrow(bytes)?;
    let bytes = &*bytes;
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Refused::at(format!("line {line}"), "not UTF-8: save the file as CSV in UTF-8")
    })?;
    let (mark, table) = match text.strip_prefix('\u{feff}') {
        Some(table) => ("\u{feff}", table),
        None => ("", text),
    };
    let clean = mark.to_owned() + &clean::clean(table);
    let document = DocumentRef {
        sha256: Digest::of(clean.as_bytes()),
        bytes: clean.len() as u64,
        format: FORMAT.to_owned(),
        format_version: None,
        parser: PARSER.to_owned(),
    };
    let content = clean.strip_prefix('\u{feff}').unwrap_or(&clean);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.as_bytes());
    let mut lines = LineCounter { content: content.as_bytes(), at: 0, line: 1 };
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| -> Result<Option<u64>, Refused> {
        let more = reader.read_record(record).map_err(|e| Refused::whole(format!("not CSV: {e}")))?;
        Ok(more.then(|| lines.of(record)))
    };

    if next(&mut record)?.is_none() {
        return Err(Refused::whole(format!("the file is empty; it needs the header {}", COLUMNS.join(","))));
    }
    // A quote that is never closed may have swallowed what the header lacks.
    let mut header = SurveyColumns::read(&record).map_err(|refused| quotes::unclosed(table).unwrap_or(refused))?;
    header.warnings.extend(utf16.then(encoding::was_utf16));
    quotes::check(table)?;
    let mut parsed =
        Parsed { rows: Vec::new(), refused: Vec::new(), warnings: header.warnings.clone(), document: vec![] };
    while let Some(line) = next(&mut record)? {
        if parsed.rows.len() + parsed.refused.len() == MAX_ROWS {
            return Err(Refused::at(format!("line {line}"), format!("more than {MAX_ROWS} rows")));
        }
        if filled(&record) == 0 {
            continue;
        }
        let mut dropped = Vec::new();
        let answer = header.answer(&record, &document, &mut dropped);
        parsed.warnings.extend(dropped.into_iter().map(|warning| format!("row {line}: {warning}")));
        match answer {
            Ok(answer) => parsed.rows.push((line, answer)),
            Err(reason) => parsed.refused.push(RefusedRow { row: line, reason }),
        }
    }
    only_last(&mut parsed);
    if parsed.rows.is_empty() && parsed.refused.is_empty() {
        parsed.warnings.push("document: a header but no rows".to_owned());
    }
    parsed.document = clean.into_bytes();
    Ok(parsed)
}

/// Of several answers of one project for one time the last stands. Rows that say the same are left to the log, which
/// knows the second as a duplicate.
fn only_last(parsed: &mut Parsed) {
    let key = |answer: &SurveyAnswered| {
        let stream = Event::from(answer.clone()).stream().map(|stream| stream.to_string()).unwrap_or_default();
        (stream, answer.answered_at)
    };
    let keys: Vec<_> = parsed.rows.iter().map(|(_, answer)| key(answer)).collect();
    let last: BTreeMap<_, usize> = keys.iter().zip(0..).collect();
    if last.len() == keys.len() {
        return;
    }
    let stands: Vec<(u64, SurveyAnswered)> = keys.iter().map(|key| parsed.rows[last[key]].clone()).collect();
    let rows = std::mem::take(&mut parsed.rows);
    for ((row, answer), (standing, last)) in rows.into_iter().zip(stands) {
        if answer == last {
            parsed.rows.push((row, answer));
        } else {
            let reason = format!("duplicate answer; the last one stands: row {standing}");
            parsed.refused.push(RefusedRow { row, reason });
        }
    }
    parsed.refused.sort_by_key(|refused| refused.row);
}

/// Reads the one file of a submission.
fn reading(files: &[NamedDocument]) -> Result<Reading, Refused> {
    let [(_, bytes)] = files else { return Err(Refused::whole("survey answers are taken one file at a time")) };
    let read = parse(bytes)?;
    let event =
        |(row, facts): (u64, SurveyAnswered)| ReadEvent { event: facts.into(), place: Some(RecordPlace::Row(row)) };
    Ok(Reading {
        events: read.rows.into_iter().map(event).collect(),
        documents: vec![read.document.into()],
        refused: read.refused.into_iter().map(|row| (RecordPlace::Row(row.row), row.reason)).collect(),
        warnings: read.warnings,
        ..Reading::default()
    })
}

/// Where the four columns stand.
struct SurveyColumns {
    at: [usize; 4],
    width: usize,
    warnings: Vec<String>,
}

impl SurveyColumns {
    fn read(record: &StringRecord) -> Result<Self, Refused> {
        let refused = |reason: String| Err(Refused::at("line 1", reason));
        let mut at = [None; 4];
        let mut warnings = Vec::new();
        let width = filled(record);
        for (n, name) in record.iter().map(str::trim).enumerate().take(width) {
            match COLUMNS.iter().position(|column| *column == name) {
                Some(column) if at[column].is_some() => {
                    return refused(format!("the column {name} stands there twice"));
                }
                Some(column) => at[column] = Some(n),
                None => warnings.push(format!("line 1: column {} is not read", quoted(name))),
            }
        }
        match at {
            [Some(id), Some(name), Some(status), Some(answered)] => {
                Ok(Self { at: [id, name, status, answered], width, warnings })
            }
            _ => {
                let missing = COLUMNS.iter().zip(at).filter(|(_, at)| at.is_none()).map(|(column, _)| *column);
                let missing: Vec<&str> = missing.collect();
                // What some spreadsheets write, by the country that they are set to.
                if let Some(other) =
                    [';', '\t'].into_iter().find(|other| record.iter().any(|cell| cell.contains(*other)))
                {
                    let shown = if other == ';' { "`;`" } else { "tabs" };
                    return refused(format!(
                        "the columns are separated by {shown}: save the file again, with commas between its columns"
                    ));
                }
                refused(format!(
                    "the header lacks {}; it must hold {}, separated by commas",
                    missing.join(", "),
                    COLUMNS.join(",")
                ))
            }
        }
    }

    /// The facts of a row, or why it has none.
    fn answer(
        &self,
        record: &StringRecord,
        document: &DocumentRef,
        warnings: &mut Vec<String>,
    ) -> Result<SurveyAnswered, String> {
        let full = filled(record);
        if full > self.width || self.at.iter().any(|at| *at >= record.len()) {
            return Err(format!("{} cells, the header has {}", record.len(), self.width));
        }
        let mut cells = [const { String::new() }; 4];
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = checked(record.get(self.at[column]).unwrap_or_default())
                .map_err(|reason| format!("{}: {reason}", COLUMNS[column]))?;
        }
        let [id, name, status, answered_at] = &cells;
        let id = unseen::shed(COLUMNS[0], id, warnings);
        let name = unseen::shed(COLUMNS[1], name, warnings);
        let (id, name) = (id.trim(), name.trim());
        let given = |cell: &str| (!cell.is_empty()).then(|| cell.to_owned());
        if id.is_empty() && name.is_empty() {
            return Err("project_id, project_name: both are empty".to_owned());
        }
        if id.contains(redact::PLACEHOLDER) {
            return Err("project_id: an e-mail address is no project id".to_owned());
        }
        let answer = SurveyAnswered {
            project_id: given(id),
            project_name: given(name),
            status: status_named(status)?,
            answered_at: Timestamp::parse_time_or_date(answered_at).map_err(|_| {
                format!(
                    "answered_at: {} is no date (2026-01-31) or time (2026-01-31T12:00:00Z) from 1970 to 9999",
                    quoted(answered_at)
                )
            })?,
            document: document.clone(),
        };
        // What cannot be told apart from other projects cannot be kept.
        Event::from(answer.clone()).stream().map_err(|e| format!("project_id, project_name: {e}"))?;
        Ok(answer)
    }
}

/// The number of cells up to the last that is not empty.
fn filled(record: &StringRecord) -> usize {
    record.iter().zip(1..).filter(|(cell, _)| !cell.trim().is_empty()).map(|(_, count)| count).last().unwrap_or(0)
}

/// The cell without white space around it, on one line.
fn checked(cell: &str) -> Result<String, String> {
    if cell.len() > MAX_CELL_BYTES {
        return Err(format!("longer than {MAX_CELL_BYTES} bytes"));
    }
    let lines = cell.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let cell = lines.collect::<Vec<_>>().join(" ");
    if cell.chars().any(char::is_control) {
        return Err(format!("control characters in {}", quoted(&cell)));
    }
    Ok(cell)
}

fn status_named(name: &str) -> Result<SurveyStatus, String> {
    match name {
        "live" => Ok(SurveyStatus::Live),
        "in-dev" => Ok(SurveyStatus::InDev),
        "discontinued" => Ok(SurveyStatus::Discontinued),
        _ => Err(format!("status: {} is not live, in-dev or discontinued", quoted(name))),
    }
}

/// Counts lines up to the start of each record. The reader's own count lags behind after blank lines.
struct LineCounter<'a> {
    content: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line that `record`, the next one read, starts on.
    fn of(&mut self, record: &StringRecord) -> u64 {
        let byte = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        let ends = |at: usize| matches!(self.content.get(at), Some(b'\n' | b'\r'));
        let mut start = byte.max(self.at);
        while ends(start) {
            start += 1;
        }
        for at in self.at..start {
            let lone_return = self.content[at] == b'\r' && self.content.get(at + 1) != Some(&b'\n');
            if self.content[at] == b'\n' || lone_return {
                self.line += 1;
            }
        }
        self.at = start;
        self.line
    }
}
