//! Which commit-days count under one formula and not under the other.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::recorded::Position;
use domain::time::Day;

use super::reason::{ChangeReason, Direction};
use crate::fold::World;
use crate::metrics::Evaluation;
use crate::metrics::basis::Basis;
use crate::people::state::{DayRow, RepoLog};

/// An author, whether the commits joined, and the git log that tells of them.
type Told = (Digest, bool, Option<Position>);

/// Finds them, repository by repository.
pub(super) struct CommitDays<'a> {
    before: &'a Basis<'a>,
    after: &'a Basis<'a>,
    /// The histories behind each vertex.
    logs: BTreeMap<u32, Vec<&'a RepoLog>>,
}

impl<'a> CommitDays<'a> {
    pub(super) fn of(world: &'a World, before: &'a Evaluation<'a>, after: &'a Evaluation<'a>) -> Self {
        let mut logs: BTreeMap<u32, Vec<&RepoLog>> = BTreeMap::new();
        for (repo, log) in world.people.logs.iter() {
            if let Some(vertex) = before.basis.graph.repo_of.get(repo) {
                logs.entry(*vertex).or_default().push(log);
            }
        }
        Self { before: &before.basis, after: &after.basis, logs }
    }

    /// The git log that speaks for a day of a repository.
    fn speaker(&self, vertex: u32, day: Day) -> Option<Position> {
        let logs = self.logs.get(&vertex)?;
        logs.iter().filter_map(|log| log.speaker(day)).max().map(|rank| rank.position)
    }

    /// Commit-days of a Repo that the windows or the rules about people treat differently.
    pub(super) fn moved(&self, vertex: u32) -> Vec<ChangeReason> {
        let Some(repo) = self.before.contributions.get(vertex) else { return Vec::new() };
        let own = |basis: &Basis<'_>, row: &DayRow| {
            let inside = row.day >= basis.window_from && row.day <= basis.today;
            if inside && basis.authors.counts(&repo, &row.author) { basis.authors.own(row) } else { 0 }
        };
        let from = self.before.window_from.min(self.after.window_from);
        let start = repo.days.partition_point(|row| row.day < from);
        let mut moved: BTreeMap<Told, Vec<(Day, u64)>> = BTreeMap::new();
        for row in &repo.days[start..] {
            let (before, after) = (own(self.before, row), own(self.after, row));
            if before != after {
                let key = (row.author, after > before, self.speaker(vertex, row.day));
                moved.entry(key).or_default().push((row.day, before.abs_diff(after)));
            }
        }
        let id = &self.before.graph.vertices[vertex as usize].id;
        let reason = |((contributor, joined, position), days): (Told, _)| {
            let direction = if joined { Direction::Joined } else { Direction::Left };
            ChangeReason::CommitDays { direction, repo: id.to_string(), contributor, position, days }
        };
        moved.into_iter().map(reason).collect()
    }

    /// The newest commit-day of a project's Repos, as an event that can lift a status.
    pub(super) fn newest(&self, project: usize) -> Option<ChangeReason> {
        let newest = self.after.members[project].iter().filter_map(|vertex| {
            let repo = self.after.contributions.get(*vertex)?;
            let counts = |row: &&DayRow| row.day <= self.after.today && self.after.authors.counts(&repo, &row.author);
            let row = repo.days.iter().rev().find(counts)?;
            Some((row.day, *vertex))
        });
        let (day, vertex) = newest.max()?;
        let says = format!("newest commit on {day} in {}", self.after.graph.vertices[vertex as usize].id);
        Some(ChangeReason::Event { says, position: self.speaker(vertex, day)? })
    }
}
