//! How often the database did not take what was handed in.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::number::fit;

use crate::service::{Deps, Result};

/// Documents, and batches of them, by tenant.
static FAILED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// How many documents, and batches of them, this process could not append because the database failed, of each tenant
/// of which there were any.
#[must_use]
pub fn write_failures() -> BTreeMap<String, u64> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// So many more of an atlas.
pub(super) fn count(deps: &Deps, documents: usize) {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    *failed.entry(deps.tenant_name().to_string()).or_default() += fit::<u64>(documents, "documents");
}

/// Counts what could not be appended, where that is the database's fault.
pub(super) fn counted<T>(deps: &Deps, taken: Result<T>) -> Result<T> {
    taken.inspect_err(|error| {
        if error.database().is_some() {
            count(deps, 1);
        }
    })
}
