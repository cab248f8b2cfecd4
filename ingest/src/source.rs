//! Sources: bytes from the outside become facts. Parsers here know no log and no database.
//!
//! A kind of document is a module with a [`SourceKind`] and a line in [`ALL`]; every way into the log reads by them.

use bytes::Bytes;
use domain::facts::Subject;
use domain::identity::PseudonymKey;
use domain::purl::Purl;
use domain::{Event, Timestamp};
use serde_json::{Map, Value};
use thiserror::Error;

use self::gitlog::Person;

pub mod fetch;
pub mod gitlog;
pub mod grants;
mod quoted;
pub mod registry;
pub mod repo;
pub mod sbom;
pub mod survey;

mod clean;
mod encoding;
mod read;
#[cfg(test)]
mod tests;

/// Every kind of document.
pub const ALL: &[&SourceKind] =
    &[&sbom::KIND, &survey::KIND, &grants::KIND, &repo::KIND, &gitlog::KIND, &registry::KIND];
/// Their names.
pub const NAMES: &[&str] = &{
    let mut names = [""; ALL.len()];
    let mut n = 0;
    while n < ALL.len() {
        names[n] = ALL[n].name;
        n += 1;
    }
    names
};

/// The kind of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static SourceKind> {
    ALL.iter().find(|kind| kind.name == name).copied()
}

/// A kind of document: what it is called, what it holds, how it is read.
#[derive(Debug)]
pub struct SourceKind {
    /// Its name, as commands, batches and addresses have it.
    pub name: &'static str,
    /// What is read, on one line for people.
    pub documents: &'static str,
    /// Keys of a reading's summary, which an answer gives beside the place of the event; none where documents hold
    /// many records, of which an answer counts what became of them.
    pub answer: &'static [&'static str],
    /// Whether it tells of people under pseudonyms, so that the deployment's key matters.
    pub pseudonymous: bool,
    /// Whether packages may be named that are published from what it is about.
    pub publishing: bool,
    /// How it is read, and what has to be known besides.
    pub reads: Reads,
}

/// How documents are read, by what they are about.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// One document about a repository, which is named beside it; one event.
    Repository(fn(Vec<u8>, Subject, &ReadOptions) -> Result<Reading, Refused>),
    /// One document about a package, which is named beside it; one event.
    Package(fn(Vec<u8>, &Purl) -> Result<Reading, Refused>),
    /// Documents that name what they are about themselves; an event for each of their records.
    Records(fn(&[NamedDocument]) -> Result<Reading, Refused>),
}

/// A name, for places in answers, and bytes, decompressed.
pub type NamedDocument = (String, Vec<u8>);

/// What some kinds have to know of the reading itself.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// When the document is seen.
    pub observed_at: Timestamp,
    /// The deployment's pseudonym key, where there is one.
    pub key: Option<PseudonymKey>,
    /// Canonical ids of packages that are said to be published from the repository; distinct, sorted.
    pub publishes: Vec<String>,
}

/// What a document gives.
#[derive(Debug, Default)]
pub struct Reading {
    /// The facts, in the order of the document.
    pub events: Vec<ReadEvent>,
    /// The raw documents, as they are kept; each event names one of them.
    pub documents: Vec<Bytes>,
    /// Names for the side table; never in the log.
    pub people: Vec<Person>,
    /// Records that are malformed: place and reason.
    pub refused: Vec<(RecordPlace, String)>,
    /// What was odd.
    pub warnings: Vec<String>,
    /// What an answer says of the document, under the keys of [`SourceKind::answer`].
    pub summary: Map<String, Value>,
}

/// A fact, and where it stands.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    /// The fact.
    pub event: Event,
    /// Its place, where a document holds many.
    pub place: Option<RecordPlace>,
}

impl From<Event> for ReadEvent {
    fn from(event: Event) -> Self {
        Self { event, place: None }
    }
}

/// The place of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPlace {
    /// The line of a table on which it starts.
    Row(u64),
    /// A name and a path.
    Named(String),
}

impl std::fmt::Display for RecordPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::Named(place) => f.write_str(place),
        }
    }
}

impl Reading {
    /// One fact and the document that it names. `summary` is an object.
    fn of_one(event: impl Into<Event>, document: Vec<u8>, warnings: Vec<String>, summary: Value) -> Self {
        let Value::Object(summary) = summary else { unreachable!("a summary is an object") };
        Self {
            events: vec![ReadEvent::from(event.into())],
            documents: vec![document.into()],
            warnings,
            summary,
            ..Self::default()
        }
    }
}

/// A document that is refused as a whole: nothing of it is kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{reason}", .place.as_deref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct Refused {
    /// Where: a line, a field path, a purl.
    pub place: Option<String>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Refused {
    /// A refusal of the whole document.
    pub fn whole(reason: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into() }
    }

    /// A refusal that can name its place.
    pub fn at(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: Some(place.into()), reason: reason.into() }
    }
}
