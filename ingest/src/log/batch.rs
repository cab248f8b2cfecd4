//! Many events in one transaction, beside the framework: the same rule decides, the same statement writes.
//!
//! The streams are locked first, in the order of their keys, so two batches never wait for each other in a circle and
//! nothing decided here is stale when it is written. Large batches become several appends of the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::StreamState;
use domain::{StreamId, TenantId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Log;
use super::single::pause;
use crate::append::ahead::{Ahead, Items};
use crate::append::prepared::{Judgement, KnownKey, Prepared, judge};
use crate::append::write::{ReadyWrite, Write};
use crate::append::{AppendOutcome, EventMetadata, Locus, Settled, lookup, streams};
use crate::connect::begin;
use crate::error::{AppendError, Corrupt, Refusal, is_contention};
use crate::limits::TRIES;

/// Items that are decided about before whoever sends has a turn: some hundred microseconds.
const TURN: usize = 32;

pub(crate) async fn append(
    log: &Log,
    items: Items,
    mut ahead: Ahead,
    metadata: EventMetadata,
) -> Result<Vec<Result<AppendOutcome, Refusal>>, AppendError> {
    for attempt in 0..TRIES {
        pause(attempt).await;
        match once(log, &items, &mut ahead, &metadata).await {
            Ok(Some(found)) => match log.sequencer().first_positions(&appends(&found)).await {
                Ok(first) => return answer(items, found, &first),
                Err(error) => log.still_there(&appends(&found), error).await?,
            },
            Ok(None) => {}
            Err(AppendError::Database(error)) if is_contention(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppendError::Conflict { what: "batch".to_owned() })
}

/// What becomes of an item, before positions are known.
enum Fate<'a> {
    Refused(Refusal),
    Found(Settled),
    /// Repeats the event of this stream with this sequence.
    Repeats(&'a StreamId, u64),
    /// Carries the key of this earlier item.
    SameAs(usize),
}

/// One try. `None`: somebody else wrote meanwhile, nothing is written.
async fn once(
    log: &Log,
    items: &Items,
    ahead: &mut Ahead,
    metadata: &EventMetadata,
) -> Result<Option<Vec<Option<Result<Settled, Refusal>>>>, AppendError> {
    let mut tx = begin(log.pool(), "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let mut batch = OpenBatch::open(&mut tx, log.tenant(), items, metadata).await?;
    let mut ready = vec![];
    for n in 0..items.chunks() {
        // The server writes the events before while these are decided about.
        let (sent, decided) = tokio::join!(send(&mut tx, ready), batch.take(items, ahead, n));
        if !sent? {
            return Ok(None);
        }
        ready = decided?;
    }
    ready.extend(batch.turn_to(metadata));
    if !send(&mut tx, ready).await? {
        return Ok(None);
    }
    let fates = std::mem::take(&mut batch.fates);
    let Some(found) = settle(&mut tx, items, fates).await? else { return Ok(None) };
    streams::discard_unused(&mut tx, batch.unused()).await?;
    tx.commit().await?;
    Ok(Some(found))
}

/// Sends statements, in order. `Ok(false)`: a stream has moved on, and those that follow are not sent.
async fn send(conn: &mut PgConnection, ready: Vec<ReadyWrite>) -> Result<bool, sqlx::Error> {
    for statement in ready {
        if !statement.execute(conn).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a batch knows while it decides.
struct OpenBatch<'a> {
    tenant: TenantId,
    now: Timestamp,
    /// Who appends what does not say by whom it is.
    metadata: &'a EventMetadata,
    /// What becomes of the items decided so far.
    fates: Vec<Option<Fate<'a>>>,
    /// State of every stream of the batch, as of the items decided so far.
    states: BTreeMap<&'a StreamId, StreamState>,
    /// Keys the log knows.
    known: BTreeMap<String, KnownKey>,
    /// Keys of items decided so far.
    own: BTreeMap<&'a str, usize>,
    write: Write<'a>,
}

impl<'a> OpenBatch<'a> {
    /// Locks the streams, then reads clock and keys.
    async fn open(
        conn: &mut PgConnection,
        tenant: TenantId,
        items: &'a Items,
        metadata: &'a EventMetadata,
    ) -> Result<Self, AppendError> {
        let states = streams::lock(conn, tenant, &items.asked).await?;
        let known = if items.keys.is_empty() { BTreeMap::new() } else { lookup::by_key(conn, &items.keys).await? };
        let now = streams::clock(conn).await?;
        let write = Write::new(tenant, Uuid::now_v7(), now, metadata);
        let fates = Vec::with_capacity(items.len);
        Ok(Self { tenant, now, metadata, fates, states, known, own: BTreeMap::new(), write })
    }

    /// Decides about the items of a chunk once they are prepared, and makes ready what is to be sent then.
    async fn take(&mut self, items: &'a Items, ahead: &mut Ahead, n: usize) -> Result<Vec<ReadyWrite>, AppendError> {
        let mut ready = vec![];
        for (n, item) in ahead.chunk(items, n).await?.iter().enumerate() {
            if n % TURN == 0 {
                tokio::task::yield_now().await;
            }
            let Ok(prepared) = item else {
                self.fates.push(None);
                continue;
            };
            let by = prepared.metadata.as_deref().unwrap_or(self.metadata);
            if self.write.is_full(prepared.payload.len()) || !self.write.is_by(by) {
                ready.extend(self.turn_to(by));
            }
            let fate = self.decide(self.fates.len(), prepared)?;
            self.fates.push(Some(fate));
        }
        ready.extend(self.write.ahead());
        Ok(ready)
    }

    fn decide(&mut self, n: usize, item: &'a Prepared) -> Result<Fate<'a>, Corrupt> {
        let key = item.key.as_deref();
        if let Some(first) = key.and_then(|key| self.own.get(key)) {
            return Ok(Fate::SameAs(*first));
        }
        let known = key.and_then(|key| self.known.get(key));
        let state = self.states.get_mut(&item.stream).ok_or_else(|| Corrupt::stream(&item.stream, "not locked"))?;
        let fate = match judge(item, state, Some(self.now), known) {
            Err(refusal) => Fate::Refused(refusal),
            Ok(Judgement::Known(locus)) => Fate::Found(Settled::Old(locus)),
            Ok(Judgement::Repeats(sequence)) => Fate::Repeats(&item.stream, sequence),
            Ok(Judgement::New) => match self.write.push(item, state.sequence + 1) {
                Err(refusal) => Fate::Refused(refusal),
                Ok(locus) => {
                    state.evolve(&item.source, item.digest);
                    Fate::Found(Settled::New(locus))
                }
            },
        };
        if let (Some(key), None, false) = (key, known, matches!(fate, Fate::Refused(_))) {
            self.own.insert(key, n);
        }
        Ok(fate)
    }

    /// Ends the append so far, with what is to be sent of it, and begins the next, by whom `metadata` says.
    fn turn_to(&mut self, metadata: &'a EventMetadata) -> Option<ReadyWrite> {
        let next = Write::new(self.tenant, Uuid::now_v7(), self.now, metadata);
        let write = std::mem::replace(&mut self.write, next);
        (!write.is_empty()).then(|| write.rest())
    }

    /// Streams that were made to be locked, and got no event.
    fn unused(&self) -> Vec<&'a StreamId> {
        self.states.iter().filter(|(_, state)| state.sequence == 0).map(|(stream, _)| *stream).collect()
    }
}

/// Finds the events that are repeated, and remembers the keys of those that repeat them. `None`: a key was used
/// meanwhile.
async fn settle(
    conn: &mut PgConnection,
    items: &Items,
    fates: Vec<Option<Fate<'_>>>,
) -> Result<Option<Vec<Option<Result<Settled, Refusal>>>>, AppendError> {
    let repeats: Vec<(usize, &StreamId, u64)> = fates
        .iter()
        .enumerate()
        .filter_map(|(n, fate)| match fate {
            Some(Fate::Repeats(stream, sequence)) => Some((n, *stream, *sequence)),
            _ => None,
        })
        .collect();
    let wanted: Vec<(StreamId, u64)> = repeats.iter().map(|(_, stream, n)| ((*stream).clone(), *n)).collect();
    let loci = if wanted.is_empty() { vec![] } else { lookup::by_sequence(conn, &wanted).await? };
    let mut repeated: BTreeMap<usize, Locus> = repeats.iter().map(|(n, ..)| *n).zip(loci).collect();

    let keys: Vec<_> = repeated
        .iter()
        .filter_map(|(n, locus)| {
            let item = items.get(*n)?;
            Some((item.key.as_deref()?, item.input_digest, locus))
        })
        .collect();
    if !keys.is_empty() && !lookup::remember(conn, &keys).await? {
        return Ok(None);
    }
    drop(keys);

    let mut found: Vec<Option<Result<Settled, Refusal>>> = Vec::with_capacity(fates.len());
    for (n, fate) in fates.into_iter().enumerate() {
        let settled = match fate {
            None => None,
            Some(Fate::Refused(refusal)) => Some(Err(refusal)),
            Some(Fate::Found(place)) => Some(Ok(place)),
            Some(Fate::Repeats(..)) => repeated.remove(&n).map(|locus| Ok(Settled::Old(locus))),
            Some(Fate::SameAs(first)) => same_as(items, n, first, &found),
        };
        found.push(settled);
    }
    Ok(Some(found))
}

/// An item under the key of an earlier one: that event, if it says the same.
fn same_as(
    items: &Items,
    n: usize,
    first: usize,
    found: &[Option<Result<Settled, Refusal>>],
) -> Option<Result<Settled, Refusal>> {
    let (item, earlier) = (items.get(n)?, items.get(first)?);
    if item.input_digest != earlier.input_digest {
        return Some(Err(Refusal::KeyReused(item.key.clone()?)));
    }
    match found.get(first)? {
        Some(Ok(Settled::New(locus) | Settled::Old(locus))) => Some(Ok(Settled::Old(locus.clone()))),
        _ => None,
    }
}

/// The appends in which the events are.
fn appends(found: &[Option<Result<Settled, Refusal>>]) -> Vec<Uuid> {
    let appends = found.iter().filter_map(|found| match found {
        Some(Ok(Settled::New(locus) | Settled::Old(locus))) => Some(locus.append),
        _ => None,
    });
    appends.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Puts the answers in the order of the items.
fn answer(
    items: Items,
    found: Vec<Option<Result<Settled, Refusal>>>,
    first: &BTreeMap<Uuid, u64>,
) -> Result<Vec<Result<AppendOutcome, Refusal>>, AppendError> {
    let mut refusals = items.into_refusals();
    let place = |locus: Locus| {
        let first = first.get(&locus.append).copied();
        first.map(|first| locus.place(first)).ok_or_else(|| Corrupt::new("log.commit", "an append without position"))
    };
    let fates = found.into_iter().enumerate().map(|(n, found)| match found {
        Some(Err(refusal)) => Ok(Err(refusal)),
        Some(Ok(Settled::New(locus))) => Ok(Ok(AppendOutcome::Appended(place(locus)?))),
        Some(Ok(Settled::Old(locus))) => Ok(Ok(AppendOutcome::Duplicate(place(locus)?))),
        None => Ok(Err(refusals.remove(&n).ok_or_else(|| Corrupt::new("log.event", "an event without an answer"))?)),
    });
    fates.collect()
}
