//! Why a value moves: parameters, terms, and the events behind them.

use domain::digest::Digest;
use domain::recorded::Position;
use domain::time::Day;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::parameters::Parameter;

/// Greatest number of reasons given for one change; the last then says how many there are beyond.
pub const MAX_REASONS: usize = 100;

/// Whether something counts only after, or only before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It counts only under the second formula.
    Joined,
    /// It counts only under the first formula.
    Left,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ChangeReason {
    /// A parameter of the formula differs.
    Parameter {
        /// Its path.
        name: String,
        /// Its value before; null where the formula lacks it.
        before: Value,
        /// Its value after.
        after: Value,
    },
    /// Another value of the same vertex moved, and this one is made of it.
    Term {
        /// Its name.
        name: String,
        /// Before.
        before: Value,
        /// After.
        after: Value,
    },
    /// A value of another vertex moved, and this one is made of it.
    Vertex {
        /// The other vertex.
        id: String,
        /// Which value of it.
        metric: String,
        /// Before.
        before: Value,
        /// After.
        after: Value,
    },
    /// Commits of one author count now, or no longer.
    CommitDays {
        /// Which.
        direction: Direction,
        /// The repository.
        repo: String,
        /// The author's pseudonym.
        contributor: Digest,
        /// Position of the git log that speaks for these days.
        position: Option<Position>,
        /// The days, each with the commits that count.
        days: Vec<(Day, u64)>,
    },
    /// A dependent counts now, or no longer.
    Dependent {
        /// Which.
        direction: Direction,
        /// The dependent.
        id: String,
        /// What changed about it: `reach`, `active`, `counting`, `sibling`.
        by: &'static str,
        /// The events that claim its dependencies, or those behind its project's status.
        positions: Vec<Position>,
    },
    /// A signal of adoption is weighed otherwise.
    Signal {
        /// Which.
        signal: &'static str,
        /// The repository.
        repo: String,
        /// Its value.
        value: u64,
        /// The events that say so.
        positions: Vec<Position>,
    },
    /// An event that decides the status under one of the formulas.
    Event {
        /// What it says.
        says: String,
        /// Where it is.
        position: Position,
    },
    /// There are more reasons than are given.
    More {
        /// How many more.
        count: u64,
    },
}

impl From<Parameter> for ChangeReason {
    fn from(parameter: Parameter) -> Self {
        Self::Parameter { name: parameter.path, before: parameter.before, after: parameter.after }
    }
}

/// Keeps the first [`MAX_REASONS`] and says how many there are beyond.
pub(super) fn bounded(mut reasons: Vec<ChangeReason>, beyond: u64) -> Vec<ChangeReason> {
    let over = reasons.len().saturating_sub(MAX_REASONS);
    reasons.truncate(MAX_REASONS);
    let count = over as u64 + beyond;
    if count > 0 {
        reasons.push(ChangeReason::More { count });
    }
    reasons
}
