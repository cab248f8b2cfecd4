//! What the derived tables hold, before it is text.

use domain::time::Timestamp;

use crate::fold::View;
use crate::graph::Graph;
use crate::graph::table_rows as graph;
use crate::metrics::family::SCORE;
use crate::metrics::{Scores, table_rows as metrics};
use crate::people::table_rows::{self as people, RepoCommits};
use crate::table::{Row, Table, TableRows};

/// What the derived tables are made from: a view and its scores.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    graph: &'a Graph,
    scores: &'a Scores,
    /// By vertex: its latest commit.
    latest: Vec<Option<Timestamp>>,
    /// Repositories with a git log, by id.
    repos: Vec<RepoCommits<'a>>,
    /// Rows that follow from the state of one family alone.
    derived: Vec<TableRows>,
}

impl<'a> Content<'a> {
    /// What a view and its scores give.
    #[must_use]
    pub fn of(view: &'a View<'_>, scores: &'a Scores) -> Self {
        let graph = &view.graph;
        // Vertices are sorted by id, so what goes by vertex goes by id.
        let id = |vertex: u32| &*graph.vertices[vertex as usize].id;
        let repos = view.contributions.iter().map(|(n, repo)| RepoCommits::of(id(n), repo)).collect();
        Self { graph, scores, latest: view.latest_commits(), repos, derived: view.derived() }
    }

    /// All rows of a table, in no order; `None` for one that holds a state, or the history.
    #[must_use]
    pub fn rows(&self, table: &Table) -> Option<Vec<Row>> {
        if *table == SCORE {
            return Some(metrics::scores(&Scores::default(), self.scores).changed);
        }
        let derived = || Some(self.derived.iter().find(|rows| rows.table == table)?.rows.clone());
        graph::rows(table, self.graph, &self.latest)
            .or_else(|| Some(people::difference(table, &[], &self.repos)?.changed))
            .or_else(derived)
    }

    /// All rows of a table in the order of its key, made as they are taken, where it holds many; `None` for others.
    #[must_use]
    pub fn rows_by_key(&self, table: &Table) -> Option<Box<dyn Iterator<Item = Row> + '_>> {
        people::by_key(table, &self.repos)
    }
}
