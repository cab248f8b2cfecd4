//! The one way into the log.
//!
//! An append is one transaction that locks nothing but the streams it writes to. It carries an outbox row; the
//! sequencer gives positions afterwards, and every answer waits for them.

use std::sync::Arc;

use domain::TenantId;
use domain::digest::Digest;
use sqlx::PgPool;
use uuid::Uuid;

use crate::append::{
    Append, AppendContext, AppendOutcome, EventMetadata, ForeseenAppend, Prepared, Rehearsal, ahead, foresee, lookup,
};
use crate::error::{AppendError, Corrupt, Refusal, SequenceError};
use crate::sequencer::Sequencer;

mod batch;
mod single;

/// The log of a tenant, to write to. Clones share one sequencer.
#[derive(Clone, Debug)]
pub struct Log {
    pool: PgPool,
    tenant: TenantId,
    sequencer: Arc<Sequencer>,
}

impl Log {
    /// The log of `tenant` in the database behind `pool`, whose sessions are that tenant's; it must be migrated.
    #[must_use]
    pub fn new(pool: PgPool, tenant: TenantId) -> Self {
        let sequencer = Arc::new(Sequencer::new(pool.clone(), tenant));
        Self { pool, tenant, sequencer }
    }

    /// The connections in use.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Whose it is.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Appends one event and answers its position.
    ///
    /// Safe to repeat: the same facts again, or the same key, answer the place of the first.
    ///
    /// # Errors
    /// See [`AppendError`]; except for `Unplaced` and `Database`, the log is as it was.
    pub async fn append(&self, append: Append, context: &AppendContext) -> Result<AppendOutcome, AppendError> {
        let metadata = EventMetadata::of(context)?;
        single::append(self, Arc::new(Prepared::new(append)?), &metadata).await
    }

    /// Appends many events in one transaction, in order, and answers each. A refused one leaves the others; each sees
    /// those before it as if they were in the log already.
    ///
    /// # Errors
    /// See [`AppendError`]: then none of the events is appended, except for `Unplaced`, when all of them are, and for
    /// `Database`, when that is unknown.
    pub async fn append_batch(
        &self,
        appends: Vec<Append>,
        context: &AppendContext,
    ) -> Result<Vec<Result<AppendOutcome, Refusal>>, AppendError> {
        let metadata = EventMetadata::of(context)?;
        let (items, ahead) = ahead::prepare(appends);
        batch::append(self, items, ahead, metadata).await
    }

    /// What would become of these events, each after those before it. Nothing is written.
    ///
    /// # Errors
    /// When the database fails or a stream is damaged.
    pub async fn foresee(&self, appends: Vec<Append>) -> Result<Vec<Result<ForeseenAppend, Refusal>>, AppendError> {
        foresee::foresee(&self.pool, &mut Rehearsal::default(), appends).await
    }

    /// The same of events that come in several parts: each after those of the parts before, which are not in the log.
    ///
    /// # Errors
    /// As [`Self::foresee`].
    pub async fn rehearse(
        &self,
        rehearsal: &mut Rehearsal,
        appends: Vec<Append>,
    ) -> Result<Vec<Result<ForeseenAppend, Refusal>>, AppendError> {
        foresee::foresee(&self.pool, rehearsal, appends).await
    }

    /// Appends what was foreseen, once the documents of all that is new are kept: one event by the way of one, several
    /// as a batch. Events of others ([`ForeseenAppend::by`]) are appends of their own in the same transaction.
    ///
    /// # Errors
    /// As [`Self::append_batch`].
    pub async fn append_foreseen(
        &self,
        mut foreseen: Vec<Result<ForeseenAppend, Refusal>>,
        context: &AppendContext,
    ) -> Result<Vec<Result<AppendOutcome, Refusal>>, AppendError> {
        let metadata = EventMetadata::of(context)?;
        if foreseen.len() > 1 {
            let (items, ahead) =
                ahead::ready(foreseen.into_iter().map(|item| item.map(|ForeseenAppend(item)| item)).collect());
            return batch::append(self, items, ahead, metadata).await;
        }
        Ok(match foreseen.pop() {
            None => vec![],
            Some(Err(refusal)) => vec![Err(refusal)],
            Some(Ok(ForeseenAppend(item))) => {
                let own = item.metadata.clone();
                match single::append(self, Arc::new(item), own.as_deref().unwrap_or(&metadata)).await {
                    Err(AppendError::Refused(refusal)) => vec![Err(refusal)],
                    outcome => vec![Ok(outcome?)],
                }
            }
        })
    }

    /// Gives positions to everything that is committed now. Answers the position the next event will get.
    ///
    /// # Errors
    /// When the database fails or the head is damaged.
    pub async fn drain(&self) -> Result<u64, SequenceError> {
        self.sequencer.drain().await
    }

    /// How many events have positions, and the root over them.
    ///
    /// # Errors
    /// When the database fails or the head is damaged.
    pub(crate) async fn head(&self) -> Result<(u64, Digest), SequenceError> {
        let head = sqlx::query_file!("sql/head.sql").fetch_one(&self.pool).await?;
        let next = head.next_position;
        let size = u64::try_from(next - 1).map_err(|_| Corrupt::new("log.head", format!("position {next}")))?;
        let root = Digest::from_slice(&head.root).ok_or_else(|| Corrupt::new("log.head", "the root is no digest"))?;
        Ok((size, root))
    }

    /// Whether the login may give positions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn may_sequence(&self) -> Result<bool, SequenceError> {
        self.sequencer.may_run().await
    }

    /// Sequences what other processes leave behind, until `stop` is ready. Appends of this process do not need it.
    /// Failures are logged, once, and tried again.
    pub async fn run_sequencer(&self, stop: impl Future<Output = ()>) {
        self.sequencer.run(stop).await;
    }

    /// The first position of an append; `None`: the append is not there.
    async fn placed(&self, append: Uuid, first: Result<u64, SequenceError>) -> Result<Option<u64>, AppendError> {
        match first {
            Ok(first) => Ok(Some(first)),
            Err(error) => self.still_there(&[append], error).await.map(|()| None),
        }
    }

    /// What became of appends that got no position, for which `error` is the reason: an error, unless the server has
    /// failed and lost them.
    async fn still_there(&self, appends: &[Uuid], error: SequenceError) -> Result<(), AppendError> {
        if lookup::kept(&self.pool, self.tenant, appends).await? { Err(AppendError::Unplaced(error)) } else { Ok(()) }
    }

    pub(crate) fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }
}
