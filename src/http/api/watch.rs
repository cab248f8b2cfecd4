//! Whether the service works, for whoever watches it.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::answer::{Complaint, HttpAnswer, as_json};
use crate::http::asked::Asked;
use crate::service::ask::readiness::readiness;

/// The process runs.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Liveness {
    status: &'static str,
}

/// `GET /live`
pub(in crate::http) fn live() -> HttpAnswer {
    as_json(StatusCode::OK, &Liveness { status: "live" })
}

/// `GET /ready`: whether it can answer, and what lags.
pub(super) async fn ready(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let found = readiness(&asked.atlas.deps, &asked.atlas.held).await;
    let status = if found.lacking.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(as_json(status, &found))
}
