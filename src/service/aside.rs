//! Work beside the threads that answer: what computes for long, or holds what cannot move between threads.

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::error::{Error, Result};

/// Does some work on a thread of its own; it goes on where nobody waits for it any more.
///
/// # Errors
/// What the work fails with.
pub async fn aside<T: Send + 'static>(work: impl AsyncFnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(work())).await.map_err(Error::unavailable)?
}
