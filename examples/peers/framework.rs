//! Events through the repository that postgres-es brings, in its own table. It is handed what cqrs-es would hand it:
//! events as JSON with their sequences. That they are made, and that the stream was read before, is not counted.

use std::sync::Arc;

use anyhow::Result;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use ingest::aggregate::{Repo, Stream};
use postgres_es::PostgresEventRepository;
use serde_json::json;
use sqlx::{Executor, PgPool};

use crate::meter::{Meter, Spent};
use crate::singly::{Item, at_once};

/// The table that the framework expects, under the name that it has by default.
const TABLE: &str = "CREATE TABLE events (
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL CHECK (sequence >= 0),
    event_type     text   NOT NULL,
    event_version  text   NOT NULL,
    payload        json   NOT NULL,
    metadata       json   NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// An event as the framework stores it.
fn serialized(item: &Item) -> Result<SerializedEvent> {
    let kind = item.event.event_type();
    Ok(SerializedEvent {
        aggregate_id: item.stream.clone(),
        sequence: usize::try_from(item.sequence)?,
        aggregate_type: "repo".to_owned(),
        event_type: kind.name().to_owned(),
        event_version: kind.current_version().to_string(),
        payload: serde_json::from_slice(&item.payload)?,
        metadata: json!({"actor": "bench", "tool": "peers"}),
    })
}

/// Batches: each one call and one transaction.
pub(crate) async fn bulk(items: &[Item], batch: usize, pool: &PgPool) -> Result<Spent> {
    pool.execute(TABLE).await?;
    let events = items.iter().map(serialized).collect::<Result<Vec<_>>>()?;
    let repository = PostgresEventRepository::new(pool.clone());
    let work = async {
        for events in events.chunks(batch) {
            repository.persist::<Stream<Repo>>(events, None).await?;
        }
        Ok(())
    };
    Meter::of(pool).await?.measure(work).await
}

/// One event a call.
pub(crate) async fn singly(shares: &Arc<Vec<Vec<Item>>>, pool: &PgPool) -> Result<Spent> {
    pool.execute(TABLE).await?;
    let events = shares.iter().map(|share| share.iter().map(serialized).collect::<Result<Vec<_>>>());
    let events = Arc::new(events.collect::<Result<Vec<_>>>()?);
    let repository = Arc::new(PostgresEventRepository::new(pool.clone()));
    let append = move |_, share: usize, n: usize| {
        let (events, repository) = (Arc::clone(&events), Arc::clone(&repository));
        async move {
            repository.persist::<Stream<Repo>>(std::slice::from_ref(&events[share][n]), None).await?;
            Ok(())
        }
    };
    at_once(pool, shares, append).await
}
