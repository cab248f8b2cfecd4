//! What is wrong, by its name.

use domain::recorded::Position;
use schemars::JsonSchema;
use serde::Serialize;

/// Something beside the events that is not as the log or the program makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedFault {
    /// What kind of thing it is: `view`, `table`, `function`, `trigger`, `policy`, `schema`, `build`, `formula`,
    /// `checkpoint`, `document`, `publication`; of events the rule they break: `label`, `time`, `sequence`, `stream`,
    /// `payload`.
    pub what: &'static str,
    /// Which one.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
    /// The event that is to blame, where one is.
    pub position: Option<Position>,
}

impl NamedFault {
    /// A fault of a thing.
    pub fn of(what: &'static str, name: &str, reason: impl Into<String>) -> Self {
        Self { what, name: name.to_owned(), reason: reason.into(), position: None }
    }
}
