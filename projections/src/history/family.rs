//! What the family `history` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "history";

/// Scores over time. No publication rests on them: it says what is at one position.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Scores over time",
    set: "atlas",
    version: 3,
    needs_formula: true,
    published: false,
    tables: &[&SPAN, &TICK],
    facts: None,
    // A check reads segment by segment, as a fold ends them.
    indexes: &[(&SPAN, "segment")],
    views: "",
};

/// Values over time, a row a segment of [`super::SEGMENT_POSITIONS`] in which they moved: from `positions[n]` on
/// `held[n]` holds. Its key begins with what differs most, so that its index is sorted fast.
pub static SPAN: Table = Table {
    family: NAME,
    name: "span",
    columns: &[
        ("id", "text"),
        ("metric", "text"),
        ("level", "text"),
        ("segment", "bigint"),
        ("positions", "bigint[]"),
        ("held", "text[]"),
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
