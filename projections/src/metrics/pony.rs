//! Pony factor: the fewest people behind a share of the commits of a window.

use domain::formula::{Missing, PonyPolicy};

use super::authors::{Commits, summed};
use super::windows::ByVertex;
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
pub fn pony_factor(commits: impl Iterator<Item = u64>, threshold_percent: u32) -> u32 {
    let mut counts: Vec<u64> = commits.filter(|count| *count > 0).collect();
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

/// Evaluates every Repo and project, from the commits of the window by vertex.
#[must_use]
pub fn evaluate(graph: &Graph, windows: &ByVertex, members: &[Vec<u32>], policy: &PonyPolicy) -> PonyFactors {
    let missing = match policy.without_log {
        Missing::Zero => Some(0),
        Missing::Null => None,
    };
    let factor = |commits: &Commits| pony_factor(commits.iter().map(|(_, count)| *count), policy.threshold_percent);
    let vertices = graph.vertices.iter().zip(windows).map(|(vertex, window)| {
        vertex.repo.then(|| window.as_deref().map_or(missing, |commits| Some(factor(commits)))).flatten()
    });
    let projects = members.iter().map(|repos| {
        if repos.is_empty() {
            return None;
        }
        union(windows, repos).map_or(missing, |commits| Some(factor(&commits)))
    });
    PonyFactors { vertices: vertices.collect(), projects: projects.collect() }
}

/// The commits of several repositories together, each person once; `None` where none of them has a git log.
#[must_use]
pub fn union(windows: &ByVertex, repos: &[u32]) -> Option<Commits> {
    let known: Vec<&Commits> = repos.iter().filter_map(|repo| windows[*repo as usize].as_deref()).collect();
    (!known.is_empty()).then(|| summed(known.into_iter().flatten().copied().collect()))
}

#[cfg(test)]
mod tests {
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
            assert_eq!(pony_factor(counts.iter().copied(), 50), expected, "{counts:?}");
        }
    }
}
