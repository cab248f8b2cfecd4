//! Edges as scores see them, carried from one look to the next.
//!
//! Between two looks few sources come and few go, most of those that come say what the one before said, and what ids
//! mean changes seldom. So of every edge the claims are held; a source that goes takes its claims with it, one that
//! comes adds its own. A source that mentions an id which means something else now goes and comes again.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use domain::recorded::{Position, Rank};

use super::claimant::{ClaimOwner, Claimant};
use super::identity_cache::Meanings;
use super::model::{Confidence, ResolvedLink};
use super::names::Name;
use super::rows::StateView;
use super::snapshot::{FLAT, NESTED, ROOT};

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
    /// Dependents whose edges are others than when they were written, or may be.
    stale: BTreeSet<Name>,
    /// Room for links, where those of the last look but one were.
    former: Vec<ResolvedLink>,
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

    /// Writes the edges of the dependents that have others than when this was called for the last time: one link per
    /// (dependent, dependency), in that order. `at` is by number the vertex of an id; the rest is as vertices are.
    pub(super) fn write(&mut self, links: &mut Vec<ResolvedLink>, at: &[u32]) {
        let stale = std::mem::take(&mut self.stale).into_iter();
        // One that is no vertex any more has none.
        let mut stale: Vec<(u32, Name)> =
            stale.map(|id| (at[id as usize], id)).filter(|(n, _)| *n != u32::MAX).collect();
        if stale.is_empty() {
            return;
        }
        stale.sort_unstable();
        let mut written = std::mem::take(&mut self.former);
        let mut rest = &links[..];
        for (from, id) in stale {
            let (stays, others) = rest.split_at(rest.partition_point(|link| link.from < from));
            written.extend_from_slice(stays);
            rest = &others[others.iter().take_while(|link| link.from == from).count()..];
            let own = self.links[id as usize].iter();
            written.extend(own.map(|link| ResolvedLink {
                from,
                to: at[link.to as usize],
                flat: link.flat,
                nested: link.nested,
            }));
        }
        written.extend_from_slice(rest);
        self.former = std::mem::replace(links, written);
        self.former.clear();
    }

    /// Brings the claims of these owners up to date: all of whom something was told, and all who mention what means
    /// something else than before, which are `moved` by number. Says whether any id is mentioned that was not, or is no
    /// longer.
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
        let mut has_moved = false;
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
            has_moved |= self.replace(owner, &gone, &come, known);
            if let Some(moves) = &mut self.moves {
                moves.left.extend(gone);
                moves.entered.extend(come.iter().map(|source| (owner, source.position)));
            }
            kept.extend(come);
            self.sources[of_kind][number] = kept;
        }
        has_moved
    }

    /// Takes in what the sources that come say and those that went did not, and lets go of the reverse. Says whether
    /// that is the first mention of an id or was its last.
    fn replace(&mut self, owner: ClaimOwner, gone: &[HeldSource], come: &[HeldSource], known: StateView<'_>) -> bool {
        if gone.len() == come.len() && gone.iter().zip(come).all(|(gone, come)| gone.says_the_same(come)) {
            return false;
        }
        let mentions = |sources: &[HeldSource]| sources.iter().flat_map(|source| &source.mentions).copied().collect();
        let mut has_moved = false;
        for (is_new, id) in differences(mentions(gone), mentions(come)) {
            let owners = &mut self.mentioned[id as usize];
            let place = owners.partition_point(|held| *held < owner);
            if is_new {
                has_moved |= owners.is_empty();
                owners.insert(place, owner);
            } else {
                owners.remove(place);
                has_moved |= owners.is_empty();
            }
        }
        let shown = |link: &ClaimedEdge| (link.claims.is_empty(), link.flat, link.nested);
        let claims = |sources: &[HeldSource]| sources.iter().flat_map(|source| &source.claims).copied().collect();
        for (is_new, (from, to, claim)) in differences::<ClaimOn>(claims(gone), claims(come)) {
            let links = &mut self.links[from as usize];
            let place = find(links, to, known).unwrap_or_else(|place| {
                links.insert(place, ClaimedEdge::new(to));
                place
            });
            let link = &mut links[place];
            let before = shown(link);
            if is_new {
                link.enter(claim);
            } else {
                link.leave(claim);
            }
            if shown(link) != before {
                self.stale.insert(from);
            }
            if link.claims.is_empty() {
                links.remove(place);
            }
        }
        has_moved
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

/// The place of an edge among those of its dependent.
fn find(links: &[ClaimedEdge], to: Name, known: StateView<'_>) -> Result<usize, usize> {
    let order = known.names.order();
    links.binary_search_by_key(&order[to as usize], |link| order[link.to as usize])
}
