//! The rows of the family's tables, and which of them differ.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;

use super::contributions::{AuthorTotal, RepoContributions};
use super::family::{CONTRIBUTION, CONTRIBUTION_DAY};
use super::state::{AuthorFacts, DayRow};
use crate::table::difference::side_by_side;
use crate::table::{Row, RowSink, Table, TableDiff, one, surrogate};

/// By how much a table differs: of `old` repositories there was told what is told of `new` ones no more. `None` for one
/// that is made from something else.
pub(crate) fn difference<Changed: RowSink + Default>(
    table: &Table,
    old: &[RepoCommits<'_>],
    new: &[RepoCommits<'_>],
) -> Option<TableDiff<Changed>> {
    match table {
        table if *table == CONTRIBUTION => Some(contributions(old, new)),
        table if *table == CONTRIBUTION_DAY => Some(days(old, new)),
        _ => None,
    }
}

/// The rows of a table in the order of its key, made as they are taken: there are many. `None` for one that is made
/// from something else.
pub(crate) fn by_key<'a>(table: &Table, repos: &[RepoCommits<'a>]) -> Option<Box<dyn Iterator<Item = Row> + 'a>> {
    // Repositories come by id, and digests have the order of their texts.
    match table {
        table if *table == CONTRIBUTION => {
            let mut all: Vec<_> = repos.iter().flat_map(totals).collect();
            all.sort_by_key(|(_, author, _)| *author);
            Some(Box::new(all.into_iter().map(|each| one(|rows| add_contribution(each, rows)))))
        }
        table if *table == CONTRIBUTION_DAY => {
            let ids: Vec<&str> = repos.iter().map(|repo| repo.id).collect();
            let each = (0usize..).zip(repos).flat_map(|(n, repo)| repo.days.iter().map(move |row| (n, *row)));
            let mut all: Vec<(usize, DayRow)> = each.collect();
            all.sort_unstable_by_key(|(n, row)| (row.author, *n, row.day));
            Some(Box::new(all.into_iter().map(move |(n, row)| one(|rows| add_day((ids[n], &row), rows)))))
        }
        _ => None,
    }
}

/// The commits of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RepoCommits<'a> {
    pub(crate) id: &'a str,
    /// Sorted by (day, author).
    pub(crate) days: &'a [DayRow],
    /// Commits of nobody, sorted by day.
    pub(crate) unsigned: &'a [UnsignedDay],
    pub(crate) authors: &'a BTreeMap<Digest, AuthorFacts>,
}

impl<'a> RepoCommits<'a> {
    pub(crate) fn of(id: &'a str, repo: RepoContributions<'a>) -> Self {
        Self { id, days: repo.days, unsigned: repo.unsigned, authors: repo.authors }
    }
}

/// The repositories of which something else is told: what it was, and what it is.
pub(crate) fn moved<'a, 'b>(
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

fn contributions<Changed: RowSink + Default>(
    before: &[RepoCommits<'_>],
    after: &[RepoCommits<'_>],
) -> TableDiff<Changed> {
    TableDiff::between(
        &CONTRIBUTION,
        before.iter().flat_map(totals),
        after.iter().flat_map(totals),
        |a, b| (a.0, a.1).cmp(&(b.0, b.1)),
        |a, b| a.2 == b.2,
        add_contribution,
    )
}

fn days<Changed: RowSink + Default>(before: &[RepoCommits<'_>], after: &[RepoCommits<'_>]) -> TableDiff<Changed> {
    TableDiff::between(
        &CONTRIBUTION_DAY,
        before.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        after.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        |a, b| (a.0, a.1.day, a.1.author).cmp(&(b.0, b.1.day, b.1.author)),
        |a, b| a.1 == b.1,
        add_day,
    )
}

/// What every contributor did in a repository.
fn totals<'a>(repo: &RepoCommits<'a>) -> impl Iterator<Item = (&'a str, Digest, AuthorTotal)> + use<'a> {
    let id = repo.id;
    AuthorTotal::all(repo.days, repo.authors).into_iter().map(move |(author, total)| (id, author, total))
}

fn add_contribution((repo, author, total): (&str, Digest, AuthorTotal), rows: &mut dyn RowSink) {
    let AuthorTotal { bot, commits, merges, first, last } = total;
    let id = surrogate("contributor", &author.to_string());
    rows.add(&[
        Some(&author),
        Some(&repo),
        Some(&id),
        Some(&bot),
        Some(&commits),
        Some(&merges),
        Some(&first),
        Some(&last),
    ]);
}

fn add_day((repo, row): (&str, &DayRow), rows: &mut dyn RowSink) {
    rows.add(&[Some(&row.author), Some(&repo), Some(&row.day), Some(&row.commits), Some(&row.merges)]);
}
