//! What is shown of a vertex besides its scores: names, versions, host facts. None of it enters a digest.

use domain::facts::registry::Release;
use domain::purl;
use domain::recorded::Rank;
use domain::time::Timestamp;

use super::names::{Keyed, Name, Names};
use super::resolve::{Depth, Vertices};
use super::snapshot::Snapshot;

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

/// Details of every vertex, in their order.
pub(super) fn details(
    keyed: &Keyed<'_>,
    names: &Names,
    vertices: &Vertices<'_>,
    live: &[(Name, &Snapshot)],
    depth: Depth,
) -> Vec<Details> {
    let shown = depth == Depth::Shown;
    let mut all: Vec<Details> = match depth {
        Depth::Shown => vertices.ids.iter().map(|id| Details::named(purl::full_name(names.text(*id)))).collect(),
        Depth::Scored => vec![Details::default(); vertices.ids.len()],
    };
    let mut hosts: Vec<Option<Rank>> = vec![None; all.len()];
    for (subject, spelling, facts, _) in &keyed.repos {
        let n = vertices.of(*subject) as usize;
        if let Some(spelled) = &facts.spelled
            && shown
            && names.text(vertices.ids[n]) == *spelling
        {
            all[n].name.clone_from(&spelled.value);
        }
        let Some(host) = &facts.host else { continue };
        if hosts[n] < Some(host.rank) {
            hosts[n] = Some(host.rank);
            let entry = &mut all[n];
            entry.stars = host.value.stars;
            entry.forks = host.value.forks;
            if shown {
                entry.private = host.value.private;
                entry.license.clone_from(&host.value.license);
                entry.parent.clone_from(&host.value.parent);
                entry.latest_version.clone_from(&host.value.latest_version);
                entry.releases = releases(&host.value.releases);
            }
        }
    }
    for (package, _, crawl) in &keyed.packages {
        let entry = &mut all[vertices.of(*package) as usize];
        if let Some(downloads) = crawl.value.downloads_30d() {
            entry.downloads = Some(entry.downloads.unwrap_or(0).saturating_add(downloads));
        }
        if shown {
            entry.latest_version = entry.latest_version.take().or_else(|| crawl.value.latest_version.clone());
            entry.license = entry.license.take().or_else(|| crawl.value.license.clone());
            entry.releases.extend(releases(&crawl.value.releases));
            entry.releases.sort_unstable_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
            entry.releases.truncate(MAX_RELEASES);
        }
    }
    if shown {
        for (package, repo) in vertices.identity.publications() {
            all[vertices.of(repo) as usize].packages.push(names.text(package).to_owned());
        }
        for entry in &mut all {
            entry.packages.sort_unstable();
        }
        versions_of_documents(keyed, names, vertices, live, &hosts, &mut all);
    }
    all
}

/// A package known only from documents shows the greatest version that the newest document names.
fn versions_of_documents(
    keyed: &Keyed<'_>,
    names: &Names,
    vertices: &Vertices<'_>,
    live: &[(Name, &Snapshot)],
    hosts: &[Option<Rank>],
    all: &mut [Details],
) {
    let mut crawled = vec![false; names.len()];
    for (package, ..) in &keyed.packages {
        crawled[*package as usize] = true;
    }
    for (_, snapshot) in live {
        let ids = &names.said(snapshot.rank.position).ids;
        for &(_, to, _, version) in &snapshot.claims {
            let n = vertices.of(ids[to as usize]) as usize;
            let entry = &mut all[n];
            let known = !entry.packages.is_empty() || crawled[vertices.ids[n] as usize] || hosts[n].is_some();
            let version = snapshot.version(version);
            if !known && entry.latest_version.as_deref() < version {
                entry.latest_version = version.map(str::to_owned);
            }
        }
    }
}

fn releases(releases: &[Release]) -> Vec<(String, Option<Timestamp>)> {
    releases.iter().rev().take(MAX_RELEASES).map(|release| (release.version.clone(), release.released)).collect()
}
