//! Events as they come: server-sent events, each with its position as id.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use domain::recorded::Position;

use crate::http::answer::{Complaint, HttpAnswer, text};
use crate::http::asked::Asked;
use crate::service::ask::events::{FollowQuery, followed};

/// How often something is said where nothing comes.
const BREATH: Duration = Duration::from_secs(15);

/// `GET /events/stream`: behind `Last-Event-ID`, or `from`, or what comes from now on.
pub(super) fn events(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let from = query.natural("from", i64::MAX.into());
    query.checked()?;
    let last = asked.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let last: Option<Position> = last.and_then(|text| text.trim().parse().ok());
    let Some(place) = asked.place(&asked.atlas.places.streams) else {
        let complaint = Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "As many streams as can be are open.");
        return Err(complaint.with(header::RETRY_AFTER, "5"));
    };
    let from = last.map(|last| last.saturating_add(1)).or(from);
    let wanted = FollowQuery { from, breath: BREATH, end: asked.atlas.closing.clone() };
    let events = followed(asked.atlas.deps.clone(), Arc::clone(&asked.atlas.held), wanted, place);
    let mut answer = text(StatusCode::OK, "text/event-stream", Body::from_stream(events));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(answer)
}
