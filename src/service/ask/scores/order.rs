//! Orders of scores.

use std::cmp::Ordering;

use domain::status::ActivityStatus;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::{Scored, fields};
use crate::service::{Error, Result};

/// An order of scores. Nulls come last, ties go by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// The most critical first, among equals the most adopted.
    Best,
    /// By one field.
    By {
        /// Which.
        field: &'static str,
        /// Whether the greatest comes first.
        descending: bool,
    },
}

/// Fields by the names that people have for them.
pub(crate) const NATURAL: &[(&str, &str)] = &[
    ("criticality", "criticality_score"),
    ("pony", "pony_factor"),
    ("adoption", "adoption_score"),
    ("status", "activity_status"),
    ("score", "pg_score"),
    ("project", "project_id"),
];

impl Default for Sort {
    fn default() -> Self {
        Self::By { field: "id", descending: false }
    }
}

impl Sort {
    /// Reads `FIELD`, `FIELD:asc` or `FIELD:desc`.
    ///
    /// # Errors
    /// When there is no such field or direction.
    pub fn parse(text: &str) -> Result<Self> {
        let (named, direction) = text.split_once(':').unwrap_or((text, "asc"));
        let named = NATURAL.iter().find(|(natural, _)| *natural == named).map_or(named, |(_, field)| field);
        let known = fields();
        let descending = match direction {
            "asc" => Some(false),
            "desc" => Some(true),
            _ => None,
        };
        match (known.iter().find(|known| **known == named), descending) {
            (Some(field), Some(descending)) => Ok(Self::By { field, descending }),
            _ => {
                let natural: Vec<&str> = NATURAL.iter().map(|(natural, _)| *natural).collect();
                let (natural, known) = (natural.join(", "), known.join(", "));
                let reason = format!("`{text}`: sort by one of {natural}, {known}, with `:asc` or `:desc`");
                Err(Error::invalid("sort", reason))
            }
        }
    }

    /// Sorts.
    pub(crate) fn apply(self, scores: &mut [Scored]) {
        scores.sort_by_cached_key(|scored| self.place(scored));
    }

    /// Where a score stands in this order.
    #[must_use]
    pub fn place(self, scored: &Scored) -> RowPlace {
        let key = |field, descending| SortKey { rank: rank(scored, field), descending };
        let keys = match self {
            Self::By { field: "id", descending: false } => Vec::new(),
            Self::By { field, descending } => vec![key(field, descending)],
            Self::Best => vec![key("criticality_score", true), key("adoption_score", true)],
        };
        RowPlace { keys, id: scored.score.id.clone() }
    }
}

/// Where a score stands in an order: also once it is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowPlace {
    keys: Vec<SortKey>,
    id: String,
}

/// Numbers by value, statuses by how alive they are.
fn rank(scored: &Scored, field: &str) -> Option<SortRank> {
    let score = &scored.score;
    let whole = |value: Option<u64>| value.map(|n| SortRank::Number(n as f64));
    let decimal = |value: &Option<Number>| value.as_ref().and_then(Number::as_f64).map(SortRank::Number);
    match field {
        "id" => Some(SortRank::Text(score.id.clone())),
        "name" => Some(SortRank::Text(score.name.clone())),
        "project_id" => score.project_id.clone().map(SortRank::Text),
        "activity_status" => {
            let status = score.activity_status.as_deref().and_then(ActivityStatus::from_name)?;
            Some(SortRank::Number(f64::from(status.rank())))
        }
        "criticality_score" => whole(score.criticality_score),
        "pony_factor" => whole(score.pony_factor),
        "adoption_score" => decimal(&score.adoption_score),
        "pg_score" => decimal(&score.pg_score),
        further => match scored.further.get(further)? {
            Value::Null => None,
            value => value.as_f64().map(SortRank::Number).or_else(|| Some(SortRank::Text(value.to_string()))),
        },
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum SortRank {
    Number(f64),
    Text(String),
}

/// A value in an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SortKey {
    rank: Option<SortRank>,
    descending: bool,
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (&self.rank, &other.rank) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Greater,
            (_, None) => return Ordering::Less,
            (Some(SortRank::Number(a)), Some(SortRank::Number(b))) => a.total_cmp(b),
            (Some(SortRank::Text(a)), Some(SortRank::Text(b))) => a.cmp(b),
            (Some(SortRank::Number(_)), Some(SortRank::Text(_))) => Ordering::Less,
            (Some(SortRank::Text(_)), Some(SortRank::Number(_))) => Ordering::Greater,
        };
        if self.descending { order.reverse() } else { order }
    }
}
