//! What is written on one thread and taken, chunk by chunk, on another. Who takes no more ends the writing.

use std::io::{self, Write};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::mpsc::{Sender, channel};

use crate::service::Error;

/// Bytes of a chunk, about.
const CHUNK: usize = 64 << 10;
/// Chunks that wait to be taken.
const WAITING: usize = 8;

/// Where is written to; not on a thread that answers, for it waits.
#[derive(Clone)]
pub(super) struct ChunkWriter {
    held: Vec<u8>,
    to: Sender<io::Result<Bytes>>,
}

/// A writer, and what comes out of it.
pub(super) fn pipe() -> (ChunkWriter, impl Stream<Item = io::Result<Bytes>> + Send + 'static) {
    let (to, from) = channel(WAITING);
    let taken = stream::unfold(from, async |mut from| from.recv().await.map(|chunk| (chunk, from)));
    (ChunkWriter { held: Vec::with_capacity(CHUNK), to }, Box::pin(taken))
}

impl ChunkWriter {
    /// What comes out ends in an error.
    pub(super) async fn fail(&self, error: &Error) {
        let _ = self.to.send(Err(io::Error::other(error.to_string()))).await;
    }
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = Bytes::from(std::mem::take(&mut self.held));
        // It is called where futures are polled on a thread of their own: waiting keeps nobody waiting.
        let sent = tokio::task::block_in_place(|| self.to.blocking_send(Ok(chunk)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
