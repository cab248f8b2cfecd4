//! Edges as scores see them, carried from one look to the next.
//!
//! Between two looks few sources come and few go, and what ids mean changes seldom. So the claims of every source are
//! held by their dependents; a source that goes takes its claims with it, one that comes adds its own. A source that
//! mentions an id which means something else now goes and comes again.

use domain::recorded::Position;

use super::input::ResolveInput;
use super::model::{Confidence, ResolvedLink};
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

    /// Whether it mentions one of the marked ids.
    fn mentions(self, marked: &[bool]) -> bool {
        let is_marked = |id: &Name| marked.get(*id as usize) == Some(&true);
        matches!(self, Self::Registry(package) if is_marked(&package.name)) || self.ids().iter().any(is_marked)
    }
}

/// Everybody who claims edges, by position.
fn sources_by_position<'a>(ground: ResolveInput<'a, '_>) -> Vec<Claimant<'a>> {
    let documents = ground.live.iter().map(|live| Claimant::Document(*live));
    let answers = ground.known.packages().map(Claimant::Registry);
    let mut sources: Vec<Claimant<'_>> = documents.chain(answers).collect();
    sources.sort_by_key(|source| source.position());
    sources
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
    pub(super) fn links(&mut self, ground: ResolveInput<'_, '_>) -> Vec<ResolvedLink> {
        self.follow(ground);
        let mut links: Vec<ResolvedLink> = Vec::with_capacity(self.claims.iter().map(Vec::len).sum());
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
                    _ => links.push(ResolvedLink { from, to, flat, nested }),
                }
            }
        }
        links
    }

    /// Brings the claims up to date. What is held and what claims now are walked side by side, both by position:
    ///
    /// ```text
    /// held:   3   5   8      12
    /// now:    3   5*      9  12        * mentions an id that means something else now
    ///         │   │   │   │   │
    ///       stays │ leaves│ stays
    ///      leaves, enters enters
    /// ```
    ///
    /// A position is one event's, so equal positions are the same source, saying the same. Afterwards the claims are
    /// those of exactly the sources of now, each under what its ids mean now, and every dependent's are in the order of
    /// the dependencies: of those into whom something entered they are sorted, in the others nothing moved.
    fn follow(&mut self, ground: ResolveInput<'_, '_>) {
        let changed = self.learn_meanings(ground);
        let mut entered = Vec::new();
        let mut held = std::mem::take(&mut self.sources).into_iter().peekable();
        for source in sources_by_position(ground) {
            let position = source.position();
            while let Some(gone) = held.next_if(|(held, _)| *held < position) {
                self.leave(gone);
            }
            let mut stays = held.next_if(|(held, _)| *held == position);
            if changed.as_ref().is_some_and(|changed| source.mentions(changed)) {
                stays.take().into_iter().for_each(|gone| self.leave(gone));
            }
            let stays = stays.unwrap_or_else(|| {
                let dependents = self.enter(source, ground);
                entered.extend_from_slice(&dependents);
                (position, dependents)
            });
            self.sources.push(stays);
        }
        held.for_each(|gone| self.leave(gone));
        entered.sort_unstable();
        entered.dedup();
        for dependent in entered {
            self.claims[dependent as usize].sort_unstable_by_key(|claim| ground.vertices.at(claim.to));
        }
    }

    /// Notes what ids mean now. By number, which mean something else than at the last look; `None` where none does.
    fn learn_meanings(&mut self, ground: ResolveInput<'_, '_>) -> Option<Vec<bool>> {
        let means = ground.vertices.identity.means();
        let mean: Vec<(Name, bool)> = means.iter().map(|id| (*id, ground.repos[*id as usize])).collect();
        // Ids that are new stand behind the end: sources that mention one are new themselves.
        let changed: Vec<bool> = mean.iter().zip(&self.meant).map(|(now, then)| now != then).collect();
        self.meant = mean;
        self.claims.resize_with(means.len(), Vec::new);
        changed.contains(&true).then_some(changed)
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
