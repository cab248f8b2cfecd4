//! Pony factor: the fewest people behind a share of the commits of a window.

use domain::formula::{Missing, PonyPolicy};

use super::windows::{Windows, WindowsByVertex};
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
    windows: &WindowsByVertex,
    members: &[Vec<u32>],
    policy: &PonyPolicy,
    held: &mut Windows,
) -> PonyFactors {
    let missing = match policy.without_log {
        Missing::Zero => Some(0),
        Missing::Null => None,
    };
    let of_vertex = |n: u32| windows.pony_factor(n).or(missing);
    let vertices = (0..).zip(&graph.vertices).map(|(n, vertex)| vertex.repo.then(|| of_vertex(n)).flatten());
    let projects = held.of_projects(members, policy.threshold_percent).iter().zip(members);
    let projects = projects.map(|(factor, repos)| if repos.is_empty() { None } else { factor.or(missing) });
    PonyFactors { vertices: vertices.collect(), projects: projects.collect() }
}
