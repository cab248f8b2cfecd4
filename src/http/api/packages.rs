//! Packages, and what is looked up by purl.

use axum::body::Body;
use axum::http::StatusCode;
use serde::Deserialize;

use super::said::{beside, page, standing, text};
use crate::http::answer::{Complaint, HttpAnswer};
use crate::http::asked::Asked;
use crate::service::ask::page::AllRows;
use crate::service::ask::{catalogue, reach};

/// Most bytes of a look-up.
const LOOKUP_BYTES: u64 = 8 << 20;

/// What is looked up.
#[derive(Deserialize, schemars::JsonSchema)]
pub(in crate::http) struct LookupRequest {
    /// Package URLs, at most 5,000.
    purls: Vec<String>,
}

/// `GET /packages`
pub(super) async fn listed(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let (ecosystem, wanted, page) = (text(&mut query, "ecosystem"), text(&mut query, "q"), page(&mut query));
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    standing(asked, &atlas, catalogue::listed(&atlas, ecosystem.as_deref(), wanted.as_deref(), &page)?)
}

/// `GET /packages/{purl}`
pub(super) async fn one(asked: &Asked<'_>, purl: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    standing(asked, &atlas, catalogue::row(&atlas, catalogue::one(&atlas, purl)?))
}

/// `GET /packages/{purl}/depends-on`, `/has-dependents`
pub(super) async fn neighbours(asked: &Asked<'_>, purl: &str, down: bool) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let page = page(&mut query);
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let vertex = catalogue::one(&atlas, purl)?.vertex;
    standing(asked, &atlas, catalogue::neighbours(&atlas, vertex, down, &page)?)
}

/// `GET /packages/{purl}/blast-radius`
pub(super) async fn blast_radius(asked: &Asked<'_>, purl: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let page = page(&mut query);
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let vertex = catalogue::one(&atlas, purl)?.vertex;
    let held = std::sync::Arc::clone(&atlas);
    let found = beside(asked, move || reach::blast_radius(&held, vertex, &page)).await?;
    standing(asked, &atlas, found)
}

/// `POST /lookup`
pub(super) async fn lookup(asked: &Asked<'_>, body: Body) -> Result<HttpAnswer, Complaint> {
    let (body, _share) = asked.body(body, LOOKUP_BYTES).await?;
    let wanted: LookupRequest = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!("expected {{\"purls\": [...]}}: {error}");
        Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })?;
    let mut query = asked.query();
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let held = std::sync::Arc::clone(&atlas);
    let found = beside(asked, move || catalogue::looked_up(&held, &wanted.purls)).await?;
    standing(asked, &atlas, AllRows { items: found })
}
