//! A formula enters the log, and becomes live.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

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
