//! What a stream remembers to tell, and what can become of an event that arrives.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;
use crate::event::Event;
use crate::facts::Repetition;
use crate::formula::FormulaError;

/// Longest name under which a source is remembered, in bytes: with kind and id of its stream it fits into a key.
const MAX_SOURCE_BYTES: usize = 1024;

/// What a stream remembers: enough to decide the next append without reading a payload. Of its sources as many as
/// somebody asked for; see [`SourceSpan`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// Sequence of the stream's latest event; 0 before the first.
    #[serde(default)]
    pub sequence: u64,
    /// The latest event of each source, by the name that [`remembered`] gives it.
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
}

fn as_another(label: &str, used: &str) -> String {
    if label == used { String::new() } else { format!(", as `{used}`: case and width tell no two labels apart") }
}

/// The name under which a stream remembers a source: its own, or the digest of one that is too long for a key.
#[must_use]
pub fn remembered(source: &str) -> Cow<'_, str> {
    if source.len() <= MAX_SOURCE_BYTES {
        Cow::Borrowed(source)
    } else {
        Cow::Owned(format!("sha256/{}", Digest::of(source.as_bytes())))
    }
}

/// The sources that a rule looks at, from one to another, both included: what must be remembered of a stream before
/// it can decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceSpan {
    /// The first of them, as remembered.
    pub first: String,
    /// The last.
    pub last: String,
}

impl SourceSpan {
    /// One source alone.
    pub(super) fn of(source: &str) -> Self {
        let name = remembered(source).into_owned();
        Self { first: name.clone(), last: name }
    }
}

impl StreamState {
    /// A stream whose latest event has this sequence, and of whose sources nothing is remembered yet.
    #[must_use]
    pub fn at(sequence: u64) -> Self {
        Self { sequence, sources: BTreeMap::new() }
    }

    /// Whether all that `span` covers is certainly remembered: of one source that is.
    #[must_use]
    pub fn covers(&self, span: &SourceSpan) -> bool {
        span.first == span.last && self.sources.contains_key(&span.first)
    }

    /// The last rule of every stream: what equals the latest of its source says nothing new, unless it is news each
    /// time.
    pub(super) fn told(&self, event: &Event, source: &str, digest: &Digest) -> StreamDecision {
        match (event.event_type().repetition(), self.sources.get(&*remembered(source))) {
            (Repetition::Duplicate, Some(latest)) if latest.digest == *digest => {
                StreamDecision::Duplicate { sequence: latest.sequence }
            }
            (Repetition::Duplicate | Repetition::News, _) => StreamDecision::Append,
        }
    }

    /// Remembers the next event of the stream.
    pub fn evolve(&mut self, source: &str, digest: Digest) {
        self.sequence += 1;
        self.sources.insert(remembered(source).into_owned(), Latest { digest, sequence: self.sequence });
    }

    /// Moves past an event whose facts cannot be read any more: nothing is remembered of it.
    pub fn pass(&mut self) {
        self.sequence += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_of_any_length_has_a_name_that_fits_into_a_key() {
        let longest = "x".repeat(MAX_SOURCE_BYTES);
        assert_eq!(remembered(&longest), longest);
        let (one, other) = (format!("{longest}y"), format!("{longest}z"));
        assert!(remembered(&one).starts_with("sha256/") && remembered(&one).len() < 100);
        assert_ne!(remembered(&one), remembered(&other));
        let mut state = StreamState::default();
        state.evolve(&one, Digest::of(b"facts"));
        assert!(state.covers(&SourceSpan::of(&one)) && !state.covers(&SourceSpan::of(&other)));
    }
}
