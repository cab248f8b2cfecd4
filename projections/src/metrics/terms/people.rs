//! Terms about people. Commits, persons and window are those of the pony factor; null without a git log, and where a
//! share of nothing would be asked for. ExternalRepos have none.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::number::fit;
use domain::time::Day;

use super::Values;
use crate::metrics::basis::Basis;
use crate::metrics::exact::{half_up, surprise_micro};
use crate::metrics::persons::Commits;
use crate::metrics::value::TermValue::{self, Count, Hundredths, Millionths};

/// Values from the commits of the window; a project's from the union of its Repos'.
fn of_window(basis: &Basis<'_>, value: impl Fn(&Commits) -> Option<TermValue>) -> Values {
    let vertices = (0..).zip(&basis.graph.vertices).map(|(n, _)| value(basis.windows.commits(n)?));
    let projects = basis.members.iter().map(|repos| basis.windows.union(repos).and_then(|commits| value(&commits)));
    Values { projects: projects.collect(), vertices: vertices.collect() }
}

fn total(commits: &Commits) -> u64 {
    commits.iter().map(|(_, count)| count).sum()
}

/// Authors in the window (the working group's "total contributors").
pub(super) fn contributors(basis: &Basis<'_>) -> Values {
    of_window(basis, |commits| Some(Count(commits.len() as u64)))
}

/// Concentration: 10,000 x the sum of squared shares, half up. From 10,000 (one author) down to 10,000 / n (n equal
/// ones). Source: Herfindahl 1950, Hirschman 1945; the scale of merger guidelines.
pub(super) fn hhi(basis: &Basis<'_>) -> Values {
    of_window(basis, |commits| index(commits).map(Count))
}

fn index(commits: &Commits) -> Option<u64> {
    let total = u128::from(total(commits));
    let squares: u128 = commits.iter().map(|(_, count)| u128::from(*count).pow(2)).sum();
    if total == 0 { None } else { Some(fit(half_up(10_000 * squares, total.pow(2)), "concentration")) }
}

/// Evenness: -sum p ln p in nats, each summand to 6 decimals. 0 for one author, ln n for n equal ones.
/// Source: Shannon 1948.
pub(super) fn shannon(basis: &Basis<'_>) -> Values {
    of_window(basis, |commits| entropy(commits).map(Millionths))
}

fn entropy(commits: &Commits) -> Option<u64> {
    let total = total(commits);
    let sum: u128 = commits.iter().map(|(_, count)| surprise_micro(*count, total)).sum();
    if total == 0 { None } else { Some(fit(sum, "millionths of an entropy")) }
}

/// Authors that `top10_share` looks at.
const TOP: usize = 10;

/// Share of the commits by the ten most active authors, in percent, half up to 2 decimals (the working group's "top 10
/// authors %").
pub(super) fn top10_share(basis: &Basis<'_>) -> Values {
    of_window(basis, |commits| top_share(commits).map(Hundredths))
}

fn top_share(commits: &Commits) -> Option<u64> {
    let mut counts: Vec<u64> = commits.iter().map(|(_, count)| *count).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let top: u64 = counts.iter().take(TOP).sum();
    let total = total(commits);
    if total == 0 {
        None
    } else {
        Some(fit(half_up(10_000 * u128::from(top), u128::from(total)), "hundredths of a percentage"))
    }
}

/// First and last known commit day of each person of a Repo, up to today.
fn careers(basis: &Basis<'_>, vertex: u32) -> BTreeMap<Digest, (Day, Day)> {
    let mut careers: BTreeMap<Digest, (Day, Day)> = BTreeMap::new();
    let Some(repo) = basis.contributions.get(vertex) else { return careers };
    for row in basis.authors.rows(&repo, Day::from_number(i32::MIN), basis.today) {
        let career = careers.entry(basis.authors.person(row.author)).or_insert((row.day, row.day));
        *career = (career.0.min(row.day), career.1.max(row.day));
    }
    careers
}

/// The careers of several Repos together.
fn joined(basis: &Basis<'_>, repos: &[u32]) -> BTreeMap<Digest, (Day, Day)> {
    let mut all: BTreeMap<Digest, (Day, Day)> = BTreeMap::new();
    for (person, (first, last)) in repos.iter().flat_map(|repo| careers(basis, *repo)) {
        let career = all.entry(person).or_insert((first, last));
        *career = (career.0.min(first), career.1.max(last));
    }
    all
}

/// Experience: for those who committed in the window the days from their first known commit to their last, on average,
/// half up (the working group's "author experience").
pub(super) fn tenure_days(basis: &Basis<'_>) -> Values {
    let value = |repos: &[u32]| {
        let active = basis.windows.union(repos)?;
        let careers = joined(basis, repos);
        let days: Vec<u128> = active
            .iter()
            .filter_map(|(person, _)| careers.get(&basis.windows.pseudonym(*person)))
            .map(|(first, last)| u128::from(last.number().abs_diff(first.number())))
            .collect();
        let sum: u128 = days.iter().sum();
        if days.is_empty() { None } else { Some(Count(fit(half_up(sum, days.len() as u128), "days"))) }
    };
    per_career(basis, value)
}

/// Day of the first known commit that counts.
pub(super) fn first_commit(basis: &Basis<'_>) -> Values {
    per_career(basis, |repos| joined(basis, repos).values().map(|career| career.0).min().map(TermValue::Day))
}

/// Day of the last known commit that counts, up to today.
pub(super) fn last_commit(basis: &Basis<'_>) -> Values {
    per_career(basis, |repos| joined(basis, repos).values().map(|career| career.1).max().map(TermValue::Day))
}

fn per_career(basis: &Basis<'_>, value: impl Fn(&[u32]) -> Option<TermValue>) -> Values {
    let vertices = (0u32..).zip(&basis.graph.vertices).map(|(n, _)| value(&[n])).collect();
    Values { projects: super::per_project(basis, &value), vertices }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(counts: &[u64]) -> Commits {
        (0..).zip(counts.iter().copied()).collect()
    }

    #[test]
    fn concentration_and_evenness() {
        // (counts, HHI, entropy in millionths, share of the ten in hundredths)
        for (counts, hhi, shannon, top) in [
            (vec![7], Some(10_000), Some(0), Some(10_000)),
            (vec![5, 5], Some(5_000), Some(693_148), Some(10_000)),
            (vec![50, 30, 20], Some(3_800), Some(1_029_654), Some(10_000)),
            (vec![1; 4], Some(2_500), Some(1_386_296), Some(10_000)),
            (vec![1; 20], Some(500), Some(2_995_740), Some(5_000)),
            (vec![2, 1], Some(5_556), Some(636_514), Some(10_000)),
            (vec![], None, None, None),
        ] {
            let commits = commits(&counts);
            assert_eq!((index(&commits), entropy(&commits), top_share(&commits)), (hhi, shannon, top), "{counts:?}");
        }
    }
}
