//! Commits in the window of people, kept from one look to the next.
//!
//! Between two looks few logs change, and the window moves by a day over which most repositories have no row. So a look
//! walks over four numbers for each, and goes to the rows only where they say so. A look that remembers nothing gives
//! the same; it only takes longer.

use std::ops::Range;
use std::sync::Arc;

use domain::digest::Digest;
use domain::time::Day;

use super::authors::Authors;
use super::persons::{Commits, KnownPersons, PersonSums, change, sum_up};
use super::share::pony_factor;
use crate::changes::Changes;
use crate::people::state::DayRow;
use crate::people::{Contributions, HistoryPlaces, PeopleState, RepoContributions};

/// What is asked of every window.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowQuery<'a> {
    /// Whose commits count.
    pub(super) authors: &'a Authors,
    /// The share of the pony factor.
    pub(super) threshold_percent: u32,
    /// First day.
    pub(super) from: Day,
    /// Last day.
    pub(super) to: Day,
}

/// Which windows hold the same rows of a history, and the pony factor of these. Days are day numbers.
#[derive(Clone, Copy, Debug)]
struct WindowSpan {
    /// Between which days the first one may lie, both included.
    from: (i32, i32),
    /// Between which days the last one may lie, both included.
    to: (i32, i32),
    /// The fewest people behind the formula's share of the commits.
    pony_factor: u32,
}

impl WindowSpan {
    /// One that no window has.
    const NONE: Self = Self { from: (i32::MAX, i32::MIN), to: (i32::MAX, i32::MIN), pony_factor: 0 };

    fn holds(&self, from: i32, to: i32) -> bool {
        self.from.0 <= from && from <= self.from.1 && self.ends(to)
    }

    /// Whether there is a window that has it.
    fn is_any(&self) -> bool {
        self.to.0 <= self.to.1
    }

    fn ends(&self, to: i32) -> bool {
        self.to.0 <= to && to <= self.to.1
    }
}

/// What is held of a history besides.
#[derive(Clone, Debug, Default)]
struct Window {
    /// How many rows lie before it.
    start: usize,
    /// How many rows lie before it or in it.
    end: usize,
    /// The commits in it that count.
    commits: Commits,
    /// The last day up to its end on which somebody who counts committed.
    last_commit: Option<Day>,
}

impl Window {
    /// Its rows.
    fn rows(&self) -> Range<usize> {
        self.start..self.end.max(self.start)
    }

    /// Moves to other days. What it was is given where the history is the same as then.
    fn move_to(
        &mut self,
        repo: &RepoContributions<'_>,
        asked: WindowQuery<'_>,
        former: Option<WindowSpan>,
        persons: &mut KnownPersons,
        counts: &mut Vec<u64>,
    ) -> WindowSpan {
        let WindowQuery { authors, threshold_percent, from, to } = asked;
        let held = if former.is_some() { self.rows() } else { 0..0 };
        if former.is_some() {
            walk_to(&mut self.start, repo.days, |row| row.day < from);
            walk_to(&mut self.end, repo.days, |row| row.day <= to);
        } else {
            self.start = repo.days.partition_point(|row| row.day < from);
            self.end = repo.days.partition_point(|row| row.day <= to);
            self.commits.clear();
        }
        let now = self.rows();
        let mut counted = |row: usize| {
            let (pseudonym, count) = authors.counted(repo, &repo.days[row])?;
            Some((persons.number(pseudonym), count))
        };
        // What is in one and not in the other lies before it or behind it.
        let joined = [now.start..held.start.clamp(now.start, now.end), held.end.clamp(now.start, now.end)..now.end];
        let left = [held.start..now.start.clamp(held.start, held.end), now.end.clamp(held.start, held.end)..held.end];
        let [joined, left] = [joined, left].map(|rows| rows.into_iter().flatten().filter_map(&mut counted).collect());
        change(&mut self.commits, joined, left);
        if !former.is_some_and(|former| former.ends(to.number())) {
            self.last_commit = authors.last_commit(repo, to);
        }
        counts.clear();
        counts.extend(self.commits.iter().map(|(_, count)| *count));
        let pony_factor = pony_factor(counts, threshold_percent);
        // Of commits of nobody the last one is asked for.
        let unsigned = repo.unsigned.partition_point(|row| row.day <= to);
        let number = |row: usize| repo.days.get(row).map(|row| row.day.number());
        let of_nobody = |row: usize| repo.unsigned.get(row).map(|row| row.day.number());
        let before = |row: usize| row.checked_sub(1);
        let last = before(self.end).and_then(number).max(before(unsigned).and_then(of_nobody));
        let next = number(self.end).into_iter().chain(of_nobody(unsigned)).min();
        WindowSpan {
            from: (
                before(self.start).and_then(number).map_or(i32::MIN, |before| before + 1),
                number(self.start).unwrap_or(i32::MAX),
            ),
            to: (last.unwrap_or(i32::MIN), next.map_or(i32::MAX, |next| next - 1)),
            pony_factor,
        }
    }
}

/// Walks to where the rows end that lie before, which is most likely near.
fn walk_to(place: &mut usize, rows: &[DayRow], lies_before: impl Fn(&DayRow) -> bool) {
    while rows.get(*place).is_some_and(&lies_before) {
        *place += 1;
    }
    while place.checked_sub(1).is_some_and(|last| !lies_before(&rows[last])) {
        *place -= 1;
    }
}

/// Windows by the place of the history.
#[derive(Clone, Debug, Default)]
struct HeldWindows {
    spans: Vec<WindowSpan>,
    windows: Vec<Window>,
    persons: KnownPersons,
}

/// Windows by vertex.
#[derive(Debug)]
pub struct WindowsByVertex {
    places: Arc<HistoryPlaces>,
    held: Arc<HeldWindows>,
}

impl WindowsByVertex {
    /// The commits of a vertex that count; `None` without a git log.
    #[must_use]
    pub fn commits(&self, vertex: u32) -> Option<&Commits> {
        self.places.of_vertex(vertex).map(|place| &self.held.windows[place as usize].commits)
    }

    /// The fewest people behind the formula's share of them.
    #[must_use]
    pub fn pony_factor(&self, vertex: u32) -> Option<u32> {
        self.places.of_vertex(vertex).map(|place| self.held.spans[place as usize].pony_factor)
    }

    /// The last day up to the end of the window on which somebody who counts committed; merges too, and commits of
    /// nobody, who is no bot. It may lie before the window.
    #[must_use]
    pub fn last_commit(&self, vertex: u32) -> Option<Day> {
        self.places.of_vertex(vertex).and_then(|place| self.held.windows[place as usize].last_commit)
    }

    /// The commits of several vertices together, each person once; `None` where none of them has a git log.
    #[must_use]
    pub fn union(&self, vertices: &[u32]) -> Option<Commits> {
        let mut known = vertices.iter().filter_map(|vertex| self.commits(*vertex));
        let mut all = known.next()?.clone();
        all.extend(known.flatten());
        sum_up(&mut all);
        Some(all)
    }

    /// The pseudonym that stands for a person.
    #[must_use]
    pub fn pseudonym(&self, person: u32) -> Digest {
        self.held.persons.pseudonym(person)
    }
}

/// What earlier looks at one log have summed up, under one formula.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    places: Arc<HistoryPlaces>,
    held: Arc<HeldWindows>,
    /// By place whether the last look made it anew.
    anew: Vec<bool>,
    projects: ProjectWindows,
}

/// What the windows of projects come to, by project index.
#[derive(Clone, Debug, Default)]
struct ProjectWindows {
    /// Where the histories of each end.
    ends: Vec<usize>,
    /// The histories that each joins.
    histories: Vec<u32>,
    /// The pony factor of each; `None` without a git log.
    pony_factors: Vec<Option<u32>>,
}

impl ProjectWindows {
    fn of(&self, project: usize) -> Option<&[u32]> {
        let end = *self.ends.get(project)?;
        let start = project.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.histories[start..end])
    }
}

impl Windows {
    /// Forgets what rests on logs that were touched since the last look.
    pub fn follow(&mut self, people: &PeopleState, touched: Option<&Changes>) {
        let logs = touched.into_iter().flat_map(|touched| touched.of("log")).filter_map(|repo| people.logs.place(repo));
        let places = logs.flat_map(|log| [Some(log), self.places.together(log)]).flatten();
        let spans = &mut Arc::make_mut(&mut self.held).spans;
        for place in places {
            // Of a log that is new nothing is held.
            spans.get_mut(place as usize).into_iter().for_each(|span| *span = WindowSpan::NONE);
        }
    }

    /// The window of every vertex.
    pub(super) fn by_vertex(&mut self, contributions: &Contributions<'_>, asked: WindowQuery<'_>) -> WindowsByVertex {
        let HeldWindows { spans, windows, persons } = Arc::make_mut(&mut self.held);
        if !Arc::ptr_eq(&self.places, contributions.places()) {
            // What a log alone says stays, whosever it is.
            spans.truncate(self.places.logs());
            self.places = Arc::clone(contributions.places());
            spans.resize(self.places.len(), WindowSpan::NONE);
            windows.resize_with(self.places.len(), Window::default);
            self.anew.resize(self.places.len(), false);
        }
        let (from, to) = (asked.from.number(), asked.to.number());
        let mut counts = Vec::new();
        for (place, (span, anew)) in (0..).zip(spans.iter_mut().zip(&mut self.anew)) {
            *anew = !span.holds(from, to) && self.places.vertex(place).is_some();
            if *anew {
                let former = Some(*span).filter(WindowSpan::is_any);
                let window = &mut windows[place as usize];
                *span = window.move_to(&contributions.at(place), asked, former, persons, &mut counts);
            }
        }
        WindowsByVertex { places: Arc::clone(&self.places), held: Arc::clone(&self.held) }
    }

    /// By project the pony factor of its Repos together, at the last look; `None` where none of them has a git log.
    pub(super) fn of_projects(&mut self, members: &[Vec<u32>], threshold_percent: u32) -> &[Option<u32>] {
        let mut now = ProjectWindows::default();
        let mut sums = PersonSums::of(&self.held.persons);
        let mut counts = Vec::new();
        for (project, repos) in members.iter().enumerate() {
            let start = now.histories.len();
            now.histories.extend(repos.iter().filter_map(|repo| self.places.of_vertex(*repo)));
            now.ends.push(now.histories.len());
            let histories = &now.histories[start..];
            let held = self.projects.of(project).filter(|held| *held == histories);
            now.pony_factors.push(match histories {
                _ if held.is_some() && !histories.iter().any(|place| self.anew[*place as usize]) => {
                    self.projects.pony_factors[project]
                }
                [] => None,
                [only] => Some(self.held.spans[*only as usize].pony_factor),
                all => {
                    all.iter().for_each(|place| sums.add(&self.held.windows[*place as usize].commits));
                    counts.clear();
                    counts.extend(sums.take().map(|(_, count)| count));
                    Some(pony_factor(&mut counts, threshold_percent))
                }
            });
        }
        self.projects = now;
        &self.projects.pony_factors
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::facts::gitlog::UnsignedDay;
    use domain::formula::{Counted, PeoplePolicy};
    use domain::recorded::Rank;
    use proptest::prelude::*;

    use super::*;
    use crate::people::state::AuthorFacts;

    fn day(number: i32) -> Day {
        Day::from_number(number)
    }

    fn author(n: u8) -> Digest {
        Digest::of(&[n])
    }

    proptest! {
        #[test]
        fn a_window_that_moves_is_one_that_is_looked_for(
            rows in prop::collection::btree_map((0..40i32, 0..4u8), (0..4u32, 0..4u32), 0..24),
            nobodys in prop::collection::btree_map(0..40i32, 0..3u32, 0..4),
            moves in prop::collection::vec((-5..45i32, -5..45i32), 1..8),
            (count_bots, count_merges, joined) in any::<(bool, bool, bool)>(),
        ) {
            let counted = |counts| if counts { Counted::Count } else { Counted::Exclude };
            let same = if joined { vec![vec![author(1), author(2)]] } else { Vec::new() };
            let (bots, merges) = (counted(count_bots), counted(count_merges));
            let policy = PeoplePolicy { bots, merges, same, also_bots: Vec::new(), never_bots: Vec::new() };
            let authors = Authors::of(&policy);
            let facts = |n| {
                let rank = Rank { observed_at: day(0).start(), position: 1 };
                AuthorFacts { rank, bot: n == 3, first: day(0).start(), last: day(0).start() }
            };
            let known: BTreeMap<Digest, AuthorFacts> = (0..4).map(|n| (author(n), facts(n))).collect();
            let row = |((number, n), (commits, merges)): (&(i32, u8), &(u32, u32))| {
                DayRow { day: day(*number), author: author(*n), commits: *commits, merges: *merges }
            };
            let mut days: Vec<DayRow> = rows.iter().map(row).collect();
            days.sort_unstable();
            let unsigned = |(number, commits): (&i32, &u32)| {
                UnsignedDay { day: day(*number), commits: *commits, merges: 0 }
            };
            let unsigned: Vec<UnsignedDay> = nobodys.iter().map(unsigned).collect();
            let repo = RepoContributions { days: &days, unsigned: &unsigned, authors: &known, latest: None };
            let mut persons = KnownPersons::default();
            let mut look = |window: &mut Window, from, to, former| {
                let asked = WindowQuery { authors: &authors, threshold_percent: 50, from: day(from), to: day(to) };
                window.move_to(&repo, asked, former, &mut persons, &mut Vec::new())
            };
            let (mut moving, mut former) = (Window::default(), None);
            for (from, to) in moves {
                let span = look(&mut moving, from, to, former);
                former = Some(span);
                prop_assert!(span.holds(from, to) && span.is_any());
                let within =
                    [(from, to), (span.from.0, to), (span.from.1, to), (from, span.to.0), (from, span.to.1)];
                for (from, to) in within {
                    let (from, to) = (from.clamp(-9, 49), to.clamp(-9, 49));
                    let mut fresh = Window::default();
                    let anew = look(&mut fresh, from, to, None);
                    prop_assert_eq!((&moving.commits, moving.last_commit), (&fresh.commits, fresh.last_commit));
                    prop_assert_eq!(span.pony_factor, anew.pony_factor);
                }
            }
        }
    }
}
