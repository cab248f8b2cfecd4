//! Packages: what is published from repositories, and what is only depended upon.

use std::collections::BTreeMap;

use domain::number::fit;
use projections::graph::{Graph, GraphState};

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEntry {
    /// Its purl.
    pub purl: String,
    /// The vertex that it is: the Repo that it is published from, else itself.
    pub vertex: u32,
    /// What a registry says of it.
    pub described: PackageDescription,
}

/// What a registry says of a package, as written there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageDescription {
    /// In a sentence.
    pub description: Option<String>,
    /// Its page.
    pub homepage: Option<String>,
    /// Its repository.
    pub repository: Option<String>,
    /// Its latest version.
    pub latest_version: Option<String>,
}

/// All packages, by purl.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PackageList(Vec<PackageEntry>);

impl PackageList {
    pub(super) fn of(state: &GraphState, graph: &Graph) -> Self {
        let mut vertices: BTreeMap<&str, u32> = BTreeMap::new();
        for (number, vertex) in graph.vertices.iter().enumerate() {
            let number = fit(number, "vertices");
            if vertex.repo {
                vertex.details.packages.iter().for_each(|purl| _ = vertices.insert(purl, number));
            } else {
                vertices.entry(&vertex.id).or_insert(number);
            }
        }
        let entry = |(purl, vertex): (&str, u32)| {
            let crawled = state.packages.get(purl).map(|crawl| &crawl.value);
            let described = crawled.map_or_else(PackageDescription::default, |crawl| PackageDescription {
                description: crawl.description.clone(),
                homepage: crawl.homepage.clone(),
                repository: crawl.repository.clone(),
                latest_version: crawl.latest_version.clone(),
            });
            PackageEntry { purl: purl.to_owned(), vertex, described }
        };
        Self(vertices.into_iter().map(entry).collect())
    }

    pub(super) fn all(&self) -> &[PackageEntry] {
        &self.0
    }

    pub(super) fn get(&self, purl: &str) -> Option<&PackageEntry> {
        self.0.binary_search_by(|entry| entry.purl.as_str().cmp(purl)).ok().map(|at| &self.0[at])
    }
}

impl PackageEntry {
    /// A repository, looked up as a package is.
    pub(crate) fn of_vertex(purl: String, vertex: u32) -> Self {
        Self { purl, vertex, described: PackageDescription::default() }
    }
}
