//! Edges as scores see them, carried from one look to the next.
//!
//! Between two looks few sources come and few go, most of those that come say what the one before said, and what ids
//! mean changes seldom. So of every edge the claims are held; a source that goes takes its claims with it, one that
//! comes adds its own. A source that mentions an id which means something else now goes and comes again.

use std::cmp::Ordering;

use domain::recorded::{Position, Rank};

use super::edges::VersionTexts;
use super::identity::Identity;
use super::identity_cache::Meanings;
use super::model::{Confidence, ResolvedLink};
use super::names::Name;
use super::rows::{Live, PackageRow, StateView};
use super::snapshot::{FLAT, NESTED, ROOT};

/// Whose claims they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClaimOwner {
    /// The live documents of the subjects that mean this.
    Documents(Name),
    /// A registry's answer about this package.
    Registry(Name),
}

impl ClaimOwner {
    /// Where its sources are kept.
    fn place(self) -> (usize, usize) {
        match self {
            Self::Documents(subject) => (0, subject as usize),
            Self::Registry(package) => (1, package as usize),
        }
    }
}

/// Whoever claims edges.
#[derive(Clone, Copy)]
pub(super) enum Claimant<'a> {
    Document(Live<'a>),
    Registry(&'a PackageRow),
}

impl<'a> Claimant<'a> {
    pub(super) fn all(owner: ClaimOwner, known: StateView<'a>, meanings: &Meanings) -> Vec<Self> {
        match owner {
            ClaimOwner::Documents(subject) => {
                let names = meanings.names_of(subject);
                known.live_among(subject, names).into_iter().map(Self::Document).collect()
            }
            ClaimOwner::Registry(package) => known.package(package).map(Self::Registry).into_iter().collect(),
        }
    }

    /// The one of an owner that said something at a position.
    pub(super) fn at(owner: ClaimOwner, position: Position, known: StateView<'a>, meanings: &Meanings) -> Option<Self> {
        Self::all(owner, known, meanings).into_iter().find(|claimant| claimant.rank().position == position)
    }

    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Document(live) => live.said.rank,
            Self::Registry(package) => package.rank,
        }
    }

    fn confidence(self) -> Confidence {
        match self {
            Self::Document(_) => Confidence::VerifiedSbom,
            Self::Registry(_) => Confidence::InferredShadow,
        }
    }

    /// The texts of the versions that it claims.
    pub(super) fn versions(self, known: StateView<'a>) -> Option<VersionTexts<'a>> {
        match self {
            Self::Document(live) => known.snapshot(&live).map(VersionTexts::Document),
            Self::Registry(package) => {
                let crawl = known.state.packages.get(known.names.text(package.name))?;
                Some(VersionTexts::Registry(&crawl.value))
            }
        }
    }

    /// Every claim: dependent and dependency as they are meant, flags, number of the version.
    pub(super) fn claims(self, known: StateView<'_>, meanings: &Meanings, mut each: impl FnMut(Name, Name, u8, u32)) {
        let Meanings { identity, repos, .. } = meanings;
        match self {
            Self::Document(live) => {
                let ids = resolved(&live.said.ids, identity);
                for &(from, to, flags, version) in known.snapshot(&live).iter().flat_map(|snapshot| &snapshot.claims) {
                    each(ids[from as usize], ids[to as usize], flags, version);
                }
            }
            Self::Registry(package) => {
                let from = identity.resolve(package.name);
                // The flat policy knows no edge out of an ExternalRepo.
                let flags = if repos[from as usize] { ROOT | FLAT } else { NESTED };
                let needed = resolved(&package.ids, identity);
                (1..).zip(needed).for_each(|(version, to)| each(from, to, flags, version));
            }
        }
    }

    /// The ids that it mentions.
    fn mentions(self) -> impl Iterator<Item = Name> + 'a {
        let (own, ids) = match self {
            Self::Document(live) => (None, &live.said.ids),
            Self::Registry(package) => (Some(package.name), &package.ids),
        };
        own.into_iter().chain(ids.iter().copied())
    }
}

/// A claim on an edge. Of several the surest decides, then the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LinkClaim {
    confidence: Confidence,
    /// `None` where nobody asks who decides: then a later source that says the same says nothing new.
    rank: Option<Rank>,
    flags: u8,
}

/// A claim with the edge that it is on.
type ClaimOn = (Name, Name, LinkClaim);

/// An edge of a dependent, with its claims in order.
#[derive(Clone, Debug)]
struct ClaimedEdge {
    to: Name,
    flat: Option<Confidence>,
    nested: Option<Confidence>,
    claims: Vec<LinkClaim>,
}

impl ClaimedEdge {
    fn new(to: Name) -> Self {
        Self { to, flat: None, nested: None, claims: Vec::new() }
    }

    fn enter(&mut self, claim: LinkClaim) {
        self.claims.insert(self.claims.partition_point(|held| *held < claim), claim);
        self.weigh();
    }

    fn leave(&mut self, claim: LinkClaim) {
        let place = self.claims.binary_search(&claim).expect("whatever is claimed is noted");
        self.claims.remove(place);
        self.weigh();
    }

    fn weigh(&mut self) {
        let sure = |wanted: u8| self.deciding(wanted).map(|claim| claim.confidence);
        (self.flat, self.nested) = (sure(FLAT), sure(ROOT | NESTED));
    }

    /// The claim that decides among those with one of these flags.
    fn deciding(&self, wanted: u8) -> Option<&LinkClaim> {
        self.claims.iter().rev().find(|claim| claim.flags & wanted != 0)
    }
}

/// What decides an edge: whether a subject claims it directly, and by policy how sure whose claim is.
pub(super) struct DecidingClaims {
    pub(super) root: bool,
    pub(super) flat: Option<(Confidence, Position)>,
    pub(super) nested: Option<(Confidence, Position)>,
}

/// A source that was taken in: what it mentions, and what it claims.
#[derive(Clone, Debug)]
pub(super) struct HeldSource {
    pub(super) position: Position,
    pub(super) mentions: Vec<Name>,
    claims: Vec<ClaimOn>,
}

impl HeldSource {
    fn of(source: Claimant<'_>, known: StateView<'_>, meanings: &Meanings, are_ranked: bool) -> Self {
        let mut claims = Vec::new();
        let (rank, confidence) = (source.rank(), source.confidence());
        source.claims(known, meanings, |from, to, flags, _| {
            // An edge from a vertex to itself is none.
            let claim = LinkClaim { confidence, rank: are_ranked.then_some(rank), flags };
            claims.extend((from != to).then_some((from, to, claim)));
        });
        Self { position: rank.position, mentions: source.mentions().collect(), claims }
    }

    /// The edges that it claims.
    pub(super) fn edges(&self) -> impl Iterator<Item = (Name, Name)> {
        self.claims.iter().map(|(from, to, _)| (*from, *to))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.mentions, &self.claims) == (&other.mentions, &other.claims)
    }
}

/// Sources that came and went.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceMoves {
    pub(super) left: Vec<HeldSource>,
    pub(super) entered: Vec<(ClaimOwner, Position)>,
}

/// The claims of every source.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkIndex {
    /// By number of a dependent its edges, in the order of the dependencies' ids.
    links: Vec<Vec<ClaimedEdge>>,
    /// By number those of documents, and those of registries.
    sources: [Vec<Vec<HeldSource>>; 2],
    /// By number who mentions it, sorted, once a mention.
    mentioned: Vec<Vec<ClaimOwner>>,
    /// Whether somebody asks who decides.
    pub(super) are_ranked: bool,
    /// Those that came and went since somebody asked; `None` where nobody does.
    moves: Option<SourceMoves>,
}

impl LinkIndex {
    /// Nobody's claims. Who decides can be asked where they are ranked.
    pub(super) fn new(are_ranked: bool) -> Self {
        Self { are_ranked, ..Self::default() }
    }

    /// By number: whether it is mentioned.
    pub(super) fn is_mentioned(&self, id: Name) -> bool {
        self.mentioned.get(id as usize).is_some_and(|owners| !owners.is_empty())
    }

    /// The sources that came and went since this was asked for the last time; `None` for the first time, when all of
    /// them are new.
    pub(super) fn take_moves(&mut self) -> Option<SourceMoves> {
        self.moves.replace(SourceMoves::default())
    }

    /// Everybody who was taken in, with where it was said.
    pub(super) fn sources(&self) -> impl Iterator<Item = (ClaimOwner, Position)> {
        let [documents, answers] = &self.sources;
        let documents = (0..).zip(documents).map(|(subject, held)| (ClaimOwner::Documents(subject), held));
        let answers = (0..).zip(answers).map(|(package, held)| (ClaimOwner::Registry(package), held));
        documents.chain(answers).flat_map(|(owner, held)| held.iter().map(move |source| (owner, source.position)))
    }

    /// A source that was taken in, unless it has left.
    pub(super) fn source(&self, owner: ClaimOwner, position: Position) -> Option<&HeldSource> {
        let (of_kind, number) = owner.place();
        self.sources[of_kind].get(number)?.iter().find(|held| held.position == position)
    }

    /// What decides an edge; `None` where nobody claims it.
    pub(super) fn deciding(&self, from: Name, to: Name, known: StateView<'_>) -> Option<DecidingClaims> {
        let links = &self.links[from as usize];
        let link = &links[find(links, to, known).ok()?];
        let of = |wanted| link.deciding(wanted).and_then(|claim| Some((claim.confidence, claim.rank?.position)));
        let root = link.claims.iter().any(|claim| claim.flags & ROOT != 0);
        Some(DecidingClaims { root, flat: of(FLAT), nested: of(ROOT | NESTED) })
    }

    /// Everybody who mentions an id, once a mention.
    pub(super) fn mentioning(&self, id: Name) -> &[ClaimOwner] {
        &self.mentioned[id as usize]
    }

    /// Everybody who mentions one of these ids.
    pub(super) fn owners_that_mention<'a>(
        &'a self,
        ids: impl Iterator<Item = Name> + 'a,
    ) -> impl Iterator<Item = ClaimOwner> {
        ids.filter_map(|id| self.mentioned.get(id as usize)).flatten().copied()
    }

    /// One link per (dependent, dependency), in that order. `ids` are the vertices, `at` is the vertex of an id.
    pub(super) fn links(&self, ids: &[Name], at: &[u32]) -> Vec<ResolvedLink> {
        let mut links: Vec<ResolvedLink> = Vec::with_capacity(self.links.iter().map(Vec::len).sum());
        for (from, id) in (0..).zip(ids) {
            let own = self.links[*id as usize].iter();
            links.extend(own.map(|link| ResolvedLink {
                from,
                to: at[link.to as usize],
                flat: link.flat,
                nested: link.nested,
            }));
        }
        links
    }

    /// Brings the claims of these owners up to date: all of whom something was told, and all who mention what means
    /// something else than before, which are `moved` by number. Says whether any claim or mention came or went.
    ///
    /// A position is one event's, so equal positions are the same source, saying the same. A source that comes where
    /// another goes most often says what that one said, and then nothing moves.
    pub(super) fn follow(
        &mut self,
        known: StateView<'_>,
        meanings: &Meanings,
        owners: impl Iterator<Item = ClaimOwner>,
        moved: &[bool],
    ) -> bool {
        let count = known.names.len();
        self.links.resize_with(count, Vec::new);
        self.mentioned.resize_with(count, Vec::new);
        self.sources.iter_mut().for_each(|sources| sources.resize_with(count, Vec::new));
        let is_moved = |id: Name| moved.get(id as usize) == Some(&true);
        let mut has_changed = false;
        for owner in owners {
            let now = Claimant::all(owner, known, meanings);
            let stays = |held: &HeldSource| {
                let mut same = now.iter().filter(|source| source.rank().position == held.position);
                same.any(|source| !source.mentions().any(is_moved))
            };
            let (of_kind, number) = owner.place();
            let held = std::mem::take(&mut self.sources[of_kind][number]);
            let (mut kept, gone): (Vec<HeldSource>, Vec<HeldSource>) = held.into_iter().partition(stays);
            let is_held = |source: &&Claimant<'_>| kept.iter().any(|held| held.position == source.rank().position);
            let comes = now.iter().filter(|source| !is_held(source));
            let come: Vec<HeldSource> =
                comes.map(|source| HeldSource::of(*source, known, meanings, self.are_ranked)).collect();
            has_changed |= self.replace(owner, &gone, &come, known);
            if let Some(moves) = &mut self.moves {
                moves.left.extend(gone);
                moves.entered.extend(come.iter().map(|source| (owner, source.position)));
            }
            kept.extend(come);
            self.sources[of_kind][number] = kept;
        }
        has_changed
    }

    /// Takes in what the sources that come say and those that went did not, and lets go of the reverse. Says whether
    /// there was any.
    fn replace(&mut self, owner: ClaimOwner, gone: &[HeldSource], come: &[HeldSource], known: StateView<'_>) -> bool {
        if gone.len() == come.len() && gone.iter().zip(come).all(|(gone, come)| gone.says_the_same(come)) {
            return false;
        }
        let mentions = |sources: &[HeldSource]| sources.iter().flat_map(|source| &source.mentions).copied().collect();
        for (is_new, id) in differences(mentions(gone), mentions(come)) {
            let owners = &mut self.mentioned[id as usize];
            let place = owners.partition_point(|held| *held < owner);
            if is_new {
                owners.insert(place, owner);
            } else {
                owners.remove(place);
            }
        }
        let claims = |sources: &[HeldSource]| sources.iter().flat_map(|source| &source.claims).copied().collect();
        for (is_new, (from, to, claim)) in differences::<ClaimOn>(claims(gone), claims(come)) {
            let links = &mut self.links[from as usize];
            let place = find(links, to, known).unwrap_or_else(|place| {
                links.insert(place, ClaimedEdge::new(to));
                place
            });
            if is_new {
                links[place].enter(claim);
            } else {
                links[place].leave(claim);
            }
            if links[place].claims.is_empty() {
                links.remove(place);
            }
        }
        true
    }
}

/// What is in one of two lists and not in the other, as often as it is, with whether it is in the second.
fn differences<T: Ord + Copy>(mut before: Vec<T>, mut after: Vec<T>) -> Vec<(bool, T)> {
    before.sort_unstable();
    after.sort_unstable();
    let mut found = Vec::new();
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return found,
        };
        match order {
            Ordering::Less => found.extend(before.next().map(|old| (false, old))),
            Ordering::Greater => found.extend(after.next().map(|new| (true, new))),
            Ordering::Equal => _ = (before.next(), after.next()),
        }
    }
}

fn resolved(ids: &[Name], identity: &Identity) -> Vec<Name> {
    ids.iter().map(|id| identity.resolve(*id)).collect()
}

/// The place of an edge among those of its dependent.
fn find(links: &[ClaimedEdge], to: Name, known: StateView<'_>) -> Result<usize, usize> {
    let order = known.names.order();
    links.binary_search_by_key(&order[to as usize], |link| order[link.to as usize])
}
