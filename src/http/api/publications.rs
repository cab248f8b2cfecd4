//! What was published, and the file by which anybody checks it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};

use super::said::standing;
use crate::http::answer::{Complaint, HttpAnswer, text};
use crate::http::asked::Asked;
use crate::http::auth::is_auditor;
use crate::service::ask::audit::bundle;
use crate::service::ask::page::AllRows;
use crate::service::ask::{publications, visibility};

/// `GET /publications`
pub(super) async fn listed(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let atlas = asked.now()?;
    let published = publications::all(&asked.atlas.deps).await?;
    standing(asked, &atlas, AllRows { items: published })
}

/// `GET /publications/{label}`
pub(super) async fn one(asked: &Asked<'_>, label: &str) -> Result<HttpAnswer, Complaint> {
    let atlas = asked.now()?;
    let published = publications::one(&asked.atlas.deps, label).await?;
    standing(asked, &atlas, published)
}

/// `GET /publications/{label}/bundle`: the log in one file. One with private repositories is for auditors alone.
pub(super) async fn bundle(asked: &Asked<'_>, label: &str) -> Result<HttpAnswer, Complaint> {
    let atlas = asked.now()?;
    let published = publications::one(&asked.atlas.deps, label).await?;
    let has_private = visibility::has_private(&asked.atlas.deps, &atlas).await?;
    if has_private {
        is_auditor(asked.headers(), &asked.atlas).await?;
    }
    let Some(place) = asked.place(&asked.atlas.places.files) else {
        let complaint = Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Other files are being made.");
        return Err(complaint.with(header::RETRY_AFTER, "5"));
    };
    let chunks = bundle::streamed(&asked.atlas.deps, place);
    let mut answer = text(StatusCode::OK, "application/gzip", Body::from_stream(chunks));
    let file = format!("attachment; filename=\"{}.pgatlas\"", published.position);
    answer.headers_mut().extend(HeaderValue::from_str(&file).ok().map(|file| (header::CONTENT_DISPOSITION, file)));
    if has_private {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    Ok(answer)
}
