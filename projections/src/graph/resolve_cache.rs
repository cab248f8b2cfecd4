//! What earlier looks at one log have learnt: a shortcut, and nothing else. A look without it sees the same; it only
//! takes longer.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::time::Day;

use super::claimant::ClaimOwner;
use super::identity::are_kept_otherwise;
use super::identity_cache::{Meanings, MovedIds};
use super::input::Vertices;
use super::link_index::LinkIndex;
use super::membership::memberships;
use super::model::{Finding, Graph, ResolvedLink, Vertex};
use super::names::{InternedIds, Name};
use super::news::News;
use super::projects::ProjectRows;
use super::repo_of::RepoOf;
use super::resolve::belong;
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
    projects: ProjectRows,
    /// The last graph; none while it is in use.
    graph: Option<Graph>,
    /// The day of the last look.
    today: Option<Day>,
    /// What is unclear of members and projects.
    findings: Arc<Vec<Finding>>,
}

/// What was looked at last, for whoever shows more of it than scores rest on.
pub(crate) struct LastLook<'a> {
    pub(super) known: StateView<'a>,
    pub(super) meanings: &'a Meanings,
    pub(super) links: &'a mut LinkIndex,
    /// The vertices, in order.
    pub(super) ids: &'a [Name],
    /// By number the place of an id, where it is a vertex.
    pub(super) places: &'a [u32],
    /// What is unclear of members and projects.
    pub(super) findings: &'a Arc<Vec<Finding>>,
}

/// The vertices of the last graph.
#[derive(Clone, Debug, Default)]
struct VertexPlaces {
    /// Their ids, in order.
    ids: Vec<Name>,
    /// By number the place of an id, where it is a vertex.
    by_number: Vec<u32>,
    /// Repositories as given, in the order of ids.
    repositories: Vec<Name>,
}

impl VertexPlaces {
    /// Gives every id that is present its place, in the order of ids, and `graph` its vertices, with the links among
    /// those that stay. Says whether any has another place than before.
    fn follow(&mut self, meanings: &Meanings, claims: &LinkIndex, known: StateView<'_>, graph: &mut Graph) -> bool {
        let mut present = meanings.repos.clone();
        for id in (0..).take(present.len()).filter(|id| claims.is_mentioned(*id)) {
            present[meanings.identity.resolve(id) as usize] = true;
        }
        let now: Vec<Name> = known.names.sorted().iter().copied().filter(|id| present[*id as usize]).collect();
        if now == self.ids {
            return false;
        }
        self.by_number = Vertices::places_of(&now, known.names);
        let moved: Vec<u32> = self.ids.iter().map(|id| self.by_number[*id as usize]).collect();
        graph.links.retain_mut(|link| link.follows(&moved));
        make_place(&mut graph.vertices, &moved, &now, known.names);
        self.ids = now;
        true
    }

    /// Says which vertices repositories mean, as given.
    fn tell_repositories(&mut self, meanings: &Meanings, names: &InternedIds, repo_of: &mut RepoOf) {
        let Meanings { identity, repositories, .. } = meanings;
        let given: Vec<Name> = names.sorted().iter().copied().filter(|id| repositories[*id as usize]).collect();
        let vertices = given.iter().map(|id| self.by_number[identity.resolve(*id) as usize]).collect();
        if given == self.repositories {
            repo_of.mean(vertices);
        } else {
            *repo_of = RepoOf::sorted(given.iter().map(|id| names.shared(*id)).collect(), vertices);
            self.repositories = given;
        }
    }

    /// Takes in ids that are no vertices.
    fn extend(&mut self, count: usize) {
        self.by_number.resize(count, u32::MAX);
    }
}

impl ResolvedLink {
    /// Takes the places that its ends have now, by those that they had. Says whether both have any.
    fn follows(&mut self, moved: &[u32]) -> bool {
        (self.from, self.to) = (moved[self.from as usize], moved[self.to as usize]);
        self.from != u32::MAX && self.to != u32::MAX
    }
}

impl ResolveCache {
    /// Hears which rows were touched.
    pub(crate) fn hear(&mut self, touched: &Changes) {
        if let Some(held) = &mut self.touched {
            held.append(touched);
        }
    }

    /// From here on more is shown than scores rest on. What was learnt so far leaves out who decides, so it is learnt
    /// anew.
    pub(crate) fn show(&mut self) {
        if !self.is_shown() {
            *self = Self { link_index: LinkIndex::new(true), ..Self::default() };
        }
    }

    /// Whether more is shown than scores rest on: who decides, what is unclear.
    fn is_shown(&self) -> bool {
        self.link_index.are_ranked
    }

    /// The rows touched since the last look, where there was one.
    pub(crate) fn touched(&self) -> Option<&Changes> {
        self.touched.as_ref()
    }

    /// What was looked at last: this state.
    pub(crate) fn last_look<'a>(&'a mut self, state: &'a GraphState) -> LastLook<'a> {
        let Self { rows, meanings, link_index: links, places, findings, .. } = self;
        let known = StateView::of(state, rows);
        LastLook { known, meanings, links, ids: &places.ids, places: &places.by_number, findings }
    }

    /// Takes back the graph of the last look.
    pub(crate) fn take_back(&mut self, graph: Graph) {
        self.graph = Some(graph);
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
    /// Each step is taken only where one before it brought something new; what it gave before holds otherwise. Where
    /// the last graph was not given back, all is learnt anew.
    pub(crate) fn look(&mut self, state: &GraphState) -> Graph {
        let mut graph = self.graph.take().unwrap_or_else(|| {
            *self = Self { link_index: LinkIndex::new(self.is_shown()), ..Self::default() };
            Graph::default()
        });
        let first = self.touched.is_none();
        let touched = self.touched.replace(Changes::default());
        let mut news = self.rows.learn(state, touched.as_ref());
        let known = StateView::of(state, &self.rows);
        self.weigh_news(&mut news, known);
        let moved = if news.identity || first { self.meanings.weigh(known) } else { MovedIds::default() };
        self.meanings.extend(known.names.len());
        let owners = owners(known, &self.meanings, touched.as_ref(), &self.link_index, &moved);
        let mentioned = self.link_index.follow(known, &self.meanings, owners.into_iter(), &moved.by_number);
        self.places.extend(known.names.len());
        let renumbered = (mentioned || news.identity || first)
            && self.places.follow(&self.meanings, &self.link_index, known, &mut graph);
        self.link_index.write(&mut graph.links, &self.places.by_number);
        let today = state.today();
        if news.projects || news.identity || first {
            let told = (&mut self.projects, &news.touched[..]);
            self.findings = tell_members(known, &self.meanings, &self.places, told, &mut graph).into();
        } else if news.answers || self.today != Some(today) {
            self.projects.bind_answers(known, &mut graph.projects, &mut Vec::new());
        }
        if news.identity || renumbered || first {
            self.places.tell_repositories(&self.meanings, known.names, &mut graph.repo_of);
        }
        // What moved is told by what it meant and means, which may itself mean another.
        let told = news.signals.into_iter().map(|id| self.meanings.identity.resolve(id));
        self.write_signals(known, told.chain(moved.owners).collect(), &mut graph.vertices);
        self.today = Some(today);
        graph.world_time = state.world_time();
        graph.newest_answer = survey::newest(state).map(|answer| answer.answered_at);
        graph
    }

    /// Finds out of what was said again whether it matters: beside what was known at the last look.
    fn weigh_news(&self, news: &mut News, known: StateView<'_>) {
        let Meanings { identity, repositories, repos, .. } = &self.meanings;
        // Of several subjects that mean the same the newest document speaks for all.
        let shared =
            |subject: &Name| self.meanings.names_beside(*subject).filter(|id| known.is_subject(*id)).nth(1).is_some();
        news.identity |= news.subjects.iter().any(shared)
            || are_kept_otherwise(known, repos.len())
            || (news.renames_again && identity.circular)
            || news.named.iter().any(|id| repositories.get(*id as usize) != Some(&true));
        // Of several names of a repository the newest flag decides.
        news.projects |= news.flagged_again.iter().any(|name| self.meanings.names_beside(*name).nth(1).is_some());
        if self.is_shown() {
            // By which event somebody is a member, and what is unclear.
            news.identity |= !news.named.is_empty();
            news.projects |= news.answers || news.funded_again || !news.flagged_again.is_empty();
        }
    }

    /// Writes the signals of adoption of these vertices.
    fn write_signals(&self, known: StateView<'_>, told: BTreeSet<Name>, vertices: &mut [Vertex]) {
        for id in told {
            // What nothing means any more is none.
            if let Some(vertex) = vertices.get_mut(self.places.by_number[id as usize] as usize) {
                vertex::tell_signals(known, self.meanings.names_of(id), vertex);
            }
        }
    }
}

/// Says of every vertex whether it is a Repo, and whose. Something was told of these projects.
fn tell_members(
    known: StateView<'_>,
    meanings: &Meanings,
    places: &VertexPlaces,
    (projects, touched): (&mut ProjectRows, &[Name]),
    graph: &mut Graph,
) -> Vec<Finding> {
    let Meanings { identity, repos, .. } = meanings;
    let mut findings = Vec::new();
    let members = memberships(known, identity, repos, &mut findings);
    projects.follow(known, &members, touched, &mut graph.projects, &mut findings);
    projects.bind_answers(known, &mut graph.projects, &mut findings);
    belong(&mut graph.vertices, &places.ids, repos, &members, projects);
    let vertices = Vertices { ids: &places.ids, places: &places.by_number, identity };
    projects.mark_public_goods(known, &vertices, graph);
    findings
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

/// Makes place for vertices with these ids among those that stay. `moved` tells where each that was there is now.
fn make_place(vertices: &mut Vec<Vertex>, moved: &[u32], now: &[Name], names: &InternedIds) {
    let mut places = moved.iter();
    vertices.retain(|_| places.next().is_some_and(|place| *place != u32::MAX));
    let mut stay = moved.iter().filter(|place| **place != u32::MAX).rev().peekable();
    let mut unplaced = vertices.len();
    vertices.resize_with(now.len(), Vertex::default);
    for (n, id) in now.iter().enumerate().rev() {
        // Those before are where they were.
        if unplaced == n + 1 {
            return;
        }
        if stay.next_if(|place| **place as usize == n).is_some() {
            unplaced -= 1;
            vertices.swap(unplaced, n);
        } else {
            vertices[n] = Vertex { id: names.shared(*id), ..Vertex::default() };
        }
    }
}
