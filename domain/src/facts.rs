//! The payload of every event: facts as parsed, never a derived value (no score, status or resolved id).
//!
//! Fields are plain text, booleans, integers within 2^53 and lists; an absent field is left out of the bytes, so a
//! later version may add optional fields without a new shape.

pub mod curation;
pub mod formula;
pub mod gitlog;
pub mod grant;
pub mod log;
pub mod registry;
pub mod repo;
pub mod sbom;
mod subject;
pub mod survey;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::checked::Invalid;
use crate::digest::Digest;
use crate::stream::{StreamError, StreamId, StreamKind};

pub use subject::Subject;

/// What a payload says of itself: everything that the log, its readers and the folds ask of an event besides its facts.
/// Nothing here has a default, so a new kind of event answers every question before it compiles.
pub trait Payload: Sized {
    /// What the event is to those who read the log.
    const CLASS: Class;
    /// From each older shape of the payload to the next, oldest first: as many as there are older shapes.
    const LIFTS: &'static [Lift];
    /// Paths of what two tellings of the same facts may differ in; "the same again" leaves them out.
    const RETOLD: &'static [&'static [&'static str]];
    /// What the same again of one source is.
    const REPETITION: Repetition;
    /// Whether the scores that stand where it is told are kept in the history; those before a new day always are.
    const TICKS: bool;

    /// The stream the event belongs to.
    ///
    /// # Errors
    /// When the facts name nothing a stream can be called by.
    fn stream(&self) -> Result<StreamId, StreamError>;

    /// The source within the stream: events of one source supersede, or repeat, one another.
    fn source(&self) -> String;

    /// The raw document the facts were read from; what was decided here has none.
    fn document(&self) -> Option<&DocumentRef>;

    /// The repository that it is told about, as whoever told it named it; none where the facts themselves say what they
    /// are about.
    fn subject(&self) -> Option<&Subject>;

    /// Whether what people gave of it is as the checked values make it.
    ///
    /// # Errors
    /// When a field is none of these values.
    fn check(&self) -> Result<(), Invalid>;
}

/// What an event is to those who read the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It states something about the world. Only facts move world time.
    Fact,
    /// Somebody corrects what facts say.
    Correction,
    /// An affair of the log itself, in streams of this kind: read before any fold starts, never erased, and no score
    /// rests on it.
    Decision(StreamKind),
}

/// What an event is that says what the latest of its source said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Nothing new: the log answers with the first.
    Duplicate,
    /// An event like the first, of another moment.
    News,
}

/// Makes a payload of one shape one of the next.
pub type Lift = fn(Map<String, Value>) -> Map<String, Value>;

/// What two tellings of a document's facts may differ in: the document itself, and how the caller spelled its subject.
const DOCUMENT_AND_SPELLING: &[&[&str]] = &[&["document"], &["subject", "spelled"]];
/// What two tellings of a decision may differ in.
const NOTHING: &[&[&str]] = &[];

/// The raw document an event was parsed from, as kept in the artifact store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    /// SHA-256 of the stored bytes.
    pub sha256: Digest,
    /// Length of the stored bytes.
    pub bytes: u64,
    /// What the document is, for example `SPDX-JSON` or `CycloneDX-JSON`.
    pub format: String,
    /// Version of that format as the document states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// Name and version of our parser, for example `sbom/1`.
    pub parser: String,
}

/// What of a payload names its raw document. A formula is its document and names none.
#[derive(Deserialize)]
struct Names {
    document: DocumentRef,
}

/// The raw document that a payload names, whatever else is in it: also of one that this program cannot read.
#[must_use]
pub fn document(payload: &[u8]) -> Option<DocumentRef> {
    serde_json::from_slice::<Names>(payload).ok().map(|names| names.document)
}
