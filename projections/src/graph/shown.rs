//! What is shown of a graph and no score rests on: details, texts of edges, open questions. It is kept from one page to
//! the next, and patched where a source came or went, a row was touched, or an id means something else: a page costs
//! what it changes. It gives what a state that is resolved afresh gives.

mod edges;
mod questions;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::recorded::Position;

pub(crate) use self::edges::EdgePatch;
use self::edges::patch_edges;
use self::questions::AskedQuestions;
use self::versions::SaidVersions;
use super::claimant::ClaimOwner;
use super::identity::Identity;
use super::identity_cache::Meanings;
use super::link_index::{LinkIndex, SourceMoves};
use super::model::{Details, Graph};
use super::names::Name;
use super::resolve_cache::LastLook;
use super::vertex;
use crate::changes::Changes;

/// What was shown at the last page.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownGraph {
    /// The vertices, in order.
    ids: Vec<Name>,
    /// By number the details of vertices.
    details: Vec<Option<Arc<Details>>>,
    identity: Identity,
    /// By vertex the packages that are published from it.
    published: BTreeMap<Name, Vec<Name>>,
    /// By position whose claims were said there.
    owners: BTreeMap<Position, ClaimOwner>,
    versions: SaidVersions,
    questions: AskedQuestions,
}

/// By what a graph differs from the one that was shown at the last page, besides what can be told by looking at it.
#[derive(Debug)]
pub(crate) struct GraphPatch {
    /// Whether nothing was shown before.
    pub(crate) is_first: bool,
    /// By vertex: whether its details are others.
    pub(crate) details: Vec<bool>,
    /// Vertices that are meant by other ids than before.
    pub(crate) meant: Vec<Arc<str>>,
    pub(crate) edges: EdgePatch,
}

/// What the sources that came and went speak of.
struct Touched {
    moves: SourceMoves,
    /// Ids that they mention, as given.
    mentioned: BTreeSet<Name>,
    /// Edges that they claim.
    edges: BTreeSet<(Name, Name)>,
    /// Vertices that are meant by other ids than before.
    meant: BTreeSet<Name>,
}

impl Touched {
    fn of(moves: SourceMoves, links: &LinkIndex, meant: BTreeSet<Name>) -> Self {
        let (mut mentioned, mut edges) = (BTreeSet::new(), BTreeSet::new());
        let entered = moves.entered.iter().filter_map(|(owner, position)| links.source(*owner, *position));
        for source in moves.left.iter().chain(entered) {
            mentioned.extend(source.mentions.iter().copied());
            edges.extend(source.edges());
        }
        Self { moves, mentioned, edges, meant }
    }
}

impl ShownGraph {
    /// Completes the graph of a look by all that is shown. `changes` are the rows that were touched since this was
    /// asked for the last time.
    pub(crate) fn complete(&mut self, look: &mut LastLook<'_>, graph: &mut Graph, changes: &Changes) -> GraphPatch {
        let moves = look.links.take_moves();
        let look = &*look;
        let is_first = moves.is_none();
        if is_first {
            *self = Self::default();
        }
        let all = || SourceMoves { left: Vec::new(), entered: look.links.sources().collect() };
        let touched = Touched::of(moves.unwrap_or_else(all), look.links, self.meant_otherwise(look.meanings, is_first));
        let asks_alike =
            touched.meant.is_empty() && self.identity.unconfirmed().eq(look.meanings.identity.unconfirmed());
        self.learn(look, &touched);
        let details = self.patch_details(look, graph, changes, &touched);
        let edges = patch_edges(&mut graph.edges, look, &self.ids, &touched.edges, &self.owners);
        if let Some(findings) = self.questions.follow(look, !asks_alike, &touched.mentioned) {
            graph.findings = findings;
        }
        if self.ids != look.ids {
            self.ids = look.ids.to_vec();
        }
        let meant = touched.meant.iter().map(|id| look.known.names.shared(*id)).collect();
        GraphPatch { is_first, details, meant, edges }
    }

    /// Vertices that are meant by other ids than before, or that other packages are published from.
    fn meant_otherwise(&self, meanings: &Meanings, is_first: bool) -> BTreeSet<Name> {
        // At first there is nothing that they meant.
        if is_first { BTreeSet::new() } else { meanings.identity.moved_since(&self.identity) }
    }

    /// Takes in what ids mean, and who says what.
    fn learn(&mut self, look: &LastLook<'_>, touched: &Touched) {
        if self.identity != look.meanings.identity {
            self.identity = look.meanings.identity.clone();
            self.published.clear();
            for (package, vertex) in self.identity.published_from() {
                self.published.entry(vertex).or_default().push(package);
            }
        }
        for source in &touched.moves.left {
            self.owners.remove(&source.position);
        }
        let here = |(owner, position): &&(ClaimOwner, Position)| look.links.source(*owner, *position).is_some();
        let entered: Vec<(ClaimOwner, Position)> = touched.moves.entered.iter().filter(here).copied().collect();
        self.owners.extend(entered.iter().map(|(owner, position)| (*position, *owner)));
        let left = touched.moves.left.iter().map(|source| source.position).collect();
        self.versions.follow(look, &entered, &left, &touched.mentioned, &touched.meant);
    }

    /// Patches the details of vertices. Says by vertex whether they are others.
    fn patch_details(
        &mut self,
        look: &LastLook<'_>,
        graph: &mut Graph,
        changes: &Changes,
        touched: &Touched,
    ) -> Vec<bool> {
        let LastLook { known, meanings, ids, places, .. } = *look;
        self.details.resize(known.names.len(), None);
        let gone = self.ids.iter().filter(|id| places[**id as usize] == u32::MAX);
        gone.for_each(|id| self.details[*id as usize] = None);
        let mut stale: Vec<bool> = ids.iter().map(|id| self.details[*id as usize].is_none()).collect();
        let mut touch = |id: Name| {
            let place = places[id as usize];
            if place != u32::MAX {
                stale[place as usize] = true;
            }
        };
        touched.meant.iter().for_each(|id| touch(*id));
        let rows = ["repo", "package"].into_iter().flat_map(|kind| changes.of(kind));
        for id in rows.filter_map(|key| known.names.find(key)).chain(touched.mentioned.iter().copied()) {
            touch(id);
            touch(meanings.identity.resolve(id));
        }
        for (n, id) in ids.iter().enumerate() {
            let held = &mut self.details[*id as usize];
            if stale[n] {
                let published = self.published.get(id).into_iter().flatten().copied();
                let names = meanings.names_of(*id).collect();
                let fresh = vertex::details_of(known, *id, names, published, self.versions.of(*id));
                stale[n] = held.as_deref() != Some(&fresh);
                *held = Some(fresh.into());
            }
            // A vertex that went and came again between two pages has none.
            let shown = &mut graph.vertices[n].details;
            if let Some(held) = held.as_ref().filter(|_| stale[n] || shown.name.is_empty()) {
                *shown = Arc::clone(held);
            }
        }
        stale
    }
}
