//! Folding beside the database: one thread folds what was read and tells what became final, while the connection reads
//! on and writes what it was told.

use domain::recorded::Position;
use projections::fold::Fold;
use projections::history::SEGMENT_POSITIONS;
use projections::store::growing::Final;
use sqlx::PgConnection;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::as_of::take_in;
use crate::log::{Decoded, Stored};
use crate::threads::joined;
use crate::{ReplayError, log};

/// Positions folded between two savings: what is saved of the history is whole segments.
pub(super) const SAVE_POSITIONS: u64 = SEGMENT_POSITIONS;
/// Most positions in a chunk.
const CHUNK_POSITIONS: u64 = SAVE_POSITIONS / 8;
/// Bytes of payload after which a chunk ends. What they are decoded to is in memory as well.
const CHUNK_BYTES: usize = 8 << 20;
/// Chunks on their way to the fold or back.
const CHUNKS: usize = 4;

/// A chunk of the log that was folded.
pub(super) struct FoldedChunk {
    /// Its events.
    pub events: Vec<Stored>,
    /// What is to be saved of the history, where the chunk ends at such a place.
    pub history: Option<Final>,
}

/// The way to the thread that folds, and back.
pub(super) struct Lane {
    give: mpsc::Sender<Vec<Decoded>>,
    told: mpsc::Receiver<Result<FoldedChunk, ReplayError>>,
    thread: JoinHandle<Fold>,
    under_way: usize,
}

impl Lane {
    /// Sends a fold on its way. Its thread ends when the lane is dropped.
    pub(super) fn open(fold: Fold) -> Self {
        let ((give, given), (tell, told)) = (mpsc::channel(CHUNKS), mpsc::channel(CHUNKS));
        let thread = tokio::task::spawn_blocking(move || folding(fold, given, &tell));
        Self { give, told, thread, under_way: 0 }
    }

    /// Whether another chunk may be given.
    pub(super) fn has_room(&self) -> bool {
        self.under_way < CHUNKS
    }

    /// Gives the next events. Answers false when the thread takes no more: what it told says why.
    pub(super) async fn give(&mut self, events: Vec<Decoded>) -> bool {
        let given = self.give.send(events).await.is_ok();
        self.under_way += usize::from(given);
        given
    }

    /// What became of the events that were given first; `None` when none are under way.
    pub(super) async fn told(&mut self) -> Option<Result<FoldedChunk, ReplayError>> {
        if self.under_way == 0 {
            return None;
        }
        self.under_way -= 1;
        self.told.recv().await
    }

    /// The fold, when everything given was taken in.
    pub(super) async fn close(self) -> Fold {
        drop((self.give, self.told));
        joined(self.thread).await
    }
}

fn folding(
    mut fold: Fold,
    mut given: mpsc::Receiver<Vec<Decoded>>,
    tell: &mpsc::Sender<Result<FoldedChunk, ReplayError>>,
) -> Fold {
    while let Some(events) = given.blocking_recv() {
        let folded = fold_chunk(&mut fold, events);
        let failed = folded.is_err();
        if tell.blocking_send(folded).is_err() || failed {
            break;
        }
    }
    fold
}

fn fold_chunk(fold: &mut Fold, read: Vec<Decoded>) -> Result<FoldedChunk, ReplayError> {
    let mut events = Vec::with_capacity(read.len());
    for Decoded { stored, recorded } in read {
        take_in(fold, stored.position, recorded)?;
        events.push(stored);
    }
    let here = fold.world.position;
    // A tick at this very position may still come, with the next event: it is of the next segment.
    let whole = here.is_multiple_of(SAVE_POSITIONS).then(|| here - SAVE_POSITIONS..here);
    let history = whole.map(|segment| fold.history.as_mut().map(|held| Final::take(held, segment)).unwrap_or_default());
    Ok(FoldedChunk { events, history })
}

/// Reads the log in chunks that are bounded in memory.
pub(super) struct Chunks {
    /// The next position.
    next: Position,
    /// Positions that are likely to fit into a chunk.
    positions: u64,
}

/// Why a chunk ended.
enum LaneEnd {
    Full,
    Failed(ReplayError),
}

impl From<ReplayError> for LaneEnd {
    fn from(error: ReplayError) -> Self {
        Self::Failed(error)
    }
}

impl Chunks {
    pub(super) fn from(next: Position) -> Self {
        Self { next, positions: CHUNK_POSITIONS }
    }

    /// The next position.
    pub(super) fn next(&self) -> Position {
        self.next
    }

    /// Reads on, up to `to` at most.
    pub(super) async fn read(&mut self, conn: &mut PgConnection, to: Position) -> Result<Vec<Decoded>, ReplayError> {
        let last = to.min(self.next + self.positions - 1);
        let (mut events, mut bytes) = (Vec::new(), 0);
        let read = log::decoded(conn, self.next, last, |read| {
            bytes += read.stored.payload.len();
            events.push(read);
            if bytes < CHUNK_BYTES { Ok(()) } else { Err(LaneEnd::Full) }
        });
        match read.await {
            Ok(()) => self.positions = CHUNK_POSITIONS.min(self.positions + self.positions / 4 + 1),
            // The rest of the statement's rows are lost: ask for as many next time as came now, then for a few more.
            Err(LaneEnd::Full) => self.positions = events.len() as u64,
            Err(LaneEnd::Failed(error)) => return Err(error),
        }
        self.next += events.len() as u64;
        Ok(events)
    }
}
