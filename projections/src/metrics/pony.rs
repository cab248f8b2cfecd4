//! Pony factor: the fewest people behind a share of the commits of a window.

use domain::formula::{Missing, PonyPolicy};

use super::authors::{Commits, summed};
use super::windows::{ByVertex, Window, Windows};
use crate::graph::Graph;

/// Pony factors by vertex and by project.
#[derive(Debug)]
pub struct PonyFactors {
    /// By vertex index; `None` for ExternalRepos.
    pub vertices: Vec<Option<u32>>,
    /// By project index; `None` for projects without Repos.
    pub projects: Vec<Option<u32>>,
}

/// Evaluates every Repo and project, from the windows by vertex. `held` is where they come from.
#[must_use]
pub fn evaluate(
    graph: &Graph,
    windows: &ByVertex,
    members: &[Vec<u32>],
    policy: &PonyPolicy,
    held: &mut Windows,
) -> PonyFactors {
    let missing = match policy.without_log {
        Missing::Zero => Some(0),
        Missing::Null => None,
    };
    let vertices = graph.vertices.iter().zip(windows).map(|(vertex, window)| {
        vertex.repo.then(|| window.as_ref().map_or(missing, |window| Some(window.pony_factor))).flatten()
    });
    let projects = graph.projects.iter().zip(members).enumerate().map(|(index, (project, repos))| {
        if repos.is_empty() {
            return None;
        }
        let known = repos.iter().filter_map(|repo| windows[*repo as usize].as_ref());
        held.joined((index, &project.id), known, policy.threshold_percent).or(missing)
    });
    PonyFactors { vertices: vertices.collect(), projects: projects.collect() }
}

/// The commits of several repositories together, each person once; `None` where none of them has a git log.
#[must_use]
pub fn union(windows: &ByVertex, repos: &[u32]) -> Option<Commits> {
    let known: Vec<&Window> = repos.iter().filter_map(|repo| windows[*repo as usize].as_deref()).collect();
    (!known.is_empty()).then(|| summed(known.into_iter().flat_map(|window| &window.commits).copied().collect()))
}
