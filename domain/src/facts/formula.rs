//! A formula enters the log, and becomes live.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DocumentRef, Lift, NOTHING, Payload, Repetition, Subject};
use crate::checked::Invalid;
use crate::digest::Digest;
use crate::stream::{StreamError, StreamId, StreamKind};

/// A formula document entered the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormulaAdopted {
    /// Name of the formula.
    pub name: String,
    /// Digest of its canonical form.
    pub hash: Digest,
    /// The document, verbatim (TOML).
    pub document: String,
}

impl Payload for FormulaAdopted {
    const CLASS: Class = Class::Decision(StreamKind::Formula);
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        StreamId::new(StreamKind::Formula, &self.name)
    }

    fn source(&self) -> String {
        "adopted".to_owned()
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    /// A formula checks itself when it is read.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// Builds went live. A rollback is the same event naming the former builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormulaPromoted {
    /// Name of the formula that is live from here.
    pub formula: String,
    /// Digest of its canonical form.
    pub hash: Digest,
    /// The projections switched, sorted.
    pub projections: Vec<String>,
    /// Score digest of the build at `position`.
    pub digest: Digest,
    /// Position the build had reached.
    pub position: u64,
}

impl Payload for FormulaPromoted {
    const CLASS: Class = Class::Decision(StreamKind::Atlas);
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    /// The builds of another moment, though all it says may have been said before.
    const REPETITION: Repetition = Repetition::News;
    const TICKS: bool = true;

    fn stream(&self) -> Result<StreamId, StreamError> {
        Ok(StreamId::atlas())
    }

    fn source(&self) -> String {
        "promoted".to_owned()
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    /// Nothing of it is a text that people give.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
