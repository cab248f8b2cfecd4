//! What would become of events, before anything is written: so that a raw document is kept only when an event that
//! names it is to follow. The log is only read; the append decides again, by the same rule.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::decide::StreamState;
use domain::digest::Digest;
use sqlx::PgPool;

use super::ahead::{self, Items};
use super::prepared::{Judgement, KnownKey, Prepared, judge};
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

    /// The idempotency key, and the digest of what it is to stand for.
    #[must_use]
    pub fn key(&self) -> Option<(&str, Digest)> {
        self.0.key.as_deref().map(|key| (key, self.0.input_digest))
    }
}

/// What an append would come to where there is no log to ask: everything that can be refused without one is refused,
/// by the same rules and with the same words. Events see those before them, as they would in the log.
#[derive(Debug)]
pub struct Rehearsal(Outlook);

impl Rehearsal {
    /// A rehearsal at a moment, which stands for the log's clock.
    ///
    /// # Errors
    /// When nothing can be appended under this actor or tool.
    pub fn new(context: &AppendContext, now: Timestamp) -> Result<Self, Refusal> {
        EventMetadata::of(context)?;
        Ok(Self(Outlook { now, known: BTreeMap::new(), states: BTreeMap::new(), own: BTreeMap::new() }))
    }

    /// What would become of these events, in order, after those of before.
    pub fn foresee(&mut self, appends: Vec<Append>) -> Vec<Result<ForeseenAppend, Refusal>> {
        appends.into_iter().map(|append| Prepared::new(append).and_then(|item| self.0.foresee(item))).collect()
    }
}

/// What is known while events are looked at, one after the other.
#[derive(Debug)]
struct Outlook {
    now: Timestamp,
    known: BTreeMap<String, KnownKey>,
    states: BTreeMap<domain::StreamId, StreamState>,
    /// Keys of the events looked at so far.
    own: BTreeMap<String, Digest>,
}

impl Outlook {
    /// Reads clock, keys and streams at one moment.
    async fn read(pool: &PgPool, items: &Items) -> Result<Self, AppendError> {
        let mut tx = begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let states = streams::look(&mut tx, &items.streams).await?;
        let known = if items.keys.is_empty() { BTreeMap::new() } else { lookup::by_key(&mut tx, &items.keys).await? };
        let now = streams::clock(&mut tx).await?;
        tx.commit().await?;
        let states = states.into_iter().map(|(stream, state)| (stream.clone(), state)).collect();
        Ok(Self { now, known, states, own: BTreeMap::new() })
    }

    /// What would become of the next event, after those before it.
    fn foresee(&mut self, mut item: Prepared) -> Result<ForeseenAppend, Refusal> {
        let same = item.key.as_ref().and_then(|key| self.own.get(key));
        if let (Some(first), Some(key)) = (same, &item.key) {
            if *first != item.input_digest {
                return Err(Refusal::KeyReused(key.clone()));
            }
            item.repeats = true;
            return Ok(ForeseenAppend(item));
        }
        let known = item.key.as_ref().and_then(|key| self.known.get(key));
        let state = self.states.entry(item.stream.clone()).or_default();
        if judge(&item, state, Some(self.now), known)? == Judgement::New {
            state.evolve(&item.source, item.digest);
        } else {
            item.repeats = true;
        }
        if let Some(key) = &item.key {
            self.own.insert(key.clone(), item.input_digest);
        }
        Ok(ForeseenAppend(item))
    }
}

/// What would become of these events, in order.
pub(crate) async fn foresee(
    pool: &PgPool,
    appends: Vec<Append>,
) -> Result<Vec<Result<ForeseenAppend, Refusal>>, AppendError> {
    let (items, ahead) = ahead::prepare(appends);
    let mut outlook = Outlook::read(pool, &items).await?;
    Ok(ahead.all(items).await?.map(|item| item.and_then(|item| outlook.foresee(item))).collect())
}
