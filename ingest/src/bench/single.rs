//! `append-single`: durable appends of one event, against the same appends that nobody orders.

use std::sync::Arc;
use std::time::Duration;

use domain::{Event, TenantId};
use sqlx::PgPool;
use uuid::Uuid;

use super::load::{STREAMS, context, event};
use super::{BenchError, Side, timed};
use crate::Log;
use crate::aggregate::Surroundings;
use crate::append::prepared::{Judgement, judge};
use crate::append::write::{Write, persist_unsequenced};
use crate::append::{Append, EventMetadata, Prepared};
use crate::error::AppendError;
use crate::repository::LogRepository;

/// Events of one run.
pub const EVENTS: usize = 16_000;
/// Connections, and appends under way at once.
pub const CONNECTIONS: usize = 16;

/// Both sides: appends that are each answered with their position, and the same that nobody orders.
///
/// # Errors
/// When the events cannot be made.
pub fn sides() -> Result<(PlacedAppends, UnplacedAppends), BenchError> {
    let events: Vec<Append> = events()?.into_iter().map(Append::from).collect();
    Ok((PlacedAppends { events: events.clone() }, UnplacedAppends { events }))
}

/// The events of one run.
///
/// # Errors
/// When they cannot be made.
pub fn events() -> Result<Vec<Event>, BenchError> {
    // A walk over the streams that looks random and is the same every time.
    let stream = |n: usize| n.wrapping_mul(2_654_435_761) / 7 % STREAMS;
    (0..EVENTS).map(|n| event(n, stream(n))).collect()
}

/// Appends with positions.
#[derive(Debug)]
pub struct PlacedAppends {
    events: Vec<Append>,
}

impl Side for PlacedAppends {
    async fn run(&self, pool: &PgPool) -> Result<Duration, BenchError> {
        let log = Log::new(pool.clone(), TenantId::PUBLIC);
        let appends = shares(&self.events).into_iter().map(|share| {
            let log = log.clone();
            async move {
                for append in share {
                    log.append(append, &context()).await?;
                }
                Ok(())
            }
        });
        let taken = timed(all(appends)).await?;
        let next = log.drain().await.map_err(AppendError::Unplaced)?;
        let expected = self.events.len() as u64 + 1;
        if next == expected { Ok(taken) } else { Err(BenchError::Wrong(format!("the log ends before {next}"))) }
    }
}

/// Appends without outbox and sequencer.
#[derive(Debug)]
pub struct UnplacedAppends {
    events: Vec<Append>,
}

impl Side for UnplacedAppends {
    async fn run(&self, pool: &PgPool) -> Result<Duration, BenchError> {
        let metadata = Arc::new(EventMetadata::of(&context())?);
        let appends = shares(&self.events).into_iter().map(|share| {
            let (pool, metadata) = (pool.clone(), Arc::clone(&metadata));
            async move {
                for append in share {
                    let prepared = Arc::new(Prepared::new(append)?);
                    while !append_unsequenced(&pool, &prepared, &metadata).await? {}
                }
                Ok(())
            }
        });
        timed(all(appends)).await
    }
}

/// The same reading, deciding, hashing and writing, without outbox and position. False: somebody else was faster.
async fn append_unsequenced(
    pool: &PgPool,
    prepared: &Arc<Prepared>,
    metadata: &Arc<EventMetadata>,
) -> Result<bool, BenchError> {
    let surroundings = Arc::new(Surroundings::default());
    let repository = LogRepository {
        pool: pool.clone(),
        tenant: TenantId::PUBLIC,
        append_id: Uuid::now_v7(),
        prepared: Arc::clone(prepared),
        metadata: Arc::clone(metadata),
        surroundings: Arc::clone(&surroundings),
    };
    let wrong = |what: String| BenchError::Wrong(what);
    let state = repository.load().await?.unwrap_or_default();
    let now = surroundings.now().unwrap_or_default();
    if judge(prepared, &state, Some(now), None)? != Judgement::New {
        return Err(wrong("a benchmark event is a duplicate".to_owned()));
    }
    let mut write = Write::new(repository.tenant, repository.append_id, now, metadata);
    let sequence = state.sequence + 1;
    write.push(prepared, sequence)?;
    let mut writable = repository.open(sequence).await?;
    let written = persist_unsequenced(writable.conn(), &write).await?;
    writable.close(written).await?;
    Ok(written)
}

/// The events in [`CONNECTIONS`] equal shares.
fn shares(events: &[Append]) -> Vec<Vec<Append>> {
    events.chunks(events.len().div_ceil(CONNECTIONS)).map(<[Append]>::to_vec).collect()
}

/// Runs all at once, to the end.
async fn all<F>(tasks: impl Iterator<Item = F>) -> Result<(), BenchError>
where
    F: Future<Output = Result<(), BenchError>> + Send + 'static,
{
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    for task in running {
        task.await??;
    }
    Ok(())
}
