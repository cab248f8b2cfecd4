//! Formulas as data: listed, shown, compared, tried.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};

use super::said::{beside, needed, standing};
use crate::http::answer::{Complaint, HttpAnswer};
use crate::http::asked::Asked;
use crate::service::aside::aside;
use crate::service::ask::formula;
use crate::service::ask::page::AllRows;

/// Most bytes of a formula that is tried.
const TRY_BYTES: u64 = 64 << 10;
/// How long it may be evaluated.
const TRY_TIME: Duration = Duration::from_secs(2);

/// `GET /formulas`
pub(super) async fn listed(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let (atlas, deps) = (asked.now()?, asked.atlas.deps.clone());
    let known = aside(async move || formula::list(&deps).await).await?;
    standing(asked, &atlas, AllRows { items: known })
}

/// `GET /formulas/{name}`
pub(super) async fn one(asked: &Asked<'_>, name: &str) -> Result<HttpAnswer, Complaint> {
    let (atlas, deps, name) = (asked.now()?, asked.atlas.deps.clone(), name.to_owned());
    let shown = aside(async move || formula::shown(&deps, &name).await).await?;
    standing(asked, &atlas, shown)
}

/// `GET /formulas/diff`
pub(super) async fn difference(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let (a, b) = (needed(&mut query, "a")?, needed(&mut query, "b")?);
    let moment = asked.moment(&mut query).await?;
    query.checked()?;
    let (deps, position) = (asked.atlas.deps.clone(), moment.resident.position);
    let both =
        async move || Ok((formula::named(&deps, &a, position).await?, formula::named(&deps, &b, position).await?));
    let (a, b) = aside(both).await?;
    let deep = Arc::clone(&moment);
    let found = beside(asked, move || Ok(formula::difference_in(&deep.world, a.formula, b.formula))).await?;
    standing(asked, &moment.resident, found)
}

/// `POST /formulas/try`: what would move under a formula that is kept nowhere.
pub(super) async fn tried(asked: &Asked<'_>, body: Body) -> Result<HttpAnswer, Complaint> {
    let Some(turn) = asked.turn() else {
        let complaint = Complaint::new(StatusCode::TOO_MANY_REQUESTS, "Another formula of yours is being tried.");
        return Err(complaint.with(header::RETRY_AFTER, "1"));
    };
    let (document, _share) = asked.body(body, TRY_BYTES).await?;
    let document = String::from_utf8(document)
        .map_err(|_| Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, "The document is no text."))?;
    let after = formula::tried(&document)?;
    let mut query = asked.query();
    let moment = asked.moment(&mut query).await?;
    query.checked()?;
    let deep = Arc::clone(&moment);
    let compared = beside(asked, move || {
        let found = formula::difference_in(&deep.world, deep.resident.formula.clone(), after);
        // The next one waits until this one is over, also where nobody waits for its answer.
        drop(turn);
        Ok(found)
    });
    match tokio::time::timeout(TRY_TIME, compared).await {
        Ok(found) => standing(asked, &moment.resident, found?),
        Err(_) => {
            let detail = format!("It takes longer than {} s to evaluate here.", TRY_TIME.as_secs());
            Err(Complaint::new(StatusCode::SERVICE_UNAVAILABLE, detail).with(header::RETRY_AFTER, "2"))
        }
    }
}
