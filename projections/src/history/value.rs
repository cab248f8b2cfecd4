//! What of a score is kept over time, and its values.

use std::borrow::Cow;
use std::fmt;

use domain::formula::Term;
use domain::status::ActivityStatus;

use crate::metrics::value::TermValue;
use crate::metrics::{ScoreRow, Scores};

/// A value of a vertex that is kept over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Its status.
    ActivityStatus,
    /// Its adoption.
    AdoptionScore,
    /// Its criticality.
    CriticalityScore,
    /// Its pony factor.
    PonyFactor,
    /// The composite.
    PgScore,
    /// The flags it raises.
    Flags,
    /// A further term of the formula.
    Term(Term),
}

impl Metric {
    /// Those that no further term is.
    const OWN: [Self; 6] = [
        Self::ActivityStatus,
        Self::AdoptionScore,
        Self::CriticalityScore,
        Self::PonyFactor,
        Self::PgScore,
        Self::Flags,
    ];

    /// Those that scores have: what of a digest's line is not the vertex's name.
    #[must_use]
    pub fn of(scores: &Scores) -> Vec<Self> {
        let has = |metric: &Self| match metric {
            Self::PgScore => scores.composite,
            Self::Flags => scores.flagged,
            _ => true,
        };
        Self::OWN.into_iter().filter(has).chain(scores.terms.iter().copied().map(Self::Term)).collect()
    }

    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ActivityStatus => "activity_status",
            Self::AdoptionScore => "adoption_score",
            Self::CriticalityScore => "criticality_score",
            Self::PonyFactor => "pony_factor",
            Self::PgScore => "pg_score",
            Self::Flags => "flags",
            Self::Term(term) => term.name(),
        }
    }

    /// The metric with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::OWN.into_iter().chain(Term::ALL.into_iter().map(Self::Term)).find(|metric| metric.name() == name)
    }

    /// What a row of scores says of it; `None` where the row has no such term.
    #[must_use]
    pub fn value<'a>(self, scores: &Scores, row: &'a ScoreRow) -> Option<MetricValue<'a>> {
        let number = |value: Option<TermValue>| value.map_or(MetricValue::Unknown, MetricValue::Number);
        let hundredths = |value: Option<u64>| number(value.map(TermValue::Hundredths));
        Some(match self {
            Self::ActivityStatus => row.activity_status.map_or(MetricValue::Unknown, MetricValue::Status),
            Self::AdoptionScore => hundredths(row.adoption.map(u64::from)),
            Self::CriticalityScore => number(row.criticality.map(TermValue::Count)),
            Self::PonyFactor => number(row.pony_factor.map(|people| TermValue::Count(people.into()))),
            Self::PgScore => hundredths(row.pg_score),
            Self::Term(term) => number(*row.terms.get(scores.terms.iter().position(|other| *other == term)?)?),
            Self::Flags => MetricValue::Flags(Cow::Borrowed(&row.flags)),
        })
    }
}

/// A value. Its text is JSON, as a digest's line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricValue<'a> {
    /// Nothing is known, or the vertex is gone.
    Unknown,
    /// A status.
    Status(ActivityStatus),
    /// A number or a day.
    Number(TermValue),
    /// Names of flags.
    Flags(Cow<'a, [String]>),
    /// As read from a table.
    Written(String),
}

impl MetricValue<'_> {
    /// The value on its own.
    #[must_use]
    pub fn into_owned(self) -> MetricValue<'static> {
        match self {
            Self::Unknown => MetricValue::Unknown,
            Self::Status(status) => MetricValue::Status(status),
            Self::Number(number) => MetricValue::Number(number),
            Self::Flags(flags) => MetricValue::Flags(Cow::Owned(flags.into_owned())),
            Self::Written(text) => MetricValue::Written(text),
        }
    }

    /// Whether both say the same, one of them perhaps as it was read.
    #[must_use]
    pub fn same(&self, other: &MetricValue<'_>) -> bool {
        match (self, other) {
            (Self::Written(text), other) => *text == other.to_string(),
            (own, MetricValue::Written(text)) => own.to_string() == *text,
            (own, other) => own == other,
        }
    }
}

impl fmt::Display for MetricValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("null"),
            Self::Status(status) => write!(f, "\"{}\"", status.name()),
            Self::Number(TermValue::Count(count)) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "\"{number}\""),
            Self::Flags(flags) => write!(f, "{}", serde_json::json!(flags)),
            Self::Written(text) => f.write_str(text),
        }
    }
}
