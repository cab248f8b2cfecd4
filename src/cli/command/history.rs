//! `history`: the time axis of one vertex.

use anyhow::anyhow;
use projections::store::{self, load, query};
use projections::tables::Projection;
use replay::SNAPSHOT;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;
use crate::service::ask::scores::as_number;

/// Columns of a span, in the order of the contract.
const COLUMNS: &[&str] = &["metric", "from_position", "to_position", "from", "to", "value", "published"];

/// `history`. The times are world time: the day in which a value was first seen. `published` are the labels under which
/// scores were published while the value held: a publication sees the value that holds at its own tick.
pub(crate) async fn run(session: &Session, id: &str, metric: Option<&str>) -> Result<Output> {
    let mut conn = session.connect().await?;
    // One snapshot: spans, ticks and publications belong together.
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let live = store::live_builds(&mut conn).await?;
    let Some(build) = live.iter().find(|build| build.projection == Projection::History) else {
        return Err(::replay::ReplayError::NoBuild.into());
    };
    let spans = query::spans(&mut conn, build, id, metric).await?;
    if spans.is_empty() {
        let what = metric.map_or_else(|| "a history".to_owned(), |metric| format!("a history of `{metric}`"));
        let hint = "values enter the history when world time enters a new day, at a publication and at a promotion";
        return Err(Failure::refused(anyhow!("nothing with the id `{id}` has {what}: {hint}")));
    }
    let ticks = load::ticks(&mut conn, build).await?;
    let rows = spans.into_iter().map(|span| {
        let holds = |position: u64| span.from <= position && span.to.is_none_or(|to| position < to);
        let labels: Vec<&String> =
            ticks.iter().filter(|(position, _)| holds(**position)).flat_map(|(_, tick)| &tick.labels).collect();
        let value = serde_json::from_str(&span.value).unwrap_or(Value::Null);
        object(json!({
            "level": span.level,
            "metric": span.metric,
            "from_position": span.from,
            "to_position": span.to,
            "from": span.from_day.map(domain::Day::start),
            "to": span.to_day.map(domain::Day::start),
            "value": as_number(value),
            "published": labels,
        }))
    });
    Ok(Output::Rows(COLUMNS.to_vec(), rows.collect()))
}
