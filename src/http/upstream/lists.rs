//! Lists: parameters into a question, rows into a page.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::status::ActivityStatus;

use super::{Complaint, ContributorSummary, HttpAnswer, PageOf, ProjectSummary, Query, RepoSummary, ok};
use crate::http::table::ContractOp;
use crate::service::ask::listing::{self, Pattern, ProjectFilter, ProjectSort, RepoSort, SortOrder};
use crate::service::ask::resident::{Committer, Contribution, Resident};

/// Longest category, in characters.
pub(in crate::http) const CATEGORY_MAX: usize = 128;
/// Longest `sort`, in characters.
pub(in crate::http) const SORT_MAX: usize = 512;

/// Fields that projects sort by. Complaints name the first of them, as clients know it.
const PROJECT_FIELDS: SortFields<ProjectSort> = SortFields {
    named: 7,
    all: &[
        ("activity_status", ProjectSort::Status),
        ("adoption_score", ProjectSort::Adoption),
        ("category", ProjectSort::Category),
        ("criticality_score", ProjectSort::Criticality),
        ("display_name", ProjectSort::Name),
        ("pony_factor", ProjectSort::PonyFactor),
        ("updated_at", ProjectSort::Updated),
        ("project_type", ProjectSort::Kind),
    ],
};
/// The same of Repos.
const REPO_FIELDS: SortFields<RepoSort> = SortFields {
    named: 8,
    all: &[
        ("adoption_downloads", RepoSort::Downloads),
        ("adoption_forks", RepoSort::Forks),
        ("adoption_stars", RepoSort::Stars),
        ("criticality_score", RepoSort::Criticality),
        ("display_name", RepoSort::Name),
        ("latest_commit_date", RepoSort::LatestCommit),
        ("pony_factor", RepoSort::PonyFactor),
        ("updated_at", RepoSort::Updated),
        ("visibility", RepoSort::Visibility),
        ("latest_version", RepoSort::LatestVersion),
    ],
};

/// The names of what a list of the contract sorts by.
pub(in crate::http) fn sort_fields(op: ContractOp) -> Vec<&'static str> {
    match op {
        ContractOp::Projects => PROJECT_FIELDS.all.iter().map(|(name, _)| *name).collect(),
        _ => REPO_FIELDS.all.iter().map(|(name, _)| *name).collect(),
    }
}

/// Fields that a list sorts by, with what they mean.
struct SortFields<K: 'static> {
    /// How many of them complaints name.
    named: usize,
    all: &'static [(&'static str, K)],
}

impl<K: Copy> SortFields<K> {
    /// Reads `field[:asc|desc]`, separated by commas: of a field everything after a second colon is ignored, and so is
    /// a blank one.
    fn read(&self, text: &str) -> Result<Vec<(K, SortOrder)>, Complaint> {
        let refused = |complaint: String| Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, complaint);
        let mut keys = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut words = part.split(':').map(str::trim);
            let field = words.next().unwrap_or_default();
            let Some((_, key)) = self.all.iter().find(|(known, _)| *known == field) else {
                let named: Vec<String> =
                    self.all.iter().take(self.named).map(|(name, _)| format!("'{name}'")).collect();
                return Err(refused(format!("Invalid sort field: '{field}'. Allowed: [{}]", named.join(", "))));
            };
            let order = match words.next().map(str::to_lowercase).as_deref() {
                None | Some("asc") => SortOrder::Ascending,
                Some("desc") => SortOrder::Descending,
                Some(other) => {
                    return Err(refused(format!("Invalid sort direction: '{other}'. Must be 'asc' or 'desc'.")));
                }
            };
            keys.push((*key, order));
        }
        Ok(keys)
    }
}

pub(super) fn projects(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let kind = query.word("project_type", &["public-good", "scf-project"]);
    let status = query.word("activity_status", &ActivityStatus::ALL.map(ActivityStatus::name));
    let search = query.search();
    let category = query.text("category", CATEGORY_MAX);
    let (sort, page) = (query.text("sort", SORT_MAX), query.page());
    query.checked()?;
    let keys = PROJECT_FIELDS.read(sort.as_deref().unwrap_or_default())?;
    let filter = ProjectFilter {
        kind: kind.map(|kind| if kind == "public-good" { "pg_root" } else { "scf_project" }),
        status: status.and_then(ActivityStatus::from_name),
        category: category.filter(|category| !category.is_empty()),
        search,
    };
    ok(&PageOf::of(&listing::projects(atlas, &filter, &keys), page, |number| ProjectSummary::of(atlas, *number)))
}

pub(super) fn repos(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let project = query.any_integer("project_id");
    let search = query.search();
    let (sort, page) = (query.text("sort", SORT_MAX), query.page());
    query.checked()?;
    let keys = REPO_FIELDS.read(sort.as_deref().unwrap_or_default())?;
    let rows = match project.map(|number| u64::try_from(number).ok()) {
        // No project has such a number.
        Some(None) => Arc::default(),
        Some(Some(project)) => listing::repos(atlas, Some(project), search.as_deref(), &keys),
        None => listing::repos(atlas, None, search.as_deref(), &keys),
    };
    ok(&PageOf::of(&rows, page, |number| RepoSummary::of(atlas, *number)))
}

pub(super) fn contributors(atlas: &Resident, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = (query.search(), query.page());
    query.checked()?;
    let all = atlas.people().all();
    let Some(pattern) = search.as_deref().map(Pattern::containing) else {
        return ok(&PageOf::of(all, page, ContributorSummary::of));
    };
    let rows: Vec<&Committer> = all.iter().filter(|person| pattern.fits(&person.folded)).collect();
    ok(&PageOf::of(&rows, page, |person| ContributorSummary::of(person)))
}

/// Of these, whoever is called so.
pub(super) fn named(atlas: &Resident, held: Vec<Contribution>, search: Option<&str>) -> Vec<Contribution> {
    let Some(pattern) = search.map(Pattern::containing) else { return held };
    held.into_iter().filter(|held| pattern.fits(&atlas.people().person(held.person).folded)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_sort_by_is_read_as_clients_write_it() {
        let read = |text| PROJECT_FIELDS.read(text).unwrap();
        let both = [(ProjectSort::Category, SortOrder::Descending), (ProjectSort::Name, SortOrder::Ascending)];
        assert_eq!(read(" category : DESC ,,display_name:asc:x"), both);
        for refused in ["c", "category:", "category:up"] {
            assert!(PROJECT_FIELDS.read(refused).is_err(), "{refused}");
        }
    }
}
