//! Terms about who reaches whom.

use domain::formula::{ProjectCriticality, SiblingPolicy};
use domain::number::fit;

use super::{Values, per_project};
use crate::engine;
use crate::metrics::basis::Basis;
use crate::metrics::criticality::THREADS;
use crate::metrics::exact::decay_micro;
use crate::metrics::network::{self, Network};
use crate::metrics::value::TermValue::{self, Count, Hundredths, Millionths};

/// Vertices that would feel it: all that reach it along the formula's edges, Repos and ExternalRepos, active or not,
/// itself excluded. For a project the distinct vertices outside it that reach any of its Repos.
pub(super) fn blast_radius(basis: &Basis<'_>, network: &Network) -> Values {
    let everybody = vec![true; basis.graph.vertices.len()];
    let nodes = engine::criticality(&network.edges, &everybody, &everybody, THREADS);
    let across = engine::criticality_across_groups(&network.edges, &everybody, &everybody, &network.groups, THREADS);
    let projects = basis.members.iter().enumerate().map(|(n, repos)| {
        // Whoever has a Repo is a group.
        (!repos.is_empty()).then(|| Count(u64::from(across.groups[n])))
    });
    Values {
        projects: projects.collect(),
        vertices: nodes.iter().map(|count| Some(Count(u64::from(*count)))).collect(),
    }
}

/// Criticality in which a dependent fades: the sum of e^(-d / decay_days) over the dependents that criticality counts,
/// d the days since their last commit that counts; dependents without a known commit add nothing. Each summand has 6
/// decimals, so the sum is exact in any order. A project has the sum or the distinct sum, as criticality says.
/// Source: the decay variant of the SCF PG Atlas prototype, there with an e-folding time of 30 days.
pub(super) fn decay_criticality(basis: &Basis<'_>, network: &Network, decay_days: u32) -> Values {
    let policy = &basis.formula.criticality;
    let exclude = policy.siblings == SiblingPolicy::Exclude;
    let mut vertices = vec![0u64; basis.graph.vertices.len()];
    let mut projects = vec![0u64; basis.members.len()];
    let mut seen_by = vec![u32::MAX; vertices.len()];
    let mut project_seen_by = vec![u32::MAX; projects.len()];
    let mut waiting = Vec::new();
    for (source, repo) in basis.contributions.iter() {
        if !network.active[source as usize] || !network.counts[source as usize] {
            continue;
        }
        let counting = |row: &&crate::people::state::DayRow| {
            row.day <= basis.today && basis.authors.own(row) > 0 && basis.authors.counts(&repo, &row.author)
        };
        let Some(last) = repo.days.iter().rev().find(counting) else { continue };
        let age = u64::from(basis.today.number().abs_diff(last.day.number()));
        let fading: u64 = fit(decay_micro(age, u64::from(decay_days)), "millionths of a summand");
        seen_by[source as usize] = source;
        waiting.push(source);
        while let Some(node) = waiting.pop() {
            for &reached in network.edges.dependencies(node) {
                if std::mem::replace(&mut seen_by[reached as usize], source) == source {
                    continue;
                }
                waiting.push(reached);
                let (from, to) = (network.groups[source as usize], network.groups[reached as usize]);
                let siblings = from.is_some() && from == to;
                if !(exclude && siblings) {
                    vertices[reached as usize] += fading;
                }
                if let Some(to) = to.filter(|_| !siblings && basis.graph.vertices[reached as usize].repo)
                    && std::mem::replace(&mut project_seen_by[to as usize], source) != source
                {
                    projects[to as usize] += fading;
                }
            }
        }
    }
    let sum = |repos: &[u32]| Some(Millionths(repos.iter().map(|repo| vertices[*repo as usize]).sum()));
    let projects = match policy.project {
        ProjectCriticality::Sum => per_project(basis, sum),
        ProjectCriticality::Distinct => {
            let each = basis.members.iter().zip(&projects);
            each.map(|(repos, sum)| (!repos.is_empty()).then_some(Millionths(*sum))).collect()
        }
    };
    Values { projects, vertices: vertices.iter().map(|sum| Some(Millionths(*sum))).collect() }
}

/// Direct dependents that criticality counts, each by the weight that the formula gives to the confidence of its edge.
/// 0 outside the active set. A project has the sum of its Repos'. Source: the formula's own weights.
pub(super) fn weighted_dependents(basis: &Basis<'_>, network: &Network) -> Values {
    let exclude = basis.formula.criticality.siblings == SiblingPolicy::Exclude;
    let mut sums = vec![0u64; basis.graph.vertices.len()];
    for edge in &basis.graph.links {
        let (from, to) = (edge.from as usize, edge.to as usize);
        let siblings = network.groups[from].is_some() && network.groups[from] == network.groups[to];
        if network.active[from] && network.counts[from] && !(exclude && siblings) {
            sums[to] += u64::from(network::weight(edge, basis.formula).unwrap_or(0));
        }
    }
    let value = |sum: u64| -> TermValue { Hundredths(sum) };
    let project = |repos: &[u32]| Some(value(repos.iter().map(|repo| sums[*repo as usize]).sum()));
    Values { projects: per_project(basis, project), vertices: sums.iter().map(|sum| Some(value(*sum))).collect() }
}
