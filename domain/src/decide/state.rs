//! What a stream remembers to tell, and what can become of an event that arrives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;
use crate::formula::FormulaError;

/// Greatest number of sources one stream remembers.
pub(crate) const MAX_SOURCES_PER_STREAM: usize = 100_000;

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
    /// The rule of streams of facts, and the last of every other: what equals the latest of its source says nothing
    /// new.
    pub(super) fn told(&self, source: &str, digest: &Digest) -> Result<StreamDecision, BrokenRule> {
        match self.sources.get(source) {
            Some(latest) if latest.digest == *digest => Ok(StreamDecision::Duplicate { sequence: latest.sequence }),
            None if self.sources.len() >= MAX_SOURCES_PER_STREAM => Err(BrokenRule::TooManySources(source.to_owned())),
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
