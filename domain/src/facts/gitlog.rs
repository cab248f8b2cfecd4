//! What a repository's history says: who committed how much on which day, under pseudonyms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::Invalid;
use crate::digest::Digest;
use crate::stream::{StreamError, StreamId, StreamKind};
use crate::time::{Day, Timestamp};

/// The history of a repository's default branch was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitLogObserved {
    /// The repository.
    pub subject: Subject,
    /// The pseudonymised log.
    pub document: DocumentRef,
    /// Public id of the key behind the pseudonyms. Pseudonyms of two keys never meet: one person counts as two.
    pub pseudonym_key: String,
    /// First whole day covered, author dates, UTC. Absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Last whole day covered.
    pub to: Day,
    /// Author time of the newest commit up to the end of `to`: anybody's, merges too, also one older than `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Timestamp>,
    /// Authors with commits in the covered days, sorted by pseudonym.
    pub authors: Vec<Author>,
    /// Commits by author and day, sorted by (author, day); no row without commits.
    pub days: Vec<AuthorDay>,
    /// Commits without an e-mail address, so without an author, by day, ascending; no row without commits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsigned: Vec<UnsignedDay>,
}

impl Payload for GitLogObserved {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    /// The range that was covered may grow without a commit.
    const RETOLD: &'static [&'static [&'static str]] =
        &[&["document"], &["subject", "spelled"], &["from"], &["to"], &["latest"], &["pseudonym_key"]];
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        StreamId::new(StreamKind::Repo, &self.subject.id)
    }

    fn source(&self) -> String {
        "git-log".to_owned()
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

/// Somebody who authored commits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Keyed hash of the normalised e-mail address.
    pub pseudonym: Digest,
    /// Whether the rules of identity call it a bot.
    pub bot: bool,
    /// First author time in the covered days.
    pub first: Timestamp,
    /// Last author time in the covered days.
    pub last: Timestamp,
}

/// Commits of one author on one UTC day of the author date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorDay {
    /// Index into the authors.
    pub author: u32,
    /// The day.
    pub day: Day,
    /// Commits, merges included.
    pub commits: u32,
    /// Of these, merges.
    pub merges: u32,
}

/// Commits of nobody on one UTC day of the author date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsignedDay {
    /// The day.
    pub day: Day,
    /// Commits, merges included.
    pub commits: u32,
    /// Of these, merges.
    pub merges: u32,
}
