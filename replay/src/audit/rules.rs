//! What every event of a log keeps, whoever wrote it: the door of the log lets nothing else in.

use std::collections::{BTreeMap, HashMap};

use domain::canonical;
use domain::checked::Label;
use domain::event::Event;
use domain::formula::{Formula, FormulaError};
use domain::recorded::{Position, Recorded};
use domain::stream::StreamId;

use super::fault::NamedFault;
use crate::ReplayError;
use crate::log::Stored;

/// Broken rules that are named; the count of others is said.
const MAX_NAMED: usize = 100;

/// An event with what it says and which rules it breaks by itself. Made beside the fold.
#[derive(Debug)]
pub(crate) struct ExaminedEvent {
    /// As stored.
    pub(crate) stored: Stored,
    /// What it says, or why it cannot be told.
    pub(crate) recorded: Result<Recorded, ReplayError>,
    breaks: Vec<(&'static str, String)>,
}

impl ExaminedEvent {
    /// Examines an event whose hashes are checked.
    pub(crate) fn of(stored: Stored) -> Self {
        let recorded = stored.decode();
        let mut breaks = Vec::new();
        let envelope = &stored.envelope;
        if envelope.observed_at.is_too_far_ahead(envelope.recorded_at) {
            let reason = format!("observed at {}, recorded at {}", envelope.observed_at, envelope.recorded_at);
            breaks.push(("time", reason));
        }
        if let Ok(recorded) = &recorded {
            match recorded.event.stream() {
                Ok(stream) if stream == envelope.stream => {}
                Ok(stream) => {
                    let reason = format!("it stands in the stream {}, its facts name {stream}", envelope.stream);
                    breaks.push(("stream", reason));
                }
                Err(error) => breaks.push(("stream", format!("its facts name no stream: {error}"))),
            }
            breaks.extend(adopted(&recorded.event));
        }
        if !stored.is_erased() && !canonical::is_canonical(&stored.payload) {
            breaks.push(("payload", "its bytes are not canonical".to_owned()));
        }
        Self { stored, recorded, breaks }
    }
}

/// The rule that an adopted formula breaks: its document is the one of its name and digest.
fn adopted(event: &Event) -> Option<(&'static str, String)> {
    let Event::FormulaAdopted(facts) = event else { return None };
    let reason = match Formula::parse(&facts.document) {
        Ok(formula) if formula.hash() == facts.hash && formula.name == facts.name => return None,
        Ok(formula) => format!("its document is that of `{}`, of digest {}", formula.name, formula.hash()),
        // A newer program can tell.
        Err(FormulaError::Semantics { .. }) => return None,
        Err(error) => format!("its document is none: {error}"),
    };
    Some(("formula", format!("`{}` of digest {}: {reason}", facts.name, facts.hash)))
}

/// The rules that events keep together, in the order of the log.
#[derive(Debug, Default)]
pub(super) struct LogRules {
    /// By stream the sequence of its latest event.
    sequences: HashMap<StreamId, u64>,
    /// By the form in which labels are compared, where each was used first.
    labels: BTreeMap<String, Position>,
    broken: Vec<NamedFault>,
    /// Broken rules that are not among them.
    more: u64,
}

impl LogRules {
    /// Takes in the next event.
    pub(super) fn take_in(&mut self, examined: &ExaminedEvent) {
        let ExaminedEvent { stored, recorded, breaks } = examined;
        for (what, reason) in breaks {
            self.breaks(what, stored.position, reason.clone());
        }
        let stream = &stored.envelope.stream;
        let last = match self.sequences.get_mut(stream) {
            Some(last) => std::mem::replace(last, stored.envelope.sequence),
            None => {
                self.sequences.insert(stream.clone(), stored.envelope.sequence);
                0
            }
        };
        if stored.envelope.sequence != last + 1 {
            let reason = format!("{} of {stream} follows {last}", stored.envelope.sequence);
            self.breaks("sequence", stored.position, reason);
        }
        if let Ok(Recorded { event: Event::ScoresPublished(facts), position, .. }) = recorded {
            match self.labels.get(&Label::compared(&facts.label)) {
                Some(first) => {
                    let reason = format!("`{}` was used at position {first} already", facts.label);
                    self.breaks("label", *position, reason);
                }
                None => _ = self.labels.insert(Label::compared(&facts.label), *position),
            }
        }
    }

    fn breaks(&mut self, what: &'static str, position: Position, reason: String) {
        if self.broken.len() < MAX_NAMED {
            self.broken.push(NamedFault {
                position: Some(position),
                ..NamedFault::of(what, &format!("at position {position}"), reason)
            });
        } else {
            self.more += 1;
        }
    }

    /// Which rules were broken, in the order of the log.
    pub(super) fn broken(&self) -> Vec<NamedFault> {
        let more =
            (self.more > 0).then(|| NamedFault::of("more", "events", format!("break {} further rules", self.more)));
        self.broken.iter().cloned().chain(more).collect()
    }
}
