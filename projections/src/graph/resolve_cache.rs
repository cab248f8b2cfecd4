//! What earlier looks at one log have learnt: a shortcut, and nothing else. A look without it sees the same; it only
//! takes longer.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use domain::time::Day;

use super::identity::Identity;
use super::input::Vertices;
use super::link_index::{ClaimOwner, LinkIndex};
use super::membership::{GrantLinks, memberships};
use super::model::{Graph, Vertex};
use super::names::{InternedIds, Name};
use super::projects::projects;
use super::repo_of::RepoOf;
use super::resolve::{belong, known_repositories, mark_public_goods, meant_by};
use super::rows::{InternedRows, StateView};
use super::state::GraphState;
use super::{survey, vertex};
use crate::changes::Changes;

/// What serves every look at the states of one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolveCache {
    rows: InternedRows,
    /// Rows touched since the last look; `None` before the first, which reads them all.
    touched: Option<Changes>,
    meanings: Meanings,
    link_index: LinkIndex,
    places: VertexPlaces,
    /// The last graph; empty while it is in use.
    graph: Graph,
    /// The day of the last look.
    today: Option<Day>,
}

/// What ids meant at the last look.
#[derive(Clone, Debug, Default)]
pub(super) struct Meanings {
    pub(super) identity: Identity,
    /// By number, as given: whether it is a repository.
    repositories: Vec<bool>,
    /// By number, as meant: whether it is a Repo.
    pub(super) repos: Vec<bool>,
    /// The ids that mean another, with that one first, sorted.
    aliases: Vec<(Name, Name)>,
}

impl Meanings {
    /// All ids that mean this one.
    pub(super) fn names_of(&self, id: Name) -> impl Iterator<Item = Name> {
        let first = self.aliases.partition_point(|(meant, _)| *meant < id);
        let others = self.aliases[first..].iter().take_while(move |(meant, _)| *meant == id);
        let own = (self.identity.resolve(id) == id).then_some(id);
        own.into_iter().chain(others.map(|(_, other)| *other))
    }

    /// All ids that mean what this one means, which may be new.
    pub(super) fn names_beside(&self, id: Name) -> impl Iterator<Item = Name> {
        let meant = self.identity.means().get(id as usize).copied();
        meant.into_iter().flat_map(|meant| self.names_of(meant))
    }

    /// Weighs the evidence anew.
    fn weigh(&mut self, known: StateView<'_>) -> MovedIds {
        let grants = GrantLinks::of(known);
        let repositories = known_repositories(known, &grants);
        let identity = Identity::weigh(known, &repositories, &mut Vec::new());
        let repos = meant_by(&repositories, &identity);
        let means = |meanings: &Identity, repos: &[bool], id: usize| {
            let meant = meanings.means()[id];
            (meant, repos[meant as usize])
        };
        let mut moved = MovedIds { by_number: vec![false; self.repos.len()], owners: Vec::new() };
        for (id, is_moved) in moved.by_number.iter_mut().enumerate() {
            let (before, after) = (means(&self.identity, &self.repos, id), means(&identity, &repos, id));
            *is_moved = before != after;
            // A subject that means something else takes its documents from one owner to another.
            moved.owners.extend(is_moved.then_some([before.0, after.0]).into_iter().flatten());
        }
        let pairs = identity.means().iter().zip(0..).filter(|(meant, id)| *meant != id);
        let mut aliases: Vec<(Name, Name)> = pairs.map(|(meant, id)| (*meant, id)).collect();
        aliases.sort_unstable();
        *self = Self { identity, repositories, repos, aliases };
        moved
    }

    /// Takes in ids of which nothing is known but that they are mentioned.
    fn extend(&mut self, count: usize) {
        self.identity.extend(count);
        self.repositories.resize(count, false);
        self.repos.resize(count, false);
    }
}

/// The vertices of the last graph.
#[derive(Clone, Debug, Default)]
struct VertexPlaces {
    /// Their ids, in order.
    ids: Vec<Name>,
    /// By number the place of an id, where it is a vertex.
    by_number: Vec<u32>,
}

impl VertexPlaces {
    /// Gives every id that is present its place, in the order of ids. Says whether any has another than before.
    fn follow(
        &mut self,
        meanings: &Meanings,
        claims: &LinkIndex,
        known: StateView<'_>,
        vertices: &mut Vec<Vertex>,
    ) -> bool {
        let mut present = meanings.repos.clone();
        for id in (0..).take(present.len()).filter(|id| claims.is_mentioned(*id)) {
            present[meanings.identity.resolve(id) as usize] = true;
        }
        let now: Vec<Name> = known.names.sorted().iter().copied().filter(|id| present[*id as usize]).collect();
        let renumbered = now != self.ids;
        if renumbered {
            *vertices = placed(std::mem::take(vertices), &self.ids, &now, known.names);
            self.ids = now;
        }
        if renumbered || self.by_number.len() != present.len() {
            self.by_number = Vertices::places_of(&self.ids, known.names);
        }
        renumbered
    }
}

/// Which of the ids that were there mean something else now, or mean a Repo where they meant none, or the other way
/// round.
#[derive(Debug, Default)]
struct MovedIds {
    by_number: Vec<bool>,
    /// What they meant, and what they mean.
    owners: Vec<Name>,
}

impl ResolveCache {
    /// Hears which rows were touched.
    pub(crate) fn hear(&mut self, touched: &Changes) {
        if let Some(held) = &mut self.touched {
            held.append(touched.clone());
        }
    }

    /// The rows touched since the last look, where there was one.
    pub(crate) fn touched(&self) -> Option<&Changes> {
        self.touched.as_ref()
    }

    /// Takes back the graph of the last look.
    pub(crate) fn take_back(&mut self, graph: Graph) {
        self.graph = graph;
    }

    /// What scores rest on: of details the signals of adoption alone, of edges the links, no open questions. The state
    /// is a later one of the same log, and all that was touched since was heard.
    ///
    /// ```text
    /// touched ──► rows in numbers ──► meanings ──► claims that come and go ──► vertices ──► links
    ///                                     │                                       ▲
    ///                                     └──► members, projects ─────────────────┘
    /// ```
    ///
    /// Each step is taken only where one before it brought something new; what it gave before holds otherwise.
    pub(crate) fn look(&mut self, state: &GraphState) -> Graph {
        let first = self.touched.is_none();
        let touched = self.touched.replace(Changes::default());
        let news = self.rows.learn(state, touched.as_ref(), &self.meanings);
        let known = StateView::of(state, &self.rows);
        let mut graph = std::mem::take(&mut self.graph);

        let moved = if news.identity || first { self.meanings.weigh(known) } else { MovedIds::default() };
        self.meanings.extend(known.names.len());
        let owners = owners(known, &self.meanings, touched.as_ref(), &self.link_index, &moved);
        let claimed = self.link_index.follow(known, &self.meanings, owners.into_iter(), &moved.by_number);
        let renumbered = self.places.follow(&self.meanings, &self.link_index, known, &mut graph.vertices);
        if claimed || renumbered {
            graph.links = self.link_index.links(&self.places.ids, &self.places.by_number);
        }
        let today = state.today();
        let answers = self.today.is_some_and(|then| then != today && survey::speaks_since(state, then));
        if news.projects || news.identity || answers || first {
            self.belong(&mut graph, known);
        }
        if news.identity || renumbered || first {
            graph.repo_of = self.repo_of(known.names);
        }
        if news.signals || news.identity || renumbered || first {
            vertex::write_signals(known, &self.vertices(), &mut graph.vertices);
        }
        self.today = Some(today);
        graph.world_time = state.world_time();
        graph.newest_answer = survey::newest(state).map(|answer| answer.answered_at);
        graph
    }

    /// Says of every vertex whether it is a Repo, and whose.
    fn belong(&self, graph: &mut Graph, known: StateView<'_>) {
        let Meanings { identity, repos, .. } = &self.meanings;
        let mut findings = Vec::new();
        let grants = GrantLinks::of(known);
        let members = memberships(known, identity, &grants, repos, &mut findings);
        graph.projects = projects(known, &members, &graph.projects, &mut findings);
        belong(&mut graph.vertices, &self.places.ids, repos, &members, &graph.projects);
        mark_public_goods(graph, known.state, &self.vertices());
    }

    fn vertices(&self) -> Vertices<'_> {
        Vertices { ids: &self.places.ids, places: &self.places.by_number, identity: &self.meanings.identity }
    }

    /// Repositories as given, with the vertices that they mean.
    fn repo_of(&self, names: &InternedIds) -> RepoOf {
        let Meanings { identity, repositories, .. } = &self.meanings;
        let given = names.sorted().iter().filter(|id| repositories[**id as usize]);
        RepoOf::sorted(given.map(|id| (names.shared(*id), self.places.by_number[identity.resolve(*id) as usize])))
    }
}

/// Whose claims may be others than before.
fn owners(
    known: StateView<'_>,
    meanings: &Meanings,
    touched: Option<&Changes>,
    held: &LinkIndex,
    moved: &MovedIds,
) -> BTreeSet<ClaimOwner> {
    let Some(touched) = touched else {
        let documents = known.subjects().map(|subject| ClaimOwner::Documents(meanings.identity.resolve(subject)));
        return documents.chain(known.packages().map(|package| ClaimOwner::Registry(package.name))).collect();
    };
    let number = |id: &str| known.names.find(id);
    let documents = touched.of("sbom").filter_map(number);
    let answers = touched.of("package").filter_map(number).map(ClaimOwner::Registry);
    let mut owners: BTreeSet<ClaimOwner> =
        documents.map(|subject| ClaimOwner::Documents(meanings.identity.resolve(subject))).chain(answers).collect();
    let ids = (0..).zip(&moved.by_number).filter(|(_, moved)| **moved).map(|(id, _)| id);
    owners.extend(held.owners_that_mention(ids));
    owners.extend(moved.owners.iter().copied().map(ClaimOwner::Documents));
    owners
}

/// Vertices with these ids in their places; those that were there as they were, both in the order of ids.
fn placed(held: Vec<Vertex>, former: &[Name], now: &[Name], names: &InternedIds) -> Vec<Vertex> {
    let order = names.order();
    let mut held = former.iter().zip(held).peekable();
    let vertex = |id: &Name| {
        let place = order[*id as usize];
        while let Some((former, vertex)) = held.next_if(|(former, _)| order[**former as usize] <= place) {
            if order[*former as usize].cmp(&place) == Ordering::Equal {
                return vertex;
            }
        }
        Vertex { id: names.shared(*id), ..Vertex::default() }
    };
    now.iter().map(vertex).collect()
}
