//! Resolved edges from live claims.

use domain::facts::registry::RegistryCrawled;
use domain::number::fit;
use domain::recorded::Rank;
use domain::version::VersionText;

use super::input::ResolveInput;
use super::model::{Confidence, EdgeClaim, ResolvedEdge};
use super::snapshot::{DocumentClaims, FLAT, NESTED, ROOT};

/// Where claims come from. Ordered so that, per edge, the claim that decides comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Precedence {
    confidence: Confidence,
    rank: Rank,
}

/// A claim on vertex indices, as small as it can be: there are many, and they are sorted at every look.
#[derive(Clone, Copy)]
struct Claim {
    to: u32,
    /// Index of the source.
    source: u32,
    /// One more than the index of the version among those of the source; 0 for none.
    version: u32,
    flags: u8,
}

/// Claims of every live source, by the dependent.
pub(super) struct Claims<'a> {
    sources: Vec<Precedence>,
    versions: Vec<VersionTexts<'a>>,
    /// The claims of dependent `v` are `claims[offsets[v]..offsets[v + 1]]`.
    offsets: Vec<usize>,
    claims: Vec<Claim>,
}

/// The version texts of a source.
#[derive(Clone, Copy)]
pub(super) enum VersionTexts<'a> {
    Document(&'a DocumentClaims),
    Registry(&'a RegistryCrawled),
}

impl<'a> VersionTexts<'a> {
    /// The text of a claim that has this number: one more than its index among those of the source, 0 for none.
    pub(super) fn text(self, number: u32) -> Option<&'a str> {
        match self {
            Self::Document(snapshot) => snapshot.version(number),
            Self::Registry(crawl) => {
                let dependency = crawl.dependencies.get((number as usize).checked_sub(1)?)?;
                dependency.requirement.as_deref()
            }
        }
    }
}

impl<'a> Claims<'a> {
    /// Reads the live documents and the registry's answers, on the vertices that ids mean.
    pub(super) fn of(ground: ResolveInput<'a, '_>) -> Self {
        let ResolveInput { known, live, vertices, repos } = ground;
        let (mut sources, mut versions) = (Vec::new(), Vec::new());
        let documents = || live.iter().filter_map(|live| Some((live.said, known.snapshot(live)?)));
        let mut all: Vec<(u32, Claim)> = Vec::with_capacity(documents().map(|(_, whole)| whole.claims.len()).sum());
        let mut ids: Vec<u32> = Vec::new();
        for (source, (said, snapshot)) in (0..).zip(documents()) {
            sources.push(Precedence { confidence: Confidence::VerifiedSbom, rank: snapshot.rank });
            versions.push(VersionTexts::Document(snapshot));
            ids.clear();
            ids.extend(said.ids.iter().map(|id| vertices.of(*id)));
            all.extend(snapshot.claims.iter().filter_map(|&(from, to, flags, version)| {
                let (from, to) = (ids[from as usize], ids[to as usize]);
                (from != to).then_some((from, Claim { to, source, version, flags }))
            }));
        }
        let first = fit::<u32>(sources.len(), "sources of edges");
        for (source, (crawl, package)) in (first..).zip(known.crawls()) {
            sources.push(Precedence { confidence: Confidence::InferredShadow, rank: crawl.rank });
            versions.push(VersionTexts::Registry(&crawl.value));
            let from = vertices.of(package.name);
            // The flat policy knows no edge out of an ExternalRepo.
            let flags = if repos[vertices.ids[from as usize] as usize] { ROOT | FLAT } else { NESTED };
            let needed = (1..).zip(&package.ids);
            all.extend(needed.filter_map(|(version, id)| {
                let to = vertices.of(*id);
                (from != to).then_some((from, Claim { to, source, version, flags }))
            }));
        }
        let (offsets, claims) = by_dependent(vertices.ids.len(), &all);
        Self { sources, versions, offsets, claims }
    }

    /// One edge per (dependent, dependency), in that order.
    pub(super) fn edges(mut self) -> Vec<ResolvedEdge> {
        let mut edges = Vec::with_capacity(self.claims.len());
        let mut claims = std::mem::take(&mut self.claims);
        for (from, range) in (0..).zip(self.offsets.windows(2)) {
            let own = &mut claims[range[0]..range[1]];
            own.sort_unstable_by_key(|claim| claim.to);
            for same in own.chunk_by_mut(|a, b| a.to == b.to) {
                // Few edges have several claims.
                if same.len() > 1 {
                    same.sort_unstable_by_key(|claim| self.order(claim));
                }
                edges.push(self.edge(from, same));
            }
        }
        edges
    }

    /// What is verified before what is inferred, then the newest source, then its greatest version.
    fn order(&self, claim: &Claim) -> (Precedence, Option<VersionText<'a>>, u8) {
        (self.sources[claim.source as usize], self.version(claim).map(VersionText), claim.flags)
    }

    fn version(&self, claim: &Claim) -> Option<&'a str> {
        self.versions[claim.source as usize].text(claim.version)
    }

    /// The edge behind claims on the same ends, of which there is at least one, in order.
    fn edge(&self, from: u32, same: &[Claim]) -> ResolvedEdge {
        let deciding = |flags: u8| {
            let claim = same.iter().rev().find(|claim| claim.flags & flags != 0)?;
            let confidence = self.sources[claim.source as usize].confidence;
            // Where the deciding source states no version, there is none: an older source's is older news.
            Some(EdgeClaim { version: self.version(claim).map(Into::into), confidence })
        };
        ResolvedEdge {
            from,
            to: same[0].to,
            root: same.iter().any(|claim| claim.flags & ROOT != 0),
            flat: deciding(FLAT),
            nested: deciding(ROOT | NESTED),
        }
    }
}

/// Puts claims side by side that have the same dependent: a counting sort.
fn by_dependent(vertices: usize, all: &[(u32, Claim)]) -> (Vec<usize>, Vec<Claim>) {
    let mut offsets = vec![0; vertices + 1];
    for (from, _) in all {
        offsets[*from as usize + 1] += 1;
    }
    for n in 0..vertices {
        offsets[n + 1] += offsets[n];
    }
    let mut next = offsets.clone();
    let mut claims = vec![Claim { to: 0, source: 0, version: 0, flags: 0 }; all.len()];
    for (from, claim) in all {
        let slot = &mut next[*from as usize];
        claims[*slot] = *claim;
        *slot += 1;
    }
    (offsets, claims)
}
