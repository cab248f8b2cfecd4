//! Streams: all events about one thing, `kind:id`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Greatest length of a stream's id, in bytes.
pub const MAX_STREAM_ID_BYTES: usize = 1024;

/// What a stream is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// A repository, by purl.
    Repo,
    /// A package of a registry, by versionless purl.
    Package,
    /// A funded project, by its id.
    Project,
    /// Survey answers that name a project without its id, by normalised name.
    Survey,
    /// A funding round, by its id.
    Round,
    /// A formula, by name.
    Formula,
    /// The log's own affairs: promotions, publications, quarantine, erasure. Its id is `log`.
    Atlas,
}

impl StreamKind {
    /// Every kind, in order.
    pub const ALL: [Self; 7] =
        [Self::Repo, Self::Package, Self::Project, Self::Survey, Self::Round, Self::Formula, Self::Atlas];

    /// The word before the colon.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repo => "repo",
            Self::Package => "package",
            Self::Project => "project",
            Self::Survey => "survey",
            Self::Round => "round",
            Self::Formula => "formula",
            Self::Atlas => "atlas",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A text that names no stream.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum StreamError {
    /// No known kind before the first colon.
    #[error("`{0}` names no stream: expected repo:, package:, project:, survey:, round:, formula: or atlas")]
    Kind(String),
    /// Empty, longer than [`MAX_STREAM_ID_BYTES`], or with control characters.
    #[error("the id of a stream is 1 to {MAX_STREAM_ID_BYTES} bytes without control characters")]
    Id,
}

/// Identity of a stream. Text form `kind:id`; the one stream of the log's own affairs is `atlas`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    kind: StreamKind,
    id: String,
}

impl StreamId {
    /// The stream `kind:id`.
    ///
    /// # Errors
    /// When the id is empty, too long or has control characters.
    pub fn new(kind: StreamKind, id: impl Into<String>) -> Result<Self, StreamError> {
        let id = id.into();
        if id.is_empty() || id.len() > MAX_STREAM_ID_BYTES || id.chars().any(char::is_control) {
            return Err(StreamError::Id);
        }
        Ok(Self { kind, id })
    }

    /// The stream of the log's own affairs.
    #[must_use]
    pub fn atlas() -> Self {
        Self { kind: StreamKind::Atlas, id: "log".to_owned() }
    }

    /// Parses `kind:id`, or `atlas`.
    ///
    /// # Errors
    /// When no kind is named or the id is refused.
    pub fn parse(text: &str) -> Result<Self, StreamError> {
        if text == "atlas" {
            return Ok(Self::atlas());
        }
        let (kind, id) = text.split_once(':').ok_or_else(|| StreamError::Kind(text.to_owned()))?;
        let kind = StreamKind::from_name(kind)
            .filter(|kind| *kind != StreamKind::Atlas)
            .ok_or_else(|| StreamError::Kind(text.to_owned()))?;
        Self::new(kind, id)
    }

    /// What the stream is about.
    #[must_use]
    pub fn kind(&self) -> StreamKind {
        self.kind
    }

    /// The part after the colon.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StreamKind::Atlas => f.write_str("atlas"),
            kind => write!(f, "{}:{}", kind.name(), self.id),
        }
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        for text in ["repo:pkg:github/stellar/js-xdr", "project:daoip-5:scf:project:x", "atlas", "survey:some name"] {
            assert_eq!(StreamId::parse(text).unwrap().to_string(), text);
        }
        assert!(StreamId::parse("table:x").is_err());
        assert!(StreamId::parse("repo:").is_err());
        assert!(StreamId::parse("atlas:other").is_err());
    }
}
