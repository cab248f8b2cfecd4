//! The rows of the family's tables, and which of them differ.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;

use super::contributions::{AuthorTotal, RepoContributions};
use super::family::{CONTRIBUTION, CONTRIBUTION_DAY};
use super::state::{AuthorFacts, DayRow};
use crate::table::difference::side_by_side;
use crate::table::{Row, Table, TableDiff, some, surrogate};

/// By how much a table differs: of `old` repositories there was told what is told of `new` ones no more. `None` for one
/// that is made from something else.
pub(crate) fn difference(table: &Table, old: &[RepoCommits<'_>], new: &[RepoCommits<'_>]) -> Option<TableDiff> {
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
            Some(Box::new(all.into_iter().map(|(repo, author, total)| contribution_row(repo, author, &total))))
        }
        table if *table == CONTRIBUTION_DAY => {
            let ids: Vec<&str> = repos.iter().map(|repo| repo.id).collect();
            let each = (0usize..).zip(repos).flat_map(|(n, repo)| repo.days.iter().map(move |row| (n, *row)));
            let mut all: Vec<(usize, DayRow)> = each.collect();
            all.sort_unstable_by_key(|(n, row)| (row.author, *n, row.day));
            Some(Box::new(all.into_iter().map(move |(n, row)| contribution_day_row(ids[n], &row))))
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
    pub(crate) fn of(id: &'a str, repo: &'a RepoContributions<'_>) -> Self {
        Self { id, days: &repo.days, unsigned: &repo.unsigned, authors: &repo.authors }
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

fn contributions(before: &[RepoCommits<'_>], after: &[RepoCommits<'_>]) -> TableDiff {
    TableDiff::between(
        &CONTRIBUTION,
        before.iter().flat_map(totals),
        after.iter().flat_map(totals),
        |a, b| (a.0, a.1).cmp(&(b.0, b.1)),
        |a, b| a.2 == b.2,
        |(repo, author, total)| contribution_row(repo, author, &total),
    )
}

fn days(before: &[RepoCommits<'_>], after: &[RepoCommits<'_>]) -> TableDiff {
    TableDiff::between(
        &CONTRIBUTION_DAY,
        before.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        after.iter().flat_map(|repo| repo.days.iter().map(|row| (repo.id, row))),
        |a, b| (a.0, a.1.day, a.1.author).cmp(&(b.0, b.1.day, b.1.author)),
        |a, b| a.1 == b.1,
        |(repo, row)| contribution_day_row(repo, row),
    )
}

/// What every contributor did in a repository.
fn totals<'a>(repo: &RepoCommits<'a>) -> impl Iterator<Item = (&'a str, Digest, AuthorTotal)> + use<'a> {
    let id = repo.id;
    AuthorTotal::all(repo.days, repo.authors).into_iter().map(move |(author, total)| (id, author, total))
}

fn contribution_row(repo: &str, author: Digest, total: &AuthorTotal) -> Row {
    vec![
        some(author),
        some(repo),
        some(surrogate("contributor", &author.to_string())),
        some(total.bot),
        some(total.commits),
        some(total.merges),
        some(total.first),
        some(total.last),
    ]
}

fn contribution_day_row(repo: &str, row: &DayRow) -> Row {
    vec![some(row.author), some(repo), some(row.day), some(row.commits), some(row.merges)]
}
