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
pub mod survey;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

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

/// The repository an ingestion is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Canonical purl.
    pub id: String,
    /// Owner and name in the caller's spelling, for display.
    pub spelled: String,
    /// The project the caller says it belongs to (`--project`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
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
