//! Which events a score rests on: those whose facts are read when it is computed.
//!
//! Criticality reads every path by which something reaches the vertex, what the vertices on it are, and the status of
//! their projects: also of those that turn out not to count. A percentile reads all values it is a place among.

use domain::formula::{Formula, Term};

use crate::fold::{View, World};
use crate::graph::rests::{EventTracer, Rests};
use crate::history::Metric;
use crate::metrics::{Level, network};

/// A score that can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainedScore {
    /// Activity status.
    ActivityStatus,
    /// Transitive active dependents.
    Criticality,
    /// Pony factor.
    Pony,
    /// Adoption.
    Adoption,
    /// The composite.
    Score,
    /// Risk flags, and terms that rest on more than one kind of fact: all of them.
    Flags,
}

impl ExplainedScore {
    /// The metric of this name: a score, or what a further term or the flags rest on.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Metric::from_name(name).map(Self::of)
    }

    /// What a value that is kept over time rests on.
    #[must_use]
    pub fn of(metric: Metric) -> Self {
        match metric {
            Metric::ActivityStatus => Self::ActivityStatus,
            Metric::AdoptionScore => Self::Adoption,
            Metric::CriticalityScore => Self::Criticality,
            Metric::PonyFactor => Self::Pony,
            Metric::PgScore => Self::Score,
            Metric::Flags => Self::Flags,
            Metric::Term(term) => Self::of_term(term),
        }
    }

    fn of_term(term: Term) -> Self {
        match term {
            Term::Contributors
            | Term::FirstCommit
            | Term::Hhi
            | Term::LastCommit
            | Term::Shannon
            | Term::TenureDays
            | Term::Top10Share => Self::Pony,
            Term::BlastRadius | Term::Bridges | Term::KCore | Term::ProjectDependents | Term::WeightedDependents => {
                Self::Criticality
            }
            // The last commits of dependents, and what lies below the vertex.
            Term::Coverage | Term::DecayCriticality | Term::ProjectDependencies => Self::Flags,
        }
    }
}

/// The events that a metric of a vertex rests on. Nothing where there is no such vertex.
#[must_use]
pub fn rests_on(
    world: &World,
    view: &View<'_>,
    formula: &Formula,
    level: Level,
    id: &str,
    metric: ExplainedScore,
) -> Rests {
    let mut rests = Rests::default();
    let sources = EventTracer::of(&world.graph, &view.graph);
    let graph = &view.graph;
    let project = match level {
        Level::Project => graph.projects.iter().position(|project| *project.id == *id),
        _ => graph.vertex(id).and_then(|n| graph.vertices[n as usize].project).map(|n| n as usize),
    };
    let mut own = vec![false; graph.vertices.len()];
    for (n, vertex) in graph.vertices.iter().enumerate() {
        own[n] = match level {
            Level::Project => vertex.repo && vertex.project.is_some() && vertex.project.map(|n| n as usize) == project,
            _ => *vertex.id == *id,
        };
    }
    sources.identities(&own, &mut rests);
    let composite = matches!(metric, ExplainedScore::Score | ExplainedScore::Flags);
    if composite || metric == ExplainedScore::ActivityStatus {
        statuses(view, &sources, world, project.as_slice(), &mut rests);
    }
    if composite || metric == ExplainedScore::Criticality {
        let reaching = reaching(view, formula, &own);
        sources.identities(&reaching, &mut rests);
        sources.edges(&reaching, formula.graph.edges, &mut rests);
        let mut projects: Vec<usize> = graph
            .vertices
            .iter()
            .zip(&reaching)
            .filter_map(|(vertex, reaching)| if *reaching { vertex.project } else { None })
            .map(|n| n as usize)
            .collect();
        projects.sort_unstable();
        projects.dedup();
        statuses(view, &sources, world, &projects, &mut rests);
    }
    if composite || metric == ExplainedScore::Pony {
        commits(view, world, &own, &mut rests);
    }
    if composite || metric == ExplainedScore::Adoption {
        sources.signals(&mut rests);
    }
    if metric == ExplainedScore::Flags {
        let everybody = vec![true; own.len()];
        sources.edges(&everybody, formula.graph.edges, &mut rests);
        commits(view, world, &everybody, &mut rests);
    }
    rests
}

/// What decides the statuses of these projects, which ascend.
fn statuses(view: &View<'_>, sources: &EventTracer<'_>, world: &World, projects: &[usize], rests: &mut Rests) {
    sources.projects(projects, rests);
    let is_wanted = |project: u32| projects.binary_search(&(project as usize)).is_ok();
    let of_projects: Vec<bool> =
        view.graph.vertices.iter().map(|vertex| vertex.project.is_some_and(is_wanted)).collect();
    commits(view, world, &of_projects, rests);
}

/// The git logs that speak for the marked Repos.
fn commits(view: &View<'_>, world: &World, marked: &[bool], rests: &mut Rests) {
    for (repo, log) in world.people.logs.iter() {
        if view.graph.repo_of.get(repo).is_some_and(|n| marked[*n as usize]) {
            log.segments.iter().for_each(|segment| rests.on(segment.rank.position, "git log"));
            log.authors.values().for_each(|author| rests.on(author.rank.position, "git log"));
        }
    }
}

/// The marked vertices and all that reach them.
fn reaching(view: &View<'_>, formula: &Formula, marked: &[bool]) -> Vec<bool> {
    let mut above: Vec<Vec<u32>> = vec![Vec::new(); marked.len()];
    for edge in view.graph.links.iter().filter(|edge| network::weight(edge, formula).is_some()) {
        above[edge.to as usize].push(edge.from);
    }
    let mut reached = marked.to_vec();
    let mut left: Vec<usize> = (0..marked.len()).filter(|n| marked[*n]).collect();
    while let Some(vertex) = left.pop() {
        for from in &above[vertex] {
            let from = *from as usize;
            if !reached[from] {
                reached[from] = true;
                left.push(from);
            }
        }
    }
    reached
}
