//! What every answer says of itself: which position, which formula, and how far the log is.

use domain::digest::Digest;
use domain::recorded::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::resident::Resident;

/// Where an answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StandsAt {
    /// The last position that it is of.
    pub position: Position,
    /// The log's time there; null for an empty log.
    pub recorded_at: Option<Timestamp>,
    /// The formula.
    pub formula: UsedFormula,
    /// The last position of the log, when it was last looked at.
    pub head: Position,
    /// How many events the answer does not know.
    pub lag: u64,
}

/// A formula as answers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UsedFormula {
    /// Its name.
    pub name: String,
    /// Hash of its canonical form.
    pub hash: Digest,
}

impl StandsAt {
    /// An answer from this snapshot, of a log that ends at `head`.
    #[must_use]
    pub fn of(resident: &Resident, head: Position) -> Self {
        let formula = UsedFormula { name: resident.formula.name.clone(), hash: resident.formula_hash };
        let (position, recorded_at) = (resident.position, resident.recorded_at);
        Self { position, recorded_at, formula, head: head.max(position), lag: head.saturating_sub(position) }
    }
}

/// An answer, with where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Standing<T> {
    /// Where it stands.
    pub at: StandsAt,
    /// The answer.
    #[serde(flatten)]
    pub answer: T,
}
