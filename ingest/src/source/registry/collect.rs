//! What the parsers of all registries collect alike.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::registry::Dependency;
use domain::purl::Purl;
use domain::repository_link::repository_of;

use super::Registry;
use crate::source::read::FieldWarnings;

/// Greatest number of dependencies kept of one package.
pub(super) const MAX_DEPENDENCIES: usize = 10_000;

/// Declared dependencies of one version.
pub(super) struct Dependencies {
    registry: Registry,
    found: BTreeSet<Dependency>,
    next: BTreeMap<String, Purl>,
}

impl Dependencies {
    /// None yet.
    pub(super) fn new(registry: Registry) -> Self {
        Self { registry, found: BTreeSet::new(), next: BTreeMap::new() }
    }

    /// Adds the package `name` of the same registry.
    pub(super) fn package(
        &mut self,
        place: &str,
        name: &str,
        requirement: Option<String>,
        warnings: &mut FieldWarnings,
    ) {
        let Some(purl) = self.registry.purl(name) else {
            warnings.add(place, "left out: no package can have this name");
            return;
        };
        self.add(place, Dependency { purl: purl.id.clone(), requirement }, warnings);
        self.next.insert(purl.id.clone(), purl);
    }

    /// Adds a repository that a requirement points at.
    pub(super) fn repository(
        &mut self,
        place: &str,
        id: String,
        requirement: Option<String>,
        warnings: &mut FieldWarnings,
    ) {
        self.add(place, Dependency { purl: id, requirement }, warnings);
    }

    fn add(&mut self, place: &str, dependency: Dependency, warnings: &mut FieldWarnings) {
        if self.found.len() < MAX_DEPENDENCIES {
            self.found.insert(dependency);
        } else {
            warnings.add(place, format_args!("left out: more than {MAX_DEPENDENCIES} dependencies"));
        }
    }

    /// The dependencies, sorted by purl, and the packages among them.
    pub(super) fn finish(self) -> (Vec<Dependency>, Vec<Purl>) {
        (self.found.into_iter().collect(), self.next.into_values().collect())
    }
}

/// The link most likely to be the repository: the first that names one, else the first that claims to (`true`).
pub(super) fn repository_link(candidates: impl IntoIterator<Item = (bool, Option<String>)>) -> Option<String> {
    let candidates: Vec<(bool, String)> =
        candidates.into_iter().filter_map(|(claims, link)| link.map(|link| (claims, link))).collect();
    let names_one = candidates.iter().find(|(_, link)| repository_of(link).is_some());
    names_one.or_else(|| candidates.iter().find(|(claims, _)| *claims)).map(|(_, link)| link.clone())
}
