//! An event with everything that is computed before the database is asked, and the one rule that decides about it.

use std::sync::Arc;

use domain::decide::{self, SourceSpan, StreamDecision, StreamState};
use domain::digest::Digest;
use domain::{Envelope, Event, StreamId, Timestamp, codec, redact};

use super::{Append, EventMetadata, Locus};
use crate::error::Refusal;
use crate::limits::MAX_KEY_BYTES;

/// An event ready to be appended: its bytes, its stream and source, its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub(crate) event: Event,
    pub(crate) observed_at: Option<Timestamp>,
    pub(crate) key: Option<String>,
    pub(crate) stream: StreamId,
    pub(crate) source: String,
    /// What "the same again" is told by.
    pub(crate) digest: Digest,
    /// Digest of stream, source and facts: what a key stands for.
    pub(crate) input_digest: Digest,
    pub(crate) payload: Vec<u8>,
    pub(crate) payload_sha256: Digest,
    /// Taken only as a repetition of what is there: its raw document was not kept.
    pub(crate) repeats: bool,
    /// Who appends it, where that is not who appends the rest.
    pub(crate) metadata: Option<Arc<EventMetadata>>,
}

impl Prepared {
    /// Computes what can be known of a new event without the log. This is the log's door: whoever made the event, one
    /// that breaks the rules of its values, or that holds an e-mail address anywhere, is refused. Sources replace
    /// addresses before they make facts.
    ///
    /// # Errors
    /// When the facts or the key cannot be stored as they are.
    pub fn new(append: Append) -> Result<Self, Refusal> {
        append.event.check()?;
        if append.key.as_ref().is_some_and(|key| !is_key(key)) {
            return Err(Refusal::Key);
        }
        let prepared = Self::stored(append)?;
        let place = || match redact::unclean_field(&prepared.payload) {
            None if redact::is_clean(prepared.stream.id()) && redact::is_clean(&prepared.source) => None,
            None => Some("the stream's name".to_owned()),
            field => field,
        };
        match place() {
            None => Ok(prepared),
            Some(field) => Err(Refusal::Address(format!("{}: {field}", prepared.event.event_type()))),
        }
    }

    /// The same of an event that a log holds already, and that is as it is.
    ///
    /// # Errors
    /// When the facts have no bytes, or none that read back as the same.
    pub(crate) fn stored(append: Append) -> Result<Self, Refusal> {
        let Append { event, observed_at, key } = append;
        let stream = event.stream()?;
        let payload = codec::encode(&event)?;
        let source = event.source();
        let kind = event.event_type();
        let digest = kind.semantic_digest(&payload);
        // What is written reads back as itself: of every kind, by its types. Reading it costs as much as writing it.
        debug_assert!(codec::decode(kind.name(), kind.current_version(), &payload).is_ok_and(|read| read == event));
        // No part but the last can hold a zero byte, so the parts cannot run into each other.
        let name = stream.to_string();
        let input_digest = Digest::of_parts(&[name.as_bytes(), &[0], source.as_bytes(), &[0], &digest.0]);
        let payload_sha256 = Digest::of(&payload);
        Ok(Self {
            event,
            observed_at,
            key,
            stream,
            source,
            digest,
            input_digest,
            payload,
            payload_sha256,
            repeats: false,
            metadata: None,
        })
    }

    /// What its stream must remember to decide about it.
    pub(crate) fn asked(&self) -> SourceSpan {
        decide::asked(self.stream.kind(), &self.event, &self.source)
    }

    /// Version of the payload's shape.
    pub(crate) fn version(&self) -> u32 {
        self.event.event_type().current_version()
    }

    /// What is hashed into the log once sequence and time are known.
    pub(crate) fn envelope(&self, sequence: u64, recorded_at: Timestamp, metadata: &EventMetadata) -> Envelope {
        Envelope {
            stream: self.stream.clone(),
            sequence,
            event_type: self.event.event_type().name().to_owned(),
            version: self.version(),
            observed_at: self.observed_at.unwrap_or(recorded_at),
            recorded_at,
            metadata: metadata.fields.clone(),
            payload_sha256: self.payload_sha256,
        }
    }
}

/// Whether a text can be an idempotency key. Keys are kept beside the log, and hold no address either.
#[must_use]
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= MAX_KEY_BYTES && !key.chars().any(char::is_control) && redact::is_clean(key)
}

/// The key of a part of what `key` stands for: the part's name after it, or the digest of both where that is no key.
#[must_use]
pub fn part_key(key: &str, part: &str) -> String {
    let together = format!("{key}#{part}");
    if is_key(&together) { together } else { Digest::of(together.as_bytes()).to_string() }
}

/// What an idempotency key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    pub(crate) input_digest: Digest,
    pub(crate) locus: Locus,
}

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is appended.
    New,
    /// It repeats the event with this sequence in its stream.
    Repeats(u64),
    /// It is this one.
    Known(Locus),
}

/// Decides about an event. A key that was used before decides alone; then the clock; then the stream. Without a clock
/// (`now`) every time is believed.
pub(crate) fn judge(
    prepared: &Prepared,
    state: &StreamState,
    now: Option<Timestamp>,
    known: Option<&KnownKey>,
) -> Result<Judgement, Refusal> {
    if let (Some(known), Some(key)) = (known, &prepared.key) {
        return if known.input_digest == prepared.input_digest {
            Ok(Judgement::Known(known.locus.clone()))
        } else {
            Err(Refusal::KeyReused(key.clone()))
        };
    }
    if let (Some(now), Some(observed_at)) = (now, prepared.observed_at)
        && observed_at.is_too_far_ahead(now)
    {
        return Err(Refusal::Future { observed_at, now });
    }
    Ok(match decide::decide(prepared.stream.kind(), state, &prepared.event, &prepared.source, &prepared.digest)? {
        StreamDecision::Append if prepared.repeats => return Err(Refusal::Overtaken(prepared.stream.to_string())),
        StreamDecision::Append => Judgement::New,
        StreamDecision::Duplicate { sequence } => Judgement::Repeats(sequence),
    })
}
