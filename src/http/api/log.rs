//! The log: its events, its tree, its proofs.

use axum::http::{HeaderValue, StatusCode, header};
use domain::merkle::tile::{TileId, WIDTH};
use domain::recorded::Position;

use super::said::{standing, text as said};
use crate::http::answer::{Complaint, HttpAnswer, text};
use crate::http::asked::Asked;
use crate::http::query::{Query, path_integer};
use crate::service::aside::aside;
use crate::service::ask::events::{self, EventsQuery, MAX_EVENTS};
use crate::service::ask::{audit, tlog};

/// Events of a page where nobody says.
const LIMIT: u64 = 100;

fn position(query: &mut Query, name: &str) -> Option<Position> {
    query.natural(name, i64::MAX.into())
}

/// `GET /events`
pub(super) async fn events(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let (from, to) = (position(&mut query, "from"), position(&mut query, "to"));
    let (stream, limit) = (said(&mut query, "stream"), query.within("limit", 1, MAX_EVENTS.into()));
    query.checked()?;
    let (atlas, deps) = (asked.now()?, asked.atlas.deps.clone());
    let wanted = EventsQuery { from, to, stream, limit: Some(limit.unwrap_or(LIMIT)) };
    let held = std::sync::Arc::clone(&atlas);
    let found = aside(async move || events::page(&deps, &held, &wanted).await).await?;
    standing(asked, &atlas, found)
}

/// `GET /events/{position}`
pub(super) async fn event(asked: &Asked<'_>, text: &str) -> Result<HttpAnswer, Complaint> {
    let number = path_integer("position", text)?;
    let nothing = || Complaint::not_found(format!("Event {number} not found."));
    let position = Position::try_from(number).ok().filter(|position| *position > 0).ok_or_else(nothing)?;
    let (atlas, deps) = (asked.now()?, asked.atlas.deps.clone());
    let wanted = EventsQuery { from: Some(position), to: Some(position), stream: None, limit: Some(1) };
    let held = std::sync::Arc::clone(&atlas);
    let found = aside(async move || events::page(&deps, &held, &wanted).await).await?;
    standing(asked, &atlas, found.items.into_iter().next().ok_or_else(nothing)?)
}

/// `GET /log/checkpoint`
pub(super) async fn checkpoint(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let note = tlog::checkpoint(&asked.atlas.deps).await?;
    let mut answer = text(StatusCode::OK, "text/plain; charset=utf-8", note);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(answer)
}

/// `GET /log/tile/...`
pub(super) async fn tile(asked: &Asked<'_>, path: &str) -> Result<HttpAnswer, Complaint> {
    let (level, index, width) = tlog::tile_named(path).ok_or_else(|| Complaint::not_found("Not Found"))?;
    let deps = asked.atlas.deps.clone();
    let bytes = aside(async move || match level {
        Some(level) => tlog::tile(&deps, TileId { level, index }, width).await,
        None => tlog::entries(&deps, index, width).await,
    });
    let mut answer = text(StatusCode::OK, "application/octet-stream", bytes.await?);
    // Leaves stay whatever is erased: what a tile holds never changes, and one that is full never grows.
    let kept = if width == WIDTH { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(answer)
}

/// `GET /log/proof`: that an event is in the log, or that one size of it begins another.
pub(super) async fn proof(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let [event, size, from, to] = ["position", "size", "from", "to"].map(|name| position(&mut query, name));
    query.checked()?;
    let (atlas, deps) = (asked.now()?, asked.atlas.deps.clone());
    match (event, from) {
        (Some(event), None) => {
            standing(asked, &atlas, aside(async move || audit::inclusion(&deps, event, size).await).await?)
        }
        (None, Some(from)) => {
            standing(asked, &atlas, aside(async move || audit::consistency(&deps, from, to).await).await?)
        }
        _ => {
            let detail = "give `position`, of an event, or `from` and `to`, of two sizes of the log";
            Err(Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
    }
}
