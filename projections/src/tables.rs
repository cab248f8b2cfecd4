//! What a fold's result looks like as tables: every row a pure function of the state and the formula.
//!
//! Cells are text in the form Postgres casts to the column's type, so one writer serves every table.

use domain::digest::Digest;

pub mod content;
pub mod difference;
pub mod materialized;
pub mod rows;
pub mod spans;
pub mod text;

pub use content::Content;
pub use difference::TableDiff;
pub use materialized::{Advanced, Materialized};

/// A table of a build.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The projection whose build holds it.
    pub projection: Projection,
    /// Name within the build's schema.
    pub name: &'static str,
    /// Columns: (name, type with constraints). The first `key` of them are the primary key.
    pub columns: &'static [(&'static str, &'static str)],
    /// Number of key columns.
    pub key: usize,
}

/// A projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Projection {
    /// Vertices, claims, edges, membership; free of formulas.
    Graph,
    /// Contributors and their days; free of formulas.
    People,
    /// Everything a formula decides.
    Metrics,
    /// Scores over time.
    History,
}

impl Projection {
    /// Every projection, in order.
    pub const ALL: [Self; 4] = [Self::Graph, Self::People, Self::Metrics, Self::History];

    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::People => "people",
            Self::Metrics => "metrics",
            Self::History => "history",
        }
    }

    /// The projection with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|projection| projection.name() == name)
    }

    /// Whether a formula decides its rows.
    #[must_use]
    pub fn needs_formula(self) -> bool {
        matches!(self, Self::Metrics | Self::History)
    }

    /// Its tables.
    pub fn tables(self) -> impl Iterator<Item = &'static Table> {
        TABLES.iter().copied().filter(move |table| table.projection == self)
    }
}

/// One row: a cell per column, `None` for null.
pub type Row = Vec<Option<String>>;

/// The state behind the graph: the newest fact of every source.
pub static FACT: Table = Table {
    projection: Projection::Graph,
    name: "fact",
    columns: &[("kind", "text"), ("key", "text"), ("value", "text")],
    key: 2,
};
/// Projects.
pub static PROJECT: Table = Table {
    projection: Projection::Graph,
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
    projection: Projection::Graph,
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
    projection: Projection::Graph,
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
    projection: Projection::Graph,
    name: "finding",
    columns: &[("kind", "text"), ("id", "text"), ("reason", "text")],
    // One question of a kind about a thing; the reason may name any number of projects, which no index key may.
    key: 2,
};
/// The state behind the people: histories by repository.
pub static LOG: Table = Table {
    projection: Projection::People,
    name: "fact",
    columns: &[("kind", "text"), ("key", "text"), ("value", "text")],
    key: 2,
};
/// Contributions by repository.
pub static CONTRIBUTION: Table = Table {
    projection: Projection::People,
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
    projection: Projection::People,
    name: "contribution_day",
    columns: &[("contributor", "text"), ("repo", "text"), ("day", "date"), ("commits", "bigint"), ("merges", "bigint")],
    key: 3,
};
/// Scores.
pub static SCORE: Table = Table {
    projection: Projection::Metrics,
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
/// Values over time. Its key begins with what differs most, so that the index of millions of rows is sorted fast.
pub static SPAN: Table = Table {
    projection: Projection::History,
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
    projection: Projection::History,
    name: "tick",
    columns: &[("position", "bigint"), ("day", "date"), ("recorded_at", "timestamptz"), ("labels", "jsonb")],
    key: 1,
};

/// Every table of every projection.
pub static TABLES: [&Table; 11] =
    [&FACT, &PROJECT, &VERTEX, &EDGE, &FINDING, &LOG, &CONTRIBUTION, &CONTRIBUTION_DAY, &SCORE, &SPAN, &TICK];

/// The integer by which the API shows a canonical id: the first 53 bits of SHA-256(kind class || id).
#[must_use]
pub fn surrogate(class: &str, id: &str) -> u64 {
    let digest = Digest::of_parts(&[class.as_bytes(), id.as_bytes()]);
    let mut head = [0u8; 8];
    head.copy_from_slice(&digest.0[..8]);
    u64::from_be_bytes(head) >> 11
}
