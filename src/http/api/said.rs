//! What handlers have in common: parameters, work beside, and answers that say where they stand.

use axum::http::StatusCode;
use domain::number::fit;
use serde::Serialize;

use crate::http::answer::{Complaint, HttpAnswer, as_json};
use crate::http::asked::Asked;
use crate::http::query::Query;
use crate::service::Result as ServiceResult;
use crate::service::aside::aside;
use crate::service::ask::page::PageQuery;
use crate::service::ask::resident::Resident;
use crate::service::ask::standing::{Standing, StandsAt};

/// Most rows of a page.
pub(super) const LIMIT_MAX: i128 = 1_000;
/// Longest text of a parameter, in characters.
pub(in crate::http) const TEXT_MAX: usize = 1_024;
/// Longest text that names a row, in characters.
pub(in crate::http) const NEXT_MAX: usize = 8_192;

/// The page that is asked for.
pub(super) fn page(query: &mut Query) -> PageQuery {
    let page = query.page_of(LIMIT_MAX);
    let next = query.text("next", NEXT_MAX).filter(|text| !text.is_empty());
    PageQuery { limit: fit(page.limit, "rows of a page"), offset: fit(page.offset, "rows before a page"), next }
}

/// A text, where it is not empty.
pub(super) fn text(query: &mut Query, name: &str) -> Option<String> {
    query.text(name, TEXT_MAX).filter(|text| !text.is_empty())
}

/// A text that has to be there.
pub(super) fn needed(query: &mut Query, name: &'static str) -> Result<String, Complaint> {
    let found = text(query, name);
    found.ok_or_else(|| Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{name}: it has to be given")))
}

/// An answer from a snapshot.
pub(super) fn standing<T: Serialize>(
    asked: &Asked<'_>,
    resident: &Resident,
    answer: T,
) -> Result<HttpAnswer, Complaint> {
    let at = StandsAt::of(resident, asked.atlas.held.head());
    Ok(as_json(StatusCode::OK, &Standing { at, answer }))
}

/// What is computed on a thread beside those that answer, a few at once.
pub(super) async fn beside<T: Send + 'static>(
    asked: &Asked<'_>,
    work: impl FnOnce() -> ServiceResult<T> + Send + 'static,
) -> Result<T, Complaint> {
    let place = asked.atlas.places.work.wait().await;
    let done = aside(async move || {
        let done = work();
        drop(place);
        done
    });
    Ok(done.await?)
}
