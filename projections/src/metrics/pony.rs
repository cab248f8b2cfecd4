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

/// The fewest authors whose commits together reach `threshold_percent` of all; 0 without commits.
#[must_use]
pub fn pony_factor(commits: &Commits, threshold_percent: u32) -> u32 {
    let mut counts: Vec<u64> = commits.iter().map(|(_, count)| *count).filter(|count| *count > 0).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    let mut sum = 0u128;
    let mut people = 0;
    for count in counts {
        sum += u128::from(count);
        people += 1;
        if sum * 100 >= u128::from(threshold_percent) * total {
            break;
        }
    }
    people
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
    let projects = graph.projects.iter().zip(members).map(|(project, repos)| {
        if repos.is_empty() {
            return None;
        }
        let known = repos.iter().filter_map(|repo| windows[*repo as usize].as_ref()).collect();
        held.joined(&project.id, known, policy.threshold_percent).or(missing)
    });
    PonyFactors { vertices: vertices.collect(), projects: projects.collect() }
}

/// The commits of several repositories together, each person once; `None` where none of them has a git log.
#[must_use]
pub fn union(windows: &ByVertex, repos: &[u32]) -> Option<Commits> {
    let known: Vec<&Window> = repos.iter().filter_map(|repo| windows[*repo as usize].as_deref()).collect();
    (!known.is_empty()).then(|| summed(known.into_iter().flat_map(|window| &window.commits).copied().collect()))
}

#[cfg(test)]
mod tests {
    use domain::digest::Digest;

    use super::*;

    #[test]
    fn known_vectors() {
        for (counts, expected) in [
            (vec![], 0),
            (vec![0, 0], 0),
            (vec![7], 1),
            (vec![5, 5], 1),
            (vec![1; 10], 5),
            (vec![4, 3, 3], 2),
            (vec![50, 30, 20], 1),
            (vec![49, 30, 21], 2),
        ] {
            let commits = counts.iter().map(|count| (Digest::default(), *count)).collect();
            assert_eq!(pony_factor(&commits, 50), expected, "{counts:?}");
        }
    }
}
