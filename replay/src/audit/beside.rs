//! A verification on a thread of its own, beside the connection that brings the events.

use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use domain::recorded::Position;
use projections::history::{SEGMENT_POSITIONS, segment_of};
use projections::tables::Row;
use tokio::task::{JoinHandle, spawn_blocking};

use super::rules::ExaminedEvent;
use super::tree::Fault;
use super::verification::{Verification, VerificationStop};
use crate::ReplayError;
use crate::log::BATCH;
use crate::threads::joined;
use crate::verify::ended_before;

/// Batches on their way to the thread.
const BATCHES: usize = 4;

/// A verification at work.
pub(super) struct VerifyingThread {
    give: SyncSender<Vec<ExaminedEvent>>,
    batch: Vec<ExaminedEvent>,
    /// Bytes of payload in the batch.
    bytes: usize,
    thread: JoinHandle<(Verification, Result<(), VerificationStop>)>,
}

/// Why reading for a verification ended early.
pub(super) enum ReadStop {
    /// The thread takes no more, and tells why.
    Unwanted,
    /// What was read is at fault, or could not be.
    Stopped(VerificationStop),
}

impl From<ReplayError> for ReadStop {
    fn from(error: ReplayError) -> Self {
        Self::Stopped(error.into())
    }
}

impl From<Fault> for ReadStop {
    fn from(fault: Fault) -> Self {
        Self::Stopped(fault.into())
    }
}

impl VerifyingThread {
    /// Sets a verification to work. Beside it comes what of the history of its fold has ended, by the segment, in the
    /// order of the table.
    pub(super) fn of(mut verification: Verification) -> (Self, Receiver<Vec<Row>>) {
        let (give, given) = sync_channel::<Vec<ExaminedEvent>>(BATCHES);
        let (end, ended) = channel();
        let thread = spawn_blocking(move || {
            let run = given.into_iter().flatten().try_for_each(|examined| {
                let position = examined.stored.position;
                verification.push(examined, &mut ())?;
                if position % SEGMENT_POSITIONS == 0
                    && let Some(rows) = ended_rows(&mut verification, position)
                {
                    // Whoever has gone asks for no more.
                    let _ = end.send(rows);
                }
                Ok(())
            });
            (verification, run)
        });
        (Self { give, batch: Vec::new(), bytes: 0, thread }, ended)
    }

    /// Hands the next event over.
    pub(super) fn give(&mut self, examined: ExaminedEvent) -> Result<(), ReadStop> {
        self.bytes += examined.stored.payload.len();
        self.batch.push(examined);
        if self.batch.len() < BATCH.0 && self.bytes < BATCH.1 {
            return Ok(());
        }
        self.bytes = 0;
        self.give.send(mem::take(&mut self.batch)).map_err(|_| ReadStop::Unwanted)
    }

    /// No more events come.
    pub(super) async fn end(self) -> (Verification, Result<(), VerificationStop>) {
        let Self { give, batch, thread, .. } = self;
        // Who has gone tells why.
        let _ = give.send(batch);
        drop(give);
        joined(thread).await
    }
}

/// What of the history ended before the segment of a position, which is folded: later ticks are at it or behind it.
fn ended_rows(verification: &mut Verification, position: Position) -> Option<Vec<Row>> {
    let history = verification.live()?.history.as_mut()?;
    Some(ended_before(history, segment_of(position) * SEGMENT_POSITIONS))
}
