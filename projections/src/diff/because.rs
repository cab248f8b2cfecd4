//! Finds the reasons of every change.

use std::collections::BTreeMap;

use domain::formula::{ProjectAdoption, ProjectCriticality, Signal};
use serde_json::Value;

use super::Change;
use super::commits::CommitDays;
use super::dependents::{self, AllDependents, Dependents};
use super::reason::{ChangeReason, bounded};
use super::sources::Sources;
use crate::fold::World;
use crate::metrics::signals::signals_of;
use crate::metrics::{Evaluation, Level};

/// What a change is about.
#[derive(Clone, Copy)]
enum About {
    Project(usize),
    Vertex(u32),
}

struct Explainer<'a> {
    before: &'a Evaluation<'a>,
    after: &'a Evaluation<'a>,
    commits: CommitDays<'a>,
    sources: Sources<'a>,
    dependents: AllDependents,
    /// What moved, by id and metric.
    moved: BTreeMap<(Level, String, String), (Value, Value)>,
}

/// Fills in the reasons: the parameters behind each change, then what they moved.
pub(super) fn explain(
    changed: &mut [Change],
    causes: Vec<Vec<ChangeReason>>,
    world: &World,
    before: &Evaluation<'_>,
    after: &Evaluation<'_>,
) {
    let about_dependents = |change: &Change| {
        matches!(change.metric.as_str(), "criticality_score" | "decay_criticality" | "weighted_dependents")
    };
    let dependents =
        if changed.iter().any(about_dependents) { dependents::moved(before, after) } else { AllDependents::default() };
    let key = |change: &Change| (change.level, change.id.clone(), change.metric.clone());
    let moved = changed.iter().map(|change| (key(change), (change.before.clone(), change.after.clone()))).collect();
    let explainer = Explainer {
        before,
        after,
        commits: CommitDays::of(world, before, after),
        sources: Sources::of(world, before.basis.graph),
        dependents,
        moved,
    };
    for (change, causes) in changed.iter_mut().zip(causes) {
        change.because = explainer.reasons(change, causes);
    }
}

impl Explainer<'_> {
    fn reasons(&self, change: &Change, mut reasons: Vec<ChangeReason>) -> Vec<ChangeReason> {
        let Some(about) = self.about(change) else { return reasons };
        let mut beyond = 0;
        match change.metric.as_str() {
            "activity_status" => reasons.extend(self.status(about)),
            "adoption_score" => reasons.extend(self.adoption(about)),
            "criticality_score" | "decay_criticality" | "weighted_dependents" => {
                let (found, more) = self.dependents(change, about);
                reasons.extend(found);
                beyond = more;
            }
            "pg_score" => reasons.extend(self.own(change, &["criticality_score", "pony_factor", "adoption_score"])),
            "flags" => reasons.extend(self.own_all(change)),
            "pony_factor" | "contributors" | "hhi" | "shannon" | "top10_share" | "tenure_days" | "first_commit"
            | "last_commit" => {
                reasons.extend(self.repos(about).into_iter().flat_map(|repo| self.commits.moved(repo)));
            }
            _ => {}
        }
        bounded(reasons, beyond)
    }

    fn about(&self, change: &Change) -> Option<About> {
        let graph = self.before.basis.graph;
        match change.level {
            Level::Project => {
                let found = graph.projects.binary_search_by(|project| project.id.as_ref().cmp(&change.id));
                found.ok().map(About::Project)
            }
            _ => graph.vertex(&change.id).map(About::Vertex),
        }
    }

    /// The Repos that a value is made of.
    fn repos(&self, about: About) -> Vec<u32> {
        match about {
            About::Project(project) => self.before.basis.members[project].clone(),
            About::Vertex(vertex) => vec![vertex],
        }
    }

    fn status(&self, about: About) -> Vec<ChangeReason> {
        let graph = self.before.basis.graph;
        match about {
            About::Project(project) => {
                let mut events = self.sources.status(&graph.projects[project]);
                events.extend(self.commits.newest(project));
                events
            }
            // A Repo shows its project's status.
            About::Vertex(vertex) => {
                let project = graph.vertices[vertex as usize].project;
                let id = project.map(|project| &graph.projects[project as usize].id);
                id.and_then(|id| self.other(Level::Project, id, "activity_status")).into_iter().collect()
            }
        }
    }

    fn adoption(&self, about: About) -> Vec<ChangeReason> {
        let graph = self.before.basis.graph;
        let of_repo = |vertex: u32| {
            let values = signals_of(&graph.vertices[vertex as usize]);
            let id = &graph.vertices[vertex as usize].id;
            let known = Signal::ALL.into_iter().zip(values).filter_map(|(signal, value)| Some((signal, value?)));
            let reason = move |(signal, value): (Signal, u64)| {
                let positions = match signal {
                    Signal::Downloads => self.sources.registry(graph, vertex),
                    Signal::Stars | Signal::Forks => self.sources.host(vertex),
                };
                ChangeReason::Signal { signal: signal.name(), repo: id.to_string(), value, positions }
            };
            known.map(reason).collect::<Vec<_>>()
        };
        let by_signals = [self.before, self.after]
            .iter()
            .any(|side| side.basis.formula.adoption.project == ProjectAdoption::ProjectSignals);
        match about {
            About::Vertex(vertex) => of_repo(vertex),
            About::Project(project) if by_signals => {
                self.before.basis.members[project].iter().flat_map(|repo| of_repo(*repo)).collect()
            }
            About::Project(project) => self.moved_repos(project, "adoption_score"),
        }
    }

    /// The Repos of a project of which a value moved.
    fn moved_repos(&self, project: usize, metric: &str) -> Vec<ChangeReason> {
        let graph = self.before.basis.graph;
        let repos = self.before.basis.members[project].iter().map(|repo| &graph.vertices[*repo as usize].id);
        repos.filter_map(|id| self.other(Level::Repo, id, metric)).collect()
    }

    fn dependents(&self, change: &Change, about: About) -> (Vec<ChangeReason>, u64) {
        let distinct = |side: &Evaluation<'_>| side.basis.formula.criticality.project == ProjectCriticality::Distinct;
        match about {
            About::Vertex(vertex) => self.moved_dependents(&self.dependents.vertices[vertex as usize]),
            About::Project(project) if distinct(self.before) && distinct(self.after) => {
                self.moved_dependents(&self.dependents.projects[project])
            }
            About::Project(project) => (self.moved_repos(project, &change.metric), 0),
        }
    }

    fn moved_dependents(&self, dependents: &Dependents) -> (Vec<ChangeReason>, u64) {
        let graph = self.before.basis.graph;
        let reason = |moved: &dependents::Moved| {
            let vertex = &graph.vertices[moved.dependent as usize];
            let mut positions = Vec::new();
            if moved.by == "active" {
                let status = vertex.project.map(|project| self.sources.status(&graph.projects[project as usize]));
                positions.extend(status.into_iter().flatten().filter_map(|reason| match reason {
                    ChangeReason::Event { position, .. } => Some(position),
                    _ => None,
                }));
            }
            positions.extend(self.sources.claims(&vertex.id));
            positions.sort_unstable();
            positions.dedup();
            ChangeReason::Dependent { direction: moved.direction, id: vertex.id.to_string(), by: moved.by, positions }
        };
        (dependents.moved.iter().map(reason).collect(), dependents.beyond)
    }

    /// Other values of the same vertex that moved.
    fn own(&self, change: &Change, names: &[&str]) -> Vec<ChangeReason> {
        let found = names.iter().filter_map(|name| {
            let key = (change.level, change.id.clone(), (*name).to_owned());
            let (before, after) = self.moved.get(&key)?.clone();
            Some(ChangeReason::Term { name: (*name).to_owned(), before, after })
        });
        found.collect()
    }

    /// All other values of the same vertex that moved.
    fn own_all(&self, change: &Change) -> Vec<ChangeReason> {
        let start = (change.level, change.id.clone(), String::new());
        let same = self
            .moved
            .range(start..)
            .take_while(|((level, id, _), _)| (*level, id.as_str()) == (change.level, change.id.as_str()));
        let others = same.filter(|((_, _, metric), _)| *metric != change.metric);
        let reason = |(key, (before, after)): (&(Level, String, String), &(Value, Value))| ChangeReason::Term {
            name: key.2.clone(),
            before: before.clone(),
            after: after.clone(),
        };
        others.map(reason).collect()
    }

    /// A value of another vertex, if it moved.
    fn other(&self, level: Level, id: &str, metric: &str) -> Option<ChangeReason> {
        let (before, after) = self.moved.get(&(level, id.to_owned(), metric.to_owned()))?.clone();
        Some(ChangeReason::Vertex { id: id.to_owned(), metric: metric.to_owned(), before, after })
    }
}
