//! Events through a store of messages that lives in the database as functions (`message_store.sql`).

use std::sync::Arc;

use anyhow::Result;
use sqlx::{Executor, PgPool};

use crate::meter::{Meter, Spent};
use crate::singly::{Item, at_once};

const SCHEMA: &str = include_str!("message_store.sql");
const METADATA: &str = r#"{"actor":"bench","tool":"peers"}"#;
const WRITE: &str = "SELECT write_message($1, $2, $3::text::jsonb, $4::text::jsonb, $5)";
/// Many calls a statement, in order: what the store has no function for, and the cheapest way to have it.
const WRITE_MANY: &str = "SELECT count(write_message(m.stream, m.type, m.data::jsonb, $4::text::jsonb, m.expected)) \
                          FROM unnest($1::text[], $2::text[], $3::text[], $5::bigint[]) \
                               AS m (stream, type, data, expected)";
/// Messages of a statement.
const ROWS: usize = 1_000;

/// The message before it in its stream.
fn expected(item: &Item) -> Result<i64> {
    Ok(i64::try_from(item.sequence)? - 1)
}

/// Batches: each one transaction.
pub(crate) async fn bulk(items: &[Item], batch: usize, pool: &PgPool) -> Result<Spent> {
    pool.execute(SCHEMA).await?;
    let work = async {
        for items in items.chunks(batch) {
            let mut tx = pool.begin().await?;
            for items in items.chunks(ROWS) {
                let streams: Vec<&str> = items.iter().map(|item| item.stream.as_str()).collect();
                let types: Vec<&str> = items.iter().map(|item| item.event.event_type().name()).collect();
                let data =
                    items.iter().map(|item| std::str::from_utf8(&item.payload)).collect::<Result<Vec<_>, _>>()?;
                let expected = items.iter().map(expected).collect::<Result<Vec<_>>>()?;
                let many = sqlx::query(WRITE_MANY).bind(streams).bind(types).bind(data).bind(METADATA).bind(expected);
                many.execute(&mut *tx).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    };
    Meter::of(pool).await?.measure(work).await
}

/// One event a call.
pub(crate) async fn singly(shares: &Arc<Vec<Vec<Item>>>, pool: &PgPool) -> Result<Spent> {
    pool.execute(SCHEMA).await?;
    let connections = pool.clone();
    let append = move |shares: Arc<Vec<Vec<Item>>>, share: usize, n: usize| {
        let pool = connections.clone();
        async move {
            let item = &shares[share][n];
            let write = sqlx::query(WRITE).bind(&item.stream).bind(item.event.event_type().name());
            let write = write.bind(std::str::from_utf8(&item.payload)?).bind(METADATA).bind(expected(item)?);
            write.execute(&pool).await?;
            Ok(())
        }
    };
    at_once(pool, shares, append).await
}
