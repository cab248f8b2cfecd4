//! Formulas are data: a named document of policies and parameters that decides every number.
//!
//! A document is TOML; what is hashed is its canonical form, so comments, order and layout do not matter. No floats:
//! shares are percent, weights are integers. `semantics` names the meaning of the policies; a program that lacks one
//! says so instead of computing something else.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical;
use crate::digest::Digest;

/// The meanings of policies this program knows.
pub const SEMANTICS: u32 = 1;
/// Greatest size of a formula document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// The formula that is live before the first promotion.
pub const DEFAULT: &str = "seed";

/// Documents compiled into the program: (name, TOML).
pub const SHIPPED: [(&str, &str); 3] = [
    ("seed", include_str!("../formulas/seed.toml")),
    ("upstream-0.6", include_str!("../formulas/upstream-0.6.toml")),
    ("atlas-1", include_str!("../formulas/atlas-1.toml")),
];

/// Why a document is no formula.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FormulaError {
    /// Not TOML, an unknown key, a value that is not allowed; the reason names line and allowed values.
    #[error("{0}")]
    Malformed(String),
    /// A value outside its range.
    #[error("{field}: {value} is not in {allowed}")]
    Range {
        /// Path of the field.
        field: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A semantics this program lacks.
    #[error("formula `{name}` needs semantics {needed}; this program knows 1 to {SEMANTICS}")]
    Semantics {
        /// Name of the formula.
        name: String,
        /// The semantics it names.
        needed: u32,
    },
    /// No shipped formula of that name.
    #[error("no formula named `{0}`")]
    Unknown(String),
}

/// A formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// Name: lower-case letters, digits, `.`, `-`, at most 64.
    pub name: String,
    /// Meaning of the policies below.
    pub semantics: u32,
    /// One sentence for people.
    #[serde(default)]
    pub description: String,
    /// Which edges and which active subgraph.
    pub graph: GraphPolicy,
    /// Criticality.
    pub criticality: CriticalityPolicy,
    /// Pony factor.
    pub pony: PonyPolicy,
    /// Adoption.
    pub adoption: AdoptionPolicy,
    /// Activity status.
    pub status: StatusPolicy,
    /// The composite; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScorePolicy>,
}

/// Which edges and which active subgraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphPolicy {
    /// Edge policy.
    pub edges: EdgePolicy,
    /// Where the active set starts.
    pub seeds: SeedPolicy,
}

/// Edge policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgePolicy {
    /// The subject depends on every package of its document.
    Flat,
    /// Root edges plus package-to-package edges as declared.
    Nested,
}

/// Where the active set starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedPolicy {
    /// Repos of live or in-dev projects that nothing depends on.
    Leaves,
    /// Every Repo of a live or in-dev project.
    EveryActive,
}

/// Criticality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriticalityPolicy {
    /// Who counts as a dependent.
    pub dependents: DependentPolicy,
    /// Whether repos of the same project count for one another.
    pub siblings: SiblingPolicy,
    /// How a project is scored.
    pub project: ProjectCriticality,
}

/// Who counts as a dependent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DependentPolicy {
    /// Repos in the active set.
    Repos,
    /// Every vertex in the active set.
    Vertices,
}

/// Whether repos of the same project count for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiblingPolicy {
    /// They count.
    Count,
    /// They do not.
    Exclude,
}

/// How a project's criticality comes from its repos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectCriticality {
    /// Sum over its repos.
    Sum,
    /// Distinct dependents outside the project that reach any of its repos.
    Distinct,
}

/// Pony factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PonyPolicy {
    /// Window counted back from world time, in months; 1 to 1200.
    pub window_months: u32,
    /// Share of the commits to cover, in percent; 1 to 100.
    pub threshold_percent: u32,
    /// What a repository without any git log has.
    pub without_log: Missing,
}

/// What stands for an unknown value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Zero.
    Zero,
    /// Unknown.
    Null,
}

/// Adoption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptionPolicy {
    /// How a project is scored.
    pub project: ProjectAdoption,
}

/// How a project's adoption comes from its repos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectAdoption {
    /// Mean of its repos' rounded values.
    MeanOfRepos,
    /// Signals first joined per project (downloads summed, stars and forks by maximum), then ranked over projects.
    ProjectSignals,
}

/// Activity status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusPolicy {
    /// Where the classification comes from.
    pub source: StatusSource,
}

/// Where the classification comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusSource {
    /// Survey, then the cascade; without an answer `non-responsive`.
    Cascade,
    /// The funder's `integrationStatus` alone.
    IntegrationStatus,
    /// Survey, then the cascade; without an answer the funder's `integrationStatus`.
    CascadeFromIntegrationStatus,
}

/// The composite: sum(weight x norm(term)) / sum(weight).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScorePolicy {
    /// Criticality's part.
    pub criticality: TermPolicy,
    /// Pony factor's part.
    pub pony: TermPolicy,
    /// Adoption's part.
    pub adoption: TermPolicy,
}

/// One term of the composite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermPolicy {
    /// Weight; 0 to 1000.
    pub weight: u32,
    /// How the term is brought to a common scale.
    pub norm: Norm,
}

/// How a term is brought to a common scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// 100 x share strictly below, among all with a value.
    Percentile,
    /// ln(1 + value).
    Log1p,
    /// 1 / value; null at zero.
    Inverse,
    /// The value.
    Identity,
}

impl Formula {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// When it is no formula; the error names line and allowed values.
    pub fn parse(document: &str) -> Result<Self, FormulaError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(FormulaError::Malformed(format!("the document exceeds {MAX_DOCUMENT_BYTES} bytes")));
        }
        let formula: Self = toml::from_str(document).map_err(|e| FormulaError::Malformed(e.to_string()))?;
        formula.check()?;
        Ok(formula)
    }

    /// The shipped formula of this name.
    ///
    /// # Errors
    /// When none is shipped under it.
    pub fn shipped(name: &str) -> Result<Self, FormulaError> {
        let (_, document) = SHIPPED
            .iter()
            .find(|(shipped, _)| *shipped == name)
            .ok_or_else(|| FormulaError::Unknown(name.to_owned()))?;
        Self::parse(document)
    }

    /// Digest of the canonical form: the identity of the formula.
    #[must_use]
    pub fn hash(&self) -> Digest {
        // Integers, enumerations and text only: the canonical form always exists.
        canonical::to_vec(self).map(|bytes| Digest::of(&bytes)).unwrap_or_default()
    }

    fn check(&self) -> Result<(), FormulaError> {
        let range =
            |field, value: &dyn ToString, allowed| FormulaError::Range { field, value: value.to_string(), allowed };
        if self.semantics == 0 || self.semantics > SEMANTICS {
            return Err(FormulaError::Semantics { name: self.name.clone(), needed: self.semantics });
        }
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(letters) {
            return Err(range("name", &self.name, "1 to 64 of a-z 0-9 . -"));
        }
        if !(1..=1200).contains(&self.pony.window_months) {
            return Err(range("pony.window_months", &self.pony.window_months, "1..=1200"));
        }
        if !(1..=100).contains(&self.pony.threshold_percent) {
            return Err(range("pony.threshold_percent", &self.pony.threshold_percent, "1..=100"));
        }
        if let Some(score) = &self.score {
            let weights = [score.criticality.weight, score.pony.weight, score.adoption.weight];
            if weights.iter().any(|weight| *weight > 1000) || weights.iter().sum::<u32>() == 0 {
                return Err(range("score.*.weight", &format!("{weights:?}"), "0..=1000, not all zero"));
            }
        }
        if self.description.contains('\0') {
            return Err(range("description", &"U+0000", "text without it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_formulas_are_well_formed_and_named_as_shipped() {
        for (name, document) in SHIPPED {
            let formula = Formula::parse(document).unwrap();
            assert_eq!(formula.name, name);
            assert_ne!(formula.hash(), Digest::default());
        }
        assert!(matches!(Formula::shipped("none"), Err(FormulaError::Unknown(_))));
    }

    #[test]
    fn layout_does_not_matter_and_values_do() {
        let seed = Formula::shipped("seed").unwrap();
        let (_, document) = SHIPPED[0];
        let commented = format!("# a comment\n{document}\n");
        assert_eq!(Formula::parse(&commented).unwrap().hash(), seed.hash());
        let other = Formula { pony: PonyPolicy { window_months: 12, ..seed.pony.clone() }, ..seed.clone() };
        assert_ne!(other.hash(), seed.hash());
    }

    #[test]
    fn errors_name_the_place_and_the_allowed_values() {
        let (_, document) = SHIPPED[0];
        let error = Formula::parse(&document.replace("\"flat\"", "\"round\"")).unwrap_err().to_string();
        assert!(error.contains("line") && error.contains("nested"), "{error}");
        let error = Formula::parse(&document.replace("window_months = 24", "window_months = 0")).unwrap_err();
        assert!(error.to_string().contains("1..=1200"));
        let error = Formula::parse(&document.replace("semantics = 1", "semantics = 9")).unwrap_err();
        assert!(matches!(error, FormulaError::Semantics { needed: 9, .. }));
    }
}
