//! The readers of a range and of some positions. A page is one statement, and costs the page wherever it is.
//!
//! While the connection brings the next rows and the reader takes in the last ones, other threads check what lies
//! between against its hashes, and make of it what the reader asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::number::fit;
use domain::recorded::Position;
use futures_util::{Stream, TryStreamExt as _};
use sqlx::PgConnection;
use tokio::task::{JoinHandle, spawn_blocking};

use super::read::{KnownErasures, PAGE_POSITIONS};
use super::sql_position;
use super::stored::{Decoded, EventRow, Stored};
use crate::ReplayError;
use crate::threads::joined;

/// Most events that one thread prepares at a time, and the bytes of payload after which it has enough.
const BATCH: (usize, usize) = (128, 512 << 10);
/// Batches on their way, enough to keep two threads at work while a third takes in; and the bytes of payload in them
/// from which on none is added: where payloads are large, few are in memory at once.
const UNDER_WAY: (usize, usize) = (6, 8 << 20);

/// Hands every event of positions `from..=to` to `sink`, in order, each checked against its hashes.
///
/// # Errors
/// When an event is missing, altered or out of place, when the log ends before `to`, or when `sink` fails.
pub async fn read<E: From<ReplayError>>(
    conn: &mut PgConnection,
    from: Position,
    to: Position,
    sink: impl FnMut(Stored) -> Result<(), E>,
) -> Result<(), E> {
    prepared(conn, from, to, |stored| stored, sink).await
}

/// As [`read()`], each event decoded as well. One that cannot be is no failure before `sink` makes it one.
///
/// # Errors
/// As [`read()`].
pub async fn decoded<E: From<ReplayError>>(
    conn: &mut PgConnection,
    from: Position,
    to: Position,
    sink: impl FnMut(Decoded) -> Result<(), E>,
) -> Result<(), E> {
    prepared(conn, from, to, Stored::decoded, sink).await
}

/// As [`read()`], with something made of each event beside the connection.
async fn prepared<T: Send + 'static, E: From<ReplayError>>(
    conn: &mut PgConnection,
    from: Position,
    to: Position,
    prepare: fn(Stored) -> T,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut known = Arc::new(KnownErasures::default());
    let mut next = from.max(1);
    while next <= to {
        let end = to.min(next.saturating_add(PAGE_POSITIONS - 1));
        let lane = ReadAhead::of(prepare, &known);
        let rows = sqlx::query_file_as!(EventRow, "sql/page.sql", sql_position(next), sql_position(end));
        let page = lane.run(rows.fetch(&mut *conn), next.., &mut sink).await?;
        next += page.taken;
        match page.doubtful {
            Some(stored) => Arc::make_mut(&mut known).learn(&mut *conn, &stored).await?,
            None if next != end + 1 => return Err(ReplayError::Truncated { from, to, ended: next - 1 }.into()),
            None => {}
        }
    }
    Ok(())
}

/// Hands the events of these positions to `sink`, in their order, each checked against its hashes. One statement for
/// every [`PAGE_POSITIONS`].
///
/// # Errors
/// When there is no such event, one is altered, or `sink` fails.
pub async fn positions<E: From<ReplayError>>(
    conn: &mut PgConnection,
    wanted: &[Position],
    sink: impl FnMut(Stored) -> Result<(), E>,
) -> Result<(), E> {
    positions_with(conn, wanted, |stored| stored, sink).await
}

/// As [`positions`], with something made of each event beside the connection.
///
/// # Errors
/// As [`positions`].
pub(crate) async fn positions_with<T: Send + 'static, E: From<ReplayError>>(
    conn: &mut PgConnection,
    wanted: &[Position],
    prepare: fn(Stored) -> T,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut known = Arc::new(KnownErasures::default());
    let mut left = wanted;
    while let (Some(from), Some(to)) = (left.first().copied(), left.last().copied()) {
        let page = &left[..left.len().min(fit(PAGE_POSITIONS, "positions of a page"))];
        let asked: Vec<i64> = page.iter().copied().map(sql_position).collect();
        let lane = ReadAhead::of(prepare, &known);
        let rows = sqlx::query_file_as!(EventRow, "sql/positions.sql", &asked).fetch(&mut *conn);
        let told = lane.run(rows, page.iter().copied(), &mut sink).await?;
        let taken: usize = fit(told.taken, "positions of a page");
        left = &left[taken..];
        match (told.doubtful, page.get(taken)) {
            (Some(stored), _) => Arc::make_mut(&mut known).learn(&mut *conn, &stored).await?,
            (None, Some(missing)) => {
                return Err(ReplayError::Truncated { from, to, ended: missing.saturating_sub(1) }.into());
            }
            (None, None) => {}
        }
    }
    Ok(())
}

/// What came of a statement's rows.
struct ReadPage {
    /// Events that were handed on.
    taken: u64,
    /// The one after them, where its payload is gone and nothing known says why.
    doubtful: Option<Stored>,
}

/// What came of a batch.
struct Batch<T> {
    /// Its events up to the first that stands in the way.
    ready: Vec<T>,
    /// That one: it fails, or its payload is gone and nothing known says why.
    obstacle: Option<Result<Stored, ReplayError>>,
}

/// The batches of a statement that threads are at work on, in order.
struct ReadAhead<T> {
    prepare: fn(Stored) -> T,
    known: Arc<KnownErasures>,
    batches: VecDeque<(JoinHandle<Batch<T>>, usize)>,
    /// Bytes of payload in them.
    bytes: usize,
    taken: u64,
}

impl<T: Send + 'static> ReadAhead<T> {
    fn of(prepare: fn(Stored) -> T, known: &Arc<KnownErasures>) -> Self {
        Self { prepare, known: Arc::clone(known), batches: VecDeque::with_capacity(UNDER_WAY.0), bytes: 0, taken: 0 }
    }

    /// Takes a statement's rows in, which are to be of the positions of `expected`.
    async fn run<E: From<ReplayError>>(
        mut self,
        mut rows: impl Stream<Item = sqlx::Result<EventRow>> + Unpin,
        mut expected: impl Iterator<Item = Position>,
        sink: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<ReadPage, E> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(ReplayError::from)? {
            let Some(position) = expected.next() else { break };
            bytes += row.payload.len();
            batch.push((position, row));
            if batch.len() < BATCH.0 && bytes < BATCH.1 {
                continue;
            }
            self.give(std::mem::take(&mut batch), std::mem::take(&mut bytes));
            while self.batches.len() >= UNDER_WAY.0 || self.bytes >= UNDER_WAY.1 {
                if let Some(doubtful) = self.take(sink).await? {
                    return Ok(ReadPage { taken: self.taken, doubtful: Some(doubtful) });
                }
            }
        }
        self.give(batch, bytes);
        while !self.batches.is_empty() {
            if let Some(doubtful) = self.take(sink).await? {
                return Ok(ReadPage { taken: self.taken, doubtful: Some(doubtful) });
            }
        }
        Ok(ReadPage { taken: self.taken, doubtful: None })
    }

    fn give(&mut self, rows: Vec<(Position, EventRow)>, bytes: usize) {
        let (prepare, known) = (self.prepare, Arc::clone(&self.known));
        self.bytes += bytes;
        self.batches.push_back((spawn_blocking(move || checked(rows, prepare, &known)), bytes));
    }

    /// Hands the oldest batch to `sink`; answers the event that the log must be asked about.
    async fn take<E: From<ReplayError>>(
        &mut self,
        sink: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<Option<Stored>, E> {
        let Some((batch, bytes)) = self.batches.pop_front() else { return Ok(None) };
        self.bytes -= bytes;
        let Batch { ready, obstacle } = joined(batch).await;
        for prepared in ready {
            self.taken += 1;
            sink(prepared)?;
        }
        Ok(obstacle.transpose()?)
    }
}

fn checked<T>(rows: Vec<(Position, EventRow)>, prepare: fn(Stored) -> T, known: &KnownErasures) -> Batch<T> {
    let mut ready = Vec::with_capacity(rows.len());
    for (expected, row) in rows {
        let stored = match row.read(expected) {
            Ok(stored) if known.lacks(&stored) => return Batch { ready, obstacle: Some(Ok(stored)) },
            Ok(stored) => stored,
            Err(error) => return Batch { ready, obstacle: Some(Err(error)) },
        };
        if let Err(error) = stored.check(&known.0) {
            return Batch { ready, obstacle: Some(Err(error)) };
        }
        ready.push(prepare(stored));
    }
    Batch { ready, obstacle: None }
}
