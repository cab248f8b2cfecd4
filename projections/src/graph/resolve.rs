//! From what the sources say to what it means: a pure function of the state, evaluated whole.

use super::curations::CuratedRow;
use super::edges::Claims;
use super::identity::Identity;
use super::input::{ResolveInput, Vertices};
use super::membership::{Membership, memberships};
use super::model::{Graph, ResolvedEdge, ResolvedLink, Vertex};
use super::names::Name;
use super::projects::ProjectRows;
use super::repo_of::RepoOf;
use super::rows::{InternedRows, Live, StateView};
use super::state::GraphState;
use super::{survey, vertex};

impl Graph {
    /// Resolves a state.
    ///
    /// ```text
    /// state ──► rows in numbers ──► repositories, as given
    ///                                     │ renames, publications
    ///                                     ▼
    ///    projects ◄── members ◄── identity: what an id means
    ///                                     │ of all that live documents and answers mention
    ///                                     ▼
    ///                  claims ──► edges ◄── vertices, by id
    /// ```
    ///
    /// Each step reads only what stands before it. Lists "by number" have an entry for every id ever named; lists by
    /// vertex only for those that are present, in the order of ids.
    #[must_use]
    pub fn of(state: &GraphState) -> Self {
        let mut findings = Vec::new();
        let mut rows = InternedRows::default();
        rows.learn(state, None);
        let known = StateView::of(state, &rows);
        let names = known.names;

        let repositories = known_repositories(known);
        let identity = Identity::weigh(known, &repositories, &mut findings);
        let repos = meant_by(&repositories, &identity);
        let members = memberships(known, &identity, &repos, &mut findings);
        let (mut rows_of_projects, mut projects) = (ProjectRows::default(), Vec::new());
        rows_of_projects.follow(known, &members, &[], &mut projects, &mut findings);
        rows_of_projects.bind_answers(known, &mut projects, &mut findings);

        let live = known.live(|id| identity.resolve(id));
        identity.ask_about_claims(known, &live, &mut findings);
        let ids = present(known, &live, &identity, &repos);
        let vertex = |id: &Name| Vertex { id: names.shared(*id), ..Vertex::default() };
        let mut vertices: Vec<Vertex> = ids.iter().map(vertex).collect();
        let places = Vertices { ids: &ids, identity: &identity, places: &Vertices::places_of(&ids, names) };
        vertex::write(known, &places, &live, &mut vertices);
        belong(&mut vertices, &ids, &repos, &members, &rows_of_projects);
        let (edges, links) = edges(ResolveInput { known, live: &live, vertices: &places, repos: &repos });
        let given = || names.sorted().iter().copied().filter(|id| repositories[*id as usize]);
        let mut graph = Self {
            repo_of: RepoOf::sorted(
                given().map(|id| names.shared(id)).collect(),
                given().map(|id| places.of(id)).collect(),
            ),
            edges,
            links,
            findings,
            projects,
            vertices,
            world_time: state.world_time(),
            newest_answer: survey::newest(state).map(|answer| answer.answered_at),
        };
        rows_of_projects.mark_public_goods(known, &places, &mut graph);
        graph.findings.sort_unstable();
        graph.findings.dedup();
        graph
    }
}

/// By number: whether one of the marked ids means it.
pub(super) fn meant_by(marked: &[bool], identity: &Identity) -> Vec<bool> {
    let mut meant = vec![false; marked.len()];
    for (id, _) in (0..).zip(marked).filter(|(_, marked)| **marked) {
        meant[identity.resolve(id) as usize] = true;
    }
    meant
}

/// The ids that are vertices, in order: Repos, and what live documents and registries' answers mention.
fn present(known: StateView<'_>, live: &[Live<'_>], identity: &Identity, repos: &[bool]) -> Vec<Name> {
    let mut present = repos.to_vec();
    let mut mention = |id: Name| present[identity.resolve(id) as usize] = true;
    live.iter().flat_map(|live| &live.said.ids).for_each(|id| mention(*id));
    for package in known.packages() {
        mention(package.name);
        package.ids.iter().for_each(|id| mention(*id));
    }
    known.names.sorted().iter().copied().filter(|id| present[*id as usize]).collect()
}

/// Says of every vertex whether it is a Repo, and whose.
pub(super) fn belong(
    vertices: &mut [Vertex],
    ids: &[Name],
    repos: &[bool],
    members: &[Option<Membership>],
    projects: &ProjectRows,
) {
    for (vertex, id) in vertices.iter_mut().zip(ids) {
        let member = members[*id as usize].as_ref();
        vertex.repo = repos[*id as usize];
        vertex.project = member.and_then(|m| projects.place(m.project?));
        vertex.evidence = member.map(|m| (m.evidence, m.position));
    }
}

/// Edges with their texts, and the same as scores see them.
fn edges(input: ResolveInput<'_, '_>) -> (Vec<ResolvedEdge>, Vec<ResolvedLink>) {
    let edges = Claims::of(input).edges();
    let links = edges.iter().map(ResolvedLink::of).collect();
    (edges, links)
}

/// By number: whether an ingestion is about it, a project claims it or a curation names it, as given.
pub(super) fn known_repositories(known: StateView<'_>) -> Vec<bool> {
    let mut known_as = vec![false; known.names.len()];
    let mut mark = |id: Name| known_as[id as usize] = true;
    for repo in known.repos() {
        mark(repo.name);
        repo.host.and_then(|host| host.renamed).map(&mut mark);
    }
    known.fundings().iter().flat_map(|(_, funding)| funding.named()).for_each(&mut mark);
    for (_, row) in known.curations().iter() {
        if let CuratedRow::Membership { repo, .. } | CuratedRow::Publication { repo: Some(repo), .. } = row {
            mark(*repo);
        }
    }
    known_as
}
