//! Resolved edges from live claims.

use std::collections::BTreeMap;

use domain::formula::EdgePolicy;
use domain::recorded::Rank;
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::resolve::{Edge, EdgeClaim};
use super::snapshot::{FLAT, NESTED, ROOT, Snapshot, Snapshots};
use super::state::GraphState;

/// How sure an edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Claimed by a registry or another indirect source.
    InferredShadow,
    /// Claimed by a bill of materials, lock file or go.mod.
    VerifiedSbom,
}

impl Confidence {
    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InferredShadow => "inferred_shadow",
            Self::VerifiedSbom => "verified_sbom",
        }
    }

    /// The confidence with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::InferredShadow, Self::VerifiedSbom].into_iter().find(|confidence| confidence.name() == name)
    }
}

/// A claim on vertex indices. Ordered so that, per edge, the claim that decides comes last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim<'a> {
    from: u32,
    to: u32,
    confidence: Confidence,
    rank: Rank,
    version: Option<&'a str>,
    flags: u8,
}

/// The live documents of every subject, by what the subject resolves to.
pub(super) fn live_snapshots<'a>(state: &'a GraphState, identity: &'a Identity) -> Vec<(&'a str, &'a Snapshot)> {
    let mut by_subject: BTreeMap<&str, Vec<&Snapshots>> = BTreeMap::new();
    for (subject, snapshots) in &state.sboms {
        by_subject.entry(identity.resolve(subject)).or_default().push(snapshots);
    }
    let live = by_subject
        .into_iter()
        .flat_map(|(subject, parts)| Snapshots::live(&parts).into_iter().map(move |snapshot| (subject, snapshot)));
    live.collect()
}

/// Claims of every live source, on the indices that `index` gives to resolved ids.
pub(super) fn claims<'a>(
    state: &'a GraphState,
    identity: &Identity,
    live: &[(&'a str, &'a Snapshot)],
    index: impl Fn(&str) -> u32,
    is_repo: impl Fn(u32) -> bool,
) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    for (_, snapshot) in live {
        let vertices: Vec<u32> = snapshot.ids.iter().map(|id| index(identity.resolve(id))).collect();
        for &(from, to, flags, version) in &snapshot.claims {
            claims.push(Claim {
                from: vertices[from as usize],
                to: vertices[to as usize],
                confidence: Confidence::VerifiedSbom,
                rank: snapshot.rank,
                version: snapshot.version(version),
                flags,
            });
        }
    }
    for (package, crawl) in &state.packages {
        let from = index(identity.resolve(package));
        // The flat policy knows no edge out of an ExternalRepo.
        let flags = if is_repo(from) { ROOT | FLAT } else { NESTED };
        claims.extend(crawl.value.dependencies.iter().map(|dependency| Claim {
            from,
            to: index(identity.resolve(&dependency.purl)),
            confidence: Confidence::InferredShadow,
            rank: crawl.rank,
            version: dependency.requirement.as_deref(),
            flags,
        }));
    }
    claims.retain(|claim| claim.from != claim.to);
    claims.sort_unstable();
    claims
}

/// One edge per (dependent, dependency), from claims in order.
pub(super) fn merge(claims: &[Claim<'_>]) -> Vec<Edge> {
    claims
        .chunk_by(|a, b| (a.from, a.to) == (b.from, b.to))
        .map(|same| {
            let deciding = |flags: u8| {
                let claim = same.iter().rev().find(|claim| claim.flags & flags != 0)?;
                // The version of the deciding source, wherever it states one.
                let stated = same.iter().rev().find(|other| {
                    other.flags & flags != 0 && other.confidence == claim.confidence && other.version.is_some()
                });
                Some(EdgeClaim {
                    version: stated.and_then(|other| other.version).map(str::to_owned),
                    confidence: claim.confidence,
                })
            };
            Edge {
                from: same[0].from,
                to: same[0].to,
                root: same.iter().any(|claim| claim.flags & ROOT != 0),
                flat: deciding(FLAT),
                nested: deciding(ROOT | NESTED),
            }
        })
        .collect()
}

impl Edge {
    /// The claim that decides this edge under a policy; `None` when the policy does not know the edge.
    #[must_use]
    pub fn under(&self, policy: EdgePolicy) -> Option<&EdgeClaim> {
        match policy {
            EdgePolicy::Flat => self.flat.as_ref(),
            EdgePolicy::Nested => self.nested.as_ref(),
        }
    }
}
