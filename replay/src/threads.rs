//! Work beside the connection.

use std::iter::Flatten;
use std::mem;
use std::sync::mpsc::{IntoIter, SyncSender, sync_channel};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::ReplayError;

/// Most events that go to another thread at a time, and the bytes of payload after which it has enough.
pub(crate) const BATCH: (usize, usize) = (128, 512 << 10);
/// Batches on their way to a thread: enough that it has work while the connection does something else.
const BATCHES: usize = 16;

/// What a thread is given, one after the other.
pub(crate) type GivenBatches<T> = Flatten<IntoIter<Vec<T>>>;

/// A thread that takes in, batch by batch, what a connection reads.
pub(crate) struct Beside<T, R> {
    give: SyncSender<Vec<T>>,
    batch: Vec<T>,
    /// Bytes of payload in the batch.
    bytes: usize,
    thread: JoinHandle<R>,
}

/// Why reading for a thread ended early.
pub(crate) enum ReadEnd<E> {
    /// The thread takes no more, and tells why.
    Unwanted,
    /// What was read is at fault, or could not be.
    Failed(E),
}

impl<E: From<ReplayError>> From<ReplayError> for ReadEnd<E> {
    fn from(error: ReplayError) -> Self {
        Self::Failed(error.into())
    }
}

impl<T: Send + 'static, R: Send + 'static> Beside<T, R> {
    /// Sets a thread to work. Where it ends before what it is given does, it takes no more.
    pub(crate) fn start(work: impl FnOnce(GivenBatches<T>) -> R + Send + 'static) -> Self {
        let (give, given) = sync_channel::<Vec<T>>(BATCHES);
        let thread = spawn_blocking(move || work(given.into_iter().flatten()));
        Self { give, batch: Vec::new(), bytes: 0, thread }
    }

    /// Hands the next over, of which so many bytes are payload.
    pub(crate) fn give<E>(&mut self, one: T, bytes: usize) -> Result<(), ReadEnd<E>> {
        self.bytes += bytes;
        self.batch.push(one);
        if self.batch.len() < BATCH.0 && self.bytes < BATCH.1 {
            return Ok(());
        }
        self.bytes = 0;
        self.give.send(mem::take(&mut self.batch)).map_err(|_| ReadEnd::Unwanted)
    }

    /// No more comes. What was given before reading failed is taken in all the same: an earlier fault is told first.
    pub(crate) async fn end(self) -> R {
        let Self { give, batch, thread, .. } = self;
        // Who has gone tells why.
        let _ = give.send(batch);
        drop(give);
        joined(thread).await
    }
}

/// What a thread came to. Its panic is ours.
pub(crate) async fn joined<T>(thread: JoinHandle<T>) -> T {
    match thread.await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
