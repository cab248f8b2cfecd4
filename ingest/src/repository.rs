//! What the framework loads and stores: our tables behind the interface of cqrs-es, for one command.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use domain::decide::StreamState;
use domain::{StreamId, TenantId, Timestamp};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::aggregate::Surroundings;
use crate::append::lookup::{self, LocusRow};
use crate::append::prepared::{Judgement, Prepared};
use crate::append::write::{Write, persist};
use crate::append::{EventMetadata, Settled};
use crate::error::{AppendError, Corrupt, is_contention};

/// The view that postgres-es reads; it is never written through.
const EVENTS: &str = "log.events";
/// The framework's snapshots are our stream rows; postgres-es is never asked for them.
const NO_SNAPSHOTS: &str = "log.no_snapshots";

/// The log as an event repository, for one command: it knows the event that is being appended.
#[derive(Clone, Debug)]
pub(crate) struct LogRepository {
    pub(crate) pool: PgPool,
    pub(crate) tenant: TenantId,
    pub(crate) append_id: Uuid,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) metadata: Arc<EventMetadata>,
    pub(crate) surroundings: Arc<Surroundings>,
}

/// Reads streams through postgres-es, from the view.
pub(crate) fn reader(pool: &PgPool) -> PostgresEventRepository {
    PostgresEventRepository::new(pool.clone()).with_tables(EVENTS, NO_SNAPSHOTS)
}

impl PersistedEventRepository for LogRepository {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        reader(&self.pool).get_events::<A>(aggregate_id).await
    }

    /// Only asked for when the remembered state no longer fits the program.
    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        tracing::warn!(stream = %self.prepared.stream, "state does not fit this program: reading the stream again");
        reader(&self.pool).get_last_events::<A>(aggregate_id, last_sequence).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        debug_assert_eq!(aggregate_id, self.prepared.stream.id());
        self.load().await.map_err(boxed)
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let stored = match (events, snapshot) {
            ([], _) => self.find().await,
            ([event], Some((_, state, _))) => self.store(event.sequence as u64, &state).await,
            _ => Err(Corrupt::stream(&self.prepared.stream, "an append through the framework is one event").into()),
        };
        match stored {
            Ok(true) => Ok(()),
            Ok(false) => Err(PersistenceError::OptimisticLockError),
            Err(AppendError::Database(error)) if is_contention(&error) => Err(PersistenceError::OptimisticLockError),
            Err(error) => Err(boxed(error)),
        }
    }

    async fn stream_events<A: Aggregate>(&self, _aggregate_id: &str) -> Result<ReplayStream, PersistenceError> {
        Err(not_a_reader())
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        Err(not_a_reader())
    }
}

impl LogRepository {
    /// State, clock and key in one read.
    pub(crate) async fn load(&self) -> Result<Option<SerializedSnapshot>, AppendError> {
        let stream = &self.prepared.stream;
        let (key, tenant) = (self.prepared.key.as_deref(), self.tenant.number());
        let row = sqlx::query_file!("sql/load_stream.sql", stream.kind().name(), stream.id(), key, tenant)
            .fetch_one(&self.pool)
            .await?;
        let now = Timestamp::from_datetime(row.now)
            .ok_or_else(|| Corrupt::stream(stream, "the database's clock is outside the years 1970 to 9999"))?;
        let event = (row.append_id, row.idx, row.kind, row.stream_id, row.sequence);
        let known = match (row.input_digest, event) {
            (Some(digest), (Some(append_id), Some(idx), Some(kind), Some(stream_id), Some(sequence))) => {
                Some(lookup::known(&digest, &LocusRow { append_id, idx, kind, stream_id, sequence })?)
            }
            _ => None,
        };
        self.surroundings.set(now, known);
        let (Some(version), Some(state)) = (row.version, row.state) else { return Ok(None) };
        let version = usize::try_from(version).map_err(|e| Corrupt::stream(stream, e))?;
        // Null is no state: the framework then asks for the events instead.
        let kept = serde_json::from_str(&state).ok();
        let aggregate = kept.filter(|state: &Value| state["sequence"] == version).unwrap_or_default();
        Ok(Some(SerializedSnapshot {
            aggregate_id: stream.id().to_owned(),
            aggregate,
            current_sequence: version,
            current_snapshot: version,
        }))
    }

    /// Writes the event at `sequence`. `Ok(false)`: the stream has moved on.
    async fn store(&self, sequence: u64, state: &Value) -> Result<bool, AppendError> {
        let stream: &StreamId = &self.prepared.stream;
        let now = self.surroundings.now().ok_or_else(|| Corrupt::stream(stream, "stored before it was loaded"))?;
        let state: StreamState = serde_json::from_value(state.clone()).map_err(|e| Corrupt::stream(stream, e))?;
        if state.sequence != sequence {
            return Err(Corrupt::stream(stream, format!("version {sequence}, state of {}", state.sequence)).into());
        }
        let mut write = Write::new(self.tenant, self.append_id, now, &self.metadata);
        let expected = sequence.checked_sub(1).ok_or_else(|| Corrupt::stream(stream, "an event of sequence 0"))?;
        write.move_stream(stream, expected, &state)?;
        let locus = write.push(&self.prepared, sequence)?;
        let stored = persist(&mut *self.pool.acquire().await?, &write).await?;
        self.surroundings.answer(Settled::New(locus));
        Ok(stored)
    }

    /// Finds an event that the log has already, and remembers its key if that is new. `Ok(false)`: the key was used
    /// meanwhile.
    async fn find(&self) -> Result<bool, AppendError> {
        let stream = &self.prepared.stream;
        let sequence = match self.surroundings.judgement() {
            Some(Judgement::Known(locus)) => {
                self.surroundings.answer(Settled::Old(locus));
                return Ok(true);
            }
            Some(Judgement::Repeats(sequence)) => sequence,
            other => return Err(Corrupt::stream(stream, format!("no event to find: {other:?}")).into()),
        };
        let mut conn = self.pool.acquire().await?;
        let locus = lookup::one_by_sequence(&mut conn, stream, sequence).await?;
        let stored = match &self.prepared.key {
            Some(key) => lookup::remember(&mut conn, &[(key, self.prepared.input_digest, &locus)]).await?,
            None => true,
        };
        self.surroundings.answer(Settled::Old(locus));
        Ok(stored)
    }
}

/// Our own error through the framework's; the path of one event unwraps it.
fn boxed(error: AppendError) -> PersistenceError {
    PersistenceError::UnknownError(Box::new(error))
}

/// The framework's replay ends early without an error when its connection is lost, so nothing is read through it.
fn not_a_reader() -> PersistenceError {
    PersistenceError::UnknownError("the write side reads no history; use the reader of the log".into())
}
