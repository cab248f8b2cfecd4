//! What a code host says about a repository.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::Release;
use super::{Class, DOCUMENT_AND_SPELLING, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::Invalid;
use crate::stream::{StreamError, StreamId, StreamKind};
use crate::time::Timestamp;

/// Host facts of a repository were seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepoObserved {
    /// The repository that was asked about.
    pub subject: Subject,
    /// The raw answer, cleaned of e-mail addresses.
    pub document: DocumentRef,
    /// Canonical purl of the name the host answers with; differs from the subject after a rename.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Stars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stars: Option<u64>,
    /// Forks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forks: Option<u64>,
    /// Whether it is private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether it is a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<bool>,
    /// Canonical purl of the repository it was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// Licence expression (SPDX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Description, e-mail addresses replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When something was last pushed to any branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<Timestamp>,
    /// Tag of the latest release: the one the host calls latest, else the newest that is no pre-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_version: Option<String>,
    /// Published releases by tag, sorted by (released, version).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
}

impl Payload for RepoObserved {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = DOCUMENT_AND_SPELLING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        StreamId::new(StreamKind::Repo, &self.subject.id)
    }

    fn source(&self) -> String {
        "repo".to_owned()
    }

    fn document(&self) -> Option<&DocumentRef> {
        Some(&self.document)
    }

    fn subject(&self) -> Option<&Subject> {
        Some(&self.subject)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.subject.check()
    }
}

impl RepoObserved {
    /// Whether nothing is said about the repository.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let Self {
            subject: _,
            document: _,
            full_name,
            stars,
            forks,
            private,
            archived,
            fork,
            parent,
            default_branch,
            license,
            description,
            pushed_at,
            latest_version,
            releases,
        } = self;
        let texts = [full_name, parent, default_branch, license, description, latest_version];
        texts.iter().all(|text| text.is_none())
            && [stars, forks].iter().all(|count| count.is_none())
            && [private, archived, fork].iter().all(|flag| flag.is_none())
            && pushed_at.is_none()
            && releases.is_empty()
    }
}
