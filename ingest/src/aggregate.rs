//! The aggregates of the framework: one per kind of stream, all of them the same [`StreamState`].
//!
//! What is decided and remembered is the domain's; this is the adapter that lets cqrs-es ask it.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use domain::decide::StreamState;
use domain::{StreamKind, Timestamp, canonical, codec};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::append::prepared::{Judgement, KnownKey, judge};
use crate::append::{Prepared, Settled};
use crate::error::Refusal;

/// A kind of stream, as a type.
pub trait KindTag: Send + Sync + 'static {
    /// The kind.
    const KIND: StreamKind;
}

macro_rules! kinds {
    ($($name:ident),+) => {
        $(
            #[doc = concat!("[`StreamKind::", stringify!($name), "`] as a type.")]
            #[derive(Debug)]
            pub enum $name {}

            impl KindTag for $name {
                const KIND: StreamKind = StreamKind::$name;
            }
        )+
    };
}

kinds!(Repo, Package, Project, Survey, Round, Formula, Atlas);

/// What a stream of one kind remembers. Its JSON is the state's alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Stream<K: KindTag> {
    state: StreamState,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K: KindTag> Stream<K> {
    /// What is remembered.
    #[must_use]
    pub fn state(&self) -> &StreamState {
        &self.state
    }
}

impl<K: KindTag> Default for Stream<K> {
    fn default() -> Self {
        Self { state: StreamState::default(), kind: PhantomData }
    }
}

impl<K: KindTag> Aggregate for Stream<K> {
    const TYPE: &'static str = K::KIND.name();
    type Command = Fact;
    type Event = Fact;
    type Error = Refusal;
    type Services = Arc<Surroundings>;

    async fn handle(
        &mut self,
        command: Fact,
        surroundings: &Arc<Surroundings>,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        let (Fact::Told(prepared) | Fact::Handed(prepared)) = &command else { return Ok(()) };
        if surroundings.judge(prepared, &self.state)? == Judgement::New {
            // The sink applies an event to the aggregate it is given, and the store applies it again before it keeps
            // the snapshot. A throw-away aggregate takes the first of the two.
            sink.write(command, &mut Self::default()).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Fact) {
        match event {
            Fact::Told(prepared) | Fact::Handed(prepared) => self.state.evolve(&prepared.source, prepared.digest),
            Fact::Erased { .. } => self.state.pass(),
        }
    }
}

/// An event as the framework carries it: cheap to clone, serialised as its payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// What was told.
    Told(Arc<Prepared>),
    /// What was told, to a repository that holds the event itself: serialised as nothing, which is what it reads of it.
    Handed(Arc<Prepared>),
    /// A stored event whose payload was erased; it only counts.
    Erased {
        /// Its type, as stored.
        event_type: String,
        /// Version of the payload's shape.
        version: u32,
    },
}

impl From<Prepared> for Fact {
    fn from(prepared: Prepared) -> Self {
        Self::Told(Arc::new(prepared))
    }
}

impl DomainEvent for Fact {
    fn event_type(&self) -> String {
        match self {
            Self::Told(prepared) | Self::Handed(prepared) => prepared.event.event_type().name().to_owned(),
            Self::Erased { event_type, .. } => event_type.clone(),
        }
    }

    fn event_version(&self) -> String {
        match self {
            Self::Told(prepared) | Self::Handed(prepared) => prepared.version().to_string(),
            Self::Erased { version, .. } => version.to_string(),
        }
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Told(prepared) => prepared.event.serialize(serializer),
            Self::Handed(_) | Self::Erased { .. } => serializer.serialize_unit(),
        }
    }
}

/// What the framework hands to [`Fact`]'s decoder once [`TypeInside`] has been at work.
#[derive(Deserialize)]
struct Typed {
    r#type: String,
    version: u32,
    payload: Value,
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let typed = Typed::deserialize(deserializer)?;
        if typed.payload.is_null() {
            return Ok(Self::Erased { event_type: typed.r#type, version: typed.version });
        }
        let bytes = canonical::to_vec(&typed.payload).map_err(D::Error::custom)?;
        let event = codec::decode(&typed.r#type, typed.version, &bytes).map_err(D::Error::custom)?;
        Prepared::stored(event.into()).map(Self::from).map_err(D::Error::custom)
    }
}

/// Puts type and version of a stored event into its payload, because the framework's decoder sees the payload alone.
/// Old versions are lifted by the codec, not here.
#[derive(Debug)]
pub struct TypeInside;

impl EventUpcaster for TypeInside {
    fn can_upcast(&self, _event_type: &str, _event_version: &str) -> bool {
        true
    }

    fn upcast(&self, event: SerializedEvent) -> SerializedEvent {
        let version = event.event_version.parse::<u32>().unwrap_or_default();
        let payload = serde_json::json!({ "type": event.event_type, "version": version, "payload": event.payload });
        SerializedEvent { payload, ..event }
    }
}

/// What an aggregate learns besides its own state, and what became of its event. Empty surroundings (no clock, no key)
/// let the stream's state decide alone.
#[derive(Debug, Default)]
pub struct Surroundings(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    now: Option<Timestamp>,
    known: Option<KnownKey>,
    judgement: Option<Judgement>,
    found: Option<Settled>,
}

impl Surroundings {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, prepared: &Prepared, state: &StreamState) -> Result<Judgement, Refusal> {
        let mut inner = self.inner();
        let judgement = judge(prepared, state, inner.now, inner.known.as_ref())?;
        inner.judgement = Some(judgement.clone());
        Ok(judgement)
    }

    /// What the log says the event's key stands for.
    pub(crate) fn know(&self, known: Option<KnownKey>) {
        self.inner().known = known;
    }

    /// What the log's clock says.
    pub(crate) fn set(&self, now: Timestamp) {
        self.inner().now = Some(now);
    }

    /// The database's time at which the state was read.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.inner().now
    }

    /// What was decided.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        self.inner().judgement.clone()
    }

    /// Says where the event is.
    pub(crate) fn answer(&self, found: Settled) {
        self.inner().found = Some(found);
    }

    /// Where the event is.
    pub(crate) fn found(&self) -> Option<Settled> {
        self.inner().found.take()
    }
}
