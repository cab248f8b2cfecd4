//! What the derived tables hold, kept from one page to the next: a page costs what it changes, not what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::recorded::Position;
use domain::time::{Day, Timestamp};

use crate::changes::Changes;
use crate::families::Projection;
use crate::fold::{Fold, View};
use crate::graph::family::VERTEX;
use crate::graph::shown::GraphPatch;
use crate::graph::{Finding, Graph, Project, Vertex, table_rows as graph_rows};
use crate::metrics::KeptScores;
use crate::metrics::table_rows::ShownScores;
use crate::people::state::{AuthorFacts, DayRow};
use crate::people::table_rows::{self as people, RepoCommits, moved};
use crate::table::difference::{between_rows, side_by_side};
use crate::table::{RowSink, TableDiff, TableRows, by_id};

/// A content of its own. By default that of empty tables.
#[derive(Clone, Debug, Default)]
pub struct Materialized {
    vertices: Vec<HeldVertex>,
    projects: Vec<Project>,
    findings: Vec<Finding>,
    scores: ShownScores,
    repos: BTreeMap<Arc<str>, OwnedCommits>,
    derived: Vec<TableRows>,
    /// The UTC day of world time; none where the tables are empty.
    today: Option<Day>,
}

/// What is told of a vertex besides what the graph's own patch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HeldVertex {
    id: Arc<str>,
    repo: bool,
    project: Option<Arc<str>>,
    evidence: Option<(&'static str, Position)>,
    /// Signals of adoption.
    signals: [Option<u64>; 3],
    latest: Option<Timestamp>,
}

impl HeldVertex {
    fn of(graph: &Graph, vertex: &Vertex, latest: Option<Timestamp>) -> Self {
        // The number of a project says nothing: others come and go.
        let project = vertex.project.map(|n| Arc::clone(&graph.projects[n as usize].id));
        let signals = [vertex.stars, vertex.forks, vertex.downloads];
        Self { id: Arc::clone(&vertex.id), repo: vertex.repo, project, evidence: vertex.evidence, signals, latest }
    }
}

/// What is told of a repository.
#[derive(Clone, Debug)]
struct OwnedCommits {
    days: Vec<DayRow>,
    unsigned: Vec<UnsignedDay>,
    authors: BTreeMap<Digest, AuthorFacts>,
}

impl OwnedCommits {
    fn told<'a>(&'a self, id: &'a str) -> RepoCommits<'a> {
        RepoCommits { id, days: &self.days, unsigned: &self.unsigned, authors: &self.authors }
    }
}

impl Materialized {
    /// Advances to what a fold gives where it stands. `changes` are the rows of its state that were touched since it
    /// was here the last time. Answers by how much the tables differ from what they were.
    ///
    /// # Panics
    /// When these are not the tables that this fold has advanced so far: what it patches would be something else.
    pub fn advance_to<Changed: RowSink + Default>(
        &mut self,
        fold: &mut Fold,
        changes: &Changes,
    ) -> Vec<TableDiff<Changed>> {
        fold.show(changes, |view, kept, patch| self.take_in(view, kept, patch, changes))
    }

    fn take_in<Changed: RowSink + Default>(
        &mut self,
        view: &View<'_>,
        kept: &KeptScores,
        patch: GraphPatch,
        changes: &Changes,
    ) -> Vec<TableDiff<Changed>> {
        assert_eq!(patch.is_first, self.today.is_none(), "one fold advances one content");
        let graph = &view.graph;
        let logs = touched_logs(view, &patch, changes);
        let mut differences = self.commits(view, &logs);
        differences.push(self.vertices(view, &patch, &logs));
        let projects = graph_rows::projects(&self.projects, &graph.projects);
        if self.projects != graph.projects {
            self.projects.clone_from(&graph.projects);
        }
        let findings = graph_rows::findings(&self.findings, &graph.findings);
        if self.findings != graph.findings {
            self.findings.clone_from(&graph.findings);
        }
        let derived = view.derived();
        differences.extend(derived.iter().filter_map(|rows| between_rows(rows.table, &self.derived, &derived)));
        differences.extend([projects, findings, graph_rows::edges(graph, patch.edges)]);
        differences.push(self.scores.follow(kept));
        self.derived = derived;
        self.today = Some(view.today());
        differences
    }

    /// Commits of repositories of which something else may be told.
    fn commits<Changed: RowSink + Default>(
        &mut self,
        view: &View<'_>,
        logs: &BTreeSet<Arc<str>>,
    ) -> Vec<TableDiff<Changed>> {
        let before: Vec<RepoCommits<'_>> = logs.iter().filter_map(|id| Some(self.repos.get(id)?.told(id))).collect();
        let now = |id: &'_ Arc<str>| view.contributions.get(view.graph.vertex(id)?);
        let after: Vec<RepoCommits<'_>> = logs.iter().filter_map(|id| Some(RepoCommits::of(id, now(id)?))).collect();
        let (old, new) = moved(&before, &after);
        let tables = Projection::ALL.into_iter().flat_map(Projection::tables);
        let differences = tables.filter_map(|table| people::difference(table, &old, &new)).collect();
        let owned = |repo: &RepoCommits<'_>| OwnedCommits {
            days: repo.days.to_vec(),
            unsigned: repo.unsigned.to_vec(),
            authors: repo.authors.clone(),
        };
        let gone: Vec<Arc<str>> = old.iter().map(|repo| repo.id.into()).collect();
        for id in gone {
            self.repos.remove(&id);
        }
        self.repos.extend(new.iter().map(|repo| (repo.id.into(), owned(repo))));
        differences
    }

    /// Vertices, by what is told of them; where their commits may be others, the latest is looked for.
    fn vertices<Changed: RowSink + Default>(
        &mut self,
        view: &View<'_>,
        patch: &GraphPatch,
        logs: &BTreeSet<Arc<str>>,
    ) -> TableDiff<Changed> {
        let (graph, today) = (&view.graph, view.today());
        let is_other_day = self.today != Some(today);
        let mut looked_at = vec![is_other_day; graph.vertices.len()];
        for place in logs.iter().filter_map(|id| graph.vertex(id)) {
            looked_at[place as usize] = true;
        }
        let mut difference = TableDiff::<Changed>::none(&VERTEX);
        let mut held = Vec::with_capacity(graph.vertices.len());
        side_by_side(
            std::mem::take(&mut self.vertices).into_iter(),
            (0..).zip(&graph.vertices),
            |held, (_, vertex)| by_id(&held.id, &vertex.id),
            |old, new| match (old, new) {
                (old, Some((place, vertex))) => {
                    let repo = || view.contributions.get(place)?.latest_commit(today);
                    let latest = match &old {
                        Some(old) if !looked_at[place as usize] => old.latest,
                        _ => repo(),
                    };
                    let now = HeldVertex::of(graph, vertex, latest);
                    if patch.details[place as usize] || old.as_ref() != Some(&now) {
                        graph_rows::add_vertex(graph, vertex, latest, &mut difference.changed);
                    }
                    held.push(now);
                }
                (Some(old), None) => difference.gone.push(graph_rows::gone_vertex(&old.id)),
                (None, None) => {}
            },
        );
        self.vertices = held;
        difference
    }
}

/// The vertices whose commits may be others: those of logs that were touched, and those that other ids mean now.
fn touched_logs(view: &View<'_>, patch: &GraphPatch, changes: &Changes) -> BTreeSet<Arc<str>> {
    let id = |vertex: u32| Arc::clone(&view.graph.vertices[vertex as usize].id);
    if patch.is_first {
        return view.contributions.iter().map(|(vertex, _)| id(vertex)).collect();
    }
    let logs = changes.of("log").filter_map(|repo| view.graph.repo_of.get(repo).copied());
    logs.map(id).chain(patch.meant.iter().cloned()).collect()
}
