//! The sequencer: gives committed appends their positions, one after the other, and keeps the Merkle root.
//!
//! A tick is one transaction: lock the head, take the outbox in the order of its numbers, write one commit row per
//! append, extend the tiles of the Merkle tree, move the head. Nothing is kept between ticks, so anybody may tick, and
//! a process that dies in the middle has done nothing. Appends do not race for the head's lock: within a process one of
//! those waiting ticks for all of them.

use std::collections::BTreeMap;
use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::digest::Digest;
use domain::merkle::Frontier;
use sqlx::{PgPool, Row};
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

use crate::error::{Corrupt, SequenceError};

mod tiles;

/// Channel on which a tick says the next position. A hint: polling is the truth.
pub const CHANNEL: &str = "pg_atlas_head";
/// Most appends sequenced in one tick.
const MAX_APPENDS: i64 = 2_000;
/// Events after which a tick takes no further append.
const MAX_EVENTS: i64 = 100_000;
/// Pause between two looks at the outbox of other processes, in milliseconds.
const POLL_MILLISECONDS: u64 = 50;
/// Pause after a failure, in milliseconds.
const RETRY_MILLISECONDS: u64 = 1_000;
/// How often a ticket that is in neither outbox nor log is looked for.
const LOOKS: u32 = 3;

/// What a tick did.
#[derive(Clone, Copy, Debug)]
struct Tick {
    /// Position the next event will get.
    next_position: u64,
    /// Whether it may have left something behind.
    more: bool,
}

/// Gives positions; shared by everybody in the process who waits for one.
#[derive(Debug)]
pub(crate) struct Sequencer {
    pool: PgPool,
    /// Held while ticking.
    turn: Mutex<()>,
    waiting: SyncMutex<BTreeMap<Uuid, oneshot::Sender<u64>>>,
}

impl Sequencer {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, turn: Mutex::new(()), waiting: SyncMutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Uuid, oneshot::Sender<u64>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces an append that is about to be committed; its first position can then be waited for.
    pub(crate) fn expect(&self, append: Uuid) -> Ticket<'_> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(append, sender);
        Ticket { sequencer: self, append, receiver }
    }

    /// First position of an append that is committed, by whomever.
    pub(crate) async fn first_position(&self, append: Uuid) -> Result<u64, SequenceError> {
        let found = self.first_positions(&[append]).await?;
        found.get(&append).copied().ok_or_else(|| lost(append).into())
    }

    /// First positions of appends that are committed, by whomever.
    pub(crate) async fn first_positions(&self, appends: &[Uuid]) -> Result<BTreeMap<Uuid, u64>, SequenceError> {
        let found = self.look_up(appends).await?;
        if appends.iter().all(|append| found.contains_key(append)) {
            return Ok(found);
        }
        self.drain().await?;
        let found = self.look_up(appends).await?;
        match appends.iter().find(|append| !found.contains_key(append)) {
            None => Ok(found),
            Some(append) => Err(lost(*append).into()),
        }
    }

    async fn look_up(&self, appends: &[Uuid]) -> Result<BTreeMap<Uuid, u64>, SequenceError> {
        let rows = sqlx::query("SELECT append_id, first_position FROM log.commit WHERE append_id = ANY($1)")
            .bind(appends)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("append_id")?, position(row.try_get("first_position")?)?))).collect()
    }

    /// Sequences everything that is committed now.
    pub(crate) async fn drain(&self) -> Result<u64, SequenceError> {
        loop {
            let turn = self.turn.lock().await;
            let tick = self.tick().await?;
            drop(turn);
            if !tick.more {
                return Ok(tick.next_position);
            }
        }
    }

    /// Sequences what other processes leave behind, until `stop` is ready.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()>) {
        let forever = async {
            loop {
                let pause = match self.drain_if_needed().await {
                    Ok(()) => POLL_MILLISECONDS,
                    Err(error) => {
                        tracing::warn!(%error, "sequencing failed; trying again");
                        RETRY_MILLISECONDS
                    }
                };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        };
        tokio::select! {
            () = stop => {}
            () = forever => {}
        }
    }

    async fn drain_if_needed(&self) -> Result<(), SequenceError> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM log.outbox) AS needed").fetch_one(&self.pool).await?;
        if row.try_get("needed")? {
            self.drain().await?;
        }
        Ok(())
    }

    /// One tick. The caller holds the turn.
    async fn tick(&self) -> Result<Tick, SequenceError> {
        // The outbox must be read by a snapshot taken after the lock: never a snapshot of the whole transaction.
        let mut tx = self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let head = sqlx::query("SELECT next_position, frontier FROM log.head FOR UPDATE").fetch_one(&mut *tx).await?;
        let mut next = position(head.try_get("next_position")?)?;
        let taken = sqlx::query(
            r#"
            DELETE FROM log.outbox AS o USING (
                SELECT oid FROM (
                    SELECT oid, sum(events) OVER (ORDER BY oid) - events AS before
                    FROM (SELECT oid, events FROM log.outbox ORDER BY oid LIMIT $1) AS oldest
                ) AS counted
                WHERE before < $2
            ) AS t
            WHERE o.oid = t.oid
            RETURNING o.oid, o.append_id, o.events, o.leaf_hashes
            "#,
        )
        .bind(MAX_APPENDS)
        .bind(MAX_EVENTS)
        .fetch_all(&mut *tx)
        .await?;
        if taken.is_empty() {
            tx.rollback().await?;
            return Ok(Tick { next_position: next, more: false });
        }

        let mut rows = taken
            .iter()
            .map(|row| {
                Ok((
                    row.try_get("oid")?,
                    row.try_get("append_id")?,
                    row.try_get("events")?,
                    row.try_get("leaf_hashes")?,
                ))
            })
            .collect::<Result<Vec<(i64, Uuid, i32, &[u8])>, sqlx::Error>>()?;
        rows.sort_unstable_by_key(|(oid, ..)| *oid);
        let mut frontier = frontier(next - 1, head.try_get("frontier")?)?;
        let mut tiles = tiles::Additions::to(frontier.size());
        let mut placed: Vec<(Uuid, u64)> = Vec::with_capacity(rows.len());
        let mut events: Vec<i32> = Vec::with_capacity(rows.len());
        for (_, append, count, leaf_hashes) in rows {
            placed.push((append, next));
            events.push(count);
            for leaf in leaf_hashes.chunks(32) {
                let leaf = Digest::from_slice(leaf).ok_or_else(|| {
                    Corrupt::new("log.outbox", format!("append {append}: a leaf hash is not 32 bytes"))
                })?;
                tiles.push(&mut frontier, leaf);
            }
            next += u64::try_from(count).unwrap_or_default();
            if frontier.size() != next - 1 {
                let what = format!("append {append}: {count} events, {} bytes of leaf hashes", leaf_hashes.len());
                return Err(Corrupt::new("log.outbox", what).into());
            }
        }

        tiles.write(&mut tx).await?;
        sqlx::query(
            r#"
            WITH placed AS (
                INSERT INTO log.commit (first_position, events, append_id)
                SELECT * FROM unnest($1::bigint[], $2::int[], $3::uuid[])
            ), moved AS (
                UPDATE log.head SET next_position = $4, root = $5, frontier = $6
            )
            SELECT pg_notify($7, $4::text)
            "#,
        )
        .bind(placed.iter().map(|(_, first)| signed(*first)).collect::<Vec<_>>())
        .bind(&events)
        .bind(placed.iter().map(|(append, _)| *append).collect::<Vec<_>>())
        .bind(signed(next))
        .bind(frontier.root().0)
        .bind(frontier.nodes().iter().flat_map(|node| node.0).collect::<Vec<u8>>())
        .bind(CHANNEL)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;

        let mut waiting = self.waiting();
        for (append, first) in &placed {
            if let Some(ticket) = waiting.remove(append) {
                // Nobody listens any more when the caller gave up; the append stays.
                let _ = ticket.send(*first);
            }
        }
        let total: i64 = events.iter().map(|count| i64::from(*count)).sum();
        let more = placed.len() as u64 == MAX_APPENDS.unsigned_abs() || total >= MAX_EVENTS;
        Ok(Tick { next_position: next, more })
    }
}

/// A claim to the position of one append.
pub(crate) struct Ticket<'a> {
    sequencer: &'a Sequencer,
    append: Uuid,
    receiver: oneshot::Receiver<u64>,
}

impl Ticket<'_> {
    /// Waits for the first position of the append, which is committed by now; ticks when nobody else in the process
    /// does.
    pub(crate) async fn redeem(mut self) -> Result<u64, SequenceError> {
        let mut looks = 0;
        while looks < LOOKS {
            let tick = tokio::select! {
                biased;
                first = &mut self.receiver => return first.map_err(|_| lost(self.append).into()),
                turn = self.sequencer.turn.lock() => {
                    if let Ok(first) = self.receiver.try_recv() {
                        return Ok(first);
                    }
                    let tick = self.sequencer.tick().await?;
                    drop(turn);
                    tick
                }
            };
            if let Ok(first) = self.receiver.try_recv() {
                return Ok(first);
            }
            // Not in the outbox: another process was faster.
            if let Some(first) = self.sequencer.look_up(&[self.append]).await?.remove(&self.append) {
                return Ok(first);
            }
            looks += u32::from(!tick.more);
        }
        Err(lost(self.append).into())
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.sequencer.waiting().remove(&self.append);
    }
}

fn lost(append: Uuid) -> Corrupt {
    Corrupt::new("log.outbox", format!("append {append} has neither an outbox row nor a position"))
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn position(stored: i64) -> Result<u64, Corrupt> {
    u64::try_from(stored)
        .ok()
        .filter(|position| *position > 0)
        .ok_or_else(|| Corrupt::new("log.head", format!("position {stored}")))
}

fn frontier(size: u64, bytes: &[u8]) -> Result<Frontier, Corrupt> {
    let nodes: Option<Vec<Digest>> = bytes.chunks(32).map(Digest::from_slice).collect();
    nodes
        .and_then(|nodes| Frontier::from_parts(size, nodes))
        .ok_or_else(|| Corrupt::new("log.head", format!("the frontier does not fit {size} leaves")))
}
