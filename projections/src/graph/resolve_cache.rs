//! What earlier looks at one log have learnt: a shortcut, and nothing else. A look without it sees the same; it only
//! takes longer.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::time::Day;

use super::identity::are_kept_otherwise;
use super::identity_cache::{Meanings, MovedIds};
use super::input::Vertices;
use super::link_index::{ClaimOwner, LinkIndex};
use super::membership::{GrantLinks, memberships};
use super::model::{Finding, Graph, Project, Vertex};
use super::names::{InternedIds, Name};
use super::news::News;
use super::projects::{bind_answers, projects};
use super::repo_of::RepoOf;
use super::resolve::{belong, mark_public_goods};
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
        self.weigh_news(&mut news, known, touched.as_ref(), &graph.projects);
        let moved = if news.identity || first { self.meanings.weigh(known) } else { MovedIds::default() };
        self.meanings.extend(known.names.len());
        let owners = owners(known, &self.meanings, touched.as_ref(), &self.link_index, &moved);
        let claimed = self.link_index.follow(known, &self.meanings, owners.into_iter(), &moved.by_number);
        let renumbered = (claimed || news.identity || first)
            && self.places.follow(&self.meanings, &self.link_index, known, &mut graph.vertices);
        if claimed || renumbered {
            graph.links = self.link_index.links(&self.places.ids, &self.places.by_number);
        }
        let today = state.today();
        let answers = self.today.is_some_and(|then| then != today && survey::speaks_since(state, then));
        if news.projects || news.identity || first {
            self.findings = self.belong(&mut graph, known).into();
        } else if news.answers || answers {
            bind_answers(state, &mut graph.projects, &mut Vec::new());
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

    /// Finds out of what was said again whether it matters: beside what was known at the last look.
    fn weigh_news(&self, news: &mut News, known: StateView<'_>, touched: Option<&Changes>, projects: &[Project]) {
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
        // An answer makes the project that it names, if nobody named it before.
        let mut answered = touched.into_iter().flat_map(|touched| touched.of("answer")).filter_map(survey::of_id);
        news.projects |= answered.any(|id| projects.binary_search_by(|project| (*project.id).cmp(id)).is_err());
        if self.is_shown() {
            // By which event somebody is a member, and what is unclear.
            news.identity |= !news.named.is_empty();
            news.projects |= news.answers || news.funded_again || !news.flagged_again.is_empty();
        }
    }

    /// Says of every vertex whether it is a Repo, and whose.
    fn belong(&self, graph: &mut Graph, known: StateView<'_>) -> Vec<Finding> {
        let Meanings { identity, repos, .. } = &self.meanings;
        let mut findings = Vec::new();
        let grants = GrantLinks::of(known);
        let members = memberships(known, identity, &grants, repos, &mut findings);
        graph.projects = projects(known, &members, &graph.projects, &mut findings);
        belong(&mut graph.vertices, &self.places.ids, repos, &members, &graph.projects);
        mark_public_goods(graph, known.state, &self.vertices());
        findings
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
            if order[*former as usize] == place {
                return vertex;
            }
        }
        Vertex { id: names.shared(*id), ..Vertex::default() }
    };
    now.iter().map(vertex).collect()
}
