//! How much there is of everything in a snapshot.

use std::sync::Arc;

use domain::status::ActivityStatus;
use domain::time::Timestamp;

use super::resident::Resident;

/// Days before the newest commit of all within which somebody counts as active: a month, and a season.
pub const ACTIVE_DAYS: (u16, u16) = (30, 90);

/// Counts of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtlasTotals {
    /// All projects.
    pub projects: usize,
    /// Those whose status is an active one.
    pub active_projects: usize,
    /// All Repos.
    pub repos: usize,
    /// Those with a commit within the longer of [`ACTIVE_DAYS`].
    pub active_repos: usize,
    /// What is only depended upon.
    pub external_repos: usize,
    /// Edges that the formula sees.
    pub dependency_edges: usize,
    /// Pairs of contributor and Repo.
    pub contributor_edges: usize,
    /// Contributors within each of [`ACTIVE_DAYS`].
    pub active_contributors: (usize, usize),
    /// The newest commit of all.
    pub newest_commit: Option<Timestamp>,
}

/// Counts all of a snapshot, once.
#[must_use]
pub fn totals(atlas: &Resident) -> Arc<AtlasTotals> {
    atlas.made.get(|| {
        let (graph, people) = (atlas.graph(), atlas.people());
        let is_active =
            |project: &u32| atlas.project_scores(*project).activity_status.is_some_and(ActivityStatus::is_active);
        let is_recent =
            |repo: &u32| atlas.latest_commit(*repo).is_some_and(|time| people.is_recent(time, ACTIVE_DAYS.1));
        let repos = atlas.repos().count();
        AtlasTotals {
            projects: graph.projects.len(),
            active_projects: (0_u32..).take(graph.projects.len()).filter(is_active).count(),
            repos,
            active_repos: atlas.repos().filter(is_recent).count(),
            external_repos: graph.vertices.len() - repos,
            dependency_edges: atlas.edges().len(),
            contributor_edges: people.edges(),
            active_contributors: (people.all_active(ACTIVE_DAYS.0), people.all_active(ACTIVE_DAYS.1)),
            newest_commit: people.newest(),
        }
    })
}
