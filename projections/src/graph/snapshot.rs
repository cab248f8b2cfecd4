//! The claims of one document, compact, and which documents of a subject are live.

use std::borrow::Cow;

use domain::claims::DocumentGraph;
use domain::facts::sbom::SbomSubmitted;
use domain::number::fit;
use domain::recorded::Rank;
use serde::{Deserialize, Serialize};

/// Flag of a claim: the subject depends on it directly.
pub const ROOT: u8 = 1;
/// Flag of a claim: declared between two packages.
pub const NESTED: u8 = 2;
/// Flag of a claim: the subject's document lists it.
pub const FLAT: u8 = 4;

/// The claims of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentClaims {
    /// When and where it was said.
    pub rank: Rank,
    /// Canonical ids as claimed, sorted.
    pub ids: Vec<String>,
    /// Versions that occur, sorted.
    pub versions: Vec<String>,
    /// (dependent, dependency, flags, version): indices into the ids, and one more than the index of the version or 0.
    pub claims: Vec<(u32, u32, u8, u32)>,
    /// The package that the root says is published from the subject.
    pub publication: Option<String>,
    /// Those that whoever submitted it says are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<String>,
}

impl DocumentClaims {
    /// The claims of a document said at `rank`.
    #[must_use]
    pub fn of(rank: Rank, facts: &SbomSubmitted) -> Self {
        let graph = DocumentGraph::of(facts);
        let mut versions: Vec<&str> = graph.edges.iter().filter_map(|edge| edge.version).collect();
        versions.sort_unstable();
        versions.dedup();
        let version = |text: Option<&str>| {
            text.map_or(0, |text| {
                let index = versions.binary_search(&text).expect("every version is among the distinct ones");
                fit(index + 1, "versions of a document")
            })
        };
        let flags = |edge: &domain::claims::DocumentEdge<'_>| {
            (u8::from(edge.root) * ROOT) | (u8::from(edge.nested) * NESTED) | (u8::from(edge.flat) * FLAT)
        };
        let claims = graph.edges.iter().map(|edge| (edge.from, edge.to, flags(edge), version(edge.version))).collect();
        let publishes = facts.publishes.clone();
        let versions = versions.into_iter().map(str::to_owned).collect();
        let ids = graph.ids.into_iter().map(Cow::into_owned).collect();
        Self { rank, claims, versions, publication: graph.publication, publishes, ids }
    }

    /// The packages said to be published from the subject.
    pub fn publications(&self) -> impl Iterator<Item = &String> {
        self.publication.iter().chain(&self.publishes)
    }

    /// The version text of a claim.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&str> {
        (number as usize).checked_sub(1).and_then(|index| self.versions.get(index)).map(String::as_str)
    }
}

/// The documents of one subject and source that still count: the newest complete one, and the incomplete ones that are
/// newer, which only add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// The newest complete document.
    pub complete: Option<DocumentClaims>,
    /// Incomplete documents newer than that, ascending by rank.
    pub partial: Vec<DocumentClaims>,
}

impl Snapshots {
    /// Takes in a document, in any order of arrival.
    pub fn offer(&mut self, complete: bool, snapshot: DocumentClaims) {
        if self.complete.as_ref().is_some_and(|held| held.rank > snapshot.rank) {
            return;
        }
        if complete {
            self.partial.retain(|held| held.rank > snapshot.rank);
            self.complete = Some(snapshot);
        } else {
            let place = self.partial.partition_point(|held| held.rank < snapshot.rank);
            self.partial.insert(place, snapshot);
        }
    }
}
