//! The time axis of one vertex.

use domain::Timestamp;
use projections::store::{self, Build, StoreError, query};
use projections::tables::Projection;
use replay::publication::Labels;
use replay::quarantine::Quarantine;
use replay::{ReplayError, snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use super::scores::as_number;
use super::{forms_of, known};
use crate::service::{Deps, Error, Result};

/// A value that held for a while. The times are world time: the day in which a value was first seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShownSpan {
    /// `project`, `repo` or `external`.
    pub level: String,
    /// Which value.
    pub metric: String,
    /// First position that saw it.
    pub from_position: u64,
    /// First position that saw another; null while it holds.
    pub to_position: Option<u64>,
    /// World day in which it was first seen.
    pub from: Option<Timestamp>,
    /// World day in which another was first seen.
    pub to: Option<Timestamp>,
    /// The value.
    pub value: Value,
    /// The labels under which this value was published.
    pub published: Vec<String>,
    /// The labels of which that cannot be told any more: the scores that were published there may rest on what is
    /// erased by now.
    pub unprovable: Vec<String>,
}

/// The values of one vertex over time, all or those of one metric. A publication sees the value that holds at its own
/// tick.
///
/// # Errors
/// [`Error::NotFound`] for an id, or a metric of it, without a history.
pub async fn history(deps: &Deps, id: &str, metric: Option<&str>) -> Result<Vec<ShownSpan>> {
    let forms = forms_of(id);
    let id = forms[0].as_str();
    let mut conn = deps.read().await?;
    // One snapshot: spans, ticks and publications belong together.
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let live = store::live_builds(conn).await?;
        let Some(build) = live.iter().find(|build| build.projection == Projection::History) else {
            return Err(ReplayError::NoBuild.into());
        };
        let mut spans = Vec::new();
        for form in &forms {
            if spans.is_empty() {
                spans = query::spans(conn, build, form, metric).await?;
            }
        }
        if spans.is_empty() {
            return Err(without(conn, &live, id, metric).await?);
        }
        let labels = if reads_log(conn).await? { Some(Labels::of(conn, build).await?) } else { None };
        Ok((build.clone(), spans, query::labels(conn, build).await?, labels))
    });
    let (build, spans, labelled, labels) = read.await?;
    // Who may not read the log sees from the build alone whether anything was ever passed over.
    let untouched = build.quarantine_digest == Quarantine::default().digest();
    if labels.is_none() && !untouched {
        deps.note("this login may not read the log, which says what is erased: no label is vouched for");
    }
    let is_published = |label: &str| labels.as_ref().map_or(untouched, |labels| labels.published.contains(label));
    let is_unprovable = |label: &str| labels.as_ref().map_or(!untouched, |labels| labels.unprovable.contains(label));
    let span = |span: query::SpanLine| -> Result<ShownSpan> {
        let holds = |position: u64| span.from <= position && span.to.is_none_or(|to| position < to);
        let seen = labelled.iter().filter(|(position, _)| holds(*position)).flat_map(|(_, labels)| labels.clone());
        let (published, others): (Vec<String>, Vec<String>) = seen.partition(|label| is_published(label));
        let row = || format!("{id} {} from {}", span.metric, span.from);
        Ok(ShownSpan {
            from_position: span.from,
            to_position: span.to,
            from: span.from_day.map(domain::Day::start),
            to: span.to_day.map(domain::Day::start),
            value: as_number(held(&build, row, &span.value)?),
            published,
            unprovable: others.into_iter().filter(|label| is_unprovable(label)).collect(),
            level: span.level,
            metric: span.metric,
        })
    };
    spans.into_iter().map(span).collect()
}

/// Why there is no history of an id.
async fn without(conn: &mut PgConnection, live: &[Build], id: &str, metric: Option<&str>) -> Result<Error> {
    let ids = known::live(conn, live).await?;
    if let Some(unknown) = known::unknown(id, &ids) {
        return Ok(unknown);
    }
    let of = metric.map_or_else(|| id.to_owned(), |metric| format!("`{metric}` of {id}"));
    let begins = "values are written down for every day on which facts were seen, once facts of a later day come in, and at \
                  a publication or promotion";
    Ok(Error::not_found("history", id, format!("there is no history of {of} yet: {begins}")))
}

/// A stored value of a history.
pub(crate) fn held(build: &Build, row: impl FnOnce() -> String, value: &str) -> Result<Value> {
    serde_json::from_str(value).map_err(|error| {
        let reason = format!("the value is no JSON: {error}");
        StoreError::Inconsistent { build: build.id, table: "span", row: row(), reason }.into()
    })
}

/// Whether this login may read the decisions of the log: who reads the live tables need not.
async fn reads_log(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_file_scalar!("sql/may_read_decisions.sql").fetch_one(conn).await?)
}
