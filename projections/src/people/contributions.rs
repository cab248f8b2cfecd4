//! Commit days by vertex, after identity: several names of one repository are one history.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use domain::digest::Digest;
use domain::time::{Day, Timestamp};

use super::state::{AuthorFacts, DayRow, PeopleState, RepoLog, places};
use crate::graph::Graph;

/// Commit days of every Repo with a git log, by vertex index.
#[derive(Clone, Debug, Default)]
pub struct Contributions<'a> {
    /// By vertex index.
    pub repos: BTreeMap<u32, RepoContributions<'a>>,
}

/// Commit days of one Repo.
#[derive(Clone, Debug)]
pub struct RepoContributions<'a> {
    /// Sorted by (day, author).
    pub days: Cow<'a, [DayRow]>,
    /// By pseudonym.
    pub authors: Cow<'a, BTreeMap<Digest, AuthorFacts>>,
    /// Time of the newest commit, as the newest log states it.
    pub latest: Option<Timestamp>,
    /// By row of `days` the place of its author in `authors`.
    places: Cow<'a, [u32]>,
}

impl<'a> Contributions<'a> {
    /// Joins the histories of a graph's repositories.
    #[must_use]
    pub fn of(graph: &Graph, people: &'a PeopleState) -> Self {
        // Both are in the order of ids, so they are read side by side.
        let mut vertices = graph.repo_of.iter().peekable();
        let mut logs: Vec<(u32, &'a RepoLog)> = Vec::with_capacity(people.logs.len());
        for (repo, log) in &people.logs {
            while vertices.next_if(|(id, _)| *id < repo).is_some() {}
            logs.extend(vertices.peek().filter(|(id, _)| *id == repo).map(|(_, vertex)| (**vertex, log)));
        }
        logs.sort_by_key(|(vertex, _)| *vertex);
        let each = logs.chunk_by(|a, b| a.0 == b.0);
        Self { repos: each.map(|logs| (logs[0].0, RepoContributions::join(logs))).collect() }
    }
}

impl<'a> RepoContributions<'a> {
    fn join(logs: &[(u32, &'a RepoLog)]) -> Self {
        let latest = logs.iter().filter_map(|(_, log)| log.latest.as_ref()).max_by_key(|latest| latest.rank);
        let latest = latest.map(|latest| latest.value);
        if let [(_, only)] = logs {
            return Self {
                days: Cow::Borrowed(&only.days),
                authors: Cow::Borrowed(&only.authors),
                latest,
                places: Cow::Borrowed(only.places()),
            };
        }
        let mut authors: BTreeMap<Digest, AuthorFacts> = BTreeMap::new();
        let mut days = Vec::new();
        for (_, log) in logs {
            for (author, facts) in &log.authors {
                let held = authors.entry(*author).or_insert(*facts);
                if held.rank < facts.rank {
                    *held = *facts;
                }
            }
            let wins = |day: Day| {
                let mine = log.speaker(day);
                logs.iter().all(|(_, other)| other.speaker(day) <= mine)
            };
            days.extend(log.days.iter().filter(|row| wins(row.day)));
        }
        days.sort_unstable();
        let places = places(&days, &authors);
        Self { days: Cow::Owned(days), authors: Cow::Owned(authors), latest, places: Cow::Owned(places) }
    }

    /// Whether an author is a bot.
    #[must_use]
    pub fn is_bot(&self, author: &Digest) -> bool {
        self.authors.get(author).is_some_and(|facts| facts.bot)
    }

    /// Non-merge commits of people per author on the days `from..=to`.
    #[must_use]
    pub fn commits(&self, from: Day, to: Day) -> BTreeMap<Digest, u64> {
        let mut counts = vec![0; self.authors.len()];
        let range = self.range(from, to);
        for (row, place) in self.days[range.clone()].iter().zip(&self.places[range]) {
            if let Some(count) = counts.get_mut(*place as usize) {
                *count += u64::from(row.commits.saturating_sub(row.merges));
            }
        }
        let each = self.authors.iter().zip(counts).filter(|((_, facts), count)| *count > 0 && !facts.bot);
        each.map(|((author, _), count)| (*author, count)).collect()
    }

    /// Where the rows of the days `from..=to` are.
    fn range(&self, from: Day, to: Day) -> Range<usize> {
        let start = self.days.partition_point(|row| row.day < from);
        start..self.days.partition_point(|row| row.day <= to).max(start)
    }

    /// Whether somebody who is no bot committed on a day after `after`, up to `to`.
    #[must_use]
    pub fn any_commit_after(&self, after: Day, to: Day) -> bool {
        let next = Day::from_number(after.number().saturating_add(1));
        self.days[self.range(next, to)].iter().any(|row| row.commits > 0 && !self.is_bot(&row.author))
    }

    /// Time of the latest commit up to a day, bots included; to the day where the exact time is not known any more.
    #[must_use]
    pub fn latest_commit(&self, to: Day) -> Option<Timestamp> {
        let stated = self.latest.filter(|time| time.day() <= to);
        let last = self.days.iter().rev().find(|row| row.day <= to && row.commits > 0).map(|last| {
            let exact = self.authors.values().map(|facts| facts.last).filter(|time| time.day() == last.day).max();
            exact.unwrap_or_else(|| last.day.start())
        });
        last.max(stated)
    }
}
