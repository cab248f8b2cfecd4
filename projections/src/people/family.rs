//! What the family `people` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "people";

/// Contributors and their days; free of formulas.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Contributors",
    set: "atlas",
    version: 1,
    needs_formula: false,
    published: true,
    tables: &[&FACT, &CONTRIBUTION, &CONTRIBUTION_DAY],
    facts: Some(&FACT),
    indexes: &[],
    views: include_str!("../../sql/build/people_views.sql"),
};

/// The state behind the people: histories by repository.
pub static FACT: Table = Table::of_facts(NAME);
/// Contributions by repository.
pub static CONTRIBUTION: Table = Table {
    family: NAME,
    name: "contribution",
    columns: &[
        ("contributor", "text"),
        ("repo", "text"),
        ("id", "bigint"),
        ("bot", "boolean"),
        ("number_of_commits", "bigint"),
        ("merges", "bigint"),
        ("first_commit_date", "timestamptz"),
        ("last_commit_date", "timestamptz"),
    ],
    key: 2,
};
/// Contributions by repository and day.
pub static CONTRIBUTION_DAY: Table = Table {
    family: NAME,
    name: "contribution_day",
    columns: &[("contributor", "text"), ("repo", "text"), ("day", "date"), ("commits", "bigint"), ("merges", "bigint")],
    key: 3,
};
