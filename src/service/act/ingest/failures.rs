//! How often the database did not take what was handed in.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::service::Result;

/// Documents, and batches of them.
static FAILED: AtomicU64 = AtomicU64::new(0);

/// How many documents, and batches of them, this process could not append because the database failed.
#[must_use]
pub fn write_failures() -> u64 {
    FAILED.load(Ordering::Relaxed)
}

/// So many more.
pub(super) fn count(documents: usize) {
    FAILED.fetch_add(domain::number::fit(documents, "documents"), Ordering::Relaxed);
}

/// Counts what could not be appended, where that is the database's fault.
pub(super) fn counted<T>(taken: Result<T>) -> Result<T> {
    taken.inspect_err(|error| count(usize::from(error.database().is_some())))
}
