//! Many events: ours in checked batches, and bare rows of the same bytes.

use anyhow::{Result, ensure};
use domain::{Event, TenantId, codec};
use ingest::bench::batch::{BATCH, events, plain_rows};
use ingest::{Append, AppendContext, Log};
use sqlx::PgPool;

use crate::meter::{Meter, Spent};

/// The events of a run, and their canonical bytes.
pub(crate) struct Bulk {
    pub(crate) events: Vec<Event>,
    pub(crate) payloads: Vec<Vec<u8>>,
}

impl Bulk {
    pub(crate) fn make() -> Result<Self> {
        let events = events()?;
        let payloads = events.iter().map(codec::encode).collect::<Result<_, _>>()?;
        Ok(Self { events, payloads })
    }
}

/// Batches through our log: made canonical, checked, hashed, in order, with positions.
pub(crate) async fn ours(bulk: &Bulk, pool: &PgPool) -> Result<Spent> {
    let log = Log::new(pool.clone(), TenantId::PUBLIC);
    let batches = bulk.events.chunks(BATCH).map(|batch| batch.iter().cloned().map(Append::from).collect());
    let batches: Vec<Vec<Append>> = batches.collect();
    let context = AppendContext::new("bench".to_owned(), "peers");
    let work = async {
        for batch in batches {
            for outcome in log.append_batch(batch, &context).await? {
                outcome?;
            }
        }
        Ok(())
    };
    let spent = Meter::of(pool).await?.measure(work).await?;
    let next = log.drain().await?;
    ensure!(next == bulk.events.len() as u64 + 1, "the log ends before {next}");
    Ok(spent)
}

/// Rows of nothing but the bytes, a thousand a statement, a statement a transaction.
pub(crate) async fn bare(bulk: &Bulk, pool: &PgPool) -> Result<Spent> {
    let meter = Meter::of(pool).await?;
    let work = async {
        plain_rows(pool, &bulk.payloads).await?;
        Ok(())
    };
    meter.measure(work).await
}
