//! Which stream and source an event belongs to, what "the same again" means, and what a stream remembers to tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{self, CanonicalError};
use crate::checked::{Label, normalised_name};
use crate::digest::Digest;
use crate::event::Event;
use crate::facts::DocumentRef;
use crate::facts::curation::Correction;
use crate::facts::grant::GrantRecord;
use crate::formula::{self, FormulaError};
use crate::stream::{StreamError, StreamId, StreamKind};

/// Greatest number of sources one stream remembers.
pub(crate) const MAX_SOURCES_PER_STREAM: usize = 100_000;
/// What the source of a publication begins with; its label follows.
const PUBLISHED: &str = "published/";

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
            Self::ScoresPublished(facts) => format!("{PUBLISHED}{}", facts.label),
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
pub enum StreamDecision {
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
pub enum BrokenRule {
    /// A label names one publication for ever, and so does every other spelling of it.
    #[error("the label `{label}` is already published{}", as_another(.label, .used))]
    LabelTaken {
        /// The label given.
        label: String,
        /// The one that was used.
        used: String,
    },
    /// A shipped formula is what its program says.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// The stream carries too many sources.
    #[error("stream {0} has more than {MAX_SOURCES_PER_STREAM} sources")]
    TooManySources(String),
}

fn as_another(label: &str, used: &str) -> String {
    if label == used { String::new() } else { format!(", as `{used}`: case and width tell no two labels apart") }
}

impl StreamState {
    /// The label of a publication that is the same to a reader, if there is one. Streams remember labels as they were
    /// written, by whatever program; they are compared here, when one is asked for.
    fn used_label(&self, label: &str) -> Option<&str> {
        let mut used = self.sources.range(PUBLISHED.to_owned()..).map_while(|(s, _)| s.strip_prefix(PUBLISHED));
        used.find(|used| Label::are_one(used, label))
    }

    /// Decides what becomes of an event of `source` with semantic digest `digest`.
    ///
    /// # Errors
    /// When the stream's rules forbid the event.
    pub fn decide(&self, event: &Event, source: &str, digest: &Digest) -> Result<StreamDecision, BrokenRule> {
        let latest = self.sources.get(source);
        if let Event::FormulaAdopted(facts) = event {
            formula::check_name(&facts.name, &facts.hash)?;
        }
        if let Event::ScoresPublished(facts) = event
            && let Some(used) = self.used_label(&facts.label)
        {
            return Err(BrokenRule::LabelTaken { label: facts.label.clone(), used: used.to_owned() });
        }
        match (event, latest) {
            (Event::FormulaPromoted(_), _) => Ok(StreamDecision::Append),
            (_, Some(latest)) if latest.digest == *digest => {
                Ok(StreamDecision::Duplicate { sequence: latest.sequence })
            }
            (_, None) if self.sources.len() >= MAX_SOURCES_PER_STREAM => {
                Err(BrokenRule::TooManySources(source.to_owned()))
            }
            _ => Ok(StreamDecision::Append),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::log::ScoresPublished;

    fn published(label: &str) -> Event {
        let digest = Digest::of(b"x");
        let (root, formula_hash, state_digest, quarantine_digest) = (digest, digest, digest, digest);
        let (label, formula) = (label.to_owned(), "seed".to_owned());
        ScoresPublished { label, position: 1, root, formula, formula_hash, digest, state_digest, quarantine_digest }
            .into()
    }

    /// What a stream remembers of labels as an earlier program wrote them.
    fn remembered(labels: &[&str]) -> StreamState {
        let mut state = StreamState::default();
        for source in ["erased/7", "published", "published0", "quarantined/7"] {
            state.evolve(source, Digest::of(b"another"));
        }
        labels.iter().for_each(|label| state.evolve(&published(label).source(), Digest::of(label.as_bytes())));
        serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap()
    }

    fn decided(state: &StreamState, label: &str) -> Result<StreamDecision, BrokenRule> {
        let event = published(label);
        state.decide(&event, &event.source(), &event.semantic_digest().unwrap())
    }

    #[test]
    fn a_label_is_used_once_in_every_spelling() {
        let state = remembered(&["Q1", " old ", "e\u{301}", "\u{200b}seen"]);
        for (label, used) in [
            ("Q1", "Q1"),
            ("q1", "Q1"),
            ("\u{ff51}1", "Q1"),
            ("OLD", " old "),
            ("\u{c9}", "e\u{301}"),
            ("seen", "\u{200b}seen"),
        ] {
            let taken = BrokenRule::LabelTaken { label: label.to_owned(), used: used.to_owned() };
            assert_eq!(decided(&state, label), Err(taken));
        }
        for label in ["Q2", "q", "", "0", "7"] {
            assert_eq!(decided(&state, label), Ok(StreamDecision::Append), "{label}");
        }
        assert_eq!(
            decided(&state, "q1").unwrap_err().to_string(),
            "the label `q1` is already published, as `Q1`: case and width tell no two labels apart"
        );
        assert_eq!(decided(&state, "Q1").unwrap_err().to_string(), "the label `Q1` is already published");
    }
}
