//! Software bills of materials: SPDX and CycloneDX documents become [`SbomSubmitted`] facts.
//!
//! `format` tells what a document is and what it is wrapped in; a crate that is kept tells what its bytes are (JSON,
//! XML, YAML); one reader per format lowers that to a `Draft` (entries, references, pairs of references); `lower` makes
//! facts, counts and warnings of any draft. So one graph has the same facts whatever it is written in. A new format is
//! a line in `format` and a reader.
//!
//! Documents are read tolerantly. What is wrong in one field is a warning with its place; what cannot be read without
//! guessing (no format, no version, broken syntax, a name given twice in one object) is refused as a whole.

use domain::facts::sbom::SbomSubmitted;
use domain::facts::{DocumentRef, Subject};
use serde_json::json;

use self::format::{Detected, Format, FormatNote, Syntax};
use super::{Reading, Reads, Refused, SourceKind, encoding};

pub mod contract;
mod cyclonedx;
mod draft;
mod format;
mod json;
mod lower;
mod patents;
mod spdx2;
mod spdx3;
#[cfg(test)]
mod tests;
mod warning;
mod xml;
mod yaml;

pub use warning::{MAX_WARNINGS, Warning};

/// Bills of materials.
pub const KIND: SourceKind = SourceKind {
    name: "sbom",
    documents: "A bill of materials: SPDX 2.2, 2.3 and 3.0.1, CycloneDX 1.0 to 1.7; one event",
    answer: &["format", "format_version", "packages", "dependencies", "root_dependencies", "vertices", "edges"],
    pseudonymous: false,
    publishing: true,
    reads: Reads::Repository(|document, subject, options| {
        let read = parse_publishing(&document, subject, options.publishes.clone());
        read.map(|read| reading(read, document))
    }),
};
/// What the formats are written in and how they are told, for people.
pub const FORMATS: &str = "SPDX 2 in JSON, XML, YAML or tag-value, SPDX 3.0.1 in JSON-LD, CycloneDX in XML or, from \
                           1.2 on, JSON; told by content, whatever the file is called. A document inside of an in-toto \
                           statement, a DSSE envelope or an export is unwrapped.";
/// Name and version of this parser, kept with every event. It changes when the same document gives other facts.
pub const PARSER: &str = "sbom/2";
/// Greatest number of entries (packages, components, services) in one document.
pub const MAX_ENTRIES: usize = 1_000_000;
/// Greatest number of dependency relations in one document, and of elements in any one list that is read.
pub const MAX_RELATIONS: usize = 2_000_000;
/// Nesting of arrays and objects, or of elements, in levels, at which a document is refused.
pub const NESTING_LIMIT: usize = 128;
/// How often a document may be wrapped as text in another.
pub const MAX_WRAPPERS: usize = 4;
/// Greatest length of a package's name or group, in bytes; a longer one is cut.
pub const MAX_NAME_BYTES: usize = 512;
/// Greatest length of a package's version, in bytes; a longer one is no version.
pub const MAX_VERSION_BYTES: usize = 512;

/// A document as read: the facts, and what the answer to its submission says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What the event will hold.
    pub facts: SbomSubmitted,
    /// `SPDX-JSON`, `SPDX-XML`, `SPDX-YAML`, `SPDX-TV`, `SPDX3-JSONLD`, `CycloneDX-JSON` or `CycloneDX-XML`.
    pub format: String,
    /// Version of the format, for example `2.3`.
    pub format_version: String,
    /// Package entries as written; neither CycloneDX's `metadata.component` nor services.
    pub packages: usize,
    /// Distinct ordered pairs of references as written; dangling, service and self pairs included.
    pub dependencies: usize,
    /// Packages that the subject depends on directly, on canonical ids.
    pub root_dependencies: usize,
    /// Canonical ids of the document, the subject's included.
    pub vertices: usize,
    /// Edges between canonical ids: root edges and package-to-package edges.
    pub edges: usize,
    /// What was odd, at most [`MAX_WARNINGS`] and a count of the rest.
    pub warnings: Vec<Warning>,
}

/// Reads a document (decompressed bytes, as `input::read` gives them) about `subject`.
///
/// # Errors
/// When the document is of no known format or version, is broken, or exceeds a limit; the refusal says which and where.
pub fn parse(bytes: &[u8], subject: Subject) -> Result<Parsed, Refused> {
    parse_publishing(bytes, subject, Vec::new())
}

/// The same, of a subject from which these packages are said to be published.
fn parse_publishing(bytes: &[u8], subject: Subject, publishes: Vec<String>) -> Result<Parsed, Refused> {
    let decoded = encoding::decode(bytes)?;
    let mut notes = Vec::new();
    if decoded.utf16 {
        notes.push(("document".to_owned(), encoding::WAS_UTF16.to_owned()));
    }
    read(&decoded.text, 0, notes, bytes, (subject, publishes)).map_err(|refused| match decoded.utf16 {
        true => Refused { reason: format!("{}; it is text in UTF-16", refused.reason), ..refused },
        false => refused,
    })
}

/// Reads a text that was wrapped so often, unwrapping what it is wrapped in.
fn read(
    text: &str,
    wrapped: usize,
    mut notes: Vec<FormatNote>,
    bytes: &[u8],
    about: (Subject, Vec<String>),
) -> Result<Parsed, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (format, path, note) = match format::detect(text)? {
        Detected::Document { format, path, note } => (format, path, note),
        Detected::Wrapper { text, note } => {
            if wrapped == MAX_WRAPPERS {
                return Err(Refused::at(note.0, format!("wrapped more than {MAX_WRAPPERS} times")));
            }
            let place = note.0.clone();
            notes.push(note);
            return read(&text, wrapped + 1, notes, bytes, about)
                .map_err(|refused| Refused::at(place, refused.to_string()));
        }
    };
    let mut draft = match format {
        Format::Spdx2 { syntax: Syntax::Xml, .. } => spdx2::read_xml(text)?,
        Format::Spdx2 { syntax: Syntax::Yaml, .. } => spdx2::read_yaml(text)?,
        Format::Spdx2 { syntax: Syntax::TagValue, .. } => spdx2::read_tag_value(text)?,
        Format::Spdx2 { syntax: Syntax::Json, .. } => spdx2::read_json(text, &path)?,
        Format::Spdx3 => spdx3::read(text, &path)?,
        Format::CycloneDx { minor, syntax: Syntax::Xml } => cyclonedx::read_xml(text, minor)?,
        Format::CycloneDx { minor, .. } => cyclonedx::read_json(text, &path, minor)?,
    };
    for (place, said) in notes.into_iter().chain(note) {
        draft.warnings.tally(place, said);
    }
    let document = DocumentRef {
        sha256: domain::digest::Digest::of(bytes),
        bytes: bytes.len() as u64,
        format: format.name().to_owned(),
        format_version: Some(format.version()),
        parser: PARSER.to_owned(),
    };
    let (subject, publishes) = about;
    Ok(draft.lower(subject, document, publishes))
}

fn reading(read: Parsed, document: Vec<u8>) -> Reading {
    let summary = json!({
        "format": read.format,
        "format_version": read.format_version,
        "packages": read.packages,
        "dependencies": read.dependencies,
        "root_dependencies": read.root_dependencies,
        "vertices": read.vertices,
        "edges": read.edges,
    });
    Reading::of_one(read.facts, document, read.warnings.iter().map(ToString::to_string).collect(), summary)
}
