//! Adoption: percentiles of downloads, stars and forks, on exact shares.

use domain::formula::{AdoptionPolicy, Combine, ProjectAdoption, Signal, SignalNorm};
use domain::number::fit;

use super::exact::{below, half_up, log1p_micro, mean_percentile};
use crate::graph::model::add_downloads;
use crate::graph::{Graph, Vertex};

/// Adoption by vertex and by project, in hundredths.
#[derive(Debug)]
pub struct Adoption {
    /// By vertex index; `None` without any signal, and for ExternalRepos.
    pub vertices: Vec<Option<u32>>,
    /// By project index.
    pub projects: Vec<Option<u32>>,
}

/// One value per signal, in the order of [`Signal::ALL`].
pub type Signals = [Option<u64>; 3];

/// The place of a signal among all, and by entry its value as a share.
pub type SignalShares = (usize, Vec<Option<(u64, u64)>>);

/// The signals of a Repo as its vertex states them.
#[must_use]
pub fn signals_of(vertex: &Vertex) -> Signals {
    let details = &vertex.details;
    if vertex.repo { [details.downloads, details.stars, details.forks] } else { [None; 3] }
}

/// Per signal that counts its place among all and, by entry, its value as a share: numerator and denominator of one. Of
/// a percentile these are how many lie strictly below, and how many are known.
#[must_use]
pub fn shares(entries: &[Signals], policy: &AdoptionPolicy) -> Vec<SignalShares> {
    let counting = Signal::ALL.into_iter().enumerate().filter(|(_, signal)| policy.signals.contains(signal));
    let of = |n: usize| entries.iter().map(move |signals| signals[n]).collect::<Vec<_>>();
    let scaled = counting.map(|(n, _)| match policy.norm {
        SignalNorm::Percentile => {
            let (ranks, count) = below(&of(n));
            (n, ranks.into_iter().map(|rank| rank.map(|rank| (rank, count))).collect())
        }
        // Hundredths of ln(1 + value), as a share of a hundred.
        SignalNorm::Log1p => {
            let hundredths = |value: u64| fit(half_up(log1p_micro(value), 10_000), "hundredths of a logarithm");
            (n, of(n).into_iter().map(|value| value.map(|value| (hundredths(value), 10_000))).collect())
        }
    });
    scaled.collect()
}

/// Per entry its signals on a common scale, joined; `None` without any signal that counts.
fn composites(entries: &[Signals], policy: &AdoptionPolicy) -> Vec<Option<u32>> {
    let scaled = shares(entries, policy);
    let mut terms: Vec<(u64, u64)> = Vec::with_capacity(scaled.len());
    let joined = |entry: usize| {
        terms.clear();
        terms.extend(scaled.iter().filter_map(|(_, signal)| signal[entry]));
        match policy.combine {
            Combine::Mean => mean_percentile(&terms),
            Combine::Greatest => terms.iter().filter_map(|term| mean_percentile(&[*term])).max(),
        }
    };
    (0..entries.len()).map(joined).collect()
}

/// The signals of every project, those of its Repos joined.
#[must_use]
pub fn joined(signals: &[Signals], members: &[Vec<u32>]) -> Vec<Signals> {
    let of_project = |repos: &Vec<u32>| {
        let of = |n: usize| repos.iter().filter_map(move |repo| signals[*repo as usize][n]);
        [of(0).fold(None, add_downloads), of(1).max(), of(2).max()]
    };
    members.iter().map(of_project).collect()
}

/// Evaluates every Repo and project.
#[must_use]
pub fn evaluate(graph: &Graph, members: &[Vec<u32>], policy: &AdoptionPolicy) -> Adoption {
    let signals: Vec<Signals> = graph.vertices.iter().map(signals_of).collect();
    let vertices = composites(&signals, policy);
    let values = |repos: &[u32]| repos.iter().filter_map(|repo| vertices[*repo as usize]).collect::<Vec<u32>>();
    let projects = match policy.project {
        ProjectAdoption::MeanOfRepos => members
            .iter()
            .map(|repos| {
                let values = values(repos);
                let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
                (!values.is_empty()).then(|| fit(half_up(sum, values.len() as u128), "adoption in hundredths"))
            })
            .collect(),
        ProjectAdoption::GreatestOfRepos => members.iter().map(|repos| values(repos).into_iter().max()).collect(),
        ProjectAdoption::ProjectSignals => composites(&joined(&signals, members), policy),
    };
    Adoption { vertices, projects }
}

#[cfg(test)]
mod tests {
    use domain::formula::Formula;

    use super::*;

    fn policy() -> AdoptionPolicy {
        Formula::shipped("seed").unwrap().adoption
    }

    #[test]
    fn known_vectors() {
        let entries: [Signals; 4] =
            [[None, Some(10), Some(2)], [Some(100), Some(20), None], [Some(300), None, Some(6)], [None, None, None]];
        assert_eq!(composites(&entries, &policy()), [Some(0), Some(2500), Some(5000), None]);
        let stars: Vec<Signals> = [10, 10, 20].iter().map(|n| [None, Some(*n), None]).collect();
        assert_eq!(composites(&stars, &policy()), [Some(0), Some(0), Some(6667)]);
    }

    #[test]
    fn every_choice_has_its_effect() {
        let entries: [Signals; 3] = [[Some(0), Some(9), None], [Some(7), Some(1), Some(4)], [Some(99), None, Some(3)]];
        let with = |change: fn(&mut AdoptionPolicy)| {
            let mut policy = policy();
            change(&mut policy);
            composites(&entries, &policy)
        };
        assert_eq!(with(|_| {}), [Some(2500), Some(2778), Some(3333)]);
        assert_eq!(with(|policy| policy.signals = vec![Signal::Stars]), [Some(5000), Some(0), None]);
        assert_eq!(with(|policy| policy.combine = Combine::Greatest), [Some(5000), Some(5000), Some(6667)]);
        // ln 1 = 0, ln 8 = 2.08, ln 100 = 4.61; ln 10 = 2.30, ln 2 = 0.69; ln 5 = 1.61, ln 4 = 1.39.
        let logs = with(|policy| policy.norm = SignalNorm::Log1p);
        assert_eq!(logs, [Some(115), Some(146), Some(300)]);
    }
}
