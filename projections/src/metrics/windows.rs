//! Commits in the window of people, kept from one look to the next.
//!
//! Between two looks few logs change, and the window moves by a day over which most repositories have no row. A look
//! that remembers nothing gives the same; it only takes longer.

use std::sync::Arc;

use domain::time::Day;

use super::authors::{Authors, Commits, summed};
use super::share::pony_factor;
use crate::changes::Changes;
use crate::graph::Graph;
use crate::people::{Contributions, PeopleState, RepoContributions};
use crate::table::by_id;

/// The window of a repository, summed up.
#[derive(Clone, Debug)]
pub struct Window {
    /// Commits that count.
    pub commits: Commits,
    /// The fewest people behind the formula's share of them.
    pub pony_factor: u32,
}

/// Windows by vertex index; `None` without a git log.
pub type ByVertex = Vec<Option<Arc<Window>>>;

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

/// What earlier looks at one log have summed up, under one formula.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// The repositories with a log, in order, each with what is held of it.
    held: Vec<(String, Option<Held>)>,
    /// By the index that a project had at the last look.
    joined: Vec<Option<JoinedWindows>>,
}

/// The pony factor of a project, with the windows that it joins.
#[derive(Clone, Debug)]
struct JoinedWindows {
    project: Arc<str>,
    windows: Vec<Arc<Window>>,
    pony_factor: u32,
}

impl JoinedWindows {
    fn is_of<'w>(&self, project: &Arc<str>, windows: impl Iterator<Item = &'w Arc<Window>>) -> bool {
        by_id(&self.project, project).is_eq() && self.windows.iter().map(Arc::as_ptr).eq(windows.map(Arc::as_ptr))
    }
}

/// The sum of a window, and the windows that hold the same rows.
#[derive(Clone, Debug)]
struct Held {
    /// The row before the window lies before its first day, its first row does not.
    from: (Option<Day>, Option<Day>),
    /// The last row up to the window's end does not lie behind its last day, the next one does.
    to: (Option<Day>, Option<Day>),
    window: Arc<Window>,
}

impl Held {
    fn of(repo: &RepoContributions<'_>, asked: WindowQuery<'_>) -> Self {
        let WindowQuery { authors, threshold_percent, from, to } = asked;
        let rows = repo.rows(from, to);
        let day = |row: usize| repo.days.get(row).map(|row| row.day);
        let around = |row: usize| (row.checked_sub(1).and_then(day), day(row));
        let commits = authors.commits(repo, from, to);
        let pony_factor = pony_factor(&commits, threshold_percent);
        let window = Arc::new(Window { commits, pony_factor });
        Self { from: around(rows.start), to: around(rows.end), window }
    }

    fn holds(&self, WindowQuery { from, to, .. }: WindowQuery<'_>) -> bool {
        self.from.0.is_none_or(|before| before < from)
            && self.from.1.is_none_or(|first| from <= first)
            && self.to.0.is_none_or(|last| last <= to)
            && self.to.1.is_none_or(|next| to < next)
    }
}

impl Windows {
    /// Makes room for every log, and forgets what rests on those that were touched since the last look.
    pub fn follow(&mut self, people: &PeopleState, touched: Option<&Changes>) {
        for repo in touched.iter().flat_map(|touched| touched.of("log")) {
            if let Ok(place) = self.held.binary_search_by(|(held, _)| held.as_str().cmp(repo)) {
                self.held[place].1 = None;
            }
        }
        // A state forgets no log, so where there are as many they are the same.
        if self.held.len() != people.logs.len() {
            let mut known = std::mem::take(&mut self.held).into_iter().peekable();
            let place = |repo: &String| known.next_if(|(held, _)| held == repo).unwrap_or_else(|| (repo.clone(), None));
            self.held = people.logs.keys().map(place).collect();
        }
    }

    /// The window of every vertex.
    pub(super) fn by_vertex(
        &mut self,
        graph: &Graph,
        contributions: &Contributions<'_>,
        asked: WindowQuery<'_>,
    ) -> ByVertex {
        let mut by_vertex = vec![None; graph.vertices.len()];
        for (vertex, repo) in &contributions.repos {
            let fresh = || Held::of(repo, asked);
            // Where several logs are one history there is nothing to remember: there are few.
            let window = match repo.log.and_then(|log| self.held.get_mut(log as usize)) {
                Some((_, held)) => {
                    if held.as_ref().is_none_or(|held| !held.holds(asked)) {
                        *held = Some(fresh());
                    }
                    held.as_ref().map(|held| Arc::clone(&held.window))
                }
                None => Some(fresh().window),
            };
            by_vertex[*vertex as usize] = window;
        }
        by_vertex
    }

    /// The pony factor of the project with this index, whose Repos have these windows; `None` where there are none.
    pub(super) fn joined<'w>(
        &mut self,
        (index, project): (usize, &Arc<str>),
        windows: impl Iterator<Item = &'w Arc<Window>> + Clone,
        threshold_percent: u32,
    ) -> Option<u32> {
        let mut some = windows.clone();
        let first = some.next()?;
        if some.next().is_none() {
            return Some(first.pony_factor);
        }
        if self.joined.len() <= index {
            self.joined.resize(index + 1, None);
        }
        let place = &mut self.joined[index];
        if let Some(joined) = place.as_ref().filter(|joined| joined.is_of(project, windows.clone())) {
            return Some(joined.pony_factor);
        }
        let all = windows.clone().flat_map(|window| &window.commits).copied().collect();
        let pony_factor = pony_factor(&summed(all), threshold_percent);
        *place = Some(JoinedWindows { project: Arc::clone(project), windows: windows.cloned().collect(), pony_factor });
        Some(pony_factor)
    }
}
