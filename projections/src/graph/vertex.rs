//! What is shown of a vertex besides its scores: names, versions, host facts. None of it enters a digest.

use std::collections::BTreeMap;

use domain::facts::registry::Release;
use domain::purl;
use domain::recorded::Rank;
use domain::time::Timestamp;

use super::identity::Identity;
use super::snapshot::Snapshot;
use super::state::GraphState;

/// Facts kept with a vertex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What a person calls it.
    pub name: String,
    /// Latest version known.
    pub latest_version: Option<String>,
    /// Releases: (version, released), newest first, at most [`MAX_RELEASES`].
    pub releases: Vec<(String, Option<Timestamp>)>,
    /// True when the host says it is private; `None` when unknown.
    pub private: Option<bool>,
    /// Stars on the host.
    pub stars: Option<u64>,
    /// Forks on the host.
    pub forks: Option<u64>,
    /// Downloads in 30 days, summed over the packages published from it.
    pub downloads: Option<u64>,
    /// Licence expression.
    pub license: Option<String>,
    /// Canonical id of the repository it was forked from.
    pub parent: Option<String>,
    /// Packages published from it, sorted.
    pub packages: Vec<String>,
}

/// Releases kept per vertex.
pub const MAX_RELEASES: usize = 500;

impl Details {
    /// Details of which only the name is known.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Details of every vertex that has more than its id, by resolved id.
pub(super) fn details(
    state: &GraphState,
    identity: &Identity,
    live: &[(&str, &Snapshot)],
) -> BTreeMap<String, Details> {
    let mut all: BTreeMap<String, Details> = BTreeMap::new();
    let mut of_repo: BTreeMap<&str, (Rank, &str)> = BTreeMap::new();
    for (subject, facts) in &state.repos {
        let resolved = identity.resolve(subject);
        let entry = all.entry(resolved.to_owned()).or_insert_with(|| Details::named(purl::full_name(resolved)));
        if let Some(spelled) = &facts.spelled
            && subject == resolved
        {
            entry.name.clone_from(&spelled.value);
        }
        let Some(host) = &facts.host else { continue };
        let held = of_repo.get(resolved).map(|(rank, _)| *rank);
        if held.is_none_or(|held| held < host.rank) {
            of_repo.insert(resolved, (host.rank, subject));
            entry.private = host.value.private;
            entry.stars = host.value.stars;
            entry.forks = host.value.forks;
            entry.license.clone_from(&host.value.license);
            entry.parent.clone_from(&host.value.parent);
            entry.latest_version.clone_from(&host.value.latest_version);
            entry.releases = releases(&host.value.releases);
        }
    }
    for (package, repo) in identity.publications() {
        let entry = all.entry(repo.to_owned()).or_insert_with(|| Details::named(purl::full_name(repo)));
        entry.packages.push(package.to_owned());
    }
    for (package, crawl) in &state.packages {
        let resolved = identity.resolve(package);
        let entry = all.entry(resolved.to_owned()).or_insert_with(|| Details::named(purl::full_name(resolved)));
        let facts = &crawl.value;
        entry.latest_version = entry.latest_version.take().or_else(|| facts.latest_version.clone());
        entry.license = entry.license.take().or_else(|| facts.license.clone());
        if let Some(downloads) = facts.downloads_30d() {
            entry.downloads = Some(entry.downloads.unwrap_or(0).saturating_add(downloads));
        }
        entry.releases.extend(releases(&facts.releases));
        entry.releases.sort_unstable_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
        entry.releases.truncate(MAX_RELEASES);
    }
    // A package known only from documents shows the greatest version that the newest document names.
    for (_, snapshot) in live {
        for &(_, to, _, version) in &snapshot.claims {
            let Some(version) = snapshot.version(version) else { continue };
            let id = identity.resolve(&snapshot.ids[to as usize]);
            let entry = all.entry(id.to_owned()).or_insert_with(|| Details::named(purl::full_name(id)));
            if entry.packages.is_empty() && !state.packages.contains_key(id) && !of_repo.contains_key(id) {
                entry.latest_version = entry.latest_version.take().max(Some(version.to_owned()));
            }
        }
    }
    all
}

fn releases(releases: &[Release]) -> Vec<(String, Option<Timestamp>)> {
    releases.iter().rev().take(MAX_RELEASES).map(|release| (release.version.clone(), release.released)).collect()
}
