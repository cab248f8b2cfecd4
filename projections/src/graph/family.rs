//! What the family `graph` says of itself.

use crate::family::Family;
use crate::table::Table;

const NAME: &str = "graph";

/// Vertices, claims, edges, membership; free of formulas.
pub static FAMILY: Family = Family {
    name: NAME,
    about: "Vertices, edges, membership",
    set: "atlas",
    version: 4,
    needs_formula: false,
    published: true,
    tables: &[&FACT, &PROJECT, &VERTEX, &EDGE, &FINDING],
    facts: Some(&FACT),
    indexes: &[(&EDGE, "out_vertex"), (&VERTEX, "project")],
    views: include_str!("../../sql/build/graph_views.sql"),
};

/// The state behind the graph: the newest fact of every source.
pub static FACT: Table = Table::of_facts(NAME);
/// Projects.
pub static PROJECT: Table = Table {
    family: NAME,
    name: "project",
    columns: &[
        ("canonical_id", "text"),
        ("id", "bigint"),
        ("display_name", "text"),
        ("type", "text"),
        ("git_org_url", "text"),
        ("category", "text"),
        ("website", "text"),
    ],
    key: 1,
};
/// Repos and ExternalRepos.
pub static VERTEX: Table = Table {
    family: NAME,
    name: "vertex",
    columns: &[
        ("canonical_id", "text"),
        ("id", "bigint"),
        ("repo", "boolean"),
        ("display_name", "text"),
        ("project", "text"),
        ("evidence", "text"),
        ("evidence_position", "bigint"),
        ("latest_version", "text"),
        ("releases", "jsonb"),
        ("visibility", "text"),
        ("adoption_downloads", "bigint"),
        ("adoption_stars", "bigint"),
        ("adoption_forks", "bigint"),
        ("license", "text"),
        ("parent", "text"),
        ("packages", "jsonb"),
        ("latest_commit_date", "timestamptz"),
    ],
    key: 1,
};
/// Edges of every policy, flagged.
pub static EDGE: Table = Table {
    family: NAME,
    name: "edge",
    columns: &[
        ("in_vertex", "text"),
        ("out_vertex", "text"),
        ("root", "boolean"),
        ("flat_version", "text"),
        ("flat_confidence", "text"),
        ("nested_version", "text"),
        ("nested_confidence", "text"),
    ],
    key: 2,
};
/// Open questions.
pub static FINDING: Table = Table {
    family: NAME,
    name: "finding",
    columns: &[("kind", "text"), ("id", "text"), ("reason", "text")],
    // One question of a kind about a thing; the reason may name any number of projects, which no index key may.
    key: 2,
};
