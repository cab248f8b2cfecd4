//! Events: one per ingestion or decision, past tense, never derived.

use std::fmt;

use schemars::SchemaGenerator;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::canonical::{self, CanonicalError};
use crate::checked::Invalid;
use crate::digest::Digest;
use crate::facts::{Class, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::stream::{StreamError, StreamId};

/// Every kind of event, by the module of `facts` that has its payload.
macro_rules! events {
    ($($(#[$doc:meta])* $module:ident::$name:ident),+ $(,)?) => {
        $(use crate::facts::$module::$name;)+

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

            /// What events of this type are to those who read the log.
            #[must_use]
            pub fn class(self) -> Class {
                match self { $(Self::$name => <$name as Payload>::CLASS),+ }
            }

            fn lifts(self) -> &'static [Lift] {
                match self { $(Self::$name => <$name as Payload>::LIFTS),+ }
            }

            fn retold(self) -> &'static [&'static [&'static str]] {
                match self { $(Self::$name => <$name as Payload>::RETOLD),+ }
            }

            /// What an event of this type is that says what the latest of its source said.
            pub(crate) fn repetition(self) -> Repetition {
                match self { $(Self::$name => <$name as Payload>::REPETITION),+ }
            }

            /// Whether the scores that stand where an event of this type is told are kept in the history.
            #[must_use]
            pub fn ticks(self) -> bool {
                match self { $(Self::$name => <$name as Payload>::TICKS),+ }
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

            /// Reads a payload of any shape that this program knows.
            pub(crate) fn read(kind: EventType, version: u32, bytes: &[u8]) -> Result<Self, serde_json::Error> {
                match kind { $(EventType::$name => read::<$name>(version, bytes).map(Self::$name)),+ }
            }

            /// The stream the event belongs to.
            ///
            /// # Errors
            /// When the facts name nothing a stream can be called by.
            pub fn stream(&self) -> Result<StreamId, StreamError> {
                match self { $(Self::$name(facts) => facts.stream()),+ }
            }

            /// The source within the stream: events of one source supersede, or repeat, one another.
            #[must_use]
            pub fn source(&self) -> String {
                match self { $(Self::$name(facts) => facts.source()),+ }
            }

            /// The raw document the facts were read from; what was decided here has none.
            #[must_use]
            pub fn document(&self) -> Option<&DocumentRef> {
                match self { $(Self::$name(facts) => facts.document()),+ }
            }

            /// The repository that it is told about, as whoever told it named it.
            #[must_use]
            pub fn subject(&self) -> Option<&Subject> {
                match self { $(Self::$name(facts) => facts.subject()),+ }
            }

            /// Whether what people gave of this event is as the checked values make it. Asked of what is new; an event
            /// that is read may be of an earlier program, and stands.
            ///
            /// # Errors
            /// When a field is none of these values.
            pub fn check(&self) -> Result<(), Invalid> {
                match self { $(Self::$name(facts) => facts.check()),+ }
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
    sbom::SbomSubmitted,
    /// A project answered the survey.
    survey::SurveyAnswered,
    /// A grants record was seen.
    grant::GrantObserved,
    /// A repository's history was read.
    gitlog::GitLogObserved,
    /// A package was looked up in its registry.
    registry::RegistryCrawled,
    /// Host facts of a repository were seen.
    repo::RepoObserved,
    /// A maintainer corrected something.
    curation::Curated,
    /// A formula entered the log.
    formula::FormulaAdopted,
    /// Builds went live.
    formula::FormulaPromoted,
    /// Scores were published.
    log::ScoresPublished,
    /// An event is skipped from here on, or no longer.
    log::EventQuarantined,
    /// A payload was erased.
    log::PayloadErased,
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
        self.class() == Class::Fact
    }

    /// Whether the event is an affair of the log itself.
    #[must_use]
    pub fn is_decision(self) -> bool {
        matches!(self.class(), Class::Decision(_))
    }

    /// The version in which payloads of this type are written today.
    #[must_use]
    pub fn current_version(self) -> u32 {
        self.lifts().iter().fold(1, |version, _| version + 1)
    }

    /// [`Event::semantic_digest`] of the event of this type that has this canonical payload of today's shape.
    #[must_use]
    pub fn semantic_digest(self, payload: &[u8]) -> Digest {
        canonical::digest_without(payload, self.retold())
    }
}

impl Event {
    /// Digest of what the event says, without what may differ between two tellings of the same facts.
    ///
    /// # Errors
    /// When the facts have no canonical form.
    pub fn semantic_digest(&self) -> Result<Digest, CanonicalError> {
        Ok(self.event_type().semantic_digest(&canonical::to_vec(self)?))
    }
}

/// Reads a payload of the shape `version`, lifted to the one of today; `version` is one that was ever written.
fn read<P: Payload + DeserializeOwned>(version: u32, bytes: &[u8]) -> Result<P, serde_json::Error> {
    let older = P::LIFTS.iter().zip(1..).filter(|(_, shape)| *shape >= version).map(|(lift, _)| lift);
    let mut older = older.peekable();
    if older.peek().is_none() {
        return serde_json::from_slice(bytes);
    }
    let payload: Map<String, Value> = serde_json::from_slice(bytes)?;
    serde_json::from_value(Value::Object(older.fold(payload, |payload, lift| lift(payload))))
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
