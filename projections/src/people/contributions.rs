//! Commit days by vertex, after identity: several names of one repository are one history.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::number::fit;
use domain::time::{Day, Timestamp};

use super::state::{AuthorFacts, DayRow, PeopleState, RepoLog};
use crate::graph::{Graph, RepoOf};
use crate::placed::PlacedRows;

/// Commit days of every Repo with a git log, by vertex index.
#[derive(Clone, Debug)]
pub struct Contributions<'a> {
    logs: &'a PlacedRows<RepoLog>,
    owners: Arc<HistoryPlaces>,
    /// Histories of several logs, each joined where somebody asks for it.
    joined: Vec<OnceLock<RepoLog>>,
}

/// Commit days of one Repo.
#[derive(Clone, Copy, Debug)]
pub struct RepoContributions<'a> {
    /// Sorted by (day, author).
    pub days: &'a [DayRow],
    /// Commits of nobody, sorted by day.
    pub unsigned: &'a [UnsignedDay],
    /// By pseudonym.
    pub authors: &'a BTreeMap<Digest, AuthorFacts>,
    /// Time of the newest commit, as the newest log states it.
    pub latest: Option<Timestamp>,
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
    /// Of an author whose rows these are, sorted by day, and of whom that much is known.
    fn of(rows: &[&DayRow], facts: Option<&AuthorFacts>) -> Option<Self> {
        let (first, last) = (rows.first()?.day.start(), rows.last()?.day.start());
        // The exact time where the log that told it still speaks for that day.
        let exact = |day: Timestamp, exact: fn(&AuthorFacts) -> Timestamp| {
            facts.map(exact).filter(|exact| exact.day() == day.day()).unwrap_or(day)
        };
        Some(Self {
            bot: facts.is_some_and(|facts| facts.bot),
            commits: rows.iter().map(|row| u64::from(row.without_merges())).sum(),
            merges: rows.iter().map(|row| u64::from(row.merges)).sum(),
            first: exact(first, |facts| facts.first),
            last: exact(last, |facts| facts.last),
        })
    }
}

/// What a contributor did in a repository, in all and day by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthorDays<'a> {
    pub(super) author: Digest,
    pub(super) total: AuthorTotal,
    /// Rows of the author, sorted by day.
    pub(super) days: Vec<&'a DayRow>,
}

impl<'a> AuthorDays<'a> {
    /// What every author of these days did, which are sorted; by pseudonym.
    pub(super) fn all(days: &'a [DayRow], authors: &BTreeMap<Digest, AuthorFacts>) -> Vec<Self> {
        let mut rows: Vec<&DayRow> = days.iter().collect();
        // Stable: the days of an author stay sorted.
        rows.sort_by_key(|row| row.author);
        let each = rows.chunk_by(|a, b| a.author == b.author).filter_map(|rows| {
            let author = rows.first()?.author;
            Some(Self { author, total: AuthorTotal::of(rows, authors.get(&author))?, days: rows.to_vec() })
        });
        each.collect()
    }
}

/// Whose each log is, kept from one look to the next.
#[derive(Clone, Debug, Default)]
pub struct LogOwners {
    /// What it was found from.
    repo_of: RepoOf,
    /// By place of an id in it the log of that name, or [`NOWHERE`].
    logs: Vec<u32>,
    places: Arc<HistoryPlaces>,
}

/// Where the history of each vertex is. Places of histories are those of the logs, which they keep; behind them come
/// those that several logs tell together.
#[derive(Debug, Default)]
pub(crate) struct HistoryPlaces {
    /// By vertex the place of its history, or [`NOWHERE`].
    by_vertex: Vec<u32>,
    /// By place the vertex, or [`NOWHERE`]: of a log that means none, or is told together with others.
    vertices: Vec<u32>,
    /// By log the history that it is told in, where it is told with others.
    together: BTreeMap<u32, u32>,
    /// The logs that are told together, in the order of their places.
    several: Vec<Vec<u32>>,
}

/// No place, no vertex.
const NOWHERE: u32 = u32::MAX;

impl LogOwners {
    /// Finds it, unless nothing moved. A state forgets no log, so where there are as many they are the same.
    fn follow(&mut self, graph: &Graph, people: &PeopleState) {
        let (logs, repo_of) = (&people.logs, &graph.repo_of);
        let known = self.places.logs();
        if self.repo_of.is(repo_of) && known == logs.len() {
            return;
        }
        if !self.repo_of.is(repo_of) {
            // Every look at one log has the same texts, so most are known by where they lie, unread.
            let (before, logs_before) = (std::mem::take(&mut self.repo_of), std::mem::take(&mut self.logs));
            let mut held = before.iter().map(|(id, _)| id).zip(&logs_before).peekable();
            let log = |id: &str| {
                while held.next_if(|(former, _)| !std::ptr::eq(*former, id) && *former < id).is_some() {}
                let former = held.next_if(|(former, _)| std::ptr::eq(*former, id) || *former == id);
                former.map_or_else(|| logs.place(id).unwrap_or(NOWHERE), |(_, log)| *log)
            };
            self.logs = repo_of.iter().map(|(id, _)| id).map(log).collect();
            self.repo_of = repo_of.clone();
        }
        for log in fit(known, "logs")..fit(logs.len(), "logs") {
            if let Some(place) = repo_of.place(logs.key(log)) {
                self.logs[place] = log;
            }
        }
        let vertices = self.logs.iter().copied().zip(repo_of.iter().map(|(_, vertex)| vertex));
        self.places = HistoryPlaces::of(graph.vertices.len(), logs.len(), vertices).into();
    }
}

impl HistoryPlaces {
    /// From logs, or [`NOWHERE`], and whose they are.
    fn of(vertices: usize, logs: usize, owned: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut places = Self { by_vertex: vec![NOWHERE; vertices], vertices: vec![NOWHERE; logs], ..Self::default() };
        let mut several: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (log, vertex) in owned.filter(|(log, _)| *log != NOWHERE) {
            let held = &mut places.by_vertex[vertex as usize];
            if *held == NOWHERE {
                *held = log;
                places.vertices[log as usize] = vertex;
            } else {
                several.entry(vertex).or_insert_with(|| vec![*held]).push(log);
            }
        }
        for (vertex, logs) in several {
            let place = fit(places.vertices.len(), "histories");
            places.by_vertex[vertex as usize] = place;
            places.vertices[logs[0] as usize] = NOWHERE;
            places.vertices.push(vertex);
            places.together.extend(logs.iter().map(|log| (*log, place)));
            places.several.push(logs);
        }
        places
    }

    /// How many logs there are.
    pub(crate) fn logs(&self) -> usize {
        self.vertices.len() - self.several.len()
    }

    /// How many histories there are.
    pub(crate) fn len(&self) -> usize {
        self.vertices.len()
    }

    /// Where the history of a vertex is; `None` without a git log.
    pub(crate) fn of_vertex(&self, vertex: u32) -> Option<u32> {
        self.by_vertex.get(vertex as usize).copied().filter(|place| *place != NOWHERE)
    }

    /// Whose history is at a place; `None` where nobody's is.
    pub(crate) fn vertex(&self, place: u32) -> Option<u32> {
        Some(self.vertices[place as usize]).filter(|vertex| *vertex != NOWHERE)
    }

    /// The history that a log is told in together with others.
    pub(crate) fn together(&self, log: u32) -> Option<u32> {
        self.together.get(&log).copied()
    }
}

impl<'a> Contributions<'a> {
    /// The histories of a graph's repositories. `owners` serve every look at the states of one log.
    #[must_use]
    pub fn of(graph: &Graph, people: &'a PeopleState, owners: &mut LogOwners) -> Self {
        owners.follow(graph, people);
        let owners = Arc::clone(&owners.places);
        Self { logs: &people.logs, joined: vec![OnceLock::new(); owners.several.len()], owners }
    }

    /// That of a vertex; `None` without a git log.
    #[must_use]
    pub fn get(&self, vertex: u32) -> Option<RepoContributions<'_>> {
        self.owners.of_vertex(vertex).map(|place| self.at(place))
    }

    /// All of them, by vertex index, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, RepoContributions<'_>)> {
        let each = (0..).zip(&self.owners.by_vertex).filter(|(_, place)| **place != NOWHERE);
        each.map(|(vertex, place)| (vertex, self.at(*place)))
    }

    /// Where the histories are.
    pub(crate) fn places(&self) -> &Arc<HistoryPlaces> {
        &self.owners
    }

    /// The history at a place.
    pub(crate) fn at(&self, place: u32) -> RepoContributions<'_> {
        match (place as usize).checked_sub(self.logs.len()) {
            None => RepoContributions::of(self.logs.at(place)),
            Some(n) => {
                let logs = || self.owners.several[n].iter().map(|log| self.logs.at(*log)).collect::<Vec<_>>();
                RepoContributions::of(self.joined[n].get_or_init(|| RepoLog::joined(&logs())))
            }
        }
    }
}

impl RepoLog {
    /// What several logs of one repository say together; who speaks for which day they say themselves.
    fn joined(logs: &[&Self]) -> Self {
        let mut joined = Self::default();
        for log in logs {
            for (author, facts) in &log.authors {
                let held = joined.authors.entry(*author).or_insert(*facts);
                if held.rank < facts.rank {
                    *held = *facts;
                }
            }
            let wins = |day: Day| {
                let mine = log.speaker(day);
                logs.iter().all(|other| other.speaker(day) <= mine)
            };
            joined.days.extend(log.days.iter().filter(|row| wins(row.day)));
            joined.unsigned.extend(log.unsigned.iter().filter(|row| wins(row.day)));
        }
        joined.days.sort_unstable();
        joined.unsigned.sort_unstable();
        joined.latest = logs.iter().filter_map(|log| log.latest.clone()).max_by_key(|latest| latest.rank);
        joined
    }
}

impl<'a> RepoContributions<'a> {
    fn of(log: &'a RepoLog) -> Self {
        let latest = log.latest.as_ref().and_then(|latest| latest.value);
        let RepoLog { days, unsigned, authors, .. } = log;
        Self { days, unsigned, authors, latest }
    }

    /// What every author did in all the days, by pseudonym.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<Digest, AuthorTotal> {
        AuthorDays::all(self.days, self.authors).into_iter().map(|each| (each.author, each.total)).collect()
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
