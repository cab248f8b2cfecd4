//! What the derived tables hold, before it is text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::time::{Day, Timestamp};

use super::difference::{TableDiff, side_by_side};
use super::rows::{self, TableRows, Total};
use super::{CONTRIBUTION, CONTRIBUTION_DAY, EDGE, FINDING, PROJECT, SCORE, VERTEX};
use crate::fold::View;
use crate::graph::{Graph, Project, ResolvedEdge, Vertex};
use crate::metrics::Scores;
use crate::people::RepoContributions;
use crate::people::state::{AuthorFacts, DayRow};

/// What the derived tables are made from: a view and its scores.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    pub(super) graph: &'a Graph,
    pub(super) scores: &'a Scores,
    /// By vertex: its latest commit.
    pub(super) latest: Cow<'a, [Option<Timestamp>]>,
    /// Repositories with a git log, by id.
    pub(super) repos: Vec<RepoCommits<'a>>,
}

/// The commits of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RepoCommits<'a> {
    pub(super) id: &'a str,
    /// Sorted by (day, author).
    pub(super) days: &'a [DayRow],
    /// Commits of nobody, sorted by day.
    pub(super) unsigned: &'a [UnsignedDay],
    pub(super) authors: &'a BTreeMap<Digest, AuthorFacts>,
}

impl<'a> RepoCommits<'a> {
    pub(super) fn of(id: &'a str, repo: &'a RepoContributions<'_>) -> Self {
        Self { id, days: &repo.days, unsigned: &repo.unsigned, authors: &repo.authors }
    }
}

/// What a view tells of repositories, by id.
pub(super) fn told<'a>(view: &'a View<'_>) -> Vec<RepoCommits<'a>> {
    // Vertices are sorted by id, so what goes by vertex goes by id.
    let id = |vertex: u32| &*view.graph.vertices[vertex as usize].id;
    view.contributions.repos.iter().map(|(n, repo)| RepoCommits::of(id(*n), repo)).collect()
}

/// The repositories of which something else is told: what it was, and what it is.
pub(super) fn moved<'a, 'b>(
    before: &[RepoCommits<'a>],
    after: &[RepoCommits<'b>],
) -> (Vec<RepoCommits<'a>>, Vec<RepoCommits<'b>>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    side_by_side(
        before.iter(),
        after.iter(),
        |a, b| a.id.cmp(b.id),
        |a, b| {
            if a != b {
                old.extend(a);
                new.extend(b);
            }
        },
    );
    (old, new)
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
        Self { graph, scores, latest: Cow::Owned(latest), repos: told(view) }
    }

    /// All rows of every table, sorted by key.
    #[must_use]
    pub fn tables(&self) -> Vec<TableRows> {
        let (graph, scores) = (Graph::default(), Scores::default());
        let nothing = Content { graph: &graph, scores: &scores, latest: Cow::Borrowed(&[]), repos: Vec::new() };
        let sorted = |TableDiff { table, changed: mut rows, .. }| {
            rows.sort_unstable();
            TableRows { table, rows }
        };
        self.differences(&nothing, &[], &self.repos).into_iter().map(sorted).collect()
    }

    /// By how much every table differs from what it held before. Of `old` repositories there was told what is told of
    /// `new` ones no more.
    pub(super) fn differences(
        &self,
        before: &Content<'_>,
        old: &[RepoCommits<'_>],
        new: &[RepoCommits<'_>],
    ) -> Vec<TableDiff> {
        vec![
            projects(before.graph, self.graph),
            vertices(before, self),
            edges(before.graph, self.graph),
            findings(before.graph, self.graph),
            contributions(old, new),
            days(old, new),
            scores(before.scores, self.scores),
        ]
    }
}

fn projects(before: &Graph, after: &Graph) -> TableDiff {
    fn shown(project: &Project) -> (&str, &str, [&Option<String>; 3]) {
        (&project.name, project.kind, [&project.git_url, &project.category, &project.website])
    }
    TableDiff::between(
        &PROJECT,
        before.projects.iter(),
        after.projects.iter(),
        |a, b| a.id.cmp(&b.id),
        |a, b| shown(a) == shown(b),
        rows::project,
    )
}

fn vertices(before: &Content<'_>, after: &Content<'_>) -> TableDiff {
    fn each<'a>(content: &'a Content<'_>) -> impl Iterator<Item = (&'a Graph, &'a Vertex, Option<Timestamp>)> {
        let each = content.graph.vertices.iter().zip(content.latest.iter());
        each.map(|(vertex, latest)| (content.graph, vertex, *latest))
    }
    // The number of a project says nothing: others come and go.
    fn project<'a>(graph: &'a Graph, vertex: &Vertex) -> Option<&'a str> {
        vertex.project.map(|n| graph.projects[n as usize].id.as_str())
    }
    TableDiff::between(
        &VERTEX,
        each(before),
        each(after),
        |a, b| a.1.id.cmp(&b.1.id),
        |a, b| {
            a.2 == b.2
                && (a.1.repo, a.1.evidence, &a.1.details) == (b.1.repo, b.1.evidence, &b.1.details)
                && project(a.0, a.1) == project(b.0, b.1)
        },
        |(graph, vertex, latest)| rows::vertex(graph, vertex, latest),
    )
}

fn edges(before: &Graph, after: &Graph) -> TableDiff {
    fn each<'a>(graph: &'a Graph, numbers: &[u32]) -> impl Iterator<Item = ((u32, u32), &'a Graph, &'a ResolvedEdge)> {
        let number = |vertex: u32| numbers[vertex as usize];
        graph.edges.iter().map(move |edge| ((number(edge.from), number(edge.to)), graph, edge))
    }
    let [old, new] = numbers(&before.vertices, &after.vertices);
    TableDiff::between(
        &EDGE,
        each(before, &old),
        each(after, &new),
        |a, b| a.0.cmp(&b.0),
        |(_, _, a), (_, _, b)| (a.root, &a.flat, &a.nested) == (b.root, &b.flat, &b.nested),
        |(_, graph, edge)| rows::edge(graph, edge),
    )
}

/// Numbers for the vertices of two graphs in the order of ids, the same for the same id.
fn numbers(before: &[Vertex], after: &[Vertex]) -> [Vec<u32>; 2] {
    let (mut old, mut new) = (Vec::with_capacity(before.len()), Vec::with_capacity(after.len()));
    let mut next = 0;
    side_by_side(
        before.iter(),
        after.iter(),
        |a, b| a.id.cmp(&b.id),
        |a, b| {
            old.extend(a.map(|_| next));
            new.extend(b.map(|_| next));
            next += 1;
        },
    );
    [old, new]
}

fn findings(before: &Graph, after: &Graph) -> TableDiff {
    TableDiff::between(
        &FINDING,
        before.findings.iter(),
        after.findings.iter(),
        |a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)),
        |a, b| a.reason == b.reason,
        rows::finding,
    )
}

fn contributions(before: &[RepoCommits<'_>], after: &[RepoCommits<'_>]) -> TableDiff {
    TableDiff::between(
        &CONTRIBUTION,
        before.iter().flat_map(totals),
        after.iter().flat_map(totals),
        |a, b| (a.0, a.1).cmp(&(b.0, b.1)),
        |a, b| a.2 == b.2,
        |(repo, author, total)| rows::contribution(repo, author, &total),
    )
}

fn days(before: &[RepoCommits<'_>], after: &[RepoCommits<'_>]) -> TableDiff {
    TableDiff::between(
        &CONTRIBUTION_DAY,
        before.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        after.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        |a, b| (a.0, a.1.day, a.1.author).cmp(&(b.0, b.1.day, b.1.author)),
        |a, b| a.1 == b.1,
        |(repo, row)| rows::contribution_day(repo, row),
    )
}

/// What every contributor did in a repository.
fn totals<'a>(repo: &RepoCommits<'a>) -> impl Iterator<Item = (&'a str, Digest, Total)> + use<'a> {
    let mut totals: BTreeMap<Digest, Total> = BTreeMap::new();
    for row in repo.days {
        let (first, last) = (row.day.start(), row.day.start());
        let bot = repo.authors.get(&row.author).is_some_and(|facts| facts.bot);
        let total = totals.entry(row.author).or_insert(Total { bot, commits: 0, merges: 0, first, last });
        total.commits += u64::from(row.without_merges());
        total.merges += u64::from(row.merges);
        total.last = last;
    }
    for (author, total) in &mut totals {
        let Some(facts) = repo.authors.get(author) else { continue };
        // The exact time where the log that told it still speaks for that day.
        for (day, exact) in [(&mut total.first, facts.first), (&mut total.last, facts.last)] {
            if exact.day() == day.day() {
                *day = exact;
            }
        }
    }
    let id = repo.id;
    totals.into_iter().map(move |(author, total)| (id, author, total))
}

fn scores(before: &Scores, after: &Scores) -> TableDiff {
    let shape = (&before.terms, before.flagged) == (&after.terms, after.flagged);
    TableDiff::between(
        &SCORE,
        before.rows.iter().map(|row| (before, row)),
        after.rows.iter().map(|row| (after, row)),
        |(_, a), (_, b)| (a.level, &a.id).cmp(&(b.level, &b.id)),
        |(_, a), (_, b)| shape && a == b,
        |(scores, row)| rows::score(scores, row),
    )
}
