//! What becomes of an event that arrives: by the rule of its stream's kind.

mod atlas;
mod formula;
mod state;

pub use state::{BrokenRule, Latest, SourceSpan, StreamDecision, StreamState, remembered};

use crate::digest::Digest;
use crate::event::Event;
use crate::stream::StreamKind;

/// What a stream of this kind must remember to decide about an event of `source`.
#[must_use]
pub fn asked(kind: StreamKind, event: &Event, source: &str) -> SourceSpan {
    match kind {
        StreamKind::Repo
        | StreamKind::Package
        | StreamKind::Project
        | StreamKind::Survey
        | StreamKind::Round
        | StreamKind::Formula => SourceSpan::of(source),
        StreamKind::Atlas => atlas::asked(event, source),
    }
}

/// Decides what becomes of an event of `source` with semantic digest `digest`, in a stream of this kind that remembers
/// `state`: at least what is [`asked`].
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
        StreamKind::Repo | StreamKind::Package | StreamKind::Project | StreamKind::Survey | StreamKind::Round => {}
        StreamKind::Formula => formula::check(event)?,
        StreamKind::Atlas => atlas::check(state, event)?,
    }
    Ok(state.told(event, source, digest))
}
