//! The rows of the family's tables, and which of them differ.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;

use super::contributions::{AuthorDays, AuthorTotal, RepoContributions};
use super::family::CONTRIBUTION;
use super::state::{AuthorFacts, DayRow};
use crate::table::difference::side_by_side;
use crate::table::{Array, Row, RowSink, Table, TableDiff, one, surrogate};

/// By how much a table differs: of `old` repositories there was told what is told of `new` ones no more. `None` for one
/// that is made from something else.
pub(crate) fn difference<Changed: RowSink + Default>(
    table: &Table,
    old: &[RepoCommits<'_>],
    new: &[RepoCommits<'_>],
) -> Option<TableDiff<Changed>> {
    (*table == CONTRIBUTION).then(|| {
        TableDiff::between(
            &CONTRIBUTION,
            old.iter().flat_map(contributions),
            new.iter().flat_map(contributions),
            |a, b| (a.0, a.1.author).cmp(&(b.0, b.1.author)),
            |a, b| a.1 == b.1,
            |(repo, contribution), rows| add_contribution(repo, &contribution, rows),
        )
    })
}

/// The rows of a table in the order of its key, made as they are taken: there are many. `None` for one that is made
/// from something else.
pub(crate) fn by_key<'a>(table: &Table, repos: &[RepoCommits<'a>]) -> Option<Box<dyn Iterator<Item = Row> + 'a>> {
    if *table != CONTRIBUTION {
        return None;
    }
    let mut all: Vec<_> = repos.iter().flat_map(contributions).collect();
    // Repositories come by id, and digests have the order of their texts.
    all.sort_by_key(|(_, contribution)| contribution.author);
    Some(Box::new(all.into_iter().map(|(repo, each)| one(|rows| add_contribution(repo, &each, rows)))))
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

/// What every contributor did in a repository.
fn contributions<'a>(repo: &RepoCommits<'a>) -> impl Iterator<Item = (&'a str, AuthorDays<'a>)> + use<'a> {
    let id = repo.id;
    AuthorDays::all(repo.days, repo.authors).into_iter().map(move |contribution| (id, contribution))
}

fn add_contribution(repo: &str, AuthorDays { author, total, days }: &AuthorDays<'_>, rows: &mut dyn RowSink) {
    let AuthorTotal { bot, commits, merges, first, last } = total;
    let author = author.to_string();
    rows.add(&[
        Some(&author),
        Some(&repo),
        Some(&surrogate("contributor", &author)),
        Some(bot),
        Some(commits),
        Some(merges),
        Some(first),
        Some(last),
        Some(&Array(days.iter().map(|row| row.day))),
        Some(&Array(days.iter().map(|row| row.commits))),
        Some(&Array(days.iter().map(|row| row.merges))),
    ]);
}
