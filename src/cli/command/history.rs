//! `history`: the time axis of one vertex.

use anyhow::anyhow;
use projections::store::{self, load, query};
use projections::tables::Projection;
use replay::publication::Labels;
use replay::quarantine::Quarantine;
use replay::{ReplayError, snapshot};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};
use crate::service::ask::scores::as_number;

/// Columns of a span, in the order of the contract.
const COLUMNS: &[&str] = &["metric", "from_position", "to_position", "from", "to", "value", "published", "unprovable"];

/// `history`. The times are world time: the day in which a value was first seen. `published` are the labels under which
/// this value was published; `unprovable` those of which that cannot be told any more, since the scores that were
/// published there may rest on what is erased by now. A publication sees the value that holds at its own tick.
pub(crate) async fn run(session: &Session, id: &str, metric: Option<&str>) -> Result<Output> {
    let mut conn = session.connect().await?;
    // One snapshot: spans, ticks and publications belong together.
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let live = store::live_builds(conn).await?;
        let Some(build) = live.iter().find(|build| build.projection == Projection::History) else {
            return Err(ReplayError::NoBuild.into());
        };
        let labels = if reads_log(conn).await? { Some(Labels::of(conn, build).await?) } else { None };
        let spans = query::spans(conn, build, id, metric).await?;
        Ok((spans, load::ticks(conn, build).await?, labels, build.quarantine_digest))
    });
    let (spans, ticks, labels, quarantine) = read.await?;
    if spans.is_empty() {
        let what = metric.map_or_else(|| "a history".to_owned(), |metric| format!("a history of `{metric}`"));
        let hint = "values enter the history when world time enters a new day, at a publication and at a promotion";
        return Err(Failure::refused(anyhow!("nothing with the id `{id}` has {what}: {hint}")));
    }
    // Who may not read the log sees from the build alone whether anything was ever passed over.
    let untouched = quarantine == Quarantine::default().digest();
    if labels.is_none() && !untouched {
        let note = "this login may not read the log, which says what is erased: no label is vouched for";
        session::say(&session.common, note);
    }
    let is_published = |label: &str| labels.as_ref().map_or(untouched, |labels| labels.published.contains(label));
    let is_unprovable = |label: &str| labels.as_ref().map_or(!untouched, |labels| labels.unprovable.contains(label));
    let rows = spans.into_iter().map(|span| {
        let holds = |position: u64| span.from <= position && span.to.is_none_or(|to| position < to);
        let seen = ticks.iter().filter(|(position, _)| holds(**position)).flat_map(|(_, tick)| &tick.labels);
        let (published, others): (Vec<&String>, Vec<&String>) = seen.partition(|label| is_published(label));
        let unprovable: Vec<&String> = others.into_iter().filter(|label| is_unprovable(label)).collect();
        let value = serde_json::from_str(&span.value).unwrap_or(Value::Null);
        object(json!({
            "level": span.level,
            "metric": span.metric,
            "from_position": span.from,
            "to_position": span.to,
            "from": span.from_day.map(domain::Day::start),
            "to": span.to_day.map(domain::Day::start),
            "value": as_number(value),
            "published": published,
            "unprovable": unprovable,
        }))
    });
    Ok(Output::Rows(COLUMNS.to_vec(), rows.collect()))
}

/// Whether this login may read the decisions of the log: who reads the live tables need not.
async fn reads_log(conn: &mut PgConnection) -> Result<bool> {
    let readable = "SELECT CASE WHEN has_schema_privilege('log', 'USAGE') \
                                THEN (SELECT bool_and(has_table_privilege(t, 'SELECT')) \
                                        FROM unnest(ARRAY['log.event', 'log.append', 'log.commit']) AS t) \
                                ELSE false END";
    Ok(sqlx::query_scalar(readable).fetch_one(conn).await?)
}
