//! Edges as scores see them, carried from one look to the next.
//!
//! Between two looks few sources come and few go, and what ids mean changes seldom. So the claims of every source are
//! held by their dependents; a source that goes takes its claims with it, one that comes adds its own. A source that
//! mentions an id which means something else now goes and comes again.

use domain::recorded::Position;

use super::input::ResolveInput;
use super::model::{Confidence, Link};
use super::names::Name;
use super::rows::{Live, PackageRow};
use super::snapshot::{FLAT, NESTED, ROOT};

/// What a source claims of one dependency of a dependent.
#[derive(Clone, Copy, Debug)]
struct LinkClaim {
    source: Position,
    to: Name,
    flat: Option<Confidence>,
    nested: Option<Confidence>,
}

impl LinkClaim {
    fn new(source: Position, to: Name, flags: u8, confidence: Confidence) -> Self {
        let sure = |wanted: u8| (flags & wanted != 0).then_some(confidence);
        Self { source, to, flat: sure(FLAT), nested: sure(ROOT | NESTED) }
    }
}

/// Whoever claims edges.
#[derive(Clone, Copy)]
enum Claimant<'a> {
    Document(Live<'a>),
    Registry(&'a PackageRow),
}

impl<'a> Claimant<'a> {
    fn position(self) -> Position {
        match self {
            Self::Document(live) => live.said.rank.position,
            Self::Registry(package) => package.rank.position,
        }
    }

    fn ids(self) -> &'a [Name] {
        match self {
            Self::Document(live) => &live.said.ids,
            Self::Registry(package) => &package.ids,
        }
    }
}

/// The claims of every source, by number of the dependent.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkIndex {
    /// By number of a dependent its claims, in the order of the dependencies' ids.
    claims: Vec<Vec<LinkClaim>>,
    /// The sources, each with its dependents.
    sources: Vec<(Position, Vec<Name>)>,
    /// By number what the id meant at the last look, and whether that was a Repo.
    meant: Vec<(Name, bool)>,
}

impl LinkIndex {
    /// One link per (dependent, dependency), in that order.
    pub(super) fn links(&mut self, ground: ResolveInput<'_, '_>) -> Vec<Link> {
        self.follow(ground);
        let mut links: Vec<Link> = Vec::with_capacity(self.claims.iter().map(Vec::len).sum());
        for (from, id) in (0..).zip(&ground.vertices.ids) {
            let first = links.len();
            for &LinkClaim { to, flat, nested, .. } in &self.claims[*id as usize] {
                let to = ground.vertices.at(to);
                match links[first..].last_mut() {
                    // The surest claim decides.
                    Some(link) if link.to == to => {
                        link.flat = link.flat.max(flat);
                        link.nested = link.nested.max(nested);
                    }
                    _ => links.push(Link { from, to, flat, nested }),
                }
            }
        }
        links
    }

    /// Brings the claims up to date.
    fn follow(&mut self, ground: ResolveInput<'_, '_>) {
        let means = ground.vertices.identity.means();
        let mean: Vec<(Name, bool)> = means.iter().map(|id| (*id, ground.repos[*id as usize])).collect();
        // Sources that mention an id which is new are new themselves.
        let changed: Vec<bool> = mean.iter().zip(&self.meant).map(|(now, then)| now != then).collect();
        let any = changed.contains(&true);
        let is_changed = |id: &Name| changed.get(*id as usize) == Some(&true);
        let is_stale = |source: Claimant<'_>| {
            any && (matches!(source, Claimant::Registry(package) if is_changed(&package.name))
                || source.ids().iter().any(is_changed))
        };
        self.meant = mean;
        self.claims.resize_with(means.len(), Vec::new);

        let documents = ground.live.iter().map(|live| Claimant::Document(*live));
        let answers = ground.known.packages().map(Claimant::Registry);
        let now: Vec<Claimant<'_>> = documents.chain(answers).collect();
        let mut order: Vec<(Position, usize)> = now.iter().map(|source| source.position()).zip(0..).collect();
        order.sort_unstable();
        let mut entered = Vec::new();
        let mut sources = Vec::with_capacity(now.len());
        let mut held = std::mem::take(&mut self.sources).into_iter().peekable();
        for (position, source) in order.into_iter().map(|(position, place)| (position, now[place])) {
            while let Some(gone) = held.next_if(|(held, _)| *held < position) {
                self.leave(gone);
            }
            let mut stays = held.next_if(|(held, _)| *held == position);
            if is_stale(source) {
                stays.take().into_iter().for_each(|gone| self.leave(gone));
            }
            sources.push(stays.unwrap_or_else(|| {
                let dependents = self.enter(source, ground);
                entered.extend_from_slice(&dependents);
                (position, dependents)
            }));
        }
        held.for_each(|gone| self.leave(gone));
        self.sources = sources;
        entered.sort_unstable();
        entered.dedup();
        for dependent in entered {
            self.claims[dependent as usize].sort_unstable_by_key(|claim| ground.vertices.at(claim.to));
        }
    }

    fn leave(&mut self, (gone, dependents): (Position, Vec<Name>)) {
        for dependent in dependents {
            self.claims[dependent as usize].retain(|claim| claim.source != gone);
        }
    }

    /// Takes in a source. Returns its dependents.
    fn enter(&mut self, source: Claimant<'_>, ground: ResolveInput<'_, '_>) -> Vec<Name> {
        let identity = ground.vertices.identity;
        let position = source.position();
        let ids = source.ids().iter().map(|id| identity.resolve(*id));
        let mut dependents = Vec::new();
        let mut claim = |from: Name, to: Name, flags: u8, confidence: Confidence| {
            if from != to {
                self.claims[from as usize].push(LinkClaim::new(position, to, flags, confidence));
                dependents.push(from);
            }
        };
        match source {
            Claimant::Document(live) => {
                let ids: Vec<Name> = ids.collect();
                for &(from, to, flags, _) in ground.known.snapshot(&live).iter().flat_map(|snapshot| &snapshot.claims) {
                    claim(ids[from as usize], ids[to as usize], flags, Confidence::VerifiedSbom);
                }
            }
            Claimant::Registry(package) => {
                let from = identity.resolve(package.name);
                // The flat policy knows no edge out of an ExternalRepo.
                let flags = if ground.repos[from as usize] { ROOT | FLAT } else { NESTED };
                ids.for_each(|to| claim(from, to, flags, Confidence::InferredShadow));
            }
        }
        dependents.sort_unstable();
        dependents.dedup();
        dependents
    }
}
