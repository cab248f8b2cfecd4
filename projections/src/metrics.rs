//! Projection `metrics`: everything a formula decides. A pure function of the state and the formula.

pub mod adoption;
pub mod authors;
pub mod basis;
pub mod criticality;
pub mod digest;
pub mod evaluation;
pub mod exact;
pub mod family;
mod flags;
pub mod kept;
pub mod network;
pub mod persons;
pub mod pony;
mod score;
pub mod share;
pub mod signals;
pub mod status;
pub(crate) mod table_rows;
mod terms;
pub mod value;
mod vertex_columns;
pub mod windows;

use std::sync::Arc;

use domain::formula::Term;
use domain::status::ActivityStatus;

pub use evaluation::Evaluation;
pub use kept::KeptScores;
use value::TermValue;

/// Which kind of vertex a row scores. Ordered as in a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A project.
    #[default]
    Project,
    /// A Repo.
    Repo,
    /// An ExternalRepo.
    External,
}

impl Level {
    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Repo => "repo",
            Self::External => "external",
        }
    }

    /// The level with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Project, Self::Repo, Self::External].into_iter().find(|level| level.name() == name)
    }
}

/// The scores of one vertex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoreRow {
    /// Kind of vertex.
    pub level: Level,
    /// Its id.
    pub id: Arc<str>,
    /// Its project's status, or its own.
    pub activity_status: Option<ActivityStatus>,
    /// Transitive active dependents.
    pub criticality: Option<u64>,
    /// Fewest people behind half of the commits.
    pub pony_factor: Option<u32>,
    /// Adoption in hundredths: 12.5 is 1250.
    pub adoption: Option<u32>,
    /// The composite in hundredths; `None` where the formula has none or a term is unknown.
    pub pg_score: Option<u64>,
    /// The formula's further terms, in the order of [`Scores::terms`].
    pub terms: Vec<Option<TermValue>>,
    /// Names of the risk flags that are raised, sorted.
    pub flags: Vec<String>,
}

/// Scores of every vertex: projects, then Repos, then ExternalRepos, each by id bytewise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// The rows.
    pub rows: Vec<ScoreRow>,
    /// Whether the formula has a composite.
    pub composite: bool,
    /// The formula's further terms, by name.
    pub terms: Vec<Term>,
    /// Whether the formula has risk flags.
    pub flagged: bool,
}

impl Scores {
    /// The row of a vertex.
    #[must_use]
    pub fn get(&self, level: Level, id: &str) -> Option<&ScoreRow> {
        let found = self.rows.binary_search_by(|row| (row.level, &*row.id).cmp(&(level, id)));
        found.ok().map(|n| &self.rows[n])
    }
}
