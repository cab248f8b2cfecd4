//! Everything of a snapshot, for other tools.

use std::sync::Arc;

use axum::http::StatusCode;

use super::said::{beside, text as said};
use crate::http::answer::{Complaint, HttpAnswer, text};
use crate::http::asked::Asked;
use crate::service::aside::aside;
use crate::service::ask::export::{ExportFormat, ExportKind, exported};
use crate::service::ask::{export, history};

/// `GET /export/{scores,graph,edges,history}`
pub(super) async fn export(asked: &Asked<'_>, what: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let format = query.word("format", &["json", "csv", "ndjson", "graphml"]).unwrap_or("json");
    let kind = match what {
        "scores" => ExportKind::Scores,
        "graph" => ExportKind::Graph,
        "edges" => ExportKind::Edges,
        "history" => return of_history(asked, query, format).await,
        _ => return Err(Complaint::not_found("Not Found")),
    };
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let (form, content_type) = read(format);
    let held = Arc::clone(&atlas);
    let written = beside(asked, move || exported(&held, kind, form)).await?;
    Ok(text(StatusCode::OK, content_type, written))
}

/// The history of one vertex: that of all of them is as large as the log.
async fn of_history(
    asked: &Asked<'_>,
    mut query: crate::http::query::Query,
    format: &'static str,
) -> Result<HttpAnswer, Complaint> {
    let (id, metric) = (super::said::needed(&mut query, "id")?, said(&mut query, "metric"));
    query.checked()?;
    let (deps, (form, content_type)) = (asked.atlas.deps.clone(), read(format));
    let written = aside(async move || {
        let spans = history::history(&deps, &id, metric.as_deref()).await?;
        export::rows(&spans, form)
    });
    Ok(text(StatusCode::OK, content_type, written.await?))
}

fn read(format: &str) -> (ExportFormat, &'static str) {
    match format {
        "csv" => (ExportFormat::Csv, "text/csv; charset=utf-8"),
        "ndjson" => (ExportFormat::Ndjson, "application/x-ndjson"),
        "graphml" => (ExportFormat::Graphml, "application/graphml+xml"),
        _ => (ExportFormat::Json, "application/json"),
    }
}
