//! Resolved edges from live claims.

use domain::facts::registry::RegistryCrawled;
use domain::formula::EdgePolicy;
use domain::recorded::Rank;
use serde::{Deserialize, Serialize};

use super::names::{Keyed, Name, Names};
use super::resolve::{Edge, EdgeClaim, Vertices};
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

/// Where claims come from. Ordered so that, per edge, the claim that decides comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
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
    sources: Vec<Source>,
    versions: Vec<Versions<'a>>,
    /// The claims of dependent `v` are `claims[offsets[v]..offsets[v + 1]]`.
    offsets: Vec<usize>,
    claims: Vec<Claim>,
}

/// The version texts of a source.
#[derive(Clone, Copy)]
enum Versions<'a> {
    Document(&'a Snapshot),
    Registry(&'a RegistryCrawled),
}

impl<'a> Versions<'a> {
    fn text(self, number: u32) -> Option<&'a str> {
        match self {
            Self::Document(snapshot) => snapshot.version(number),
            Self::Registry(crawl) => {
                let dependency = crawl.dependencies.get((number as usize).checked_sub(1)?)?;
                dependency.requirement.as_deref()
            }
        }
    }
}

/// What claims are read from, and the vertices they are about.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a, 'b> {
    pub(super) keyed: &'b Keyed<'a>,
    pub(super) names: &'b Names,
    /// The live documents.
    pub(super) live: &'b [(Name, &'a Snapshot)],
    pub(super) vertices: &'b Vertices<'b>,
    /// By number.
    pub(super) repos: &'b [bool],
}

impl Reading<'_, '_> {
    /// Hands over every claim with its dependent: those of the live documents, then those of the registry's answers.
    /// Sources are numbered in that order.
    fn each(&self, mut take: impl FnMut(u32, Claim)) {
        let mut ids: Vec<u32> = Vec::new();
        for (source, (_, snapshot)) in (0..).zip(self.live) {
            ids.clear();
            ids.extend(self.names.said(snapshot.rank.position).ids.iter().map(|id| self.vertices.of(*id)));
            for &(from, to, flags, version) in &snapshot.claims {
                let (from, to) = (ids[from as usize], ids[to as usize]);
                if from != to {
                    take(from, Claim { to, source, version, flags });
                }
            }
        }
        for (source, (package, _, crawl)) in
            (self.live.len().try_into().unwrap_or(u32::MAX)..).zip(&self.keyed.packages)
        {
            let from = self.vertices.of(*package);
            // The flat policy knows no edge out of an ExternalRepo.
            let is_repo = self.repos[self.vertices.ids[from as usize] as usize];
            let flags = if is_repo { ROOT | FLAT } else { NESTED };
            for (version, id) in (1..).zip(&self.names.said(crawl.rank.position).ids) {
                let to = self.vertices.of(*id);
                if from != to {
                    take(from, Claim { to, source, version, flags });
                }
            }
        }
    }

    /// How many claims there are about.
    fn size(&self) -> usize {
        self.live.iter().map(|(_, said)| said.claims.len()).sum()
    }

    /// One edge per (dependent, dependency), in that order, as scores see it: without versions. Which source decides is
    /// then a matter of confidence alone, so the claims on an edge add up to a set of flags.
    pub(super) fn scored(&self) -> Vec<Edge> {
        let documents = self.live.len();
        let mut all = Vec::with_capacity(self.size());
        self.each(|from, claim| {
            let verified = (claim.source as usize) < documents;
            all.push((from, (claim.to, if verified { claim.flags << VERIFIED } else { claim.flags })));
        });
        let (offsets, mut claims) = by_dependent(self.vertices.ids.len(), &all, (0, 0));
        let mut edges = Vec::with_capacity(claims.len());
        for (from, range) in (0..).zip(offsets.windows(2)) {
            let own = &mut claims[range[0]..range[1]];
            own.sort_unstable();
            for same in own.chunk_by(|a, b| a.0 == b.0) {
                let said = same.iter().fold(0, |said, (_, flags)| said | flags);
                let deciding = |flags: u8| {
                    let sure = [(VERIFIED, Confidence::VerifiedSbom), (0, Confidence::InferredShadow)];
                    let (_, confidence) = sure.into_iter().find(|(place, _)| said & flags << place != 0)?;
                    Some(EdgeClaim { version: None, confidence })
                };
                let (flat, nested) = (deciding(FLAT), deciding(ROOT | NESTED));
                edges.push(Edge { from, to: same[0].0, root: said & (ROOT | ROOT << VERIFIED) != 0, flat, nested });
            }
        }
        edges
    }
}

/// Where the flags of a bill of materials lie beside those of a registry.
const VERIFIED: u8 = 3;

impl<'a> Claims<'a> {
    /// Reads every claim.
    pub(super) fn of(reading: Reading<'a, '_>) -> Self {
        let Reading { keyed, live, vertices, .. } = reading;
        let source = |confidence| move |rank| Source { confidence, rank };
        let verified = live.iter().map(|(_, said)| said.rank).map(source(Confidence::VerifiedSbom));
        let inferred = keyed.packages.iter().map(|(.., crawl)| crawl.rank).map(source(Confidence::InferredShadow));
        let documents = live.iter().map(|(_, said)| Versions::Document(said));
        let answers = keyed.packages.iter().map(|(.., crawl)| Versions::Registry(&crawl.value));
        let mut all = Vec::with_capacity(reading.size());
        reading.each(|from, claim| all.push((from, claim)));
        let none = Claim { to: 0, source: 0, version: 0, flags: 0 };
        let (offsets, claims) = by_dependent(vertices.ids.len(), &all, none);
        Self {
            sources: verified.chain(inferred).collect(),
            versions: documents.chain(answers).collect(),
            offsets,
            claims,
        }
    }

    /// One edge per (dependent, dependency), in that order.
    pub(super) fn edges(mut self) -> Vec<Edge> {
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

    fn order(&self, claim: &Claim) -> (Source, Option<&'a str>, u8) {
        (self.sources[claim.source as usize], self.version(claim), claim.flags)
    }

    fn version(&self, claim: &Claim) -> Option<&'a str> {
        self.versions[claim.source as usize].text(claim.version)
    }

    /// The edge behind claims on the same ends, of which there is at least one, in order.
    fn edge(&self, from: u32, same: &[Claim]) -> Edge {
        let confidence = |claim: &Claim| self.sources[claim.source as usize].confidence;
        let deciding = |flags: u8| {
            let mut speaking = same.iter().rev().filter(|claim| claim.flags & flags != 0).peekable();
            let confidence = confidence(speaking.peek()?);
            // The version of the deciding source, wherever it states one.
            let mut stated = speaking.take_while(|claim| self.sources[claim.source as usize].confidence == confidence);
            let version = stated.find_map(|claim| self.version(claim)).map(str::to_owned);
            Some(EdgeClaim { version, confidence })
        };
        Edge {
            from,
            to: same[0].to,
            root: same.iter().any(|claim| claim.flags & ROOT != 0),
            flat: deciding(FLAT),
            nested: deciding(ROOT | NESTED),
        }
    }
}

/// Puts claims side by side that have the same dependent: a counting sort.
fn by_dependent<T: Copy>(vertices: usize, all: &[(u32, T)], none: T) -> (Vec<usize>, Vec<T>) {
    let mut offsets = vec![0; vertices + 1];
    for (from, _) in all {
        offsets[*from as usize + 1] += 1;
    }
    for n in 0..vertices {
        offsets[n + 1] += offsets[n];
    }
    let mut next = offsets.clone();
    let mut claims = vec![none; all.len()];
    for (from, claim) in all {
        let slot = &mut next[*from as usize];
        claims[*slot] = *claim;
        *slot += 1;
    }
    (offsets, claims)
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
