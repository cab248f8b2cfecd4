//! What the framework loads and stores: our tables behind the interface of cqrs-es, for one command.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use domain::decide::{SourceSpan, StreamState};
use domain::{StreamId, TenantId, Timestamp};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::aggregate::Surroundings;
use crate::append::lookup;
use crate::append::prepared::{Judgement, Prepared};
use crate::append::streams::{self, AskedStreams, LatestRow};
use crate::append::write::{Write, persist};
use crate::append::{EventMetadata, Settled};
use crate::connect::begin;
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

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        reader(&self.pool).get_last_events::<A>(aggregate_id, last_sequence).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        debug_assert_eq!(aggregate_id, self.prepared.stream.id());
        let Some(state) = self.load().await.map_err(boxed)? else { return Ok(None) };
        let version =
            usize::try_from(state.sequence).map_err(|e| boxed(Corrupt::stream(&self.prepared.stream, e).into()))?;
        Ok(Some(SerializedSnapshot {
            aggregate_id: aggregate_id.to_owned(),
            aggregate: serde_json::to_value(state)?,
            current_sequence: version,
            current_snapshot: version,
        }))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let stored = match (events, snapshot) {
            ([], _) => self.find().await,
            ([event], _) => self.store(event.sequence as u64).await,
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

/// What an event is written on.
pub(crate) enum Writable {
    /// Its one statement is a transaction.
    Alone(PoolConnection<Postgres>),
    /// The first of a stream: a transaction that has made the stream.
    First(Transaction<'static, Postgres>),
}

impl Writable {
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::First(tx) => tx,
        }
    }

    /// Ends it: what was not written leaves nothing.
    pub(crate) async fn close(self, written: bool) -> Result<(), sqlx::Error> {
        match self {
            Self::Alone(_) => Ok(()),
            Self::First(tx) if written => tx.commit().await,
            Self::First(tx) => tx.rollback().await,
        }
    }
}

/// What a read of the stream's state came to.
enum Loaded {
    /// What is asked of the stream, if there is one.
    State(Option<StreamState>),
    /// What it remembers does not hold.
    Stale,
}

impl LogRepository {
    /// Key, state and clock. A key that is used between the reads is one that the append finds used.
    pub(crate) async fn load(&self) -> Result<Option<StreamState>, AppendError> {
        if let Some(key) = &self.prepared.key {
            let mut conn = self.pool.acquire().await?;
            self.surroundings.know(lookup::by_key(&mut conn, std::slice::from_ref(key)).await?.remove(key));
        }
        match self.loaded().await? {
            Loaded::State(state) => Ok(state),
            Loaded::Stale => {
                // As a batch does, which leaves the stream as it should be.
                let asked = AskedStreams::from([(self.prepared.stream.clone(), [self.prepared.asked()].into())]);
                let mut tx = begin(&self.pool, "BEGIN").await?;
                streams::lock(&mut tx, self.tenant, &asked).await?;
                tx.commit().await?;
                match self.loaded().await? {
                    Loaded::State(state) => Ok(state),
                    Loaded::Stale => Err(Corrupt::stream(&self.prepared.stream, "stale again").into()),
                }
            }
        }
    }

    async fn loaded(&self) -> Result<Loaded, AppendError> {
        let stream = &self.prepared.stream;
        let (kind, id, tenant) = (stream.kind().name(), stream.id(), self.tenant.number());
        let SourceSpan { first, last } = self.prepared.asked();
        let rows = sqlx::query_file!("sql/load_stream.sql", kind, id, first, last, tenant);
        let mut state = None;
        for (n, row) in rows.fetch_all(&self.pool).await?.into_iter().enumerate() {
            if n == 0 {
                let now = Timestamp::from_datetime(row.now)
                    .ok_or_else(|| Corrupt::stream(stream, "the database's clock is outside the years 1970 to 9999"))?;
                self.surroundings.set(now);
                if row.stale == Some(true) {
                    return Ok(Loaded::Stale);
                }
                if let Some(version) = row.version {
                    state = Some(StreamState::at(u64::try_from(version).map_err(|e| Corrupt::stream(stream, e))?));
                }
            }
            if let (Some(state), Some(source), Some(digest), Some(sequence)) =
                (&mut state, row.source, row.digest, row.latest)
            {
                LatestRow { source, digest, sequence }.recall(stream, state)?;
            }
        }
        Ok(Loaded::State(state))
    }

    /// Writes the event at `sequence`. `Ok(false)`: the stream has moved on.
    async fn store(&self, sequence: u64) -> Result<bool, AppendError> {
        let stream: &StreamId = &self.prepared.stream;
        let now = self.surroundings.now().ok_or_else(|| Corrupt::stream(stream, "stored before it was loaded"))?;
        if sequence == 0 {
            return Err(Corrupt::stream(stream, "an event of sequence 0").into());
        }
        let mut write = Write::new(self.tenant, self.append_id, now, &self.metadata);
        let locus = write.push(&self.prepared, sequence)?;
        let mut writable = self.open(sequence).await?;
        let stored = persist(writable.conn(), &write).await?;
        writable.close(stored).await?;
        self.surroundings.answer(Settled::New(locus));
        Ok(stored)
    }

    /// Opens what an event at `sequence` is written on.
    pub(crate) async fn open(&self, sequence: u64) -> Result<Writable, sqlx::Error> {
        if sequence > 1 {
            return Ok(Writable::Alone(self.pool.acquire().await?));
        }
        let mut tx = begin(&self.pool, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        streams::make(&mut tx, self.tenant, std::iter::once(&self.prepared.stream)).await?;
        Ok(Writable::First(tx))
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
