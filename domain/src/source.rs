//! Which stream and source an event belongs to, what "the same again" means, and what a stream remembers to tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::canonical::{self, CanonicalError};
use crate::digest::Digest;
use crate::event::Event;
use crate::facts::DocumentRef;
use crate::facts::curation::Correction;
use crate::facts::grant::GrantRecord;
use crate::formula::{self, FormulaError};
use crate::stream::{StreamError, StreamId, StreamKind};

/// Greatest number of sources one stream remembers.
pub const MAX_SOURCES_PER_STREAM: usize = 100_000;

/// A project name in the form in which two names are compared: NFC, trimmed, white space folded, lower-cased.
#[must_use]
pub fn normalised_name(name: &str) -> String {
    // NFC leaves ASCII as it is, at many times the price of all else.
    let composed = |text: &str| if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
    let words: Vec<String> = composed(name).split_whitespace().map(str::to_lowercase).collect();
    composed(&words.join(" "))
}

impl Event {
    /// The stream the event belongs to.
    ///
    /// # Errors
    /// When the facts name nothing a stream can be called by.
    pub fn stream(&self) -> Result<StreamId, StreamError> {
        match self {
            Self::SbomSubmitted(facts) => StreamId::new(StreamKind::Repo, &facts.subject.id),
            Self::GitLogObserved(facts) => StreamId::new(StreamKind::Repo, &facts.subject.id),
            Self::RepoObserved(facts) => StreamId::new(StreamKind::Repo, &facts.subject.id),
            Self::RegistryCrawled(facts) => StreamId::new(StreamKind::Package, &facts.purl),
            Self::SurveyAnswered(facts) => match (&facts.project_id, &facts.project_name) {
                (Some(id), _) => StreamId::new(StreamKind::Project, id),
                (None, name) => StreamId::new(StreamKind::Survey, normalised_name(name.as_deref().unwrap_or(""))),
            },
            Self::GrantObserved(facts) => match &facts.record {
                GrantRecord::Project(record) => StreamId::new(StreamKind::Project, &record.id),
                GrantRecord::Pool(record) => StreamId::new(StreamKind::Round, &record.id),
                GrantRecord::Application(record) => StreamId::new(StreamKind::Project, &record.project_id),
            },
            Self::Curated(facts) => match &facts.correction {
                Correction::Membership { repo, .. } => StreamId::new(StreamKind::Repo, repo),
                Correction::Publication { package, .. } => StreamId::new(StreamKind::Package, package),
                // An owner has no stream of its own, and its project may change: one stream keeps their order.
                Correction::Owner { .. } => Ok(StreamId::atlas()),
                Correction::SurveyName { name, .. } => StreamId::new(StreamKind::Survey, name),
                Correction::Project { project, .. } => StreamId::new(StreamKind::Project, project),
            },
            Self::FormulaAdopted(facts) => StreamId::new(StreamKind::Formula, &facts.name),
            Self::FormulaPromoted(_)
            | Self::ScoresPublished(_)
            | Self::EventQuarantined(_)
            | Self::PayloadErased(_) => Ok(StreamId::atlas()),
        }
    }

    /// The source within the stream: events of one source supersede, or repeat, one another.
    #[must_use]
    pub fn source(&self) -> String {
        match self {
            Self::SbomSubmitted(_) => "sbom".to_owned(),
            Self::GitLogObserved(_) => "git-log".to_owned(),
            Self::RepoObserved(_) => "repo".to_owned(),
            Self::RegistryCrawled(_) => "registry".to_owned(),
            Self::SurveyAnswered(facts) => format!("survey/{}", facts.answered_at),
            Self::GrantObserved(facts) => match &facts.record {
                GrantRecord::Project(record) => format!("project/{}", record.id),
                GrantRecord::Pool(record) => format!("pool/{}", record.id),
                GrantRecord::Application(record) => format!("application/{}", record.id),
            },
            Self::Curated(facts) => match &facts.correction {
                Correction::Membership { .. } => "curated/membership".to_owned(),
                Correction::Publication { .. } => "curated/publication".to_owned(),
                Correction::Owner { host, owner, .. } => format!("curated/owner/{host}/{owner}"),
                Correction::SurveyName { .. } => "curated/survey-name".to_owned(),
                Correction::Project { field, .. } => format!("curated/{field:?}").to_lowercase(),
            },
            Self::FormulaAdopted(_) => "adopted".to_owned(),
            Self::FormulaPromoted(_) => "promoted".to_owned(),
            Self::ScoresPublished(facts) => format!("published/{}", facts.label),
            Self::EventQuarantined(facts) => format!("quarantined/{}", facts.position),
            Self::PayloadErased(facts) => format!("erased/{}", facts.position),
        }
    }

    /// The raw document the facts were read from; what was decided here has none.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentRef> {
        match self {
            Self::SbomSubmitted(facts) => Some(&facts.document),
            Self::GitLogObserved(facts) => Some(&facts.document),
            Self::RepoObserved(facts) => Some(&facts.document),
            Self::RegistryCrawled(facts) => Some(&facts.document),
            Self::SurveyAnswered(facts) => Some(&facts.document),
            Self::GrantObserved(facts) => Some(&facts.document),
            Self::Curated(_)
            | Self::FormulaAdopted(_)
            | Self::FormulaPromoted(_)
            | Self::ScoresPublished(_)
            | Self::EventQuarantined(_)
            | Self::PayloadErased(_) => None,
        }
    }

    /// Digest of what the event says, without what may differ between two tellings of the same facts: the raw
    /// document and parser, the caller's spelling, the range a git log covers.
    ///
    /// # Errors
    /// When the facts have no canonical form.
    pub fn semantic_digest(&self) -> Result<Digest, CanonicalError> {
        let without: &[&[&str]] = match self {
            // A formula is its document; everywhere else the document is where the facts were read.
            Self::FormulaAdopted(_) => &[&["subject", "spelled"]],
            Self::GitLogObserved(_) => {
                &[&["document"], &["subject", "spelled"], &["from"], &["to"], &["latest"], &["pseudonym_key"]]
            }
            _ => &[&["document"], &["subject", "spelled"]],
        };
        Ok(Digest::of(&canonical::to_vec_without(self, without)?))
    }
}

/// What a stream remembers: enough to decide the next append without reading a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// Sequence of the stream's latest event; 0 before the first.
    #[serde(default)]
    pub sequence: u64,
    /// The latest event of each source.
    #[serde(default)]
    pub sources: BTreeMap<String, Latest>,
}

/// The latest event of a source, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// Its semantic digest.
    pub digest: Digest,
    /// Its sequence in the stream.
    pub sequence: u64,
}

/// What to do with an event that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It says something new.
    Append,
    /// It repeats the latest event of its source, which has this sequence.
    Duplicate {
        /// Sequence of the event it repeats.
        sequence: u64,
    },
}

/// A business "no": nothing is appended.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A label names one publication for ever.
    #[error("the label `{0}` is already published")]
    LabelTaken(String),
    /// A shipped formula is what its program says.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// The stream carries too many sources.
    #[error("stream {0} has more than {MAX_SOURCES_PER_STREAM} sources")]
    TooManySources(String),
}

impl StreamState {
    /// Decides what becomes of an event of `source` with semantic digest `digest`.
    ///
    /// # Errors
    /// When the stream's rules forbid the event.
    pub fn decide(&self, event: &Event, source: &str, digest: &Digest) -> Result<Decision, Refusal> {
        let latest = self.sources.get(source);
        if let Event::FormulaAdopted(facts) = event {
            formula::check_name(&facts.name, &facts.hash)?;
        }
        match (event, latest) {
            (Event::ScoresPublished(facts), Some(_)) => Err(Refusal::LabelTaken(facts.label.clone())),
            (Event::FormulaPromoted(_), _) => Ok(Decision::Append),
            (_, Some(latest)) if latest.digest == *digest => Ok(Decision::Duplicate { sequence: latest.sequence }),
            (_, None) if self.sources.len() >= MAX_SOURCES_PER_STREAM => {
                Err(Refusal::TooManySources(source.to_owned()))
            }
            _ => Ok(Decision::Append),
        }
    }

    /// Remembers the next event of the stream.
    pub fn evolve(&mut self, source: &str, digest: Digest) {
        self.sequence += 1;
        self.sources.insert(source.to_owned(), Latest { digest, sequence: self.sequence });
    }

    /// Moves past an event whose facts cannot be read any more: nothing is remembered of it.
    pub fn pass(&mut self) {
        self.sequence += 1;
    }
}
