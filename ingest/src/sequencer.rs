//! The sequencer: gives committed appends their positions, one after the other, and keeps the Merkle root.
//!
//! A tick reads head and outbox as of one moment, the outbox in the order of its numbers, and writes one commit row per
//! append, what is new in the tiles of the Merkle tree, and the new head, unless the head has moved meanwhile. Nothing
//! is kept between ticks, so anybody may tick, and a process that dies in the middle has done nothing. Appends do not
//! race for the head: within a process one of those waiting ticks for all of them. Who meets the tick of another
//! process locks the head and looks again.

use domain::TenantId;
use domain::number::fit;
use std::collections::BTreeMap;
use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Mutex, Notify, oneshot};
use uuid::Uuid;

use crate::connect::{MAX_CONNECTIONS, begin};
use crate::error::{Corrupt, SequenceError};

mod tick;
mod tiles;

use tick::Seen;

/// Channel on which a tick of a tenant's log is told of. A hint: polling is the truth. Every session may listen to any
/// channel: that there was a tick is all that is ever said on one.
#[must_use]
pub fn channel(tenant: TenantId) -> String {
    format!("pg_atlas_head_{}", tenant.number())
}

/// Longest wait for others who are about to commit, so that one tick serves many, in milliseconds.
const COMPANY_MILLISECONDS: u64 = 2;
/// Pause between two looks at the outbox of other processes, in milliseconds.
const POLL_MILLISECONDS: u64 = 50;
/// Pause after a failure, in milliseconds.
const RETRY_MILLISECONDS: u64 = 1_000;
/// Pause of a login that may not sequence before it asks again, in milliseconds: a right may be granted meanwhile.
const UNENTITLED_MILLISECONDS: u64 = 30_000;
/// Begins a tick. Behind the head's lock the outbox must be read by a snapshot taken after it: never one of the whole
/// transaction.
///
/// What the planner believes of a table that fills and empties all the time is wrong most of the time. Its keys are the
/// right way always: so the plans are made once, by them.
///
/// Nothing that can fail belongs in here: the driver does not end a transaction whose beginning failed.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off";
/// How often a ticket that is in neither outbox nor log is looked for.
const LOOKS: u32 = 3;

/// What a tick did.
#[derive(Clone, Copy, Debug)]
struct Ticked {
    /// Position the next event will get.
    next_position: u64,
    /// Whether it may have left something behind.
    more: bool,
}

/// Gives positions; shared by everybody in the process who waits for one.
#[derive(Debug)]
pub(crate) struct Sequencer {
    pool: PgPool,
    tenant: TenantId,
    /// Held while ticking.
    turn: Mutex<()>,
    waiting: SyncMutex<Expected>,
    /// Somebody more is committed, or will never be.
    arrival: Notify,
}

/// Appends that are announced and have no position.
#[derive(Debug, Default)]
struct Expected {
    /// Who is told, and whether the append is known to be committed.
    tickets: BTreeMap<Uuid, (oneshot::Sender<u64>, bool)>,
    /// How many are.
    committed: usize,
}

impl Expected {
    fn commit(&mut self, append: Uuid) {
        if let Some((_, committed)) = self.tickets.get_mut(&append) {
            self.committed += usize::from(!std::mem::replace(committed, true));
        }
    }

    fn remove(&mut self, append: Uuid) -> Option<oneshot::Sender<u64>> {
        let (sender, committed) = self.tickets.remove(&append)?;
        self.committed -= usize::from(committed);
        Some(sender)
    }

    /// Whether half of those who can be on their way are there.
    fn is_company(&self) -> bool {
        2 * self.committed >= self.tickets.len().min(MAX_CONNECTIONS as usize)
    }
}

impl Sequencer {
    pub(crate) fn new(pool: PgPool, tenant: TenantId) -> Self {
        Self { pool, tenant, turn: Mutex::new(()), waiting: SyncMutex::default(), arrival: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Expected> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces an append that is about to be committed; its first position can then be waited for.
    pub(crate) fn expect(&self, append: Uuid) -> Ticket<'_> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().tickets.insert(append, (sender, false));
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
        let rows = sqlx::query_file!("sql/first_positions.sql", appends).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.append_id, position(row.first_position)?))).collect()
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

    /// Whether the login may sequence. It is asked for beforehand: a refusal would be an error in the server's log.
    pub(crate) async fn may_run(&self) -> Result<bool, SequenceError> {
        Ok(sqlx::query_file_scalar!("sql/may_sequence.sql").fetch_one(&self.pool).await?)
    }

    /// Sequences what other processes leave behind, until `stop` is ready. What goes wrong is said when it begins and
    /// when it is over, not at every try in between; a login that may not sequence leaves it to those who may.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()>) {
        let forever = async {
            let (mut said, mut entitled) = (Said::default(), false);
            loop {
                let looked = async {
                    if !entitled {
                        entitled = self.may_run().await?;
                    }
                    if entitled {
                        self.drain_if_needed().await.map(|()| POLL_MILLISECONDS)
                    } else {
                        Ok(UNENTITLED_MILLISECONDS)
                    }
                };
                let pause = match looked.await {
                    Ok(pause) => {
                        if !entitled && said.is_news("not entitled") {
                            tracing::info!("this login does not sequence; whoever appends does");
                        }
                        if entitled && said.is_over() {
                            tracing::warn!("sequencing again");
                        }
                        pause
                    }
                    Err(error) => {
                        // The right may have been taken away meanwhile.
                        entitled = false;
                        if said.is_news(&error.to_string()) {
                            tracing::warn!(%error, "sequencing failed; trying again until it works");
                        }
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
        if sqlx::query_file_scalar!("sql/outbox_waits.sql", self.tenant.number()).fetch_one(&self.pool).await? {
            self.drain().await?;
        }
        Ok(())
    }

    /// Waits a moment for those who are about to commit. Who appends alone does not wait.
    async fn company(&self) {
        let enough = async {
            while !self.waiting().is_company() {
                self.arrival.notified().await;
            }
        };
        // A tick for few is better than none.
        let _ = tokio::time::timeout(Duration::from_millis(COMPANY_MILLISECONDS), enough).await;
    }

    /// One tick. The caller holds the turn.
    async fn tick(&self) -> Result<Ticked, SequenceError> {
        let mut tx = begin(&self.pool, BEGIN).await?;
        let mut order = Seen::look(&mut tx, self.tenant).await?.order()?;
        if !order.is_empty() && !order.try_write(&mut tx).await? {
            sqlx::query_file!("sql/lock_head.sql", self.tenant.number()).execute(&mut *tx).await?;
            order = Seen::look(&mut tx, self.tenant).await?.order()?;
            if !order.is_empty() {
                order.write(&mut tx).await?;
            }
        }
        tx.commit().await?;
        let mut waiting = self.waiting();
        for (append, first) in &order.first_positions {
            if let Some(ticket) = waiting.remove(*append) {
                // Nobody listens any more when the caller gave up; the append stays.
                let _ = ticket.send(*first);
            }
        }
        Ok(Ticked { next_position: order.next, more: order.is_full() })
    }
}

/// What was said last, so that it is not said again at every try.
#[derive(Debug, Default)]
struct Said(Option<String>);

impl Said {
    /// Whether this was not what was said last.
    fn is_news(&mut self, what: &str) -> bool {
        let is_news = self.0.as_deref() != Some(what);
        self.0 = Some(what.to_owned());
        is_news
    }

    /// Whether there was something, which is over now.
    fn is_over(&mut self) -> bool {
        self.0.take().is_some()
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
        self.sequencer.waiting().commit(self.append);
        self.sequencer.arrival.notify_one();
        let mut looks = 0;
        while looks < LOOKS {
            let tick = tokio::select! {
                biased;
                first = &mut self.receiver => return first.map_err(|_| lost(self.append).into()),
                turn = self.sequencer.turn.lock() => {
                    if let Ok(first) = self.receiver.try_recv() {
                        return Ok(first);
                    }
                    self.sequencer.company().await;
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
        self.sequencer.waiting().remove(self.append);
        self.sequencer.arrival.notify_one();
    }
}

fn lost(append: Uuid) -> Corrupt {
    Corrupt::new("log.outbox", format!("append {append} has neither an outbox row nor a position"))
}

fn signed(position: u64) -> i64 {
    fit::<i64>(position, "position")
}

fn position(stored: i64) -> Result<u64, Corrupt> {
    u64::try_from(stored)
        .ok()
        .filter(|position| *position > 0)
        .ok_or_else(|| Corrupt::new("log.head", format!("position {stored}")))
}
