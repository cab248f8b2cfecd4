//! Commit days by repository: a newer log replaces the days it covers and no others, in any order of arrival.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::event::Event;
use domain::facts::gitlog::{GitLogObserved, UnsignedDay};
use domain::recorded::{Rank, Recorded};
use domain::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::changes::Changes;
use crate::family::{FamilyState, fact_maps};
use crate::newest::{Newest, offer};
use crate::placed::PlacedRows;
use crate::table::TableRows;

fact_maps! {
    /// Commit days of every repository.
    PeopleState {
        /// Histories, by repository as given.
        logs: "log" => RepoLog as PlacedRows,
    }
}

/// The known history of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredLog")]
pub struct RepoLog {
    /// Which log speaks for which days; disjoint, ascending, neighbours differ in rank.
    pub segments: Vec<Segment>,
    /// Authors, by pseudonym.
    pub authors: BTreeMap<Digest, AuthorFacts>,
    /// Commits, sorted by (day, author).
    pub days: Vec<DayRow>,
    /// Commits of nobody, sorted by day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsigned: Vec<UnsignedDay>,
    /// Time of the newest commit, as the newest log that knows says; it may lie before the days that are covered. A
    /// log from the beginning without any commit knows that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Newest<Option<Timestamp>>>,
}

/// A history as a row holds it.
#[derive(Deserialize)]
struct StoredLog {
    segments: Vec<Segment>,
    authors: BTreeMap<Digest, AuthorFacts>,
    days: Vec<DayRow>,
    #[serde(default)]
    unsigned: Vec<UnsignedDay>,
    #[serde(default)]
    latest: Option<Newest<Option<Timestamp>>>,
}

impl TryFrom<StoredLog> for RepoLog {
    type Error = NoSuchAuthor;

    fn try_from(stored: StoredLog) -> Result<Self, NoSuchAuthor> {
        let StoredLog { segments, authors, days, unsigned, latest } = stored;
        match days.iter().find(|row| !authors.contains_key(&row.author)) {
            Some(row) => Err(NoSuchAuthor(*row)),
            None => Ok(Self { segments, authors, days, unsigned, latest }),
        }
    }
}

/// A row names an author of whom the history says nothing.
#[derive(Debug, Error)]
#[error("commits on {} of {}, who is none of the authors", .0.day, .0.author)]
pub(super) struct NoSuchAuthor(DayRow);

/// A run of days that one log speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// First day, as a day number; the least number stands for "from the beginning".
    pub from: i32,
    /// Last day.
    pub to: i32,
    /// The log that speaks for them.
    pub rank: Rank,
}

/// What the newest log says of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorFacts {
    /// The log that says so.
    pub rank: Rank,
    /// Whether it is a bot.
    pub bot: bool,
    /// First author time in that log.
    pub first: Timestamp,
    /// Last author time in that log.
    pub last: Timestamp,
}

/// Commits of an author on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DayRow {
    /// The day.
    pub day: Day,
    /// The author.
    pub author: Digest,
    /// Commits, merges included.
    pub commits: u32,
    /// Of these, merges.
    pub merges: u32,
}

impl DayRow {
    /// The row without its author.
    #[must_use]
    pub fn of_anybody(&self) -> UnsignedDay {
        UnsignedDay { day: self.day, commits: self.commits, merges: self.merges }
    }

    /// Commits that are no merges. Both numbers are what a log says that may come from elsewhere: more merges than
    /// commits leave none.
    #[must_use]
    pub fn without_merges(&self) -> u32 {
        self.commits.saturating_sub(self.merges)
    }
}

impl FamilyState for PeopleState {
    fn apply(&mut self, recorded: &Recorded, changes: &mut Changes) {
        if let Event::GitLogObserved(facts) = &recorded.event {
            self.logs.entry(&facts.subject.id).offer(recorded.rank(), facts);
            changes.touch("log", &facts.subject.id);
        }
    }

    fn derived(&self) -> Vec<TableRows> {
        // Its tables go by vertex, and what is one vertex the graph resolves.
        Vec::new()
    }
}

impl RepoLog {
    /// Takes in a log, in any order of arrival. A day is told by the newest log that covers it, so a log wins the days
    /// it covers but for those of newer ones:
    ///
    /// ```text
    /// segments:   ├─── rank 1 ───┤├─ rank 4 ─┤      ├─ rank 2 ─┤
    /// rank 3:           ├────────────────────────────────┤
    /// won:              ├────────┤            ├──────────┤
    /// after:      ├─ 1 ─┤├── 3 ──┤├─ rank 4 ─┤├─── 3 ────┤├─ 2 ┤
    /// ```
    ///
    /// Of the won days the held rows go and the log's come; segments stay disjoint, and of each the rows are those of
    /// its log.
    pub fn offer(&mut self, rank: Rank, facts: &GitLogObserved) {
        if facts.latest.is_some() || (facts.from.is_none() && facts.days.is_empty() && facts.unsigned.is_empty()) {
            offer(&mut self.latest, rank, || facts.latest);
        }
        self.learn_authors(rank, facts);
        let (from, to) = (facts.from.map_or(i32::MIN, Day::number), facts.to.number());
        // A log of no days says at most who there is.
        if from <= to {
            let won = self.won_days(from, to, rank);
            self.replace_days(&won, facts);
            self.speak(&won, rank);
        }
    }

    /// Takes in what a log says of its authors, where none newer says it.
    fn learn_authors(&mut self, rank: Rank, facts: &GitLogObserved) {
        for author in &facts.authors {
            let said = AuthorFacts { rank, bot: author.bot, first: author.first, last: author.last };
            let held = self.authors.entry(author.pseudonym).or_insert(said);
            if held.rank < rank {
                *held = said;
            }
        }
    }

    /// Replaces the rows of the won days by a log's.
    fn replace_days(&mut self, won: &[(i32, i32)], facts: &GitLogObserved) {
        let wins = |day: Day| won.iter().any(|(from, to)| (*from..=*to).contains(&day.number()));
        self.days.retain(|row| !wins(row.day));
        self.days.extend(facts.days.iter().filter(|row| wins(row.day)).filter_map(|row| {
            let author = facts.authors.get(row.author as usize)?.pseudonym;
            Some(DayRow { day: row.day, author, commits: row.commits, merges: row.merges })
        }));
        self.days.sort_unstable();
        self.unsigned.retain(|row| !wins(row.day));
        self.unsigned.extend(facts.unsigned.iter().filter(|row| wins(row.day)));
        self.unsigned.sort_unstable();
    }

    /// The parts of `[from, to]` that no newer log speaks for.
    fn won_days(&self, from: i32, to: i32, rank: Rank) -> Vec<(i32, i32)> {
        let mut won = Vec::new();
        let mut next = Some(from);
        for newer in self.segments.iter().filter(|s| s.rank > rank && s.to >= from && s.from <= to) {
            let Some(start) = next else { break };
            if newer.from > start {
                won.push((start, newer.from - 1));
            }
            next = newer.to.checked_add(1).map(|after| after.max(start));
        }
        if let Some(start) = next.filter(|start| *start <= to) {
            won.push((start, to));
        }
        won
    }

    fn speak(&mut self, won: &[(i32, i32)], rank: Rank) {
        let mut segments = Vec::with_capacity(self.segments.len() + won.len());
        for held in &self.segments {
            // What is left of a segment after the won days are cut out of it.
            let mut start = Some(held.from);
            for (from, to) in won.iter().filter(|(from, to)| *to >= held.from && *from <= held.to) {
                let Some(at) = start else { break };
                if *from > at {
                    segments.push(Segment { from: at, to: from - 1, rank: held.rank });
                }
                start = to.checked_add(1);
            }
            if let Some(at) = start.filter(|at| *at <= held.to) {
                segments.push(Segment { from: at, to: held.to, rank: held.rank });
            }
        }
        segments.extend(won.iter().map(|&(from, to)| Segment { from, to, rank }));
        segments.sort_unstable_by_key(|segment| segment.from);
        let mut joined: Vec<Segment> = Vec::with_capacity(segments.len());
        for segment in segments {
            match joined.last_mut() {
                Some(last) if last.rank == segment.rank && last.to.checked_add(1) == Some(segment.from) => {
                    last.to = segment.to;
                }
                _ => joined.push(segment),
            }
        }
        self.segments = joined;
    }

    /// The log that speaks for a day.
    #[must_use]
    pub fn speaker(&self, day: Day) -> Option<Rank> {
        let after = self.segments.partition_point(|segment| segment.from <= day.number());
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (segment.to >= day.number()).then_some(segment.rank)
    }
}

#[cfg(test)]
mod tests {
    use domain::facts::gitlog::{Author, AuthorDay};
    use domain::facts::{DocumentRef, Subject};
    use proptest::prelude::*;

    use super::*;

    fn log(from: Option<i32>, to: i32, days: &[(i32, u32)]) -> GitLogObserved {
        let moment = Day::from_number(10).start();
        GitLogObserved {
            subject: Subject { id: "pkg:github/o/r".into(), spelled: "o/r".into(), project: None },
            document: DocumentRef {
                sha256: Digest::default(),
                bytes: 0,
                format: "git-log".into(),
                format_version: None,
                parser: "git-log/1".into(),
            },
            pseudonym_key: "test".into(),
            from: from.map(Day::from_number),
            to: Day::from_number(to),
            latest: None,
            authors: vec![Author { pseudonym: Digest::of(b"a"), bot: false, first: moment, last: moment }],
            days: days
                .iter()
                .map(|(day, commits)| AuthorDay {
                    author: 0,
                    day: Day::from_number(*day),
                    commits: *commits,
                    merges: 0,
                })
                .collect(),
            unsigned: Vec::new(),
        }
    }

    fn rank(position: u64) -> Rank {
        Rank { observed_at: Day::from_number(100).start(), position }
    }

    #[test]
    fn a_newer_log_replaces_the_days_it_covers_and_no_others() {
        let mut known = RepoLog::default();
        known.offer(rank(1), &log(None, 9, &[(1, 1), (5, 1), (9, 1)]));
        known.offer(rank(2), &log(Some(4), 12, &[(6, 7)]));
        let days: Vec<(i32, u32)> = known.days.iter().map(|row| (row.day.number(), row.commits)).collect();
        assert_eq!(days, [(1, 1), (6, 7)]);
        assert_eq!(known.speaker(Day::from_number(3)), Some(rank(1)));
        assert_eq!(known.speaker(Day::from_number(4)), Some(rank(2)));
        assert_eq!(known.speaker(Day::from_number(13)), None);
    }

    #[test]
    fn a_stored_history_that_names_a_stranger_is_refused() {
        let mut known = RepoLog::default();
        known.offer(rank(1), &log(None, 9, &[(5, 1)]));
        let stored = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<RepoLog>(&stored).unwrap(), known);
        let mut stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
        stored["days"][0]["author"] = serde_json::json!(Digest::of(b"b"));
        let error = serde_json::from_value::<RepoLog>(stored).unwrap_err().to_string();
        assert!(error.contains("commits on 1970-01-06") && error.contains("none of the authors"), "{error}");
    }

    #[test]
    fn more_merges_than_commits_leave_none() {
        let row = DayRow { day: Day::from_number(1), author: Digest::default(), commits: 1, merges: 2 };
        assert_eq!(row.without_merges(), 0);
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_gives_the_same_history(
            logs in prop::collection::vec(
                (prop::option::of(0..30i32), 0..15i32, prop::collection::btree_map(0..45i32, 1..9u32, 0..8)),
                1..7,
            ),
            seed in any::<u64>(),
        ) {
            let events: Vec<(Rank, GitLogObserved)> = logs.iter().enumerate().map(|(n, (from, length, days))| {
                let to = from.unwrap_or(0) + length;
                let days: Vec<(i32, u32)> = days.iter().map(|(d, c)| (*d, *c))
                    .filter(|(day, _)| *day <= to && from.is_none_or(|from| *day >= from)).collect();
                (rank(n as u64 + 1), log(*from, to, &days))
            }).collect();
            let fold = |order: &[usize]| {
                let mut known = RepoLog::default();
                for n in order { known.offer(events[*n].0, &events[*n].1); }
                known
            };
            let mut order: Vec<usize> = (0..events.len()).collect();
            let straight = fold(&order);
            let mut state = seed;
            for n in (1..order.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                order.swap(n, usize::try_from(state >> 33).unwrap() % (n + 1));
            }
            prop_assert_eq!(&fold(&order), &straight);
            // The definition: each day is told by the newest log that covers it.
            for day in 0..50 {
                let covers = |log: &GitLogObserved| {
                    log.from.is_none_or(|from| from.number() <= day) && log.to.number() >= day
                };
                let teller = events.iter().filter(|(_, log)| covers(log)).max_by_key(|(rank, _)| *rank);
                let told: u32 = teller.map_or(0, |(_, log)| {
                    log.days.iter().filter(|row| row.day.number() == day).map(|row| row.commits).sum()
                });
                let on_day = straight.days.iter().filter(|row| row.day.number() == day);
                let known: u32 = on_day.map(|row| row.commits).sum();
                prop_assert_eq!(told, known);
                prop_assert_eq!(straight.speaker(Day::from_number(day)), teller.map(|(r, _)| *r));
            }
        }
    }
}
