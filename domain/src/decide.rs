//! What becomes of an event that arrives: by the rule of its stream's kind.

mod atlas;
mod formula;
mod state;

pub use state::{BrokenRule, Latest, StreamDecision, StreamState};

use crate::digest::Digest;
use crate::event::Event;
use crate::stream::StreamKind;

/// Decides what becomes of an event of `source` with semantic digest `digest`, in a stream of this kind that remembers
/// `state`.
///
/// # Errors
/// When the stream's rules forbid the event.
pub fn decide(
    kind: StreamKind,
    state: &StreamState,
    event: &Event,
    source: &str,
    digest: &Digest,
) -> Result<StreamDecision, BrokenRule> {
    match kind {
        StreamKind::Repo | StreamKind::Package | StreamKind::Project | StreamKind::Survey | StreamKind::Round => {
            state.told(source, digest)
        }
        StreamKind::Formula => formula::decide(state, event, source, digest),
        StreamKind::Atlas => atlas::decide(state, event, source, digest),
    }
}
