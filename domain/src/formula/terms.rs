//! Further terms that a formula may ask for, and the risk flags it raises.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::Decimal;

/// A further term. Its value is one more key of a score's line; null means unknown, which is not zero.
///
/// Terms about people look at the pony factor's window and at the commits that count there; terms about the graph look
/// at the edges of the formula. Each is defined where it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// Vertices of the whole graph, active or not, that reach it.
    BlastRadius,
    /// Edges at the vertex without which the graph falls apart.
    Bridges,
    /// Authors in the window.
    Contributors,
    /// How much of it is seen: Repos with a list of dependencies, in percent.
    Coverage,
    /// Dependents that fade with the days since they last changed.
    DecayCriticality,
    /// Day of the first known commit.
    FirstCommit,
    /// Concentration of commits: Herfindahl-Hirschman index.
    Hhi,
    /// Core number of the vertex.
    KCore,
    /// Day of the last known commit.
    LastCommit,
    /// Other projects that it depends on directly.
    ProjectDependencies,
    /// Other projects that depend on it directly.
    ProjectDependents,
    /// Evenness of commits: Shannon entropy.
    Shannon,
    /// Mean days between first and last commit of those who are active.
    TenureDays,
    /// Share of the commits by the ten most active, in percent.
    Top10Share,
    /// Direct dependents, each by the weight of its edge.
    WeightedDependents,
}

impl Term {
    /// Every term, by name.
    pub const ALL: [Self; 15] = [
        Self::BlastRadius,
        Self::Bridges,
        Self::Contributors,
        Self::Coverage,
        Self::DecayCriticality,
        Self::FirstCommit,
        Self::Hhi,
        Self::KCore,
        Self::LastCommit,
        Self::ProjectDependencies,
        Self::ProjectDependents,
        Self::Shannon,
        Self::TenureDays,
        Self::Top10Share,
        Self::WeightedDependents,
    ];

    /// The printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BlastRadius => "blast_radius",
            Self::Bridges => "bridges",
            Self::Contributors => "contributors",
            Self::Coverage => "coverage",
            Self::DecayCriticality => "decay_criticality",
            Self::FirstCommit => "first_commit",
            Self::Hhi => "hhi",
            Self::KCore => "k_core",
            Self::LastCommit => "last_commit",
            Self::ProjectDependencies => "project_dependencies",
            Self::ProjectDependents => "project_dependents",
            Self::Shannon => "shannon",
            Self::TenureDays => "tenure_days",
            Self::Top10Share => "top10_share",
            Self::WeightedDependents => "weighted_dependents",
        }
    }
}

/// Which further terms, and what they need to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsPolicy {
    /// The terms, without repetition.
    pub compute: Vec<Term>,
    /// Days after which a silent dependent counts 1/e in `decay_criticality`; 1 to 36500.
    pub decay_days: u32,
}

/// A risk flag: raised where every condition holds. An unknown value fulfils no condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Name: lower-case letters, digits and `-`, at most 64.
    pub name: String,
    /// The conditions; 1 to 16.
    pub when: Vec<Condition>,
}

/// A bound on one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which value.
    pub value: Measured,
    /// It is at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Decimal>,
    /// It is at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Decimal>,
}

/// A value that a condition can look at: a score, or a further term of the formula. A day stands for the days since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Criticality.
    Criticality,
    /// 100 x share of its level strictly below its criticality, whole percent, rounded down.
    CriticalityPercentile,
    /// Pony factor.
    PonyFactor,
    /// Adoption.
    Adoption,
    /// The composite.
    PgScore,
    /// A further term.
    Term(Term),
}

/// The values beside the further terms, by printed name.
const SCORES: [(Measured, &str); 5] = [
    (Measured::Criticality, "criticality_score"),
    (Measured::CriticalityPercentile, "criticality_percentile"),
    (Measured::PonyFactor, "pony_factor"),
    (Measured::Adoption, "adoption_score"),
    (Measured::PgScore, "pg_score"),
];

impl Measured {
    /// The printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Term(term) => term.name(),
            score => SCORES.iter().find(|(known, _)| *known == score).map_or("", |(_, name)| name),
        }
    }

    /// The value with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let score = SCORES.iter().find(|(_, known)| *known == name).map(|(score, _)| *score);
        score.or_else(|| Term::ALL.into_iter().find(|term| term.name() == name).map(Self::Term))
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let scores = SCORES.iter().map(|(_, name)| *name);
            let known: Vec<&str> = scores.chain(Term::ALL.into_iter().map(Term::name)).collect();
            serde::de::Error::custom(format!("unknown value `{name}`, expected one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_everywhere() {
        for term in Term::ALL {
            assert_eq!(serde_json::to_value(term).unwrap(), term.name());
            assert_eq!(Measured::from_name(term.name()), Some(Measured::Term(term)));
        }
        for (score, name) in SCORES {
            assert_eq!((score.name(), Measured::from_name(name)), (name, Some(score)));
        }
        assert!(Term::ALL.is_sorted_by_key(|term| term.name()));
        assert_eq!(Measured::from_name("luck"), None);
    }
}
