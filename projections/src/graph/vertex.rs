//! What is shown of a vertex besides its scores: names, versions, host facts. None of it enters a digest.

use domain::facts::registry::Release;
use domain::purl;
use domain::recorded::Rank;
use domain::time::Timestamp;
use domain::version::VersionText;

use super::input::Vertices;
use super::model::{Details, MAX_RELEASES, Vertex, add_downloads};
use super::rows::{Live, StateView};

/// Writes the details of every vertex.
pub(super) fn write(known: StateView<'_>, places: &Vertices<'_>, live: &[Live<'_>], all: &mut [Vertex]) {
    for vertex in all.iter_mut() {
        vertex.details = Details::named(purl::full_name(&vertex.id));
    }
    let hosts = signals(known, places, all);
    show(known, places, &hosts, all);
    versions_of_documents(known, places, live, &hosts, all);
}

/// Writes of the details what scores rest on.
pub(super) fn write_signals(known: StateView<'_>, places: &Vertices<'_>, all: &mut [Vertex]) {
    for Vertex { details, .. } in all.iter_mut() {
        (details.stars, details.forks, details.downloads) = (None, None, None);
    }
    signals(known, places, all);
}

/// Writes the signals of adoption. Returns the rank of each vertex' newest host facts, which decide.
fn signals(known: StateView<'_>, places: &Vertices<'_>, all: &mut [Vertex]) -> Vec<Option<Rank>> {
    let mut hosts: Vec<Option<Rank>> = vec![None; all.len()];
    for (repo, host) in known.repos().filter_map(|repo| Some((repo, repo.host?))) {
        let n = places.of(repo.name) as usize;
        if hosts[n] < Some(host.rank) {
            hosts[n] = Some(host.rank);
            (all[n].details.stars, all[n].details.forks) = (host.stars, host.forks);
        }
    }
    for package in known.packages() {
        let details = &mut all[places.of(package.name) as usize].details;
        if let Some(downloads) = package.downloads {
            details.downloads = add_downloads(details.downloads, downloads);
        }
    }
    hosts
}

/// Writes what is shown of Repos and packages.
fn show(known: StateView<'_>, places: &Vertices<'_>, hosts: &[Option<Rank>], all: &mut [Vertex]) {
    for (facts, repo) in known.state.repos.values().zip(known.repos()) {
        let n = places.of(repo.name) as usize;
        let details = &mut all[n].details;
        if let Some(spelled) = facts.spelled.as_ref().filter(|_| places.ids[n] == repo.name) {
            details.name.clone_from(&spelled.value);
        }
        if let Some(host) = facts.host.as_ref().filter(|host| hosts[n] == Some(host.rank)) {
            details.private = host.value.private;
            details.license.clone_from(&host.value.license);
            details.parent.clone_from(&host.value.parent);
            details.latest_version.clone_from(&host.value.latest_version);
            details.releases = releases(&host.value.releases);
        }
    }
    for (crawl, package) in known.state.packages.values().zip(known.packages()) {
        let details = &mut all[places.of(package.name) as usize].details;
        details.latest_version = details.latest_version.take().or_else(|| crawl.value.latest_version.clone());
        details.license = details.license.take().or_else(|| crawl.value.license.clone());
        details.releases.extend(releases(&crawl.value.releases));
        details.releases.sort_unstable_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
        details.releases.truncate(MAX_RELEASES);
    }
    for (package, repo) in places.identity.publications() {
        all[places.of(repo) as usize].details.packages.push(known.names.text(package).to_owned());
    }
    for vertex in all {
        vertex.details.packages.sort_unstable();
    }
}

/// A package known only from documents shows the greatest version of the newest document that names one.
fn versions_of_documents(
    known: StateView<'_>,
    places: &Vertices<'_>,
    live: &[Live<'_>],
    hosts: &[Option<Rank>],
    all: &mut [Vertex],
) {
    let mut crawled = vec![false; known.names.len()];
    for package in known.packages() {
        crawled[package.name as usize] = true;
    }
    let mut newest: Vec<Option<(Rank, VersionText<'_>)>> = vec![None; all.len()];
    for (said, snapshot) in live.iter().filter_map(|live| Some((live.said, known.snapshot(live)?))) {
        for &(_, to, _, version) in &snapshot.claims {
            let Some(version) = snapshot.version(version) else { continue };
            let entry = &mut newest[places.of(said.ids[to as usize]) as usize];
            *entry = (*entry).max(Some((said.rank, VersionText(version))));
        }
    }
    for (n, (_, VersionText(version))) in newest.into_iter().enumerate().filter_map(|(n, newest)| Some((n, newest?))) {
        let details = &mut all[n].details;
        if details.packages.is_empty() && !crawled[places.ids[n] as usize] && hosts[n].is_none() {
            details.latest_version = Some(version.to_owned());
        }
    }
}

fn releases(releases: &[Release]) -> Vec<(String, Option<Timestamp>)> {
    releases.iter().rev().take(MAX_RELEASES).map(|release| (release.version.clone(), release.released)).collect()
}
