//! Packages: listed, one of them, what it depends on and what depends on it; and many looked up at once.

use domain::purl::{PackageUrl, Purl};
use projections::graph::EdgeClaim;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Number;

use super::page::{PageQuery, RowsPage};
use super::resident::{PackageEntry, Resident};
use super::{forms_of, known};
use crate::service::{Error, Result};

/// Most purls of one look-up.
pub const MAX_LOOKUP: usize = 5_000;

/// A package.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ListedPackage {
    /// Its purl, canonical and without a version.
    pub id: String,
    /// Type of the purl.
    pub ecosystem: String,
    /// Its name by the identity rule, with its namespace.
    pub name: String,
    /// What a person calls it.
    pub display_name: String,
    /// What a registry says of it.
    pub description: Option<String>,
    /// Its page, as a registry has it.
    pub homepage_url: Option<String>,
    /// Its repository, as a registry has it.
    pub repository_url: Option<String>,
    /// What it names itself.
    pub dependency_count: usize,
    /// What names it.
    pub dependents_count: usize,
    /// Its latest version.
    pub latest_version: Option<String>,
    /// The repository that it is published from, whose scores are its own.
    pub repo: Option<String>,
    /// The project.
    pub project_id: Option<String>,
    /// Transitive active dependents.
    pub criticality_score: Option<u64>,
    /// Fewest people behind half of the commits.
    pub pony_factor: Option<u32>,
    /// 0 to 100.
    pub adoption_score: Option<Number>,
}

/// A page of packages, by purl: all, or those of a type of purl, or with a text in purl or name.
///
/// # Errors
/// As [`PageQuery::cut`].
pub fn listed(
    atlas: &Resident,
    ecosystem: Option<&str>,
    text: Option<&str>,
    page: &PageQuery,
) -> Result<RowsPage<ListedPackage>> {
    if ecosystem.is_none() && text.is_none() {
        return page.cut(atlas.packages(), |entry| entry.purl.clone(), |entry| row(atlas, entry));
    }
    let (kind, text) = (ecosystem.map(|kind| format!("pkg:{kind}/")), text.map(str::to_lowercase));
    let fits = |entry: &&PackageEntry| {
        let named = |text: &String| {
            entry.purl.to_lowercase().contains(text) || atlas.vertex_name_folded(entry.vertex).contains(text)
        };
        kind.as_ref().is_none_or(|kind| entry.purl.starts_with(kind)) && text.as_ref().is_none_or(named)
    };
    let rows: Vec<&PackageEntry> = atlas.packages().iter().filter(fits).collect();
    page.cut(&rows, |entry| entry.purl.clone(), |entry| row(atlas, entry))
}

/// One package.
///
/// # Errors
/// [`Error::NotFound`], with purls that are near.
pub fn one<'a>(atlas: &'a Resident, purl: &str) -> Result<&'a PackageEntry> {
    let found = forms_of(purl).into_iter().find_map(|form| atlas.package(&form));
    let ids = || atlas.packages().iter().map(|entry| entry.purl.clone()).collect::<Vec<_>>();
    found.ok_or_else(|| known::nothing("package", purl, &format!("no package has the purl `{purl}`"), &ids()))
}

/// A package as it is answered.
#[must_use]
pub fn row(atlas: &Resident, entry: &PackageEntry) -> ListedPackage {
    let vertex = &atlas.graph().vertices[entry.vertex as usize];
    let scores = atlas.vertex_scores(entry.vertex);
    let parts = PackageUrl::parse(&entry.purl).ok();
    let rest = entry.purl.split_once('/').map_or(entry.purl.as_str(), |(_, rest)| rest);
    let spelled = if vertex.repo { Purl::parse(&entry.purl).ok().map(|purl| purl.spelled) } else { None };
    ListedPackage {
        id: entry.purl.clone(),
        ecosystem: parts.map(|parts| parts.kind.into_owned()).unwrap_or_default(),
        name: rest.to_lowercase(),
        display_name: spelled.unwrap_or_else(|| vertex.details.name.clone()),
        description: entry.described.description.clone(),
        homepage_url: entry.described.homepage.clone(),
        repository_url: entry.described.repository.clone(),
        dependency_count: atlas.dependencies(entry.vertex).count(),
        dependents_count: atlas.dependents(entry.vertex).count(),
        latest_version: entry.described.latest_version.clone().or_else(|| vertex.details.latest_version.clone()),
        repo: vertex.repo.then(|| vertex.id.to_string()),
        project_id: vertex.project.map(|project| atlas.graph().projects[project as usize].id.to_string()),
        criticality_score: scores.criticality,
        pony_factor: scores.pony_factor,
        adoption_score: scores.adoption.and_then(|hundredths| Number::from_f64(f64::from(hundredths) / 100.0)),
    }
}

/// What a package depends on, or what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NeighbourRow {
    /// The other end.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// `repo` or `external`.
    pub level: &'static str,
    /// Version or requirement, where one is known.
    pub version_range: Option<String>,
    /// `verified_sbom` or `inferred_shadow`.
    pub confidence: &'static str,
}

/// A page of the direct dependencies of a vertex, or of its dependents, by id.
///
/// # Errors
/// As [`PageQuery::cut`].
pub fn neighbours(
    atlas: &Resident,
    vertex: u32,
    dependencies: bool,
    page: &PageQuery,
) -> Result<RowsPage<NeighbourRow>> {
    let rows: Vec<(u32, &EdgeClaim)> =
        if dependencies { atlas.dependencies(vertex).collect() } else { atlas.dependents(vertex).collect() };
    let end = |end: u32| &atlas.graph().vertices[end as usize];
    let shape = |(at, claim): &(u32, &EdgeClaim)| NeighbourRow {
        id: end(*at).id.to_string(),
        name: end(*at).details.name.clone(),
        level: if end(*at).repo { "repo" } else { "external" },
        version_range: claim.version.as_deref().map(str::to_owned),
        confidence: claim.confidence.name(),
    };
    page.cut(&rows, |(at, _)| end(*at).id.clone(), shape)
}

/// What one purl of a look-up came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LookedUp {
    /// As it was asked for.
    pub purl: String,
    /// Its canonical form; null for what is no purl.
    pub id: Option<String>,
    /// The version that was asked about.
    pub version: Option<String>,
    /// Whether the atlas knows it.
    pub found: bool,
    /// The package or repository.
    pub package: Option<ListedPackage>,
    /// What is wrong with the purl.
    pub error: Option<String>,
}

/// Looks up purls, in the order in which they are asked for.
///
/// # Errors
/// [`Error::Invalid`] for more than [`MAX_LOOKUP`].
pub fn looked_up(atlas: &Resident, purls: &[String]) -> Result<Vec<LookedUp>> {
    if purls.len() > MAX_LOOKUP {
        let reason = format!("purls: {} are more than the {MAX_LOOKUP} of one look-up", purls.len());
        return Err(Error::invalid("purls", reason));
    }
    Ok(purls.iter().map(|purl| look_up(atlas, purl)).collect())
}

fn look_up(atlas: &Resident, text: &str) -> LookedUp {
    let purl = text.to_owned();
    let parsed = match Purl::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = Some(error.to_string());
            return LookedUp { purl, id: None, version: None, found: false, package: None, error };
        }
    };
    let vertex = || atlas.repo(&parsed.id).or_else(|| atlas.repo_given(&parsed.id));
    let of_repo = || vertex().map(|vertex| PackageEntry::of_vertex(parsed.id.clone(), vertex));
    let entry = atlas.package(&parsed.id).cloned().or_else(of_repo);
    let package = entry.map(|entry| row(atlas, &entry));
    LookedUp { purl, found: package.is_some(), id: Some(parsed.id), version: parsed.version, package, error: None }
}
