//! What a software bill of materials says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DOCUMENT_AND_SPELLING, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::{Invalid, again};
use crate::purl;
use crate::stream::{StreamError, StreamId, StreamKind};

/// An SBOM arrived for a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SbomSubmitted {
    /// The repository the document is about.
    pub subject: Subject,
    /// The raw document.
    pub document: DocumentRef,
    /// False when the document lists no packages: such a snapshot adds claims but retires none.
    pub complete: bool,
    /// Distinct packages, sorted; the indices below point into this list. The described root is one of them, and so is
    /// the subject by its own id where the document as such is an end of a relation.
    pub packages: Vec<Package>,
    /// Packages the document describes, ascending. Exactly one: that package is the subject.
    pub described: Vec<u32>,
    /// Directed pairs (dependent, dependency), distinct, sorted.
    pub relations: Vec<(u32, u32)>,
    /// Canonical versionless purls of packages that are published from the subject, as whoever submits it says
    /// (`--package`); distinct, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<String>,
}

impl Payload for SbomSubmitted {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = DOCUMENT_AND_SPELLING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        StreamId::new(StreamKind::Repo, &self.subject.id)
    }

    fn source(&self) -> String {
        "sbom".to_owned()
    }

    fn document(&self) -> Option<&DocumentRef> {
        Some(&self.document)
    }

    fn subject(&self) -> Option<&Subject> {
        Some(&self.subject)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.subject.check()?;
        let subject = &self.subject.id;
        let fits = |id: &String| again::package(id).is_ok() && !purl::is_private_to_another(id, subject);
        let all = self.publishes.iter().all(fits);
        let sorted = self.publishes.windows(2).all(|pair| pair[0] < pair[1]);
        if all && sorted { Ok(()) } else { Err(again::otherwise("package")) }
    }
}

/// A package as listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Canonical versionless purl, when the document gives a usable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// What tells packages of one name apart where there is no purl, segments separated by slashes (CycloneDX `group`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Name as written.
    pub name: String,
    /// Version as written, or from the purl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}
