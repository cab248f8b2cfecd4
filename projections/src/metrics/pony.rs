//! Pony factor: the fewest people behind a share of the commits of a window.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::formula::{Missing, PonyPolicy};
use domain::time::Day;

use crate::graph::Graph;
use crate::people::Contributions;

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

/// Evaluates every Repo and project.
#[must_use]
pub fn evaluate(
    graph: &Graph,
    contributions: &Contributions<'_>,
    members: &[Vec<u32>],
    policy: &PonyPolicy,
    today: Day,
) -> PonyFactors {
    let from = today.minus_months(policy.window_months);
    let missing = match policy.without_log {
        Missing::Zero => Some(0),
        Missing::Null => None,
    };
    let windows: BTreeMap<u32, BTreeMap<Digest, u64>> =
        contributions.repos.iter().map(|(vertex, repo)| (*vertex, repo.commits(from, today))).collect();
    let factor = |commits: &BTreeMap<Digest, u64>| pony_factor(commits.values().copied(), policy.threshold_percent);
    let vertices = graph.vertices.iter().enumerate().map(|(n, vertex)| {
        let window = u32::try_from(n).ok().and_then(|n| windows.get(&n));
        vertex.repo.then(|| window.map_or(missing, |commits| Some(factor(commits)))).flatten()
    });
    let projects = members.iter().map(|repos| {
        if repos.is_empty() {
            return None;
        }
        let known: Vec<&BTreeMap<Digest, u64>> = repos.iter().filter_map(|repo| windows.get(repo)).collect();
        if known.is_empty() {
            return missing;
        }
        let mut union: BTreeMap<Digest, u64> = BTreeMap::new();
        for (author, count) in known.into_iter().flatten() {
            *union.entry(*author).or_insert(0) += count;
        }
        Some(factor(&union))
    });
    PonyFactors { vertices: vertices.collect(), projects: projects.collect() }
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
