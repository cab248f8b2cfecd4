//! What grants and registries say of projects and repositories, for what is shown.

use domain::decimal::Decimal;
use domain::facts::grant::{ApplicationRecord, Link, ProjectRecord};
use domain::grants::{GitUrl, classify_git_url};
use domain::time::Timestamp;
use projections::graph::model::MAX_RELEASES;
use projections::graph::{Graph, GraphState, Vertex};

use super::PackageRelease;

/// What the newest grants records say of a project. An application wins for what it describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectMetadata {
    /// Web address of the owner of its repositories, as written.
    pub owner_url: Option<String>,
    /// Round and title of every application, by application id.
    pub submissions: Vec<(String, String)>,
    /// Free text.
    pub description: Option<String>,
    /// A link or free text.
    pub technical_architecture: Option<String>,
    /// Completion in words, as written.
    pub completion: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// Account on X.
    pub x: Option<String>,
    /// US dollars.
    pub awarded_usd: Option<Decimal>,
    /// US dollars.
    pub paid_usd: Option<Decimal>,
    /// How many submissions were awarded.
    pub awarded_submissions: Option<Decimal>,
    /// Whether it says to be open source.
    pub open_source: Option<bool>,
    /// Further links.
    pub links: Vec<Link>,
    /// Link to its analytics.
    pub analytics: Option<String>,
    /// As written.
    pub regions_of_operation: Option<String>,
}

/// By project what grants say of it.
pub(super) fn metadata(state: &GraphState, graph: &Graph) -> Vec<ProjectMetadata> {
    let mut all: Vec<(ProjectMetadata, Vec<&ApplicationRecord>)> =
        graph.projects.iter().map(|_| (ProjectMetadata::default(), Vec::new())).collect();
    for application in state.applications.values() {
        let found = graph.projects.binary_search_by(|project| (*project.id).cmp(&*application.value.project_id));
        if let Ok(number) = found {
            all[number].1.push(&application.value);
        }
    }
    let each = graph.projects.iter().zip(all).map(|(project, (_, applications))| {
        let record = state.projects.get(&*project.id).and_then(|facts| facts.record.as_ref());
        of(record.map(|record| &record.value), &applications)
    });
    each.collect()
}

fn of(record: Option<&ProjectRecord>, applications: &[&ApplicationRecord]) -> ProjectMetadata {
    let record = record.cloned().unwrap_or_default();
    let newest = |field: fn(&ApplicationRecord) -> &Option<String>| {
        applications.iter().rev().find_map(|application| field(application).clone())
    };
    let title = |application: &&ApplicationRecord| {
        let title = application.title.as_ref().or(application.project_name.as_ref());
        let round = application.round.as_deref().unwrap_or_default().trim().to_owned();
        (round, title.map(|title| title.trim().to_owned()).unwrap_or_default())
    };
    let code = applications.iter().rev().flat_map(|application| &application.git_urls);
    let owner_url = code.chain(&record.git_urls).find_map(|url| owner_of(url));
    let on_github = record.git_urls.iter().filter(|url| url.contains("://github.com/"));
    let named = on_github.map(|url| Link { name: "GitHub".to_owned(), url: url.clone() });
    let links = named.chain(record.links).collect();
    ProjectMetadata {
        owner_url,
        submissions: applications.iter().map(title).collect(),
        description: newest(|application| &application.description).or(record.description),
        technical_architecture: newest(|application| &application.technical_architecture),
        completion: newest(|application| &application.completion),
        website: record.website,
        x: record.x,
        awarded_usd: record.awarded_usd,
        paid_usd: record.paid_usd,
        awarded_submissions: record.awarded_submissions,
        open_source: record.open_source,
        links,
        analytics: record.analytics,
        regions_of_operation: record.regions_of_operation,
    }
}

/// The address of an owner, of that of one or of a repository of one.
fn owner_of(url: &str) -> Option<String> {
    if let GitUrl::Other = classify_git_url(url) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let mut parts = rest.split('/').filter(|part| !part.is_empty());
    Some(format!("{scheme}://{}/{}", parts.next()?, parts.next()?))
}

/// What is told of the versions of a Repo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RepoVersions {
    /// The latest, as a host or a registry says it.
    pub(super) latest: Option<String>,
    /// Releases of what is published from it, newest first.
    pub(super) releases: Vec<PackageRelease>,
}

impl RepoVersions {
    pub(super) fn of(state: &GraphState, repo: &Vertex) -> Self {
        Self { latest: latest_version(state, repo), releases: releases(state, repo) }
    }
}

/// The latest version of a Repo, where a host or a registry says it: what others depend on may be a branch.
fn latest_version(state: &GraphState, repo: &Vertex) -> Option<String> {
    let host = state.repos.get(&*repo.id).and_then(|facts| facts.host.as_ref()?.value.latest_version.as_ref());
    let crawled =
        repo.details.packages.iter().filter_map(|purl| state.packages.get(purl)?.value.latest_version.as_ref());
    let told: Vec<&String> = crawled.chain(host).collect();
    repo.details.latest_version.clone().filter(|version| told.contains(&version))
}

/// Releases of the packages that are published from a Repo, newest first.
fn releases(state: &GraphState, repo: &Vertex) -> Vec<PackageRelease> {
    let crawled = repo.details.packages.iter().filter_map(|purl| Some((purl, state.packages.get(purl)?)));
    let each = crawled.flat_map(|(purl, crawl)| {
        crawl.value.releases.iter().map(move |release| PackageRelease {
            purl: purl.clone(),
            version: release.version.clone(),
            released: release.released,
        })
    });
    let mut all: Vec<PackageRelease> = each.collect();
    let newest = |release: &PackageRelease| std::cmp::Reverse(release.released.map_or(i64::MIN, Timestamp::micros));
    all.sort_by_key(newest);
    all.truncate(MAX_RELEASES);
    all
}
