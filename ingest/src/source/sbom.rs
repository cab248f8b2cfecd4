//! Software bills of materials: SPDX and CycloneDX documents become [`SbomSubmitted`] facts.
//!
//! `format` tells what a document is; one reader per format lowers it to a `Draft` (entries, references, pairs of
//! references); `lower` makes facts, counts and warnings of any draft. A new format is a line in `format` and a reader.
//!
//! Documents are read tolerantly. What is wrong in one field is a warning with its place; what cannot be read without
//! guessing (no format, no version, broken JSON, a name given twice in one object) is refused as a whole.

use domain::facts::sbom::SbomSubmitted;
use domain::facts::{DocumentRef, Subject};
use serde_json::json;

use super::{Reading, Reads, Refused, SourceKind};

mod cyclonedx;
mod draft;
mod format;
mod json;
mod lower;
mod patents;
mod spdx2;
#[cfg(test)]
mod tests;
mod warning;

pub use warning::{MAX_WARNINGS, Warning};

/// Bills of materials.
pub const KIND: SourceKind = SourceKind {
    name: "sbom",
    documents: "A bill of materials: SPDX 2.2, 2.3 or CycloneDX 1.2 to 1.7 in JSON; one event",
    answer: &["format", "format_version", "packages", "dependencies", "root_dependencies", "vertices", "edges"],
    pseudonymous: false,
    publishing: true,
    reads: Reads::Repository(|document, subject, options| {
        let read = parse_publishing(&document, subject, options.publishes.clone());
        read.map(|read| reading(read, document))
    }),
};
/// Name and version of this parser, kept with every event. It changes when the same document gives other facts.
pub const PARSER: &str = "sbom/1";
/// Greatest number of entries (packages, components, services) in one document.
pub const MAX_ENTRIES: usize = 1_000_000;
/// Greatest number of dependency relations in one document, and of elements in any one list that is read.
pub const MAX_RELATIONS: usize = 2_000_000;
/// Nesting of arrays and objects, in levels, at which a document is refused.
pub const NESTING_LIMIT: usize = 128;
/// Greatest length of a package's name, in bytes; a longer one is cut.
pub const MAX_NAME_BYTES: usize = 512;
/// Greatest length of a package's version, in bytes; a longer one is no version.
pub const MAX_VERSION_BYTES: usize = 512;

/// A document as read: the facts, and what the answer to its submission says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What the event will hold.
    pub facts: SbomSubmitted,
    /// `SPDX-JSON` or `CycloneDX-JSON`.
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
    let text = json::text(bytes)?;
    let found = format::detect(text)?;
    let draft = match found.format {
        format::Format::Spdx2 { .. } => spdx2::read(text, found.wrapped)?,
        format::Format::CycloneDx { minor } => cyclonedx::read(text, found.wrapped, minor)?,
    };
    let document = DocumentRef {
        sha256: domain::digest::Digest::of(bytes),
        bytes: bytes.len() as u64,
        format: found.format.name().to_owned(),
        format_version: Some(found.format.version()),
        parser: PARSER.to_owned(),
    };
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
