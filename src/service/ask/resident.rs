//! What questions of the moment are answered from: an immutable snapshot in memory, made anew when the log or the live
//! formula moves. A question holds one of them, so its answer is of one position, and reads no table.

mod made;
mod packages;
mod parts;
mod people;
mod projects;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use domain::digest::Digest;
use domain::formula::Formula;
use domain::number::fit;
use domain::recorded::Position;
use domain::time::Timestamp;
use projections::fold::View;
pub use projections::graph::{Confidence, EdgeClaim};
use projections::graph::{Graph, Vertex};
use projections::metrics::{Level, ScoreRow, Scores};
use projections::store::query;
use projections::table::surrogate;

pub(super) use made::KeptOrders;
use made::MadeOnce;
pub use packages::PackageEntry;
pub(crate) use parts::Former;
use parts::ResidentParts;
pub use people::{Committer, Contribution, KnownNames, People};
pub use projects::ProjectMetadata;

use super::forms_of;
use super::scores::{Scored, Sort};

/// A release of a package that is published from a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRelease {
    /// The package.
    pub purl: String,
    /// Its version.
    pub version: String,
    /// When it was released.
    pub released: Option<Timestamp>,
}

/// The atlas at one position, under the formula that was live then.
#[derive(Debug)]
pub struct Resident {
    /// The last position folded in.
    pub position: Position,
    /// The log's time there.
    pub recorded_at: Option<Timestamp>,
    /// The formula.
    pub formula: Formula,
    /// Its hash.
    pub formula_hash: Digest,
    /// What differs wherever an answer may: position, formula, what is passed over or erased, names of people.
    pub tag: Digest,
    /// Digest of the positions that are passed over.
    pub passed_over: Digest,
    graph: Graph,
    scores: Scores,
    /// By vertex the row of its scores.
    rows: Vec<u32>,
    outgoing: Adjacency,
    incoming: Adjacency,
    /// By project its repositories, in the order of ids.
    members: Vec<Vec<u32>>,
    parts: ResidentParts,
    /// By level all scores by id, made when they are first asked for.
    scored: [OnceLock<Vec<Scored>>; 3],
    /// Orders of them, likewise.
    orders: KeptOrders<(Level, Sort)>,
    /// What others make of it, likewise.
    pub(super) made: MadeOnce,
}

/// Which edges end at a vertex, on one side.
#[derive(Debug)]
struct Adjacency {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Adjacency {
    fn of(graph: &Graph, formula: &Formula, end: impl Fn(usize) -> u32) -> Self {
        let live = || (0..graph.edges.len()).filter(|edge| graph.edges[*edge].under(formula.graph.edges).is_some());
        // A counting sort: edges of one vertex stay in their order.
        let mut starts = vec![0_u32; graph.vertices.len() + 1];
        live().for_each(|edge| starts[end(edge) as usize + 1] += 1);
        for vertex in 1..starts.len() {
            starts[vertex] += starts[vertex - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; starts.last().map_or(0, |count| *count as usize)];
        for edge in live() {
            let place = &mut next[end(edge) as usize];
            edges[*place as usize] = fit(edge, "edges");
            *place += 1;
        }
        Self { starts, edges }
    }

    fn of_vertex(&self, vertex: u32) -> &[u32] {
        let range: Range<usize> = self.starts[vertex as usize] as usize..self.starts[vertex as usize + 1] as usize;
        &self.edges[range]
    }
}

impl Resident {
    /// What is seen of a state of the log, with its scores under a formula, what the fold passed over and the names of
    /// people. It shares what is the same with the one before, if there is one.
    #[must_use]
    pub(crate) fn of(
        view: &View<'_>,
        scores: Scores,
        formula: &Formula,
        passed_over: Digest,
        names: &KnownNames,
        former: Option<Former<'_>>,
    ) -> Self {
        let world = view.world();
        let graph = view.graph.clone();
        let mut next = [graph.projects.len(), 0];
        next[1] = next[0] + graph.vertices.iter().filter(|vertex| vertex.repo).count();
        let rows = graph.vertices.iter().map(|vertex| {
            let next = &mut next[usize::from(!vertex.repo)];
            *next += 1;
            fit(*next - 1, "scores")
        });
        let rows = rows.collect();
        let mut members = vec![Vec::new(); graph.projects.len()];
        for (number, vertex) in (0_u32..).zip(&graph.vertices).filter(|(_, vertex)| vertex.repo) {
            if let Some(project) = vertex.project {
                members[project as usize].push(number);
            }
        }
        let formula_hash = formula.hash();
        let tag = Digest::of_parts(&[
            env!("CARGO_PKG_VERSION").as_bytes(),
            &world.position.to_be_bytes(),
            &formula_hash.0,
            &passed_over.0,
            &names.digest.0,
        ]);
        Self {
            position: world.position,
            recorded_at: world.graph.recorded_at(),
            scores,
            rows,
            outgoing: Adjacency::of(&graph, formula, |edge| graph.edges[edge].from),
            incoming: Adjacency::of(&graph, formula, |edge| graph.edges[edge].to),
            members,
            parts: ResidentParts::of(view, names, former),
            formula: formula.clone(),
            formula_hash,
            scored: Default::default(),
            orders: KeptOrders::default(),
            made: MadeOnce::default(),
            tag,
            passed_over,
            graph,
        }
    }

    /// Vertices, projects, edges.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The scores of everything.
    pub(crate) fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Contributors and what they did.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.parts.people
    }

    /// The number of a project among all.
    #[must_use]
    pub fn project(&self, id: &str) -> Option<u32> {
        let found = self.graph.projects.binary_search_by(|project| project.id.as_ref().cmp(id));
        found.ok().map(|number| fit(number, "projects"))
    }

    /// The number of a Repo among all vertices; none for what is only depended upon.
    #[must_use]
    pub fn repo(&self, id: &str) -> Option<u32> {
        self.graph.vertex(id).filter(|number| self.graph.vertices[*number as usize].repo)
    }

    /// The number of the Repo that an id means as it was given, whatever it is called by now.
    #[must_use]
    pub fn repo_given(&self, id: &str) -> Option<u32> {
        self.graph.repo_of.get(id).copied()
    }

    /// Numbers of all Repos, in the order of ids.
    pub fn repos(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.graph.vertices).filter(|(_, vertex)| vertex.repo).map(|(number, _)| number)
    }

    /// The Repos of a project, in the order of ids.
    #[must_use]
    pub fn members(&self, project: u32) -> &[u32] {
        &self.members[project as usize]
    }

    /// What grants say of a project.
    #[must_use]
    pub fn metadata(&self, project: u32) -> &ProjectMetadata {
        &self.parts.metadata[project as usize]
    }

    /// The scores of a project.
    #[must_use]
    pub fn project_scores(&self, project: u32) -> &ScoreRow {
        &self.scores.rows[project as usize]
    }

    /// The scores of a vertex.
    #[must_use]
    pub fn vertex_scores(&self, vertex: u32) -> &ScoreRow {
        &self.scores.rows[self.rows[vertex as usize] as usize]
    }

    /// All scores of a level, by id.
    pub fn scored(&self, level: Level) -> &[Scored] {
        self.scored[level as usize]
            .get_or_init(|| query::scores_of(&self.graph, &self.scores, level).into_iter().map(Scored::from).collect())
    }

    /// The same in an order, as numbers of [`Self::scored`].
    pub fn sorted(&self, level: Level, sort: Sort) -> Arc<[u32]> {
        self.orders.get(&[(level, sort)], || {
            let scored = self.scored(level);
            let mut order: Vec<u32> = (0..fit(scored.len(), "scores")).collect();
            order.sort_by_cached_key(|number| sort.place(&scored[*number as usize]));
            order
        })
    }

    /// What is published from Repos and what is only depended upon, by purl.
    #[must_use]
    pub fn packages(&self) -> &[PackageEntry] {
        self.parts.packages.all()
    }

    /// What has a purl as a package.
    #[must_use]
    pub fn package(&self, purl: &str) -> Option<&PackageEntry> {
        self.parts.packages.get(purl)
    }

    /// Whether everybody may read what a repository says of itself, by the id of its stream. What came in after the
    /// snapshot is not for everybody: nobody has looked yet whose it is.
    #[must_use]
    pub fn is_public(&self, position: Position, repo: &str) -> bool {
        let vertex = self.repo_given(repo).map(|number| &self.graph.vertices[number as usize]);
        position <= self.position && vertex.is_some_and(|vertex| vertex.details.private != Some(true))
    }

    /// Whether some repository is private.
    #[must_use]
    pub fn has_private(&self) -> bool {
        self.graph.vertices.iter().any(|vertex| vertex.details.private == Some(true))
    }

    /// Time of the latest commit of a vertex.
    #[must_use]
    pub fn latest_commit(&self, vertex: u32) -> Option<Timestamp> {
        self.parts.latest[vertex as usize]
    }

    /// The latest version of a Repo, as a host or a registry says it.
    #[must_use]
    pub fn latest_version(&self, repo: u32) -> Option<&str> {
        self.parts.versions[repo as usize].as_ref()?.latest.as_deref()
    }

    /// Releases of what is published from a Repo, newest first.
    #[must_use]
    pub fn releases(&self, repo: u32) -> &[PackageRelease] {
        self.parts.versions[repo as usize].as_ref().map_or(&[], |versions| &versions.releases)
    }

    /// The dependencies of a vertex with the claims that decide, by id.
    pub fn dependencies(&self, vertex: u32) -> impl Iterator<Item = (u32, &EdgeClaim)> {
        let edges = self.outgoing.of_vertex(vertex).iter().map(|edge| &self.graph.edges[*edge as usize]);
        edges.filter_map(|edge| Some((edge.to, edge.under(self.formula.graph.edges)?)))
    }

    /// The dependents of a vertex with the claims that decide, by id.
    pub fn dependents(&self, vertex: u32) -> impl Iterator<Item = (u32, &EdgeClaim)> {
        let edges = self.incoming.of_vertex(vertex).iter().map(|edge| &self.graph.edges[*edge as usize]);
        edges.filter_map(|edge| Some((edge.from, edge.under(self.formula.graph.edges)?)))
    }

    /// Numbers of the edges that the formula sees, by (dependent, dependency).
    #[must_use]
    pub fn edges(&self) -> &[u32] {
        &self.outgoing.edges
    }

    /// The same of those that begin or end at a vertex.
    #[must_use]
    pub fn edges_at(&self, vertex: u32) -> Vec<u32> {
        let mut edges = [self.outgoing.of_vertex(vertex), self.incoming.of_vertex(vertex)].concat();
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// The lower-cased name of a project.
    #[must_use]
    pub fn project_name_folded(&self, project: u32) -> &str {
        &self.parts.project_names[project as usize]
    }

    /// The lower-cased name of a vertex.
    #[must_use]
    pub fn vertex_name_folded(&self, vertex: u32) -> &str {
        &self.parts.vertex_names[vertex as usize]
    }

    /// The number that stands for a project outside.
    #[must_use]
    pub fn project_number(&self, project: u32) -> u64 {
        surrogate("project", &self.graph.projects[project as usize].id)
    }

    /// The number that stands for a vertex outside.
    #[must_use]
    pub fn vertex_number(&self, vertex: u32) -> u64 {
        surrogate("package", &self.graph.vertices[vertex as usize].id)
    }
}

/// The number of a Repo by the forms in which its id may be given.
#[must_use]
pub fn repo_called(atlas: &Resident, id: &str) -> Option<u32> {
    forms_of(id).iter().find_map(|form| atlas.repo(form).or_else(|| atlas.repo_given(form)))
}

/// What a vertex is called without its owner, where it is a Repo; else its whole name.
#[must_use]
pub fn short_name(vertex: &Vertex) -> &str {
    let name = vertex.details.name.as_str();
    if vertex.id.starts_with("pkg:github/") || vertex.id.starts_with("pkg:gitlab/") {
        return name.rsplit('/').next().unwrap_or(name);
    }
    name
}
