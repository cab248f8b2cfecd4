//! What the family `people` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "people";

/// Contributors and their days; free of formulas.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Contributors",
    set: "atlas",
    version: 2,
    needs_formula: false,
    published: true,
    tables: &[&FACT, &CONTRIBUTION],
    facts: Some(&FACT),
    indexes: &[],
    views: include_str!("../../sql/build/people_views.sql"),
};

/// The state behind the people: histories by repository.
pub static FACT: Table = Table::of_facts(NAME);
/// Contributions by repository: what there is in all, and day by day. `commits_by_day[n]` commits are of `days[n]`, and
/// of these `merges_by_day[n]` are merges. A row a day would be ten times as many, each with both names in its key.
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
        ("days", "date[]"),
        ("commits_by_day", "bigint[]"),
        ("merges_by_day", "bigint[]"),
    ],
    key: 2,
};
