//! The readers of a range and of some positions. A page is one statement, and costs the page wherever it is.
//!
//! While the connection brings the next rows and the reader takes in the last ones, other threads check what lies
//! between against its hashes, and make of it what the reader asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::number::fit;
use domain::recorded::Position;
use futures_util::stream::BoxStream;
use futures_util::{Stream, TryStreamExt as _};
use sqlx::PgConnection;
use tokio::task::{JoinHandle, spawn_blocking};

use super::read::{KnownErasures, PAGE_POSITIONS};
use super::sql_position;
use super::stored::{Decoded, EventRow, Stored};
use crate::ReplayError;
use crate::threads::{BATCH, joined};

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
    read_with(conn, from, to, |stored| stored, sink).await
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
    read_with(conn, from, to, Stored::decoded, sink).await
}

/// As [`read()`], with something made of each event beside the connection.
///
/// # Errors
/// As [`read()`].
pub(crate) async fn read_with<T: Send + 'static, E: From<ReplayError>>(
    conn: &mut PgConnection,
    from: Position,
    to: Position,
    prepare: fn(Stored) -> T,
    sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    prepared(conn, ReadPlaces::Range(from.max(1), to), prepare, sink).await
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
    sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    prepared(conn, ReadPlaces::Listed(wanted), prepare, sink).await
}

/// Which events are read.
#[derive(Clone, Copy)]
enum ReadPlaces<'a> {
    /// From one to another, both included.
    Range(Position, Position),
    /// These.
    Listed(&'a [Position]),
}

impl ReadPlaces<'_> {
    /// How many there are.
    fn count(self) -> u64 {
        match self {
            Self::Range(from, to) => to.saturating_add(1).saturating_sub(from),
            Self::Listed(wanted) => wanted.len() as u64,
        }
    }

    /// The one with a number, from 0.
    fn position(self, n: u64) -> Position {
        match self {
            Self::Range(from, _) => from + n,
            Self::Listed(wanted) => wanted[fit::<usize>(n, "positions")],
        }
    }

    /// Those with numbers from one up to another, by one statement.
    fn rows(self, conn: &mut PgConnection, from: u64, to: u64) -> BoxStream<'_, sqlx::Result<EventRow>> {
        match self {
            Self::Range(..) => {
                let (first, last) = (sql_position(self.position(from)), sql_position(self.position(to - 1)));
                sqlx::query_file_as!(EventRow, "sql/page.sql", first, last).fetch(conn)
            }
            Self::Listed(_) => {
                let asked: Vec<i64> = (from..to).map(|n| sql_position(self.position(n))).collect();
                sqlx::query_file_as!(EventRow, "sql/positions.sql", &asked).fetch(conn)
            }
        }
    }
}

/// Hands what is made of each event to `sink`, in order. What is under way at the end of a page goes on while the next
/// one is asked for.
async fn prepared<T: Send + 'static, E: From<ReplayError>>(
    conn: &mut PgConnection,
    places: ReadPlaces<'_>,
    prepare: fn(Stored) -> T,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let count = places.count();
    let mut lane = ReadAhead::of(prepare);
    let mut given = 0;
    loop {
        let end = count.min(given + PAGE_POSITIONS);
        let mut doubtful = None;
        if given < end {
            let expected = (given..end).map(|n| places.position(n));
            doubtful = lane.fill(places.rows(&mut *conn, given, end), expected, &mut given, &mut sink).await?;
            if doubtful.is_none() && given == end {
                continue;
            }
        }
        if doubtful.is_none() {
            doubtful = lane.drain(&mut sink).await?;
        }
        match doubtful {
            Some(stored) => {
                lane.learn(&mut *conn, &stored).await?;
                given = lane.taken;
            }
            None if given < count => {
                let (from, to) = (places.position(0), places.position(count - 1));
                let ended = places.position(given).saturating_sub(1);
                return Err(ReplayError::Truncated { from, to, ended }.into());
            }
            None => return Ok(()),
        }
    }
}

/// What came of a batch.
struct Batch<T> {
    /// Its events up to the first that stands in the way.
    ready: Vec<T>,
    /// That one: it fails, or its payload is gone and nothing known says why.
    obstacle: Option<Result<Stored, ReplayError>>,
}

/// The batches that threads are at work on, in order.
struct ReadAhead<T> {
    prepare: fn(Stored) -> T,
    known: Arc<KnownErasures>,
    batches: VecDeque<(JoinHandle<Batch<T>>, usize)>,
    /// Bytes of payload in them.
    bytes: usize,
    /// Events that were handed on.
    taken: u64,
}

impl<T: Send + 'static> ReadAhead<T> {
    fn of(prepare: fn(Stored) -> T) -> Self {
        let batches = VecDeque::with_capacity(UNDER_WAY.0);
        Self { prepare, known: Arc::default(), batches, bytes: 0, taken: 0 }
    }

    /// Takes a statement's rows in, which are to be of the positions of `expected`, and counts them in `given`. Answers
    /// the event that the log must be asked about.
    async fn fill<E: From<ReplayError>>(
        &mut self,
        mut rows: impl Stream<Item = sqlx::Result<EventRow>> + Unpin,
        mut expected: impl Iterator<Item = Position>,
        given: &mut u64,
        sink: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<Option<Stored>, E> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(ReplayError::from)? {
            let Some(position) = expected.next() else { break };
            *given += 1;
            bytes += row.payload.len();
            batch.push((position, row));
            if batch.len() < BATCH.0 && bytes < BATCH.1 {
                continue;
            }
            self.give(std::mem::take(&mut batch), std::mem::take(&mut bytes));
            while self.batches.len() >= UNDER_WAY.0 || self.bytes >= UNDER_WAY.1 {
                if let Some(doubtful) = self.take(sink).await? {
                    return Ok(Some(doubtful));
                }
            }
        }
        self.give(batch, bytes);
        Ok(None)
    }

    /// Waits for all that is under way. Answers the event that the log must be asked about.
    async fn drain<E: From<ReplayError>>(
        &mut self,
        sink: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<Option<Stored>, E> {
        while !self.batches.is_empty() {
            if let Some(doubtful) = self.take(sink).await? {
                return Ok(Some(doubtful));
            }
        }
        Ok(None)
    }

    /// Asks the log about an event. What is under way behind it was looked at without the answer, and is read again.
    async fn learn(&mut self, conn: &mut PgConnection, doubtful: &Stored) -> Result<(), ReplayError> {
        self.batches.clear();
        self.bytes = 0;
        Arc::make_mut(&mut self.known).learn(conn, doubtful).await
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
