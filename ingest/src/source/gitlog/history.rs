//! A history without names: commits by pseudonym and day, in the days that were asked for.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::facts::gitlog::{Author, AuthorDay, GitLogObserved};
use domain::facts::{DocumentRef, Subject};
use domain::number::fit;
use domain::{Day, Timestamp};

use super::error::GitLogError;

/// The whole UTC days that are asked for, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveredDays {
    /// First day; `None`: from the beginning.
    pub from: Option<Day>,
    /// Last day.
    pub to: Day,
}

impl CoveredDays {
    /// The days up to the one in which `observed_at` lies: all, or those of the last `months` months.
    #[must_use]
    pub fn new(observed_at: Timestamp, months: Option<u32>) -> Self {
        let to = observed_at.day();
        Self { from: months.map(|months| to.minus_months(months).max(Day::from_number(0))), to }
    }
}

/// Commits of one author on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Commits, merges included.
    pub commits: u32,
    /// Of these, merges.
    pub merges: u32,
    /// Author time of the first.
    pub first: Timestamp,
    /// Author time of the last.
    pub last: Timestamp,
}

impl Cell {
    pub(super) fn of_one(time: Timestamp, merge: bool) -> Self {
        Self { commits: 1, merges: u32::from(merge), first: time, last: time }
    }

    pub(super) fn add(&mut self, other: &Self) {
        // A history has at most five million commits, far from the end of u32.
        self.commits = self.commits.saturating_add(other.commits);
        self.merges = self.merges.saturating_add(other.merges);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The facts of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHistory {
    /// The days it covers.
    pub window: CoveredDays,
    /// Author time of the newest commit up to the end of the window.
    pub latest: Option<Timestamp>,
    /// Commits by (pseudonym, day).
    pub cells: BTreeMap<(Digest, Day), Cell>,
    /// Pseudonyms of bots.
    pub bots: BTreeSet<Digest>,
}

/// Somebody behind a pseudonym. Personal data: for the side table alone, never in an event, digest or document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The pseudonym.
    pub pseudonym: Digest,
    /// Name in the newest commit, without e-mail addresses.
    pub name: String,
    /// Account of a forge, if the address is a forge's noreply.
    pub login: Option<String>,
}

/// What the answer of an ingestion tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Commits that are no merges, bots' included.
    pub commits: u64,
    /// Authors that are no bots.
    pub contributors: u64,
    /// Authors that are bots.
    pub bots_excluded: u64,
}

impl GitHistory {
    pub(super) fn new(window: CoveredDays) -> Self {
        Self { window, latest: None, cells: BTreeMap::new(), bots: BTreeSet::new() }
    }

    /// Cuts the history down to the days that both it and `window` cover; the second value counts the commits that
    /// were cut off at the end.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn within(mut self, window: CoveredDays) -> Result<(Self, u64), GitLogError> {
        let had = self.window;
        self.window = CoveredDays { from: had.from.max(window.from), to: had.to.min(window.to) };
        if self.window.from.is_some_and(|from| from > self.window.to) {
            let from = had.from.map_or_else(|| "the beginning".to_owned(), |day| day.to_string());
            let asked = window.from.map_or_else(String::new, |day| format!("from {day} "));
            let reason = format!("the export covers {from} to {}, none of the days {asked}up to {}", had.to, window.to);
            return Err(GitLogError::refused(reason));
        }
        let CoveredDays { from, to } = self.window;
        let after: u64 = self.cells.iter().filter(|((_, day), _)| *day > to).map(|(_, c)| u64::from(c.commits)).sum();
        let known = self.cells.values().map(|cell| cell.last).chain(self.latest);
        self.latest = known.filter(|time| time.day() <= to).max();
        self.cells.retain(|(_, day), _| *day <= to && from.is_none_or(|from| *day >= from));
        let authors: BTreeSet<Digest> = self.cells.keys().map(|(author, _)| *author).collect();
        self.bots.retain(|author| authors.contains(author));
        Ok((self, after))
    }

    /// The event's payload.
    #[must_use]
    pub fn facts(&self, subject: Subject, document: DocumentRef, pseudonym_key: String) -> GitLogObserved {
        let mut authors: Vec<Author> = Vec::new();
        let mut days = Vec::with_capacity(self.cells.len());
        for ((pseudonym, day), cell) in &self.cells {
            match authors.last_mut() {
                Some(author) if author.pseudonym == *pseudonym => {
                    author.first = author.first.min(cell.first);
                    author.last = author.last.max(cell.last);
                }
                _ => authors.push(Author {
                    pseudonym: *pseudonym,
                    bot: self.bots.contains(pseudonym),
                    first: cell.first,
                    last: cell.last,
                }),
            }
            let author = fit::<u32>(authors.len() - 1, "author");
            days.push(AuthorDay { author, day: *day, commits: cell.commits, merges: cell.merges });
        }
        GitLogObserved {
            subject,
            document,
            pseudonym_key,
            from: self.window.from,
            to: self.window.to,
            latest: self.latest,
            authors,
            days,
        }
    }
}

/// Counts what an answer tells of the facts.
#[must_use]
pub fn totals(facts: &GitLogObserved) -> Totals {
    let bots = facts.authors.iter().filter(|author| author.bot).count() as u64;
    Totals {
        commits: facts.days.iter().map(|day| u64::from(day.commits.saturating_sub(day.merges))).sum(),
        contributors: facts.authors.len() as u64 - bots,
        bots_excluded: bots,
    }
}
