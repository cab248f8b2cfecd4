//! Commit days by vertex, after identity: several names of one repository are one history.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::time::{Day, Timestamp};

use super::state::{AuthorFacts, DayRow, PeopleState, RepoLog, places};
use crate::graph::{Graph, RepoOf};

/// Commit days of every Repo with a git log, by vertex index.
#[derive(Clone, Debug, Default)]
pub struct Contributions<'a> {
    /// By vertex index, ascending.
    pub repos: Vec<(u32, RepoContributions<'a>)>,
}

/// Commit days of one Repo.
#[derive(Clone, Debug)]
pub struct RepoContributions<'a> {
    /// Sorted by (day, author).
    pub days: Cow<'a, [DayRow]>,
    /// Commits of nobody, sorted by day.
    pub unsigned: Cow<'a, [UnsignedDay]>,
    /// By pseudonym.
    pub authors: Cow<'a, BTreeMap<Digest, AuthorFacts>>,
    /// Time of the newest commit, as the newest log states it.
    pub latest: Option<Timestamp>,
    /// The place of its log among all, where it is only one.
    pub log: Option<u32>,
    /// By row of `days` the place of its author in `authors`.
    places: Cow<'a, [u32]>,
}

/// What a contributor did in a repository, all days together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorTotal {
    /// Whether it is a bot.
    pub bot: bool,
    /// Commits that are no merges.
    pub commits: u64,
    /// Merges.
    pub merges: u64,
    /// Time of the first commit; to the day where the exact time is not known any more.
    pub first: Timestamp,
    /// Time of the last commit, as exact.
    pub last: Timestamp,
}

impl AuthorTotal {
    /// What every author of these days did, which are sorted.
    pub(super) fn all(days: &[DayRow], authors: &BTreeMap<Digest, AuthorFacts>) -> BTreeMap<Digest, Self> {
        let mut totals: BTreeMap<Digest, Self> = BTreeMap::new();
        for row in days {
            let (first, last) = (row.day.start(), row.day.start());
            let bot = authors.get(&row.author).is_some_and(|facts| facts.bot);
            let total = totals.entry(row.author).or_insert(Self { bot, commits: 0, merges: 0, first, last });
            total.commits += u64::from(row.without_merges());
            total.merges += u64::from(row.merges);
            total.last = last;
        }
        for (author, total) in &mut totals {
            let Some(facts) = authors.get(author) else { continue };
            // The exact time where the log that told it still speaks for that day.
            for (day, exact) in [(&mut total.first, facts.first), (&mut total.last, facts.last)] {
                if exact.day() == day.day() {
                    *day = exact;
                }
            }
        }
        totals
    }
}

/// Whose each log is, kept from one look to the next.
#[derive(Clone, Debug, Default)]
pub struct LogOwners {
    /// What it was found from.
    repo_of: RepoOf,
    /// The vertex of each log, in the order of logs; `None` where it means none.
    by_log: Vec<Option<u32>>,
}

impl LogOwners {
    /// Finds it, unless nothing moved. A state forgets no log, so where there are as many they are the same.
    fn follow(&mut self, graph: &Graph, people: &PeopleState) {
        if self.repo_of.is(&graph.repo_of) && self.by_log.len() == people.logs.len() {
            return;
        }
        self.repo_of = graph.repo_of.clone();
        // Both are in the order of ids, so they are read side by side.
        let mut vertices = graph.repo_of.iter().peekable();
        let mut owner = |repo: &String| {
            while vertices.next_if(|(id, _)| *id < repo.as_str()).is_some() {}
            vertices.peek().filter(|(id, _)| id == repo).map(|(_, vertex)| *vertex)
        };
        self.by_log = people.logs.keys().map(&mut owner).collect();
    }
}

impl<'a> Contributions<'a> {
    /// Joins the histories of a graph's repositories. `owners` serve every look at the states of one log.
    #[must_use]
    pub fn of(graph: &Graph, people: &'a PeopleState, owners: &mut LogOwners) -> Self {
        owners.follow(graph, people);
        let logs = (0..).zip(people.logs.values()).zip(&owners.by_log);
        let mut logs: Vec<(u32, u32, &'a RepoLog)> =
            logs.filter_map(|((place, log), vertex)| Some(((*vertex)?, place, log))).collect();
        logs.sort_by_key(|(vertex, ..)| *vertex);
        let each = logs.chunk_by(|a, b| a.0 == b.0);
        Self { repos: each.map(|logs| (logs[0].0, RepoContributions::join(logs))).collect() }
    }

    /// Those of a vertex.
    #[must_use]
    pub fn get(&self, vertex: u32) -> Option<&RepoContributions<'a>> {
        self.repos.binary_search_by_key(&vertex, |(held, _)| *held).ok().map(|place| &self.repos[place].1)
    }
}

impl<'a> RepoContributions<'a> {
    fn join(logs: &[(u32, u32, &'a RepoLog)]) -> Self {
        let latest = logs.iter().filter_map(|(.., log)| log.latest.as_ref()).max_by_key(|latest| latest.rank);
        let latest = latest.and_then(|latest| latest.value);
        if let [(_, place, only)] = logs {
            return Self {
                days: Cow::Borrowed(&only.days),
                unsigned: Cow::Borrowed(&only.unsigned),
                authors: Cow::Borrowed(&only.authors),
                latest,
                log: Some(*place),
                places: Cow::Borrowed(only.places()),
            };
        }
        let mut authors: BTreeMap<Digest, AuthorFacts> = BTreeMap::new();
        let mut days = Vec::new();
        let mut unsigned = Vec::new();
        for (.., log) in logs {
            for (author, facts) in &log.authors {
                let held = authors.entry(*author).or_insert(*facts);
                if held.rank < facts.rank {
                    *held = *facts;
                }
            }
            let wins = |day: Day| {
                let mine = log.speaker(day);
                logs.iter().all(|(.., other)| other.speaker(day) <= mine)
            };
            days.extend(log.days.iter().filter(|row| wins(row.day)));
            unsigned.extend(log.unsigned.iter().filter(|row| wins(row.day)));
        }
        days.sort_unstable();
        unsigned.sort_unstable();
        let places = places(&days, &authors).expect("the authors are those of all the logs");
        Self {
            days: Cow::Owned(days),
            unsigned: Cow::Owned(unsigned),
            authors: Cow::Owned(authors),
            latest,
            log: None,
            places: Cow::Owned(places),
        }
    }

    /// What every author did in all the days, by pseudonym.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<Digest, AuthorTotal> {
        AuthorTotal::all(&self.days, &self.authors)
    }

    /// Whether an author is a bot.
    #[must_use]
    pub fn is_bot(&self, author: &Digest) -> bool {
        self.authors.get(author).is_some_and(|facts| facts.bot)
    }

    /// The rows of the days `from..=to`.
    #[must_use]
    pub fn rows(&self, from: Day, to: Day) -> Range<usize> {
        let start = self.days.partition_point(|row| row.day < from);
        start..self.days.partition_point(|row| row.day <= to).max(start)
    }

    /// What `own` says of the rows of the days `from..=to`, summed up by author, each with what is known of it; authors
    /// with nothing are left out.
    pub fn sums(
        &self,
        from: Day,
        to: Day,
        own: impl Fn(&DayRow) -> u64,
    ) -> impl Iterator<Item = (&Digest, &AuthorFacts, u64)> {
        let mut sums = vec![0; self.authors.len()];
        let range = self.rows(from, to);
        for (row, place) in self.days[range.clone()].iter().zip(&self.places[range]) {
            sums[*place as usize] += own(row);
        }
        let each = self.authors.iter().zip(sums).filter(|(_, sum)| *sum > 0);
        each.map(|((author, facts), sum)| (author, facts, sum))
    }

    /// Time of the latest commit up to a day, bots included; to the day where the exact time is not known any more.
    #[must_use]
    pub fn latest_commit(&self, to: Day) -> Option<Timestamp> {
        let stated = self.latest.filter(|time| time.day() <= to);
        let last = self.days.iter().rev().find(|row| row.day <= to && row.commits > 0).map(|last| {
            let exact = self.authors.values().map(|facts| facts.last).filter(|time| time.day() == last.day).max();
            exact.unwrap_or_else(|| last.day.start())
        });
        let nobodys = self.unsigned.iter().rev().find(|row| row.day <= to && row.commits > 0);
        last.max(nobodys.map(|row| row.day.start())).max(stated)
    }
}
