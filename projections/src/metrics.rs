//! Projection `metrics`: everything a formula decides. A pure function of the state and the formula.

pub mod adoption;
pub mod criticality;
pub mod digest;
pub mod exact;
pub mod pony;
pub mod score;
pub mod status;

use domain::formula::Formula;
use domain::status::ActivityStatus;
use domain::time::{Day, Timestamp};

use crate::graph::Graph;
use crate::people::Contributions;

/// Which kind of vertex a row scores. Ordered as in a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A project.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Kind of vertex.
    pub level: Level,
    /// Its id.
    pub id: String,
    /// Its project's status, or its own.
    pub activity_status: Option<ActivityStatus>,
    /// Transitive active dependents.
    pub criticality: Option<u64>,
    /// Fewest people behind half of the commits.
    pub pony_factor: Option<u32>,
    /// Adoption in hundredths: 12.5 is 1250.
    pub adoption: Option<u32>,
    /// The composite in hundredths; `None` where the formula has none or a term is unknown.
    pub pg_score: Option<u32>,
}

/// Scores of every vertex: projects, then Repos, then ExternalRepos, each by id bytewise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// The rows.
    pub rows: Vec<Score>,
    /// Whether the formula has a composite.
    pub composite: bool,
}

/// Evaluates a formula.
#[must_use]
pub fn evaluate(graph: &Graph, contributions: &Contributions<'_>, formula: &Formula) -> Scores {
    let today = graph.world_time.map_or(Day::from_number(0), Timestamp::day);
    let members = members(graph);
    let statuses = status::statuses(graph, contributions, &members, formula.status.source, today);
    let criticality = criticality::evaluate(graph, &statuses, &members, formula);
    let pony = pony::evaluate(graph, contributions, &members, &formula.pony, today);
    let adoption = adoption::evaluate(graph, &members, formula.adoption.project);

    let mut rows: Vec<Score> = Vec::with_capacity(graph.projects.len() + graph.vertices.len());
    for (n, project) in graph.projects.iter().enumerate() {
        rows.push(Score {
            level: Level::Project,
            id: project.id.clone(),
            activity_status: Some(statuses[n]),
            criticality: criticality.projects[n],
            pony_factor: pony.projects[n],
            adoption: adoption.projects[n],
            pg_score: None,
        });
    }
    if let Some(policy) = &formula.score {
        score::add(&mut rows, policy);
    }
    for repo in [true, false] {
        let vertices = graph.vertices.iter().enumerate().filter(|(_, vertex)| vertex.repo == repo);
        rows.extend(vertices.map(|(n, vertex)| Score {
            level: if repo { Level::Repo } else { Level::External },
            id: vertex.id.clone(),
            activity_status: vertex.project.map(|project| statuses[project as usize]),
            criticality: Some(u64::from(criticality.vertices[n])),
            pony_factor: pony.vertices[n],
            adoption: adoption.vertices[n],
            pg_score: None,
        }));
    }
    Scores { rows, composite: formula.score.is_some() }
}

/// Repos of every project, ascending.
fn members(graph: &Graph) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); graph.projects.len()];
    for (n, vertex) in graph.vertices.iter().enumerate() {
        if let (true, Some(project), Ok(n)) = (vertex.repo, vertex.project, u32::try_from(n)) {
            members[project as usize].push(n);
        }
    }
    members
}

impl Scores {
    /// The row of a vertex.
    #[must_use]
    pub fn get(&self, level: Level, id: &str) -> Option<&Score> {
        let found = self.rows.binary_search_by(|row| (row.level, row.id.as_str()).cmp(&(level, id)));
        found.ok().map(|n| &self.rows[n])
    }
}
