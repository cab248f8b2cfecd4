//! What the family `metrics` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "metrics";

/// Everything a formula decides.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Scores",
    set: "atlas",
    version: 1,
    needs_formula: true,
    published: true,
    tables: &[&SCORE],
    facts: None,
    indexes: &[],
    views: include_str!("../../sql/build/metrics_views.sql"),
};

/// Scores.
pub static SCORE: Table = Table {
    family: NAME,
    name: "score",
    columns: &[
        ("level", "text"),
        ("id", "text"),
        ("activity_status", "text"),
        ("criticality_score", "bigint"),
        ("pony_factor", "bigint"),
        ("adoption_score", "numeric(7,2)"),
        // Any 64 bits of hundredths: a formula may take the terms as they are.
        ("pg_score", "numeric(20,2)"),
        ("terms", "text"),
        ("flags", "text"),
    ],
    key: 2,
};
