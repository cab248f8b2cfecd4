//! Where a publication diverges, by vertex: from the live tables or the history of scores, where they hold what was
//! said then.

use domain::facts::log::ScoresPublished;
use projections::Fold;
use projections::metrics::{Level, Scores};
use projections::store::{Build, StoreError, query};
use projections::tables::Projection;
use replay::as_of::FoldOutcome;
use replay::publication::PublicationRequest;
use replay::verify::{self, Divergence, MAX_REPORTED};
use replay::{ReplayError, present};
use serde_json::Value;
use sqlx::PgConnection;

use crate::service::Result;
use crate::service::ask::history::held;

/// The vertices, metrics and both values.
pub(super) async fn published(
    conn: &mut PgConnection,
    fold: &mut Fold,
    outcome: &FoldOutcome,
    live: &[Build],
    published: &PublicationRequest,
) -> Result<Vec<Divergence>> {
    let facts = &published.facts;
    let of = |projection| live.iter().find(|build| build.projection == projection);
    let comparable = |build: &&Build| build.formula_hash == Some(facts.formula_hash);
    if let Some(metrics) = of(Projection::Metrics).filter(comparable)
        && metrics.position == facts.position
        && is_live(conn, live, facts).await?
    {
        return Ok(verify::against_live(conn, fold, live).await?);
    }
    // A publication is a moment at which history looks; it looked at the same state if nothing came between.
    match of(Projection::History).filter(comparable) {
        Some(history) if history.position >= published.event && published.event == facts.position + 1 => {
            from_history(conn, &outcome.scores, history, published.event).await
        }
        _ => Ok(Vec::new()),
    }
}

/// Whether the live builds hold what was published.
async fn is_live(conn: &mut PgConnection, live: &[Build], published: &ScoresPublished) -> Result<bool> {
    match present::digests(conn, live).await {
        Ok(digests) => Ok(digests.is_some_and(|digests| digests.digest == published.digest)),
        // Rows that nobody can read were not published.
        Err(ReplayError::Store(StoreError::Inconsistent { .. })) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn from_history(
    conn: &mut PgConnection,
    scores: &Scores,
    history: &Build,
    event: u64,
) -> Result<Vec<Divergence>> {
    let rows = query::values_at(conn, history, event).await?;
    let mut found = Vec::new();
    for (level, id, metric, value) in rows {
        let row = Level::from_name(&level).and_then(|level| scores.get(level, &id));
        let replayed = row.and_then(|row| scores.line(row).remove(&metric)).unwrap_or_default();
        let held = held(history, || format!("{level} {id} {metric} at {event}"), &value)?;
        if replayed != held && found.len() < MAX_REPORTED {
            let text = |value: Value| match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            };
            found.push(Divergence { table: None, id, metric, replayed: text(replayed), live: text(held) });
        }
    }
    Ok(found)
}
