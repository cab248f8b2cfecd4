//! What becomes of an event that arrives: by the rule of the stream's kind.

use super::state::{Decision, Refusal, StreamState};
use super::{StreamKind, atlas, formula};
use crate::digest::Digest;
use crate::event::Event;

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
) -> Result<Decision, Refusal> {
    match kind {
        StreamKind::Repo | StreamKind::Package | StreamKind::Project | StreamKind::Survey | StreamKind::Round => {
            state.told(source, digest)
        }
        StreamKind::Formula => formula::decide(state, event, source, digest),
        StreamKind::Atlas => atlas::decide(state, event, source, digest),
    }
}
