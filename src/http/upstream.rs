//! The contract that the clients of pg-atlas-backend rely on: its paths, parameters, shapes and orders.

mod lists;
mod shapes;

use axum::http::{HeaderValue, StatusCode, header};
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use serde_json::json;

use super::answer::{Complaint, HttpAnswer, as_json, text};
use super::api::table::OPERATIONS;
use super::asked::Asked;
use super::openapi;
use super::openapi::contract::CONTRACT;
use super::query::{ListPage, Query, path_integer};
use super::route::{IN_PATHS, Route, RoutePart};
use crate::service::ask::readiness::readiness;
use crate::service::ask::resident::Resident;
use crate::service::ask::submissions::{self, DocumentKind};

/// A page of a list, as clients know it.
#[derive(Debug, Serialize)]
struct Paginated<T> {
    items: Vec<T>,
    total: usize,
    limit: u64,
    offset: u64,
}

impl<T> Paginated<T> {
    /// The page of rows of which all are known.
    fn of<R: Copy>(rows: &[R], page: ListPage, shape: impl Fn(R) -> T) -> Self {
        // An offset beyond what memory holds lies behind every end.
        let rest = usize::try_from(page.offset).ok().and_then(|offset| rows.get(offset..)).unwrap_or_default();
        let limit = domain::number::fit(page.limit, "rows of a page");
        let items = rest.iter().take(limit).map(|row| shape(*row)).collect();
        Self { items, total: rows.len(), limit: page.limit, offset: page.offset }
    }
}

fn ok(value: &impl Serialize) -> Result<HttpAnswer, Complaint> {
    Ok(as_json(StatusCode::OK, value))
}

/// The answer of an operation.
pub(super) async fn answer(asked: &Asked<'_>, route: Route) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    match route {
        Route::Health => return health(asked),
        Route::Ready => return ready(asked).await,
        Route::Docs => return Ok(docs()),
        Route::OpenApi => return Ok(openapi::answer()),
        Route::Live => return ok(&json!({"status": "live"})),
        // Its one method is not for questions.
        Route::Ingest(_) => return Err(Complaint::not_found("Not Found")),
        Route::GitLogs => return documents(asked, DocumentKind::GitLog, query).await,
        Route::Sboms => return documents(asked, DocumentKind::Sbom, query).await,
        Route::GitLog(id) => return document(asked, DocumentKind::GitLog, &id).await,
        Route::Sbom(id) => return document(asked, DocumentKind::Sbom, &id).await,
        _ => {}
    }
    let atlas = asked.resident(&mut query).await?;
    match route {
        Route::Projects => lists::projects(&atlas, query),
        Route::Project(id, part) => project(&atlas, &id, part, query),
        Route::Repos => lists::repos(&atlas, query),
        Route::Repo(id, part) => repo(&atlas, &id, part, query),
        Route::Contributors => lists::contributors(&atlas, query),
        Route::Contributor(id) => contributor(&atlas, &id),
        _ => ok(&shapes::metadata(&atlas)),
    }
}

/// The answer of an operation where there is no database.
pub(super) fn without_database(route: &Route) -> Result<HttpAnswer, Complaint> {
    match route {
        Route::Health => ok(&shapes::health(None)),
        Route::Docs => Ok(docs()),
        Route::Live => ok(&json!({"status": "live"})),
        _ => Err(Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Database is not configured.")),
    }
}

/// One plain list of what there is to ask.
fn docs() -> HttpAnswer {
    let item = |id: &str, method: &str, path: &str, about: &str, parameters: &[&str]| {
        let behind = if parameters.is_empty() { String::new() } else { format!("; {}", parameters.join(", ")) };
        format!("<li id=\"{id}\"><code>{method} {path}</code>: {about}{behind}</li>")
    };
    let contract = CONTRACT.iter().map(|known| item(known.id, known.method, known.path, known.about, known.parameters));
    let own = OPERATIONS.iter().map(|known| {
        let (method, path) = (known.op.method(), known.path.replace("*}", "}"));
        item(known.id, method.as_str(), &path, known.about, known.parameters)
    });
    let (contract, own): (String, String) = (contract.collect(), own.collect());
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>PG Atlas</title><h1>PG Atlas</h1>\
         <h2>As pg-atlas-backend has it</h2><ul>{contract}</ul><h2>Besides</h2><ul>{own}</ul></html>"
    );
    let mut answer = text(StatusCode::OK, "text/html; charset=utf-8", page);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    answer
}

/// Longest id of a repository that is asked for, in characters.
const ID_MAX: usize = 2_048;
/// What stands before owner and name in ids of GitHub's repositories.
const GITHUB: &str = "pkg:github/";

fn health(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    ok(&shapes::health(asked.now().ok().map(|atlas| atlas.position)))
}

/// Whether it can answer, and what lags.
async fn ready(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let found = readiness(&asked.atlas.deps, &asked.atlas.held).await;
    let status = if found.lacking.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(as_json(status, &found))
}

fn project(atlas: &Resident, id: &str, part: RoutePart, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = match part {
        RoutePart::Contributors => (query.search(), query.page()),
        RoutePart::Repos => (None, query.page()),
        RoutePart::Whole | RoutePart::DependsOn | RoutePart::HasDependents => (None, ListPage { limit: 0, offset: 0 }),
    };
    query.checked()?;
    let number = atlas.project(id).ok_or_else(|| Complaint::not_found(format!("Project '{id}' not found.")))?;
    match part {
        RoutePart::Whole => ok(&shapes::project_detail(atlas, number)),
        RoutePart::Repos => ok(&Paginated::of(atlas.members(number), page, |repo| shapes::repo_summary(atlas, repo))),
        RoutePart::Contributors => {
            let held = atlas.people().of_repos(atlas.members(number));
            let held = lists::named(atlas, held, search.as_deref());
            ok(&Paginated::of(&held, page, |held| shapes::project_contributor(atlas, held)))
        }
        RoutePart::DependsOn => ok(&shapes::project_edges(atlas, number, true)),
        RoutePart::HasDependents => ok(&shapes::project_edges(atlas, number, false)),
    }
}

fn repo(atlas: &Resident, id: &str, part: RoutePart, mut query: Query) -> Result<HttpAnswer, Complaint> {
    let (search, page) = match part {
        RoutePart::Contributors => (query.search(), query.page()),
        _ => (None, ListPage { limit: 0, offset: 0 }),
    };
    query.checked()?;
    // Where a part of an id is percent-encoded (`%40scope`), clients may have decoded it.
    let found = atlas.repo(id).or_else(|| atlas.repo(&utf8_percent_encode(id, IN_PATHS).to_string()));
    let number = found.ok_or_else(|| Complaint::not_found(format!("Repo '{id}' not found.")))?;
    match part {
        RoutePart::Whole | RoutePart::Repos => ok(&shapes::repo_detail(atlas, number)),
        RoutePart::Contributors => {
            let held = lists::named(atlas, atlas.people().of_repo(number).to_vec(), search.as_deref());
            ok(&Paginated::of(&held, page, |held| shapes::repo_contributor(atlas, held)))
        }
        RoutePart::DependsOn => {
            let edges = atlas.dependencies(number);
            ok(&edges.map(|(end, claim)| shapes::repo_edge(atlas, end, claim)).collect::<Vec<_>>())
        }
        RoutePart::HasDependents => {
            let edges = atlas.dependents(number);
            ok(&edges.map(|(end, claim)| shapes::repo_edge(atlas, end, claim)).collect::<Vec<_>>())
        }
    }
}

fn contributor(atlas: &Resident, id: &str) -> Result<HttpAnswer, Complaint> {
    let number = path_integer("contributor_id", id)?;
    let person = u64::try_from(number).ok().and_then(|number| atlas.people().by_id(number));
    let person = person.ok_or_else(|| Complaint::not_found(format!("Contributor {number} not found.")))?;
    ok(&shapes::contributor_detail(atlas, person))
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
    let (rows, total) = submissions::list(deps, kind, repo.as_deref(), page.limit, page.offset).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let content = submissions::content_hash(deps, row).await?;
        items.push(shapes::kept(&atlas, kind, row, content, None));
    }
    ok(&json!({"items": items, "total": total, "limit": page.limit, "offset": page.offset}))
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
    let text = submissions::public_text(deps, &atlas, &found).await?;
    let content = submissions::content_hash(deps, &found).await?;
    ok(&shapes::kept(&atlas, kind, &found, content, Some(text)))
}
