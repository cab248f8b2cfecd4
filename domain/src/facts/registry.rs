//! What a package registry says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DOCUMENT_AND_SPELLING, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::Invalid;
use crate::stream::{StreamError, StreamId, StreamKind};
use crate::time::Timestamp;

/// A package was looked up in its registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryCrawled {
    /// Canonical versionless purl.
    pub purl: String,
    /// Name in the registry's spelling, for display.
    pub spelled: String,
    /// The registry's answers as one document, cleaned of persons and e-mail addresses.
    pub document: DocumentRef,
    /// The version the registry offers by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_version: Option<String>,
    /// Versions, sorted by (released, version).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
    /// Declared runtime dependencies of the latest version, sorted by purl.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// Repository link, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Licence, as written; an SPDX expression where the registry asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Recent downloads, where the registry counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloads: Option<Downloads>,
    /// What it says of itself, in the registry's short form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its page, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
}

impl Payload for RegistryCrawled {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = DOCUMENT_AND_SPELLING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        StreamId::new(StreamKind::Package, &self.purl)
    }

    fn source(&self) -> String {
        "registry".to_owned()
    }

    fn document(&self) -> Option<&DocumentRef> {
        Some(&self.document)
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    /// A registry's answer holds nothing that people here gave.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl RegistryCrawled {
    /// Downloads in 30 days, rounded down; registries count over windows of different length.
    #[must_use]
    pub fn downloads_30d(&self) -> Option<u64> {
        self.downloads.map(Downloads::per_30_days)
    }
}

/// Downloads as a registry counts them: all versions together, over the days before it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Downloads {
    /// How many.
    pub count: u64,
    /// In how many days.
    pub days: u32,
}

impl Downloads {
    /// The count scaled to 30 days, rounded down; 0 for a window of no days.
    #[must_use]
    pub(crate) fn per_30_days(self) -> u64 {
        let scaled = u128::from(self.count) * 30;
        let scaled = scaled.checked_div(u128::from(self.days)).unwrap_or(0);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

/// A published version of a package, or a release of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// When, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Timestamp>,
    /// Version.
    pub version: String,
}

/// A declared dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// Canonical versionless purl.
    pub purl: String,
    /// Version requirement, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_any_length_compare() {
        assert_eq!(Downloads { count: 100, days: 90 }.per_30_days(), 33);
        assert_eq!(Downloads { count: 100, days: 30 }.per_30_days(), 100);
        assert_eq!(Downloads { count: 100, days: 0 }.per_30_days(), 0);
        assert_eq!(Downloads { count: u64::MAX, days: 1 }.per_30_days(), u64::MAX);
    }
}
