//! What would become of events, before anything is written: so that a raw document is kept only when an event that
//! names it is to follow. The log is only read; the append decides again, by the same rule.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::decide::{SourceSpan, StreamState};
use domain::digest::Digest;
use domain::{StreamId, Timestamp};
use sqlx::PgPool;

use super::ahead::{self, Items};
use super::prepared::{Judgement, KnownKey, Prepared, judge};
use super::streams::AskedStreams;
use super::{Append, AppendContext, EventMetadata, lookup, streams};
use crate::connect::begin;
use crate::error::{AppendError, Refusal};

/// An event that the log would take, with what is to be expected of it.
///
/// One that repeats what is there already stays bound to that: should somebody else's event come between, so that it
/// says something new after all, it is refused ([`Refusal::Overtaken`]), for its document was not kept.
#[derive(Clone, Debug)]
pub struct ForeseenAppend(pub(crate) Prepared);

impl ForeseenAppend {
    /// Digest of the raw document that must be kept before the event is appended; none where it is there already.
    #[must_use]
    pub fn document(&self) -> Option<Digest> {
        if self.0.repeats { None } else { self.0.event.document().map(|document| document.sha256) }
    }

    /// The same, appended by somebody else than the rest.
    ///
    /// # Errors
    /// When nothing can be appended under this actor or tool.
    pub fn by(self, context: &AppendContext) -> Result<Self, Refusal> {
        let metadata = Some(Arc::new(EventMetadata::of(context)?));
        Ok(Self(Prepared { metadata, ..self.0 }))
    }
}

/// What an append would come to where there is no log to ask: everything that can be refused without one is refused,
/// by the same rules and with the same words. Events see those before them, as they would in the log. The default knows
/// no clock: it is for [`crate::Log::rehearse`], which asks the log.
#[derive(Debug, Default)]
pub struct Rehearsal(Outlook);

impl Rehearsal {
    /// A rehearsal at a moment, which stands for the log's clock.
    ///
    /// # Errors
    /// When nothing can be appended under this actor or tool.
    pub fn new(context: &AppendContext, now: Timestamp) -> Result<Self, Refusal> {
        EventMetadata::of(context)?;
        Ok(Self(Outlook { now: Some(now), ..Outlook::default() }))
    }

    /// The clock goes on: a rehearsal of many events may take hours.
    pub fn at(&mut self, now: Timestamp) {
        self.0.now = Some(now);
    }

    /// What would become of these events, in order, after those of before.
    pub fn foresee(&mut self, appends: Vec<Append>) -> Vec<Result<ForeseenAppend, Refusal>> {
        appends.into_iter().map(|append| Prepared::new(append).and_then(|item| self.0.foresee(item))).collect()
    }
}

/// What is known while events are looked at, one after the other.
#[derive(Debug, Default)]
struct Outlook {
    /// The log's clock, or what stands for it.
    now: Option<Timestamp>,
    /// What keys of the events looked at now stand for in the log.
    known: BTreeMap<String, KnownKey>,
    states: BTreeMap<StreamId, StreamState>,
    /// What keys of the events looked at so far stand for, by their digests: there may be millions.
    own: BTreeMap<Digest, Digest>,
}

impl Outlook {
    /// Reads what is not known yet of clock, keys and streams, at one moment.
    async fn learn(&mut self, pool: &PgPool, items: &Items) -> Result<(), AppendError> {
        let mut asked = AskedStreams::new();
        for (stream, spans) in &items.asked {
            let held = self.states.get(stream);
            let new = |span: &&SourceSpan| !held.is_some_and(|state| state.covers(span));
            let new: BTreeSet<SourceSpan> = spans.iter().filter(new).cloned().collect();
            if !new.is_empty() {
                asked.insert(stream.clone(), new);
            }
        }
        let new = |key: &&String| !self.own.contains_key(&Digest::of(key.as_bytes()));
        let keys: Vec<String> = items.keys.iter().filter(new).cloned().collect();
        let mut tx = begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let states = streams::look(&mut tx, &asked).await?;
        self.known = if keys.is_empty() { BTreeMap::new() } else { lookup::by_key(&mut tx, &keys).await? };
        self.now = Some(streams::clock(&mut tx).await?);
        tx.commit().await?;
        for (stream, read) in states {
            match self.states.entry(stream.clone()) {
                Entry::Vacant(place) => drop(place.insert(read)),
                // What was foreseen comes after what the log holds.
                Entry::Occupied(mut held) => {
                    for (source, latest) in read.sources {
                        held.get_mut().sources.entry(source).or_insert(latest);
                    }
                }
            }
        }
        Ok(())
    }

    /// What would become of the next event, after those before it.
    fn foresee(&mut self, mut item: Prepared) -> Result<ForeseenAppend, Refusal> {
        let own = item.key.as_ref().map(|key| Digest::of(key.as_bytes()));
        let same = own.as_ref().and_then(|key| self.own.get(key));
        if let (Some(first), Some(key)) = (same, &item.key) {
            if *first != item.input_digest {
                return Err(Refusal::KeyReused(key.clone()));
            }
            item.repeats = true;
            return Ok(ForeseenAppend(item));
        }
        let known = item.key.as_ref().and_then(|key| self.known.get(key));
        let state = self.states.entry(item.stream.clone()).or_default();
        if judge(&item, state, self.now, known)? == Judgement::New {
            state.evolve(&item.source, item.digest);
        } else {
            item.repeats = true;
        }
        self.own.extend(own.map(|key| (key, item.input_digest)));
        Ok(ForeseenAppend(item))
    }
}

/// What would become of these events, in order, after those of before.
pub(crate) async fn foresee(
    pool: &PgPool,
    Rehearsal(outlook): &mut Rehearsal,
    appends: Vec<Append>,
) -> Result<Vec<Result<ForeseenAppend, Refusal>>, AppendError> {
    let (items, ahead) = ahead::prepare(appends);
    outlook.learn(pool, &items).await?;
    Ok(ahead.all(items).await?.map(|item| item.and_then(|item| outlook.foresee(item))).collect())
}
