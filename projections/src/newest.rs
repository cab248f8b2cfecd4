//! "Newest, everywhere, is the greatest (observed_at, position)": one merge rule for every fact, so that the same
//! events in any order of arrival give the same state.

use domain::recorded::Rank;
use serde::{Deserialize, Serialize};

/// A fact with its rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest<T> {
    /// When and where it was said.
    pub rank: Rank,
    /// What was said.
    pub value: T,
}

impl<T> Newest<T> {
    /// A fact said at `rank`.
    pub fn new(rank: Rank, value: T) -> Self {
        Self { rank, value }
    }
}

/// Keeps the newer of what is there and what is offered.
pub fn offer<T>(slot: &mut Option<Newest<T>>, rank: Rank, value: impl FnOnce() -> T) {
    if slot.as_ref().is_none_or(|held| held.rank < rank) {
        *slot = Some(Newest::new(rank, value()));
    }
}
