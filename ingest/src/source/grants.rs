//! Grants records: DAOIP-5 `Project`, `GrantPool` and `GrantApplication` documents, as OpenGrants serves them or on
//! their own. Which is which is told by content, never by the file's name; files and records come in any order.

use std::collections::BTreeMap;

use domain::Event;
use domain::digest::Digest;
use domain::facts::DocumentRef;
use domain::facts::grant::{GrantObserved, GrantRecord};
use domain::grants::{GitUrl, classify_git_url};
use domain::redact;

use self::document::RecordEntry;
use self::fields::Fields;
use super::quoted::quoted;
use super::{NamedDocument, ReadEvent, Reading, Reads, RecordPlace, Refused, SourceKind, encoding};

mod document;
mod expiring;
mod fields;
mod kind;
mod record;
#[cfg(test)]
mod tests;

/// Grants records.
pub const KIND: SourceKind = SourceKind {
    name: "grants",
    documents: "Grants records: DAOIP-5 projects, rounds and applications; one event a record",
    answer: &[],
    pseudonymous: false,
    publishing: false,
    reads: Reads::Records(|files| parse_files(files).map(reading)),
};
/// Greatest number of records in one call, over all files.
pub const MAX_RECORDS: usize = 200_000;
/// Greatest length of a text of one line (a name, a link, a status word), in bytes.
pub const MAX_LINE_BYTES: usize = 4 * 1024;
/// Greatest length of a free text, in bytes.
pub const MAX_PROSE_BYTES: usize = 128 * 1024;
/// Greatest number of links, amounts or rounds in one record.
pub const MAX_LIST: usize = 200;
/// Name and version of this parser.
pub const PARSER: &str = "grants/1";
/// What the documents are called in events.
pub const FORMAT: &str = "DAOIP-5-JSON";

/// Grants files, read to their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The records with their place (`file.json:data[12] (id)`), in the order of the files.
    pub records: Vec<(String, GrantObserved)>,
    /// The records that are malformed, or that a later one of the same id replaces.
    pub refused: Vec<RefusedGrant>,
    /// What is odd but harmless.
    pub warnings: Vec<String>,
    /// For each file the bytes to keep as the raw document: the file without e-mail addresses.
    pub documents: Vec<Vec<u8>>,
}

/// A record that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedGrant {
    /// Where it stands: `file.json:data[12] (id)`.
    pub row: String,
    /// The field, and what is wrong with it.
    pub reason: String,
}

/// Reads grants files: pairs of name (for places in answers) and decompressed bytes.
///
/// # Errors
/// When a file is no UTF-8, no JSON or holds no DAOIP-5 documents, or when there are more than [`MAX_RECORDS`] records.
pub fn parse_files(files: &[NamedDocument]) -> Result<Parsed, Refused> {
    let mut parsed = Parsed { records: vec![], refused: vec![], warnings: vec![], documents: vec![] };
    let mut entries = Vec::new();
    for (name, bytes) in files {
        read_file(name, bytes, &mut entries, &mut parsed)?;
    }
    // Of several records of one kind and id the last stands.
    let mut last = BTreeMap::new();
    for (n, (row, outcome)) in entries.iter().enumerate() {
        if let Ok(facts) = outcome {
            last.insert(key(facts), (n, row.clone()));
        }
    }
    for (n, (row, outcome)) in entries.into_iter().enumerate() {
        match outcome.map(|facts| (last.get(&key(&facts)), facts)) {
            Ok((Some((stands, place)), _)) if *stands != n => {
                parsed
                    .refused
                    .push(RefusedGrant { row, reason: format!("duplicate id; the last one stands: {place}") });
            }
            Ok((_, facts)) => {
                parsed.warnings.extend(unusable_git_urls(&facts).map(|warning| format!("{row}: {warning}")));
                parsed.records.push((row, facts));
            }
            Err(reason) => parsed.refused.push(RefusedGrant { row, reason }),
        }
    }
    Ok(parsed)
}

fn reading(read: Parsed) -> Reading {
    let event = |(place, facts): (String, GrantObserved)| ReadEvent {
        event: facts.into(),
        place: Some(RecordPlace::Named(place)),
    };
    Reading {
        events: read.records.into_iter().map(event).collect(),
        documents: read.documents.into_iter().map(Into::into).collect(),
        refused: read.refused.into_iter().map(|row| (RecordPlace::Named(row.row), row.reason)).collect(),
        warnings: read.warnings,
        ..Reading::default()
    }
}

/// A place and what stands there: facts, or why there are none.
type Outcome = (String, Result<GrantObserved, String>);

fn read_file(name: &str, bytes: &[u8], entries: &mut Vec<Outcome>, parsed: &mut Parsed) -> Result<(), Refused> {
    let (bytes, utf16) = encoding::narrow(bytes).map_err(|refused| Refused::at(name, refused.to_string()))?;
    parsed.warnings.extend(utf16.then(|| format!("{name}: {}", encoding::WAS_UTF16)));
    let text = std::str::from_utf8(&bytes)
        .map_err(|e| Refused::at(name, format!("not UTF-8 after {} bytes", e.valid_up_to())))?;
    let clean = redact::emails_in_json(text);
    let document = DocumentRef {
        sha256: Digest::of(clean.as_bytes()),
        bytes: clean.len() as u64,
        format: FORMAT.to_owned(),
        format_version: None,
        parser: PARSER.to_owned(),
    };
    let content = clean.strip_prefix('\u{feff}').unwrap_or(&clean);
    let file = document::open(content, MAX_RECORDS - entries.len()).map_err(|reason| Refused::at(name, reason))?;
    parsed.warnings.extend(file.warnings.iter().map(|warning| format!("{name}: {warning}")));
    for RecordEntry { path, raw } in file.entries {
        let mut row = if path.is_empty() { name.to_owned() } else { format!("{name}:{path}") };
        let outcome = Fields::open(raw).and_then(|mut fields| {
            if let Some(id) = fields.shown_id() {
                row = format!("{row} ({id})");
            }
            let record = record::read(&mut fields);
            parsed.warnings.extend(fields.warnings().iter().map(|warning| format!("{row}: {warning}")));
            keepable(GrantObserved { record: record?, document: document.clone() })
        });
        entries.push((row, outcome));
    }
    parsed.documents.push(clean.into_owned().into_bytes());
    Ok(())
}

/// The facts, if a stream can be named for them.
fn keepable(facts: GrantObserved) -> Result<GrantObserved, String> {
    Event::from(facts.clone()).stream().map_err(|e| format!("id: {e}"))?;
    Ok(facts)
}

/// What two records must share to be records of one thing.
fn key(facts: &GrantObserved) -> (u8, String) {
    let kind = match &facts.record {
        GrantRecord::Project(_) => 0,
        GrantRecord::Pool(_) => 1,
        GrantRecord::Application(_) => 2,
    };
    (kind, facts.record.id().to_owned())
}

/// Git URLs that name neither a repository nor an owner give no membership.
fn unusable_git_urls(facts: &GrantObserved) -> impl Iterator<Item = String> + '_ {
    let urls = match &facts.record {
        GrantRecord::Project(record) => &record.git_urls[..],
        GrantRecord::Application(record) => &record.git_urls[..],
        GrantRecord::Pool(_) => &[],
    };
    let unusable = urls.iter().filter(|url| classify_git_url(url) == GitUrl::Other);
    unusable.map(|url| format!("{} names no repository and no owner", quoted(url)))
}
