//! Events: one per ingestion or decision, past tense, never derived.

use std::fmt;

use schemars::SchemaGenerator;

use crate::facts::curation::Curated;
use crate::facts::formula::{FormulaAdopted, FormulaPromoted};
use crate::facts::gitlog::GitLogObserved;
use crate::facts::grant::GrantObserved;
use crate::facts::log::{EventQuarantined, PayloadErased, ScoresPublished};
use crate::facts::registry::RegistryCrawled;
use crate::facts::repo::RepoObserved;
use crate::facts::sbom::SbomSubmitted;
use crate::facts::survey::SurveyAnswered;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// An immutable fact.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $name($name)),+
        }

        /// The name of an event's kind, as stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(#[$doc])* $name),+
        }

        impl EventType {
            /// Every type, in the order of the design.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stored name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }

        impl Event {
            /// The kind of this event.
            #[must_use]
            pub fn event_type(&self) -> EventType {
                match self { $(Self::$name(_) => EventType::$name),+ }
            }

            /// The schema of every type's payload, by stored name.
            pub(crate) fn schemas(generator: &mut SchemaGenerator) -> Vec<(String, serde_json::Value)> {
                vec![$((stringify!($name).to_owned(), generator.subschema_for::<$name>().into())),+]
            }

            /// Reads the current shape of a payload.
            pub(crate) fn from_payload(kind: EventType, bytes: &[u8]) -> Result<Self, serde_json::Error> {
                match kind { $(EventType::$name => serde_json::from_slice(bytes).map(Self::$name)),+ }
            }
        }

        /// An event serialises as its payload alone; the type is kept beside it.
        impl serde::Serialize for Event {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$name(facts) => serde::Serialize::serialize(facts, serializer)),+ }
            }
        }

        $(impl From<$name> for Event {
            fn from(facts: $name) -> Self {
                Self::$name(facts)
            }
        })+
    };
}

events! {
    /// A bill of materials arrived.
    SbomSubmitted,
    /// A project answered the survey.
    SurveyAnswered,
    /// A grants record was seen.
    GrantObserved,
    /// A repository's history was read.
    GitLogObserved,
    /// A package was looked up in its registry.
    RegistryCrawled,
    /// Host facts of a repository were seen.
    RepoObserved,
    /// A maintainer corrected something.
    Curated,
    /// A formula entered the log.
    FormulaAdopted,
    /// Builds went live.
    FormulaPromoted,
    /// Scores were published.
    ScoresPublished,
    /// An event is skipped from here on, or no longer.
    EventQuarantined,
    /// A payload was erased.
    PayloadErased,
}

impl EventType {
    /// The type with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether the event states something about the world; only these move world time.
    #[must_use]
    pub fn is_fact(self) -> bool {
        matches!(
            self,
            Self::SbomSubmitted
                | Self::SurveyAnswered
                | Self::GrantObserved
                | Self::GitLogObserved
                | Self::RegistryCrawled
                | Self::RepoObserved
        )
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
