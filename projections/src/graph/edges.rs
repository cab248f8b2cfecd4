//! Resolved edges from live claims.

use domain::formula::EdgePolicy;
use domain::recorded::Rank;
use serde::{Deserialize, Serialize};

use super::names::{Keyed, Name, Names};
use super::resolve::{Depth, Edge, EdgeClaim};
use super::snapshot::{FLAT, NESTED, ROOT, Snapshot};

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim<'a> {
    from: u32,
    to: u32,
    confidence: Confidence,
    rank: Rank,
    version: Option<&'a str>,
    flags: u8,
}

/// Claims of every live source, on the indices that `index` gives to numbers. They lie where their source does; the
/// edges are put in order by [`merge`]. Versions only where they are shown.
pub(super) fn claims<'a>(
    keyed: &Keyed<'a>,
    names: &Names,
    live: &[(Name, &'a Snapshot)],
    index: impl Fn(Name) -> u32,
    is_repo: impl Fn(u32) -> bool,
    depth: Depth,
) -> Vec<Claim<'a>> {
    let shown = depth == Depth::Shown;
    let mut claims = Vec::with_capacity(live.iter().map(|(_, snapshot)| snapshot.claims.len()).sum());
    for (_, snapshot) in live {
        let vertices: Vec<u32> = names.said(snapshot.rank.position).ids.iter().map(|id| index(*id)).collect();
        claims.extend(snapshot.claims.iter().map(|&(from, to, flags, version)| Claim {
            from: vertices[from as usize],
            to: vertices[to as usize],
            confidence: Confidence::VerifiedSbom,
            rank: snapshot.rank,
            version: if shown { snapshot.version(version) } else { None },
            flags,
        }));
    }
    for (package, _, crawl) in &keyed.packages {
        let from = index(*package);
        // The flat policy knows no edge out of an ExternalRepo.
        let flags = if is_repo(from) { ROOT | FLAT } else { NESTED };
        let needed = names.said(crawl.rank.position).ids.iter().zip(&crawl.value.dependencies);
        claims.extend(needed.map(|(id, dependency)| Claim {
            from,
            to: index(*id),
            confidence: Confidence::InferredShadow,
            rank: crawl.rank,
            version: dependency.requirement.as_deref().filter(|_| shown),
            flags,
        }));
    }
    claims.retain(|claim| claim.from != claim.to);
    claims
}

/// One edge per (dependent, dependency), in that order.
pub(super) fn merge(claims: &[Claim<'_>]) -> Vec<Edge> {
    // Ends and place in one number each: far faster to sort than the claims, of which few speak of the same edge.
    let key = |claim: &Claim<'_>| u64::from(claim.from) << 32 | u64::from(claim.to);
    let mut places: Vec<(u64, usize)> = claims.iter().enumerate().map(|(n, claim)| (key(claim), n)).collect();
    places.sort_unstable();
    let mut several: Vec<Claim<'_>> = Vec::new();
    let mut edges = Vec::with_capacity(places.len());
    for chunk in places.chunk_by(|a, b| a.0 == b.0) {
        edges.push(if let [(_, only)] = chunk {
            edge(&claims[*only..=*only])
        } else {
            several.clear();
            several.extend(chunk.iter().map(|(_, n)| claims[*n]));
            several.sort_unstable();
            edge(&several)
        });
    }
    edges
}

/// The edge behind claims on the same ends, of which there is at least one, in order.
fn edge(same: &[Claim<'_>]) -> Edge {
    let deciding = |flags: u8| {
        let claim = same.iter().rev().find(|claim| claim.flags & flags != 0)?;
        // The version of the deciding source, wherever it states one.
        let stated = same
            .iter()
            .rev()
            .find(|other| other.flags & flags != 0 && other.confidence == claim.confidence && other.version.is_some());
        let version = stated.and_then(|other| other.version).map(str::to_owned);
        Some(EdgeClaim { version, confidence: claim.confidence })
    };
    Edge {
        from: same[0].from,
        to: same[0].to,
        root: same.iter().any(|claim| claim.flags & ROOT != 0),
        flat: deciding(FLAT),
        nested: deciding(ROOT | NESTED),
    }
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
