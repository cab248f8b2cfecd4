//! Lists: parameters into a question, rows into a page.

use super::shapes::{contributor_summary, project_summary, repo_summary};
use super::{Complaint, HttpAnswer, Paginated, Query, ok};
use crate::service::ask::listing::{self, Pattern, ProjectFilter, sort_keys};
use crate::service::ask::resident::{Committer, Contribution, Resident};
use domain::status::ActivityStatus;

/// Longest category, in characters.
const CATEGORY_MAX: usize = 128;
/// Longest `sort`, in characters.
const SORT_MAX: usize = 512;
/// Fields that complaints of projects name, which further ones may be sorted by.
const PROJECTS_SHOWN: usize = 7;
/// The same of Repos.
const REPOS_SHOWN: usize = 8;

pub(super) fn projects(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let kind = query.word("project_type", &["public-good", "scf-project"]);
    let status = query.word("activity_status", &ActivityStatus::ALL.map(ActivityStatus::name));
    let search = query.search();
    let category = query.text("category", CATEGORY_MAX);
    let (sort, page) = (query.text("sort", SORT_MAX), query.page());
    query.checked()?;
    let shown = &listing::PROJECT_KEYS[..PROJECTS_SHOWN];
    let keys = sort_keys(sort.as_deref().unwrap_or_default(), listing::PROJECT_KEYS, shown)?;
    let filter = ProjectFilter {
        kind: kind.map(|kind| if kind == "public-good" { "pg_root" } else { "scf_project" }),
        status: status.and_then(ActivityStatus::from_name),
        category: category.filter(|category| !category.is_empty()),
        search,
    };
    ok(&Paginated::of(&listing::projects(atlas, &filter, &keys), page, |number| project_summary(atlas, number)))
}

pub(super) fn repos(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let project = query.any_integer("project_id");
    let search = query.search();
    let (sort, page) = (query.text("sort", SORT_MAX), query.page());
    query.checked()?;
    let keys = sort_keys(sort.as_deref().unwrap_or_default(), listing::REPO_KEYS, &listing::REPO_KEYS[..REPOS_SHOWN])?;
    let rows = match project.map(|number| u64::try_from(number).ok()) {
        // No project has such a number.
        Some(None) => Vec::new(),
        Some(Some(project)) => listing::repos(atlas, Some(project), search.as_deref(), &keys),
        None => listing::repos(atlas, None, search.as_deref(), &keys),
    };
    ok(&Paginated::of(&rows, page, |number| repo_summary(atlas, number)))
}

pub(super) fn contributors(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = (query.search(), query.page());
    query.checked()?;
    let pattern = search.as_deref().map(Pattern::containing);
    let fits = |person: &&Committer| pattern.as_ref().is_none_or(|pattern| pattern.fits(&person.folded));
    let rows: Vec<&Committer> = atlas.people().all().iter().filter(fits).collect();
    ok(&Paginated::of(&rows, page, contributor_summary))
}

/// Of these, whoever is called so.
pub(super) fn named(atlas: &Resident, held: Vec<Contribution>, search: Option<&str>) -> Vec<Contribution> {
    let Some(pattern) = search.map(Pattern::containing) else { return held };
    held.into_iter().filter(|held| pattern.fits(&atlas.people().person(held.person).folded)).collect()
}
