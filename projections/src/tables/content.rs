//! What the derived tables hold, before it is text.

use std::borrow::Cow;

use domain::time::{Day, Timestamp};

use crate::families::Projection;
use crate::fold::View;
use crate::graph::Graph;
use crate::graph::table_rows::{self as graph, GraphContent};
use crate::metrics::Scores;
use crate::metrics::table_rows as metrics;
use crate::people::table_rows::{self as people, RepoCommits};
use crate::table::difference::between_rows;
use crate::table::{Row, Table, TableDiff, TableRows};

/// What the derived tables are made from: a view and its scores.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    pub(super) graph: &'a Graph,
    pub(super) scores: &'a Scores,
    /// By vertex: its latest commit.
    pub(super) latest: Cow<'a, [Option<Timestamp>]>,
    /// Repositories with a git log, by id.
    pub(super) repos: Vec<RepoCommits<'a>>,
    /// Rows that follow from the state of one family alone.
    pub(super) derived: Cow<'a, [TableRows]>,
}

/// What a view tells of repositories, by id.
pub(super) fn told<'a>(view: &'a View<'_>) -> Vec<RepoCommits<'a>> {
    // Vertices are sorted by id, so what goes by vertex goes by id.
    let id = |vertex: u32| &*view.graph.vertices[vertex as usize].id;
    view.contributions.repos.iter().map(|(n, repo)| RepoCommits::of(id(*n), repo)).collect()
}

impl<'a> Content<'a> {
    /// What a view and its scores give.
    #[must_use]
    pub fn of(view: &'a View<'_>, scores: &'a Scores) -> Self {
        let graph = &view.graph;
        let today = graph.world_time.map_or(Day::from_number(0), Timestamp::day);
        let mut latest = vec![None; graph.vertices.len()];
        for (vertex, repo) in &view.contributions.repos {
            latest[*vertex as usize] = repo.latest_commit(today);
        }
        Self { graph, scores, latest: Cow::Owned(latest), repos: told(view), derived: Cow::Owned(view.derived()) }
    }

    /// All rows of a table, in no order; `None` for one that holds a state, or the history.
    #[must_use]
    pub fn rows(&self, table: &Table) -> Option<Vec<Row>> {
        let (graph, scores) = (Graph::default(), Scores::default());
        let (latest, derived) = (Cow::Borrowed(&[][..]), Cow::Borrowed(&[][..]));
        let nothing = Content { graph: &graph, scores: &scores, latest, repos: Vec::new(), derived };
        Some(self.difference(table, &nothing, &[], &self.repos)?.changed)
    }

    /// All rows of a table in the order of its key, made as they are taken, where it holds many; `None` for others.
    #[must_use]
    pub fn rows_by_key(&self, table: &Table) -> Option<Box<dyn Iterator<Item = Row> + '_>> {
        people::by_key(table, &self.repos)
    }

    /// By how much every table differs from what it held before. Of `old` repositories there was told what is told of
    /// `new` ones no more.
    pub(super) fn differences(
        &self,
        before: &Content<'_>,
        old: &[RepoCommits<'_>],
        new: &[RepoCommits<'_>],
    ) -> Vec<TableDiff> {
        let tables = Projection::ALL.into_iter().flat_map(Projection::tables);
        tables.filter_map(|table| self.difference(table, before, old, new)).collect()
    }

    fn difference(
        &self,
        table: &Table,
        before: &Content<'_>,
        old: &[RepoCommits<'_>],
        new: &[RepoCommits<'_>],
    ) -> Option<TableDiff> {
        graph::difference(table, before.of_graph(), self.of_graph())
            .or_else(|| people::difference(table, old, new))
            .or_else(|| metrics::difference(table, before.scores, self.scores))
            .or_else(|| between_rows(table, &before.derived, &self.derived))
    }

    fn of_graph(&self) -> GraphContent<'_> {
        GraphContent { graph: self.graph, latest: &self.latest }
    }
}
