//! The pseudonymised export: what is kept of a git log, and what may be passed on. NDJSON, every line canonical
//! JSON: a header, then one line per author and day, sorted by both.
//!
//! ```json
//! {"format":"pg-atlas-git-log","from":"2024-01-01","latest":"...","pseudonym_key":"0123456789abcdef",
//!  "repo":"pkg:github/o/r","rows":1,"to":"2026-01-01","version":1}
//! {"author":"<64 hexadecimal
//! digits>","bot":false,"commits":3,"day":"2025-05-06","first":"2025-05-06T07:08:09.000000Z",
//!  "last":"2025-05-06T17:00:00.000000Z","merges":1}
//! ```
//!
//! `from` is absent when all history is covered, `latest` when there is no commit. The same history gives the same
//! bytes.

use domain::digest::Digest;
use domain::identity::is_key_id;
use domain::purl::Purl;
use domain::{Day, Timestamp, canonical};
use serde::{Deserialize, Serialize};

use super::error::GitLogError;
use super::history::{Cell, CoveredDays, GitHistory};
use crate::source::Refused;

/// Name of the format.
pub const FORMAT: &str = "pg-atlas-git-log";
/// Version of the format that is written, and the greatest that is read.
pub const VERSION: u32 = 1;
/// Greatest size of an export, in bytes: 256 MiB.
pub const MAX_EXPORT_BYTES: u64 = 256 * 1024 * 1024;

/// A history with what it was read from and under which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Canonical purl of the repository.
    pub repo: String,
    /// Public id of the key behind the pseudonyms.
    pub pseudonym_key: String,
    /// The facts.
    pub history: GitHistory,
}

/// Only what decides how the rest is read; later versions may add what they like.
#[derive(Deserialize)]
struct Version {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportHeader {
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Timestamp>,
    pseudonym_key: String,
    repo: String,
    rows: u64,
    to: Day,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportRow {
    author: Digest,
    bot: bool,
    commits: u32,
    day: Day,
    first: Timestamp,
    last: Timestamp,
    merges: u32,
}

/// Writes an export.
///
/// # Errors
/// When it would be larger than [`MAX_EXPORT_BYTES`].
pub fn render(export: &Export) -> Result<Vec<u8>, GitLogError> {
    let GitHistory { window, latest, cells, bots } = &export.history;
    let mut bytes = Vec::new();
    push(
        &mut bytes,
        &ExportHeader {
            format: FORMAT.to_owned(),
            from: window.from,
            latest: *latest,
            pseudonym_key: export.pseudonym_key.clone(),
            repo: export.repo.clone(),
            rows: cells.len() as u64,
            to: window.to,
            version: VERSION,
        },
    )?;
    for ((author, day), cell) in cells {
        push(
            &mut bytes,
            &ExportRow {
                author: *author,
                bot: bots.contains(author),
                commits: cell.commits,
                day: *day,
                first: cell.first,
                last: cell.last,
                merges: cell.merges,
            },
        )?;
    }
    Ok(bytes)
}

fn push(bytes: &mut Vec<u8>, line: &impl Serialize) -> Result<(), GitLogError> {
    bytes.extend(canonical::to_vec(line).map_err(|error| GitLogError::refused(error.to_string()))?);
    bytes.push(b'\n');
    if bytes.len() as u64 > MAX_EXPORT_BYTES {
        return Err(too_large());
    }
    Ok(())
}

/// Reads an export. Order of lines and spelling of times are free; everything else is checked.
///
/// # Errors
/// When a line is malformed, contradicts another or the header, or lines are missing; the line is named.
pub fn parse_export(bytes: &[u8]) -> Result<Export, GitLogError> {
    if bytes.len() as u64 > MAX_EXPORT_BYTES {
        return Err(too_large());
    }
    let mut lines = bytes.split(|byte| *byte == b'\n').zip(1u64..).filter(|(line, _)| !line.trim_ascii().is_empty());
    let Some((first, number)) = lines.next() else { return Err(GitLogError::refused("the export is empty")) };
    let header = header(first, number)?;
    let mut history = GitHistory::new(CoveredDays { from: header.from, to: header.to });
    history.latest = header.latest;
    let mut people = std::collections::BTreeSet::new();
    let mut rows = 0;
    for (line, number) in lines {
        let row: ExportRow = serde_json::from_slice(line).map_err(|error| at(number, error.to_string()))?;
        row.check(&header).map_err(|reason| at(number, reason))?;
        let cell = Cell { commits: row.commits, merges: row.merges, first: row.first, last: row.last };
        if history.cells.insert((row.author, row.day), cell).is_some() {
            return Err(at(number, "a second line for the same author and day"));
        }
        if row.bot {
            history.bots.insert(row.author);
        } else {
            people.insert(row.author);
        }
        rows += 1;
    }
    if rows != header.rows {
        return Err(GitLogError::refused(format!("the header announces {} lines, there are {rows}", header.rows)));
    }
    if let Some(author) = history.bots.intersection(&people).next() {
        return Err(GitLogError::refused(format!("author {author} is a bot in some lines and none in others")));
    }
    if header.latest.is_none() && rows > 0 {
        return Err(at(number, "`latest` is missing"));
    }
    Ok(Export { repo: header.repo, pseudonym_key: header.pseudonym_key, history })
}

fn header(line: &[u8], number: u64) -> Result<ExportHeader, GitLogError> {
    let version: Version =
        serde_json::from_slice(line).map_err(|_| at(number, format!("no header of a {FORMAT} export")))?;
    if version.format != FORMAT {
        return Err(at(number, format!("the format is `{:.40}`, expected `{FORMAT}`", version.format)));
    }
    if version.version != VERSION {
        let reason = format!("version {} of {FORMAT} is not supported, this program reads {VERSION}", version.version);
        return Err(at(number, reason));
    }
    let header: ExportHeader = serde_json::from_slice(line).map_err(|error| at(number, error.to_string()))?;
    let purl = Purl::parse_repository(&header.repo).map_err(|error| at(number, error.to_string()))?;
    if purl.id != header.repo {
        return Err(at(number, format!("`repo` is not canonical: expected `{}`", purl.id)));
    }
    if !is_key_id(&header.pseudonym_key) {
        return Err(at(number, "`pseudonym_key` is no id of a key"));
    }
    if header.from.is_some_and(|from| from > header.to) {
        return Err(at(number, "`from` is after `to`"));
    }
    if header.latest.is_some_and(|latest| latest.day() > header.to) {
        return Err(at(number, "`latest` is after `to`"));
    }
    Ok(header)
}

impl ExportRow {
    fn check(&self, header: &ExportHeader) -> Result<(), &'static str> {
        let checks = [
            (self.commits >= 1, "`commits` is 0"),
            (self.merges <= self.commits, "more merges than commits"),
            (self.first <= self.last, "`first` is after `last`"),
            (self.first.day() == self.day && self.last.day() == self.day, "`first` and `last` lie on another day"),
            (self.day <= header.to, "the day is after the header's `to`"),
            (header.from.is_none_or(|from| self.day >= from), "the day is before the header's `from`"),
            (header.latest.is_none_or(|latest| self.last <= latest), "`last` is after the header's `latest`"),
        ];
        checks.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(*reason))
    }
}

fn at(line: u64, reason: impl Into<String>) -> GitLogError {
    Refused::at(format!("line {line}"), reason).into()
}

fn too_large() -> GitLogError {
    GitLogError::TooLarge { what: "the export", limit: MAX_EXPORT_BYTES, unit: "bytes" }
}
