//! Adoption: percentiles of downloads, stars and forks, on exact shares.

use domain::formula::ProjectAdoption;

use super::exact::{below, half_up, mean_percentile};
use crate::graph::Graph;

/// Adoption by vertex and by project, in hundredths.
#[derive(Debug)]
pub struct Adoption {
    /// By vertex index; `None` without any signal, and for ExternalRepos.
    pub vertices: Vec<Option<u32>>,
    /// By project index.
    pub projects: Vec<Option<u32>>,
}

/// One value per signal: downloads, stars, forks.
type Signals = [Option<u64>; 3];

/// Per entry the mean of the percentiles of its signals, each among all entries with that signal.
fn composites(entries: &[Signals]) -> Vec<Option<u32>> {
    let ranked: Vec<(Vec<Option<u64>>, u64)> =
        (0..3).map(|n| below(&entries.iter().map(|signals| signals[n]).collect::<Vec<_>>())).collect();
    let terms = |entry: usize| -> Vec<(u64, u64)> {
        ranked.iter().filter_map(|(ranks, count)| ranks[entry].map(|rank| (rank, *count))).collect()
    };
    (0..entries.len()).map(|entry| mean_percentile(&terms(entry))).collect()
}

/// Evaluates every Repo and project.
#[must_use]
pub fn evaluate(graph: &Graph, members: &[Vec<u32>], policy: ProjectAdoption) -> Adoption {
    let signals: Vec<Signals> = graph
        .vertices
        .iter()
        .map(|vertex| {
            let details = &vertex.details;
            if vertex.repo { [details.downloads, details.stars, details.forks] } else { [None; 3] }
        })
        .collect();
    let vertices = composites(&signals);
    let projects = match policy {
        ProjectAdoption::MeanOfRepos => members
            .iter()
            .map(|repos| {
                let values: Vec<u32> = repos.iter().filter_map(|repo| vertices[*repo as usize]).collect();
                let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
                (!values.is_empty()).then(|| half_up(sum, values.len() as u128)).and_then(|v| u32::try_from(v).ok())
            })
            .collect(),
        ProjectAdoption::ProjectSignals => {
            let joined: Vec<Signals> = members
                .iter()
                .map(|repos| {
                    let signals = &signals;
                    let of = |n: usize| repos.iter().filter_map(move |repo| signals[*repo as usize][n]);
                    let downloads =
                        of(0).fold(None, |sum: Option<u64>, value| Some(sum.unwrap_or(0).saturating_add(value)));
                    [downloads, of(1).max(), of(2).max()]
                })
                .collect();
            composites(&joined)
        }
    };
    Adoption { vertices, projects }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        let entries: [Signals; 4] =
            [[None, Some(10), Some(2)], [Some(100), Some(20), None], [Some(300), None, Some(6)], [None, None, None]];
        assert_eq!(composites(&entries), [Some(0), Some(2500), Some(5000), None]);
        let stars: Vec<Signals> = [10, 10, 20].iter().map(|n| [None, Some(*n), None]).collect();
        assert_eq!(composites(&stars), [Some(0), Some(0), Some(6667)]);
    }
}
