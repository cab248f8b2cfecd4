//! The log's own affairs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Class, DocumentRef, Lift, NOTHING, Payload, Repetition, Subject};
use crate::checked::{Invalid, again};
use crate::digest::Digest;
use crate::stream::{StreamError, StreamId, StreamKind};

/// Scores were published under a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoresPublished {
    /// The label; used once.
    pub label: String,
    /// Position the scores were evaluated at.
    pub position: u64,
    /// Root of the Merkle tree over the events up to that position.
    pub root: Digest,
    /// Name of the formula.
    pub formula: String,
    /// Digest of its canonical form.
    pub formula_hash: Digest,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state the scores rest on.
    pub state_digest: Digest,
    /// Digest of the set of quarantined positions.
    pub quarantine_digest: Digest,
    /// Versions of the families of projections that the digests rest on, by name. A family that is not named here had
    /// version 1: those who published in version 1 of this event knew no other.
    pub families: BTreeMap<String, u32>,
}

impl ScoresPublished {
    /// What the source of a publication begins with; its label follows.
    pub(crate) const SOURCES: &str = "published/";

    /// The version of a family that the digests rest on.
    #[must_use]
    pub fn family(&self, name: &str) -> u32 {
        self.families.get(name).copied().unwrap_or(1)
    }
}

/// Version 1 named no families.
fn without_families(mut payload: Map<String, Value>) -> Map<String, Value> {
    payload.insert("families".to_owned(), Value::Object(Map::new()));
    payload
}

impl Payload for ScoresPublished {
    const CLASS: Class = Class::Decision(StreamKind::Atlas);
    const LIFTS: &'static [Lift] = &[without_families];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = true;

    fn stream(&self) -> Result<StreamId, StreamError> {
        Ok(StreamId::atlas())
    }

    fn source(&self) -> String {
        format!("{}{}", Self::SOURCES, self.label)
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        again::label(&self.label)
    }
}

/// An event is skipped by every fold, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuarantined {
    /// Position of the event.
    pub position: u64,
    /// Why.
    pub reason: String,
    /// True when an earlier quarantine is taken back.
    pub lifted: bool,
}

impl Payload for EventQuarantined {
    const CLASS: Class = Class::Decision(StreamKind::Atlas);
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        Ok(StreamId::atlas())
    }

    fn source(&self) -> String {
        format!("quarantined/{}", self.position)
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        again::reason(&self.reason)
    }
}

/// A payload was erased; its leaf stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayloadErased {
    /// Position of the event.
    pub position: u64,
    /// Digest of the erased bytes.
    pub payload_sha256: Digest,
    /// Why.
    pub reason: String,
}

impl Payload for PayloadErased {
    const CLASS: Class = Class::Decision(StreamKind::Atlas);
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        Ok(StreamId::atlas())
    }

    fn source(&self) -> String {
        format!("erased/{}", self.position)
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        again::reason(&self.reason)
    }
}
