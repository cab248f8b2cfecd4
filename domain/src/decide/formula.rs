//! Streams of formulas: a name that the program ships means what the program ships.

use super::state::{BrokenRule, StreamDecision, StreamState};
use crate::digest::Digest;
use crate::event::Event;
use crate::formula::check_name;

/// What becomes of an event of this stream.
pub(super) fn decide(
    state: &StreamState,
    event: &Event,
    source: &str,
    digest: &Digest,
) -> Result<StreamDecision, BrokenRule> {
    if let Event::FormulaAdopted(facts) = event {
        check_name(&facts.name, &facts.hash)?;
    }
    state.told(source, digest)
}
