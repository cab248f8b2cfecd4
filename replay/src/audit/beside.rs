//! A verification on a thread of its own, beside the connection that brings the events.

use std::sync::mpsc::{Receiver, channel};

use projections::history::{SEGMENT_POSITIONS, segment_of};

use super::rules::ExaminedEvent;
use super::verification::{Verification, VerificationStop};
use crate::threads::{Beside, GivenBatches};
use crate::verify::EndedSegments;

/// A verification at work, and what it comes to.
pub(super) type VerifyingThread = Beside<ExaminedEvent, (Verification, Result<(), VerificationStop>)>;

/// Sets a verification to work. Beside it comes what of the history of its fold has ended, by the segment.
pub(super) fn verifying(mut verification: Verification) -> (VerifyingThread, Receiver<EndedSegments>) {
    let (end, ended) = channel();
    let thread = Beside::start(move |mut given: GivenBatches<ExaminedEvent>| {
        let run = given.try_for_each(|examined| {
            let position = examined.stored.position;
            verification.push(examined, &mut ())?;
            // It begins a segment: later ticks are at it or behind it.
            if position % SEGMENT_POSITIONS == 0
                && let Some(history) = verification.live().and_then(|live| live.history.as_mut())
            {
                // Whoever has gone asks for no more.
                let _ = end.send(EndedSegments::up_to(history, segment_of(position) - 1));
            }
            Ok(())
        });
        (verification, run)
    });
    (thread, ended)
}
