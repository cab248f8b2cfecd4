//! The policies of a formula: every choice that decides a number, each a closed set of values or a bounded integer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Which edges and which active subgraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphPolicy {
    /// Edge policy.
    pub edges: EdgePolicy,
    /// Where the active set starts.
    pub seeds: SeedPolicy,
    /// What an edge weighs by how sure it is.
    pub confidence: ConfidenceWeights,
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

/// What an edge weighs, in percent; 0 to 100. An edge of weight 0 is left out of every score. Whoever counts whole
/// dependents counts the others as one; `weighted_dependents` adds the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfidenceWeights {
    /// Claimed by a bill of materials, lock file or go.mod.
    pub verified_sbom: u32,
    /// Claimed by a registry or another indirect source.
    pub inferred_shadow: u32,
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

/// Whose commits count, and who is one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeoplePolicy {
    /// What becomes of authors that are bots.
    pub bots: Counted,
    /// What becomes of merge commits.
    pub merges: Counted,
    /// Pseudonyms that are bots though nothing in the histories says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_bots: Vec<Digest>,
    /// Pseudonyms that are people though the histories say bot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_bots: Vec<Digest>,
    /// Groups of pseudonyms that are one person each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<Vec<Digest>>,
}

impl PeoplePolicy {
    /// For every pseudonym of a group the one that stands for the person: the least of the group.
    #[must_use]
    pub fn persons(&self) -> BTreeMap<Digest, Digest> {
        let of = |group: &Vec<Digest>| {
            let first = group.iter().min().copied();
            group.iter().filter_map(move |pseudonym| Some((*pseudonym, first?))).collect::<Vec<_>>()
        };
        self.same.iter().flat_map(of).collect()
    }
}

/// Whether something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// It does.
    Count,
    /// It does not.
    Exclude,
}

/// Pony factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PonyPolicy {
    /// Window counted back from world time, in months; 1 to 1200. The other terms about people use it too.
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
    /// The signals that count, without repetition.
    pub signals: Vec<Signal>,
    /// How a signal is brought to a common scale.
    pub norm: SignalNorm,
    /// How the signals of one repository are joined.
    pub combine: Combine,
    /// How a project is scored.
    pub project: ProjectAdoption,
}

/// An adoption signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Downloads in 30 days, summed over the packages published from the repository.
    Downloads,
    /// Stars on the host.
    Stars,
    /// Forks on the host.
    Forks,
}

impl Signal {
    /// Every signal, in the order in which signals are kept.
    pub const ALL: [Self; 3] = [Self::Downloads, Self::Stars, Self::Forks];

    /// The printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Downloads => "downloads",
            Self::Stars => "stars",
            Self::Forks => "forks",
        }
    }
}

/// How an adoption signal is brought to a common scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalNorm {
    /// 100 x share strictly below, among all with that signal.
    Percentile,
    /// ln(1 + value), to 2 decimals.
    Log1p,
}

/// How several values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// Their mean, half up to 2 decimals.
    Mean,
    /// The greatest of them.
    Greatest,
}

/// How a project's adoption comes from its repos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectAdoption {
    /// Mean of its repos' rounded values.
    MeanOfRepos,
    /// The greatest of its repos' values.
    GreatestOfRepos,
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

impl ScorePolicy {
    /// Whether any term counts. A composite of nothing is none.
    #[must_use]
    pub fn weighs(&self) -> bool {
        [self.criticality, self.pony, self.adoption].iter().any(|term| term.weight > 0)
    }
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
