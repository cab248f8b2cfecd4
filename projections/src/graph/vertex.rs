//! What is told of a vertex besides its scores: signals of adoption, which these rest on, and what is shown: names,
//! versions, host facts. None of it enters a digest.

use std::sync::Arc;

use domain::facts::registry::{RegistryCrawled, Release};
use domain::facts::repo::RepoObserved;
use domain::purl;
use domain::recorded::Rank;
use domain::time::Timestamp;
use domain::version::VersionText;

use super::input::Vertices;
use super::model::{Details, MAX_RELEASES, Vertex, add_downloads};
use super::names::Name;
use super::rows::{Live, StateView};
use super::state::RepoFacts;

/// Writes the details of every vertex.
pub(super) fn write(known: StateView<'_>, places: &Vertices<'_>, live: &[Live<'_>], all: &mut [Vertex]) {
    for vertex in all.iter_mut() {
        vertex.details = Details::named(purl::full_name(&vertex.id)).into();
    }
    let hosts = signals(known, places, all);
    show(known, places, &hosts, all);
    versions_of_documents(known, places, live, &hosts, all);
}

/// Writes the signals of adoption of one vertex, which these ids mean.
pub(super) fn tell_signals(known: StateView<'_>, names: impl Iterator<Item = Name>, vertex: &mut Vertex) {
    let mut newest = None;
    (vertex.stars, vertex.forks, vertex.downloads) = (None, None, None);
    for name in names {
        if let Some(host) = known.repo(name).and_then(|repo| repo.host).filter(|host| newest < Some(host.rank)) {
            newest = Some(host.rank);
            (vertex.stars, vertex.forks) = (host.stars, host.forks);
        }
        if let Some(downloads) = known.package(name).and_then(|package| package.downloads) {
            vertex.downloads = add_downloads(vertex.downloads, downloads);
        }
    }
}

/// Writes the signals of adoption. Returns the rank of each vertex' newest host facts, which decide.
fn signals(known: StateView<'_>, places: &Vertices<'_>, all: &mut [Vertex]) -> Vec<Option<Rank>> {
    let mut hosts: Vec<Option<Rank>> = vec![None; all.len()];
    for (repo, host) in known.repos().filter_map(|repo| Some((repo, repo.host?))) {
        let n = places.of(repo.name) as usize;
        if hosts[n] < Some(host.rank) {
            hosts[n] = Some(host.rank);
            (all[n].stars, all[n].forks) = (host.stars, host.forks);
        }
    }
    for package in known.packages() {
        let vertex = &mut all[places.of(package.name) as usize];
        if let Some(downloads) = package.downloads {
            vertex.downloads = add_downloads(vertex.downloads, downloads);
        }
    }
    hosts
}

/// Writes what is shown of Repos and packages.
fn show(known: StateView<'_>, places: &Vertices<'_>, hosts: &[Option<Rank>], all: &mut [Vertex]) {
    for (id, facts) in &known.state.repos {
        let Some(name) = known.names.find(id) else { continue };
        let n = places.of(name) as usize;
        let details = Arc::make_mut(&mut all[n].details);
        if let Some(spelled) = facts.spelled.as_ref().filter(|_| places.ids[n] == name) {
            details.name.clone_from(&spelled.value);
        }
        if let Some(host) = facts.host.as_ref().filter(|host| hosts[n] == Some(host.rank)) {
            tell_host(details, &host.value);
        }
    }
    for (crawl, package) in known.crawls() {
        tell_crawl(Arc::make_mut(&mut all[places.of(package.name) as usize].details), &crawl.value);
    }
    for (package, repo) in places.identity.publications() {
        let details = Arc::make_mut(&mut all[places.of(repo) as usize].details);
        details.packages.push(known.names.text(package).to_owned());
    }
    for vertex in all {
        Arc::make_mut(&mut vertex.details).packages.sort_unstable();
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
            Arc::make_mut(details).latest_version = Some(version.to_owned());
        }
    }
}

/// The details of one vertex, which these ids mean, but for the signals of adoption: as [`write()`] has them.
pub(super) fn details_of(
    known: StateView<'_>,
    id: Name,
    mut names: Vec<Name>,
    published: impl Iterator<Item = Name>,
    said_version: Option<&str>,
) -> Details {
    let mut details = Details::named(purl::full_name(known.names.text(id)));
    // In the order of the state's.
    names.sort_unstable_by_key(|name| known.names.order()[*name as usize]);
    let repos: Vec<(Name, &RepoFacts)> =
        names.iter().filter_map(|name| Some((*name, known.state.repos.get(known.names.text(*name))?))).collect();
    if let Some(spelled) = repos.iter().find(|(name, _)| *name == id).and_then(|(_, facts)| facts.spelled.as_ref()) {
        details.name.clone_from(&spelled.value);
    }
    let host = repos.iter().filter_map(|(_, facts)| facts.host.as_ref()).max_by_key(|host| host.rank);
    host.iter().for_each(|host| tell_host(&mut details, &host.value));
    let crawls = names.iter().filter_map(|name| known.state.packages.get(known.names.text(*name)));
    crawls.for_each(|crawl| tell_crawl(&mut details, &crawl.value));
    details.packages = published.map(|package| known.names.text(package).to_owned()).collect();
    details.packages.sort_unstable();
    if let Some(version) = said_version
        && details.packages.is_empty()
        && known.package(id).is_none()
        && host.is_none()
    {
        details.latest_version = Some(version.to_owned());
    }
    details
}

/// Writes what the host that decides says of a repository.
fn tell_host(details: &mut Details, host: &RepoObserved) {
    details.private = host.private;
    details.license.clone_from(&host.license);
    details.parent.clone_from(&host.parent);
    details.latest_version.clone_from(&host.latest_version);
    details.releases = releases(&host.releases);
}

/// Writes what a registry says of a package, in the order of packages.
fn tell_crawl(details: &mut Details, crawl: &RegistryCrawled) {
    details.latest_version = details.latest_version.take().or_else(|| crawl.latest_version.clone());
    details.license = details.license.take().or_else(|| crawl.license.clone());
    details.releases.extend(releases(&crawl.releases));
    details.releases.sort_unstable_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
    details.releases.truncate(MAX_RELEASES);
}

fn releases(releases: &[Release]) -> Vec<(String, Option<Timestamp>)> {
    releases.iter().rev().take(MAX_RELEASES).map(|release| (release.version.clone(), release.released)).collect()
}
