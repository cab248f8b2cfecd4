//! The contract that the clients of pg-atlas-backend rely on: its paths, parameters, shapes and orders.

mod lists;
mod shapes;

use axum::body::Body;
use axum::http::StatusCode;
use domain::number::fit;
use percent_encoding::utf8_percent_encode;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Complaint, HttpAnswer, as_json};
use super::asked::Asked;
use super::ingest::{Reception, SBOM};
use super::query::{ListPage, Query, path_integer};
use super::table::{ContractOp, ContractPart, IN_PATHS};
use crate::service::ask::resident::Resident;
use crate::service::ask::submissions::{self, DocumentKind};
pub(super) use lists::{CATEGORY_MAX, SORT_MAX, sort_fields};
pub(super) use shapes::*;

/// A page of a list, as clients know it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PaginatedResponse_{T}_")]
pub(super) struct PageOf<T> {
    items: Vec<T>,
    total: u64,
    limit: u64,
    offset: u64,
}

impl<T> PageOf<T> {
    /// The page of rows of which all are known.
    fn of<R>(rows: &[R], page: ListPage, shape: impl Fn(&R) -> T) -> Self {
        // An offset beyond what memory holds lies behind every end.
        let rest = usize::try_from(page.offset).ok().and_then(|offset| rows.get(offset..)).unwrap_or_default();
        let items = rest.iter().take(fit(page.limit, "rows of a page")).map(shape).collect();
        Self { items, total: fit(rows.len(), "rows"), limit: page.limit, offset: page.offset }
    }
}

fn ok(value: &impl Serialize) -> Result<HttpAnswer, Complaint> {
    Ok(as_json(StatusCode::OK, value))
}

/// The answer of an operation of which the path has this name.
pub(super) async fn answer(asked: &Asked<'_>, op: ContractOp, name: &str, body: Body) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    match op {
        ContractOp::Health => return ok(&HealthResponse::at(asked.now().ok().map(|atlas| atlas.position))),
        ContractOp::SubmitSbom => return Reception::of(asked).take(SBOM, asked.head, body).await,
        ContractOp::GitLogs => return documents(asked, DocumentKind::GitLog, query).await,
        ContractOp::Sboms => return documents(asked, DocumentKind::Sbom, query).await,
        ContractOp::GitLog => return document(asked, DocumentKind::GitLog, name).await,
        ContractOp::Sbom => return document(asked, DocumentKind::Sbom, name).await,
        _ => {}
    }
    let atlas = asked.resident(&mut query).await?;
    match op {
        ContractOp::Projects => lists::projects(&atlas, query),
        ContractOp::Project(part) => project(&atlas, name, part, query),
        ContractOp::Repos => lists::repos(&atlas, query),
        ContractOp::Repo(part) => repo(&atlas, name, part, query),
        ContractOp::Contributors => lists::contributors(&atlas, query),
        ContractOp::Contributor => contributor(&atlas, name, query),
        _ => {
            query.checked()?;
            ok(&MetadataResponse::of(&atlas))
        }
    }
}

/// Whether it works, where there is no database.
pub(super) fn health_without_database() -> HttpAnswer {
    as_json(StatusCode::OK, &HealthResponse::at(None))
}

/// Longest id of a repository that is asked for, in characters.
pub(super) const ID_MAX: usize = 2_048;
/// What stands before owner and name in ids of GitHub's repositories.
const GITHUB: &str = "pkg:github/";

fn project(atlas: &Resident, id: &str, part: ContractPart, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = match part {
        ContractPart::Contributors => (query.search(), query.page()),
        ContractPart::Repos => (None, query.page()),
        ContractPart::Whole | ContractPart::DependsOn | ContractPart::HasDependents => {
            (None, ListPage { limit: 0, offset: 0 })
        }
    };
    query.checked()?;
    let number = atlas.project(id).ok_or_else(|| Complaint::not_found(format!("Project '{id}' not found.")))?;
    match part {
        ContractPart::Whole => ok(&ProjectDetailResponse::of(atlas, number)),
        ContractPart::Repos => ok(&PageOf::of(atlas.members(number), page, |repo| RepoSummary::of(atlas, *repo))),
        ContractPart::Contributors => {
            let held = atlas.people().of_repos(atlas.members(number));
            let held = lists::named(atlas, held, search.as_deref());
            ok(&PageOf::of(&held, page, |held| ProjectContributorSummary::of(atlas, *held)))
        }
        ContractPart::DependsOn => ok(&ProjectDependency::all(atlas, number, true)),
        ContractPart::HasDependents => ok(&ProjectDependency::all(atlas, number, false)),
    }
}

fn repo(atlas: &Resident, id: &str, part: ContractPart, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = match part {
        ContractPart::Contributors => (query.search(), query.page()),
        _ => (None, ListPage { limit: 0, offset: 0 }),
    };
    query.checked()?;
    // Where a part of an id is percent-encoded (`%40scope`), clients may have decoded it.
    let found = atlas.repo(id).or_else(|| atlas.repo(&utf8_percent_encode(id, IN_PATHS).to_string()));
    let number = found.ok_or_else(|| Complaint::not_found(format!("Repo '{id}' not found.")))?;
    match part {
        ContractPart::Whole | ContractPart::Repos => ok(&RepoDetailResponse::of(atlas, number)),
        ContractPart::Contributors => {
            let held = lists::named(atlas, atlas.people().of_repo(number).to_vec(), search.as_deref());
            ok(&PageOf::of(&held, page, |held| RepoContributorSummary::of(atlas, *held)))
        }
        ContractPart::DependsOn => {
            let edges = atlas.dependencies(number);
            ok(&edges.map(|edge| RepoDependency::of(atlas, edge)).collect::<Vec<_>>())
        }
        ContractPart::HasDependents => {
            let edges = atlas.dependents(number);
            ok(&edges.map(|edge| RepoDependency::of(atlas, edge)).collect::<Vec<_>>())
        }
    }
}

fn contributor(atlas: &Resident, id: &str, query: Query) -> Result<HttpAnswer, Complaint> {
    query.checked()?;
    let number = path_integer("contributor_id", id)?;
    let person = u64::try_from(number).ok().and_then(|number| atlas.people().by_id(number));
    let person = person.ok_or_else(|| Complaint::not_found(format!("Contributor {number} not found.")))?;
    ok(&ContributorDetailResponse::of(atlas, person))
}

/// What clients call a kind of document: the parameter that names a repository, what stands before owner and name in
/// that, the name of a number in a path, and a document.
fn words(kind: DocumentKind) -> (&'static str, &'static str, &'static str, &'static str) {
    match kind {
        DocumentKind::Sbom => ("repository", GITHUB, "submission_id", "SBOM submission"),
        DocumentKind::GitLog => ("repo", "", "artifact_id", "Gitlog artifact"),
    }
}

async fn documents(asked: &Asked<'_>, kind: DocumentKind, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let atlas = asked.now()?;
    let (name, before, ..) = words(kind);
    let (repo, page) = (query.text(name, ID_MAX), query.page());
    query.checked()?;
    let repo = repo.map(|repo| format!("{before}{repo}"));
    let deps = &asked.atlas.deps;
    let ListPage { limit, offset } = page;
    let (rows, total) = submissions::list(deps, &asked.atlas.documents, kind, repo.as_deref(), limit, offset).await?;
    if kind == DocumentKind::GitLog {
        let items = rows.iter().map(|row| GitLogArtifactSummary::of(&atlas, row)).collect();
        return ok(&PageOf { items, total, limit, offset });
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let content = submissions::content_hash(deps, row).await?;
        items.push(SbomSubmissionResponse::of(&atlas, row, content));
    }
    ok(&SbomSubmissionListResponse { page: PageOf { items, total, limit, offset } })
}

async fn document(asked: &Asked<'_>, kind: DocumentKind, id: &str) -> Result<HttpAnswer, Complaint> {
    let (atlas, deps) = (asked.now()?, &asked.atlas.deps);
    let (.., name, what) = words(kind);
    let number = path_integer(name, id)?;
    let found = match u64::try_from(number) {
        Ok(number) => submissions::one(deps, kind, number).await?,
        Err(_) => None,
    };
    let found = found.ok_or_else(|| Complaint::not_found(format!("{what} {number} not found.")))?;
    let raw_artifact = submissions::public_text(deps, &atlas, &found).await?;
    if kind == DocumentKind::GitLog {
        let summary = GitLogArtifactSummary::of(&atlas, &found);
        return ok(&GitLogArtifactDetailResponse { summary, raw_artifact });
    }
    let content = submissions::content_hash(deps, &found).await?;
    let summary = SbomSubmissionResponse::of(&atlas, &found, content);
    ok(&SbomSubmissionDetailResponse { summary, raw_artifact })
}
