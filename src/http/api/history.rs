//! Values over time, and why they are what they are.

use std::sync::Arc;

use serde_json::{Value, json};

use super::said::{beside, standing, text};
use crate::http::answer::{Complaint, HttpAnswer};
use crate::http::asked::Asked;
use crate::service::aside::aside;
use crate::service::ask::history;
use crate::service::ask::point::PointQuery;
use crate::service::ask::why::{ToldState, WhyAnswer, WhyQuery, why_in};
use crate::service::{Error, Result as ServiceResult};

/// `GET /history/{id}`
pub(super) async fn of(asked: &Asked<'_>, id: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let metric = text(&mut query, "metric");
    query.checked()?;
    let (atlas, deps, id) = (asked.now()?, asked.atlas.deps.clone(), id.to_owned());
    let spans = {
        let id = id.clone();
        aside(async move || history::history(&deps, &id, metric.as_deref()).await).await?
    };
    standing(asked, &atlas, json!({"id": id, "items": spans}))
}

/// `GET /why/{metric}/{id}`
pub(super) async fn why(asked: &Asked<'_>, metric: &str, id: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let from = text(&mut query, "from");
    let formula = asked.formula(&mut query);
    let now = asked.moment(&mut query).await?;
    query.checked()?;
    let before = match &from {
        None => None,
        Some(from) => {
            let point = PointQuery { as_of: Some(from.clone()), formula };
            Some(asked.atlas.moments.deep(&asked.atlas.deps, &point).await?)
        }
    };
    let question = WhyQuery { id: id.to_owned(), metric: Some(metric.to_owned()), from, at: PointQuery::default() };
    let names = asked.atlas.held.names();
    let resident = Arc::clone(&now.resident);
    let told = beside(asked, move || -> ServiceResult<Value> {
        let answers =
            why_in(ToldState::of(&now), before.as_deref().map(ToldState::of), &question, &names.by_pseudonym)?;
        let one = answers.into_iter().next();
        written(&one.ok_or_else(|| Error::refused("nothing is told of a metric that there is"))?)
    });
    standing(asked, &resident, told.await?)
}

/// An answer with what is missing for it.
fn written(told: &WhyAnswer) -> ServiceResult<Value> {
    let mut value = serde_json::to_value(told).map_err(Error::refused)?;
    value["missing"] = told.missing.iter().map(|gap| json!({"what": gap.to_string()})).collect();
    Ok(value)
}
