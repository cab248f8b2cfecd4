//! What the family `history` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "history";

/// Scores over time. No publication rests on them: it says what is at one position.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Scores over time",
    set: "atlas",
    version: 1,
    needs_formula: true,
    published: false,
    tables: &[&SPAN, &TICK],
    facts: None,
    indexes: &[],
    compared: &[],
    views: "",
};

/// Values over time. Its key begins with what differs most, so that the index of millions of rows is sorted fast.
pub static SPAN: Table = Table {
    family: NAME,
    name: "span",
    columns: &[
        ("id", "text"),
        ("from_position", "bigint"),
        ("metric", "text"),
        ("level", "text"),
        ("to_position", "bigint"),
        ("value", "text"),
    ],
    key: 4,
};
/// Moments at which scores were looked at.
pub static TICK: Table = Table {
    family: NAME,
    name: "tick",
    columns: &[("position", "bigint"), ("day", "date"), ("recorded_at", "timestamptz"), ("labels", "jsonb")],
    key: 1,
};
