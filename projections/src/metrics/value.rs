//! Values of further terms, printed the same everywhere.

use std::fmt;

use domain::decimal::Decimal;
use domain::time::Day;
use serde_json::{Value, json};

/// The value of a further term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermValue {
    /// A count.
    Count(u64),
    /// A number of fixed precision, in hundredths.
    Hundredths(u64),
    /// A number of fixed precision, in millionths.
    Millionths(u64),
    /// A day.
    Day(Day),
}

impl TermValue {
    /// As a line of a digest has it: counts as numbers, decimals and days as text.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Count(count) => json!(count),
            other => json!(other.to_string()),
        }
    }

    /// As a number that can be compared with a bound; a day is the number of days since, seen from `today`.
    #[must_use]
    pub fn decimal(&self, today: Day) -> Option<Decimal> {
        match self {
            Self::Day(day) => Decimal::parse(&(today.number() - day.number()).to_string()),
            other => Decimal::parse(&other.to_string()),
        }
    }
}

impl fmt::Display for TermValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Hundredths(units) => write!(f, "{}.{:02}", units / 100, units % 100),
            Self::Millionths(units) => write!(f, "{}.{:06}", units / 1_000_000, units % 1_000_000),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}
