//! Work beside the connection.

use tokio::task::JoinHandle;

/// What a thread came to. Its panic is ours.
pub(crate) async fn joined<T>(thread: JoinHandle<T>) -> T {
    match thread.await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
