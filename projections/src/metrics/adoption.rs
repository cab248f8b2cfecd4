//! Adoption: percentiles of downloads, stars and forks, on exact shares.

use domain::formula::{AdoptionPolicy, Combine, ProjectAdoption, Signal, SignalNorm};
use domain::number::fit;

use super::exact::{below, half_up, log1p_micro, mean_percentile, rank};
use super::signals::Signals;
use super::vertex_columns::VertexColumns;
use crate::graph::model::add_downloads;

/// Adoption by vertex and by project, in hundredths.
#[derive(Clone, Debug, Default)]
pub struct Adoption {
    /// By vertex index; `None` without any signal, and for ExternalRepos.
    pub vertices: Vec<Option<u32>>,
    /// By project index.
    pub projects: Vec<Option<u32>>,
}

/// The place of a signal among all, and by entry its value as a share.
pub type SignalShares = (usize, Vec<Option<(u64, u64)>>);

/// Per signal that counts its place among all and, by entry, its value as a share: numerator and denominator of one. Of
/// a percentile these are how many lie strictly below, and how many are known.
#[must_use]
pub fn shares(entries: &[Signals], policy: &AdoptionPolicy) -> Vec<SignalShares> {
    let counting = Signal::ALL.into_iter().enumerate().filter(|(_, signal)| policy.signals.contains(signal));
    let of = |n: usize| entries.iter().map(move |signals| signals[n]);
    let scaled = counting.map(|(n, _)| match policy.norm {
        SignalNorm::Percentile => {
            let (ranks, count) = below(&of(n).collect::<Vec<_>>());
            (n, ranks.into_iter().map(|rank| rank.map(|rank| (rank, count))).collect())
        }
        SignalNorm::Log1p => (n, of(n).map(logarithm).collect()),
    });
    scaled.collect()
}

/// Hundredths of ln(1 + value), as a share of a hundred.
fn logarithm(value: Option<u64>) -> Option<(u64, u64)> {
    value.map(|value| (fit(half_up(log1p_micro(value), 10_000), "hundredths of a logarithm"), 10_000))
}

/// Per entry its signals on a common scale, joined; `None` without any signal that counts.
fn composites(entries: usize, scaled: &[SignalShares], policy: &AdoptionPolicy) -> Vec<Option<u32>> {
    let mut terms: Vec<(u64, u64)> = Vec::with_capacity(scaled.len());
    let joined = |entry: usize| {
        terms.clear();
        terms.extend(scaled.iter().filter_map(|(_, signal)| signal[entry]));
        match policy.combine {
            Combine::Mean => mean_percentile(&terms),
            Combine::Greatest => terms.iter().filter_map(|term| mean_percentile(&[*term])).max(),
        }
    };
    (0..entries).map(joined).collect()
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

/// Adoption that follows the looks at one log under one formula. Most signals are what they were at the last look, and
/// of those that are not few have moved.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptAdoption {
    adoption: Adoption,
    /// By signal the values that are known, sorted, each with its vertex.
    sorted: [Vec<(u64, usize)>; 3],
    /// Per signal that counts its values as shares.
    scaled: Vec<SignalShares>,
}

impl KeptAdoption {
    /// Evaluates every Repo and project.
    pub(super) fn follow(
        &mut self,
        columns: &VertexColumns,
        members: &[Vec<u32>],
        policy: &AdoptionPolicy,
    ) -> &Adoption {
        let VertexColumns { signals, news, .. } = columns;
        if self.scaled.is_empty() {
            let counting = (0..).zip(Signal::ALL).filter(|(_, signal)| policy.signals.contains(signal));
            self.scaled = counting.map(|(n, _)| (n, Vec::new())).collect();
        }
        let is_known = |n: usize| news.moves.is_none() && news.signals[n].is_empty();
        let moved = !(0..news.signals.len()).all(is_known);
        for (n, shares) in self.scaled.iter_mut().filter(|(n, _)| !is_known(*n)) {
            match policy.norm {
                SignalNorm::Percentile => {
                    let sorted = &mut self.sorted[*n];
                    sort_again(sorted, *n, columns);
                    shares.clear();
                    shares.resize(signals.len(), None);
                    let count = sorted.len() as u64;
                    rank(sorted, |place, below| shares[place] = Some((below, count)));
                }
                SignalNorm::Log1p => {
                    shares.clear();
                    shares.extend(signals.iter().map(|signals| logarithm(signals[*n])));
                }
            }
        }
        if moved {
            self.adoption.vertices = composites(signals.len(), &self.scaled, policy);
        }
        if moved || news.grouped || self.adoption.projects.len() != members.len() {
            self.adoption.projects = of_projects(signals, &self.adoption.vertices, members, policy);
        }
        &self.adoption
    }
}

/// Brings the sorted values of a signal to where they are now.
fn sort_again(sorted: &mut Vec<(u64, usize)>, n: usize, VertexColumns { signals, news, .. }: &VertexColumns) {
    let moved = &news.signals[n];
    let mut are_moved = vec![false; signals.len()];
    moved.iter().for_each(|place| are_moved[*place as usize] = true);
    let mut new: Vec<(u64, usize)> =
        moved.iter().filter_map(|place| Some((signals[*place as usize][n]?, *place as usize))).collect();
    new.sort_unstable();
    let mut new = new.into_iter().peekable();
    let mut merged = Vec::with_capacity(signals.len());
    for &(value, former) in &*sorted {
        // Whoever stays comes before whom he came before.
        let place = match &news.moves {
            Some(moves) => moves[former].map(|place| place as usize),
            None => Some(former),
        };
        let Some(place) = place.filter(|place| !are_moved[*place]) else { continue };
        while let Some(before) = new.next_if(|new| *new < (value, place)) {
            merged.push(before);
        }
        merged.push((value, place));
    }
    merged.extend(new);
    *sorted = merged;
}

fn of_projects(
    signals: &[Signals],
    vertices: &[Option<u32>],
    members: &[Vec<u32>],
    policy: &AdoptionPolicy,
) -> Vec<Option<u32>> {
    let values = |repos: &'_ Vec<u32>| repos.iter().filter_map(|repo| vertices[*repo as usize]).collect::<Vec<u32>>();
    match policy.project {
        ProjectAdoption::MeanOfRepos => members
            .iter()
            .map(|repos| {
                let values = values(repos);
                let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
                (!values.is_empty()).then(|| fit(half_up(sum, values.len() as u128), "adoption in hundredths"))
            })
            .collect(),
        ProjectAdoption::GreatestOfRepos => members.iter().map(|repos| values(repos).into_iter().max()).collect(),
        ProjectAdoption::ProjectSignals => {
            let joined = joined(signals, members);
            composites(joined.len(), &shares(&joined, policy), policy)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::formula::Formula;

    use super::*;

    fn policy() -> AdoptionPolicy {
        Formula::shipped("seed").unwrap().adoption
    }

    fn composites(entries: &[Signals], policy: &AdoptionPolicy) -> Vec<Option<u32>> {
        super::composites(entries.len(), &shares(entries, policy), policy)
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
