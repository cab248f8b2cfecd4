//! Dependencies, why each stands, who falls, and what is unclear.

use std::sync::Arc;

use serde_json::json;

use super::said::{beside, needed, page, standing, text};
use crate::http::answer::{Complaint, HttpAnswer};
use crate::http::asked::Asked;
use crate::service::Error;
use crate::service::ask::edges::{self, Ends};
use crate::service::ask::triage;
use crate::service::ask::{reach, resident};

/// `GET /edges`
pub(super) async fn edges(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let (of, page) = (text(&mut query, "of"), page(&mut query));
    let projects = query.word("level", &["repo", "project"]) == Some("project");
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let (held, ends) = (Arc::clone(&atlas), if projects { Ends::Projects } else { Ends::Repos });
    let found = beside(asked, move || edges::listed(&held, of.as_deref(), ends, &page)).await?;
    standing(asked, &atlas, found)
}

/// `GET /edges/why`
pub(super) async fn edge_why(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let (from, to) = (needed(&mut query, "from")?, needed(&mut query, "to")?);
    let moment = asked.moment(&mut query).await?;
    query.checked()?;
    let deep = Arc::clone(&moment);
    let reasons = {
        let (from, to) = (from.clone(), to.clone());
        beside(asked, move || edges::why_in(&deep.world, &from, &to)).await?
    };
    standing(asked, &moment.resident, json!({"from": from, "to": to, "items": reasons}))
}

/// `GET /repos/{id}/blast-radius`
pub(super) async fn blast_radius(asked: &Asked<'_>, id: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let page = page(&mut query);
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let vertex = resident::repo_called(&atlas, id)
        .ok_or_else(|| Error::not_found("repo", id, format!("Repo '{id}' not found.")))?;
    let held = Arc::clone(&atlas);
    let found = beside(asked, move || reach::blast_radius(&held, vertex, &page)).await?;
    standing(asked, &atlas, found)
}

/// `GET /conflicts`, `GET /triage`
pub(super) async fn questions(asked: &Asked<'_>, contradictions: bool) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let page = page(&mut query);
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let held = Arc::clone(&atlas);
    let found = beside(asked, move || triage::listed(&held, contradictions, &page)).await?;
    standing(asked, &atlas, found)
}
