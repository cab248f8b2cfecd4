//! Where the log holds what was appended.

use domain::recorded::Position;
use ingest::AppendOutcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The place of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// The event.
    pub event: String,
    /// `appended`, or `duplicate` where the log held it before.
    pub outcome: String,
    /// Its position.
    pub position: Position,
    /// Its stream.
    pub stream: String,
    /// Its number in the stream.
    pub sequence: u64,
}

impl From<&AppendOutcome> for Placed {
    fn from(outcome: &AppendOutcome) -> Self {
        let place = outcome.place();
        let said = if outcome.is_duplicate() { "duplicate" } else { "appended" };
        Self {
            event: place.event.to_string(),
            outcome: said.to_owned(),
            position: place.position,
            stream: place.stream.to_string(),
            sequence: place.sequence,
        }
    }
}
