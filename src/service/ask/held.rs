//! The snapshot that questions of the moment are answered from, behind one pointer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use domain::recorded::Position;
use projections::World;
use replay::onlooker::Onlooker;
use tokio::sync::{Notify, oneshot, watch};

use super::resident::{KnownNames, Resident};
use crate::service::{Error, Result};

/// A snapshot with the state that it follows from.
#[derive(Debug)]
pub struct DeepResident {
    /// The snapshot.
    pub resident: Arc<Resident>,
    /// The state.
    pub world: World,
}

/// The snapshot of the moment. Readers take the pointer and wait for nobody.
#[derive(Debug, Default)]
pub struct HeldSnapshot {
    pointer: ArcSwapOption<Resident>,
    /// The same with the state that it follows from, where somebody asked for that.
    deep: ArcSwapOption<DeepResident>,
    /// Who waits for that state.
    waiting: Mutex<StateWaiters>,
    want: Notify,
    made: watch::Sender<u64>,
    /// The last position of the log, when it was last looked at.
    head: AtomicU64,
    /// When the log was last looked at, and since when the snapshot is behind it.
    looks: Mutex<LogLooks>,
    names: ArcSwap<KnownNames>,
    /// How often a name that was known was erased or changed.
    names_lost: AtomicU64,
}

/// Who waits for the state that the snapshot follows from.
#[derive(Debug, Default)]
struct StateWaiters {
    all: Vec<oneshot::Sender<Arc<DeepResident>>>,
    /// Whether nobody keeps the snapshot any more: nobody would answer.
    is_vain: bool,
}

impl StateWaiters {
    /// One more. Who waits in vain is told at once.
    fn one(&mut self) -> oneshot::Receiver<Arc<DeepResident>> {
        let (give, given) = oneshot::channel();
        if !self.is_vain {
            self.all.push(give);
        }
        given
    }
}

/// When the log was looked at.
#[derive(Debug, Default)]
struct LogLooks {
    last: Option<Instant>,
    behind: Option<Instant>,
}

impl HeldSnapshot {
    /// The snapshot of the moment; none before the first.
    #[must_use]
    pub fn now(&self) -> Option<Arc<Resident>> {
        self.pointer.load_full()
    }

    /// The snapshot of the moment with the state that it follows from, which is copied for whoever asks first.
    ///
    /// # Errors
    /// When nobody keeps it any more.
    pub async fn deep(&self) -> Result<Arc<DeepResident>> {
        if let Some(moment) = self.deep.load_full() {
            return Ok(moment);
        }
        let given = self.waiting().one();
        self.want.notify_one();
        given.await.map_err(|_| Error::unavailable("the keeper of the snapshot has ended"))
    }

    fn waiting(&self) -> MutexGuard<'_, StateWaiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody keeps it any more, so whoever waits for the state, or comes for it, waits in vain.
    pub(crate) fn leave(&self) {
        *self.waiting() = StateWaiters { all: Vec::new(), is_vain: true };
    }

    /// The last position of the log, when it was last looked at.
    #[must_use]
    pub fn head(&self) -> Position {
        self.head.load(Ordering::Relaxed).max(self.now().map_or(0, |held| held.position))
    }

    /// Names of people, as they were last looked at.
    pub(crate) fn names(&self) -> Arc<KnownNames> {
        self.names.load_full()
    }

    /// How often a name that was known was erased or changed: what was made before shows it.
    pub(crate) fn names_lost(&self) -> u64 {
        self.names_lost.load(Ordering::Relaxed)
    }

    /// Waits until there is one.
    pub async fn first(&self) {
        // The sender lives as long as this does.
        let _ = self.made.subscribe().wait_for(|made| *made > 0).await;
    }

    /// Hears of every further one.
    #[must_use]
    pub fn hear(&self) -> watch::Receiver<u64> {
        self.made.subscribe()
    }

    /// Waits until somebody wants the state.
    pub(crate) async fn wanted(&self) {
        self.want.notified().await;
    }

    /// The log was looked at, and ends here.
    pub(crate) fn saw(&self, head: Position) {
        self.head.store(head, Ordering::Relaxed);
        let is_behind = self.now().is_none_or(|held| held.position < head);
        let mut looks = self.looks();
        looks.last = Some(Instant::now());
        looks.behind = looks.behind.filter(|_| is_behind).or_else(|| is_behind.then(Instant::now));
    }

    fn looks(&self) -> MutexGuard<'_, LogLooks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the snapshot has been behind the log.
    #[must_use]
    pub fn behind(&self) -> Option<Duration> {
        self.looks().behind.map(|since| since.elapsed())
    }

    /// How long ago the log was last looked at.
    #[must_use]
    pub fn unlooked(&self) -> Option<Duration> {
        self.looks().last.map(|since| since.elapsed())
    }

    /// How long it may have lacked events: since it is known to be behind, or since nobody has looked.
    #[must_use]
    pub fn lag(&self) -> Duration {
        self.behind().max(self.unlooked()).unwrap_or_default()
    }

    /// These are the names that are known.
    pub(crate) fn know(&self, names: &Arc<KnownNames>) {
        let lost = self.names.load().has_lost(&names.by_pseudonym);
        self.names.store(Arc::clone(names));
        self.names_lost.fetch_add(u64::from(lost), Ordering::Relaxed);
    }

    /// This is the snapshot from here on.
    pub(crate) fn hold(&self, resident: Resident) {
        self.deep.store(None);
        if resident.position >= self.head.load(Ordering::Relaxed) {
            self.looks().behind = None;
        }
        self.pointer.store(Some(Arc::new(resident)));
        self.made.send_modify(|made| *made += 1);
    }

    /// Gives the state to whoever waits for it; `onlooker` stands where the snapshot does.
    pub(crate) fn give(&self, onlooker: &Onlooker) {
        let waiting = std::mem::take(&mut self.waiting().all);
        let Some(resident) = self.now().filter(|_| !waiting.is_empty()) else { return };
        let moment = self
            .deep
            .load_full()
            .unwrap_or_else(|| Arc::new(DeepResident { resident, world: onlooker.fold().world.clone() }));
        self.deep.store(Some(Arc::clone(&moment)));
        for one in waiting {
            // Who has gone wants nothing.
            let _ = one.send(Arc::clone(&moment));
        }
    }
}
