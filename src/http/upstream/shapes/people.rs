//! Contributors.

use schemars::JsonSchema;
use serde::Serialize;

use super::{maybe, time};
use crate::service::ask::resident::{Committer, Contribution, Resident, short_name};

/// A contributor.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ContributorSummary {
    id: u64,
    name: String,
    email_hash: String,
}

impl ContributorSummary {
    pub(in crate::http::upstream) fn of(person: &Committer) -> Self {
        Self { id: person.id, name: person.shown(), email_hash: person.pseudonym.to_string() }
    }
}

/// What somebody did in a repository.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct RepoContributorSummary {
    #[serde(flatten)]
    summary: ContributorSummary,
    number_of_commits: u64,
    first_commit_date: String,
    last_commit_date: String,
}

impl RepoContributorSummary {
    pub(in crate::http::upstream) fn of(atlas: &Resident, held: Contribution) -> Self {
        Self {
            summary: ContributorSummary::of(atlas.people().person(held.person)),
            number_of_commits: held.total.commits,
            first_commit_date: time(held.total.first),
            last_commit_date: time(held.total.last),
        }
    }
}

/// What somebody did in a project.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ProjectContributorSummary {
    #[serde(flatten)]
    summary: ContributorSummary,
    total_commits_in_project: u64,
}

impl ProjectContributorSummary {
    pub(in crate::http::upstream) fn of(atlas: &Resident, held: Contribution) -> Self {
        Self {
            summary: ContributorSummary::of(atlas.people().person(held.person)),
            total_commits_in_project: held.total.commits,
        }
    }
}

/// A repository that somebody contributed to.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ContributionEntry<'a> {
    repo_canonical_id: &'a str,
    repo_display_name: &'a str,
    project_canonical_id: Option<&'a str>,
    number_of_commits: u64,
    first_commit_date: String,
    last_commit_date: String,
}

/// A contributor in full.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ContributorDetailResponse<'a> {
    #[serde(flatten)]
    summary: ContributorSummary,
    total_repos: usize,
    total_commits: u64,
    first_contribution: Option<String>,
    last_contribution: Option<String>,
    repos: Vec<ContributionEntry<'a>>,
}

impl<'a> ContributorDetailResponse<'a> {
    pub(in crate::http::upstream) fn of(atlas: &'a Resident, person: &'a Committer) -> Self {
        let graph = atlas.graph();
        let totals = || person.repos.iter().map(|(_, total)| total);
        let repos = person.repos.iter().map(|(repo, total)| {
            let vertex = &graph.vertices[*repo as usize];
            ContributionEntry {
                repo_canonical_id: &vertex.id,
                repo_display_name: short_name(vertex),
                project_canonical_id: vertex.project.map(|project| graph.projects[project as usize].id.as_ref()),
                number_of_commits: total.commits,
                first_commit_date: time(total.first),
                last_commit_date: time(total.last),
            }
        });
        Self {
            summary: ContributorSummary::of(person),
            total_repos: person.repos.len(),
            total_commits: totals().map(|total| total.commits).sum(),
            first_contribution: maybe(totals().map(|total| total.first).min()),
            last_contribution: maybe(totals().map(|total| total.last).max()),
            repos: repos.collect(),
        }
    }
}
