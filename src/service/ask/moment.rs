//! The atlas at any point and under any formula: what is held, else what was asked for lately, else a fold beside.
//!
//! A fold takes a place of few, and goes on when whoever asked has gone: the next one finds it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::digest::Digest;
use domain::formula::Formula;
use domain::recorded::Position;
use projections::{Fold, World};
use replay::quarantine::Quarantine;
use replay::{ReplayError, as_of, snapshot};
use tokio::sync::watch;

use super::held::{DeepResident, HeldSnapshot};
use super::point::{self, PointQuery};
use super::resident::Resident;
use crate::service::aside::aside;
use crate::service::error::Cause;
use crate::service::places::OwnPlaces;
use crate::service::{Deps, Error, Result};

/// Folds at once, of a tenant that is alone.
pub const FOLDS: usize = 2;
/// Moments that are kept for a tenant.
const KEPT: usize = 4;
/// How long an answer waits for a fold.
const PATIENCE: Duration = Duration::from_secs(20);
/// When it is worth asking again, where every place is taken or the fold takes longer.
const AGAIN: Duration = Duration::from_secs(2);

/// What tells moments apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MomentKey {
    position: Position,
    formula: Digest,
    passed_over: Digest,
    /// How often names were lost before.
    names_lost: u64,
}

/// Where a moment is, in full.
struct MomentPlace {
    key: MomentKey,
    formula: Formula,
    quarantine: Quarantine,
}

/// How a fold ended; nothing before.
type FoldEnd = Option<std::result::Result<Arc<DeepResident>, FoldFailure>>;

/// Why it failed, for everybody who waits.
#[derive(Clone, Debug)]
struct FoldFailure {
    reason: String,
    /// Whether it may go well another time.
    passing: bool,
}

#[derive(Debug, Default)]
struct KeptMoments {
    /// The one that was asked for last comes last.
    kept: VecDeque<(MomentKey, Arc<DeepResident>)>,
    under_way: BTreeMap<MomentKey, watch::Receiver<FoldEnd>>,
}

/// The moments of one tenant.
#[derive(Clone, Debug)]
pub struct Moments {
    held: Arc<HeldSnapshot>,
    kept: Arc<Mutex<KeptMoments>>,
    places: OwnPlaces,
}

impl Moments {
    /// Those beside what is held; `places` are for folds.
    #[must_use]
    pub fn new(held: Arc<HeldSnapshot>, places: OwnPlaces) -> Self {
        Self { held, kept: Arc::default(), places }
    }

    /// The snapshot that is asked for; that of the moment where nothing else is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] before there is one, and while every place for folds is taken; when the point or the
    /// formula does not exist.
    pub async fn resident(&self, deps: &Deps, asked: &PointQuery) -> Result<Arc<Resident>> {
        if asked.is_now() {
            return self.held.now().ok_or_else(|| later("the atlas is not loaded yet"));
        }
        Ok(Arc::clone(&self.deep(deps, asked).await?.resident))
    }

    /// The same with the state that it follows from.
    ///
    /// # Errors
    /// As [`Self::resident`].
    pub async fn deep(&self, deps: &Deps, asked: &PointQuery) -> Result<Arc<DeepResident>> {
        let held = self.held.now().ok_or_else(|| later("the atlas is not loaded yet"))?;
        if asked.is_now() {
            return self.held.deep().await;
        }
        let place = self.place(deps, asked, &held).await?;
        let key = place.key;
        if (key.position, key.formula, key.passed_over) == (held.position, held.formula.hash(), held.passed_over) {
            let deep = self.held.deep().await?;
            if deep.resident.tag == held.tag {
                return Ok(deep);
            }
        }
        if let Some(kept) = self.find(key) {
            return Ok(kept);
        }
        let mut ending = self.begin(deps, place)?;
        let ended = tokio::time::timeout(PATIENCE, ending.wait_for(Option::is_some)).await;
        match ended.map(|ended| ended.map(|end| end.clone())) {
            Ok(Ok(Some(Ok(moment)))) => Ok(moment),
            // What lies beneath is for the log.
            Ok(Ok(Some(Err(failure)))) if failure.passing => Err(Error::unavailable(failure.reason)),
            Ok(Ok(Some(Err(failure)))) => Err(Error::refused(failure.reason)),
            _ => Err(later("that point of the log is being folded")),
        }
    }

    /// Where it is: a formula alone is asked about at the position that is held.
    async fn place(&self, deps: &Deps, asked: &PointQuery, held: &Resident) -> Result<MomentPlace> {
        let at = match &asked.as_of {
            Some(_) => asked.clone(),
            None => PointQuery { as_of: Some(held.position.to_string()), formula: asked.formula.clone() },
        };
        let deps = deps.clone();
        let read = async move || {
            let mut conn = deps.read().await?;
            let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
                let (position, formula) = point::placed(&deps, conn, &at).await?;
                Ok((position, formula.formula, Quarantine::read(conn).await?))
            });
            read.await
        };
        let (position, formula, quarantine) = aside(read).await?;
        let key = MomentKey {
            position,
            formula: formula.hash(),
            passed_over: quarantine.digest(),
            names_lost: self.held.names_lost(),
        };
        Ok(MomentPlace { key, formula, quarantine })
    }

    fn locked(&self) -> MutexGuard<'_, KeptMoments> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: MomentKey) -> Option<Arc<DeepResident>> {
        let mut state = self.locked();
        let at = state.kept.iter().position(|(kept, _)| *kept == key)?;
        let found = state.kept.remove(at)?;
        let moment = Arc::clone(&found.1);
        state.kept.push_back(found);
        Some(moment)
    }

    /// Begins a fold, or joins the one that is under way.
    fn begin(&self, deps: &Deps, place: MomentPlace) -> Result<watch::Receiver<FoldEnd>> {
        let mut state = self.locked();
        if let Some(ending) = state.under_way.get(&place.key) {
            return Ok(ending.clone());
        }
        let taken = self.places.take(1);
        let taken = taken.ok_or_else(|| later("as many points of the log as can be are being folded"))?;
        let (end, ending) = watch::channel(None);
        state.under_way.insert(place.key, ending.clone());
        drop(state);
        let (moments, deps) = (self.clone(), deps.clone());
        tokio::spawn(async move {
            let key = place.key;
            let (folding, about) = (moments.clone(), deps.clone());
            let folded = aside(async move || folding.fold(&about, place).await.map(Arc::new)).await;
            let mut state = moments.locked();
            state.under_way.remove(&key);
            if let Ok(moment) = &folded {
                state.kept.push_back((key, Arc::clone(moment)));
                while state.kept.len() > KEPT {
                    state.kept.pop_front();
                }
            }
            drop((state, taken));
            let failure = |error: Error| {
                let passing = matches!(error, Error::Unavailable { .. } | Error::Interrupted(_));
                FoldFailure { reason: error.to_string(), passing }
            };
            end.send_replace(Some(folded.map_err(failure)));
        });
        Ok(ending)
    }

    /// Folds from the nearest state that is at hand. To be called aside.
    async fn fold(&self, deps: &Deps, place: MomentPlace) -> Result<DeepResident> {
        let MomentPlace { key, formula, quarantine } = place;
        let mut world = self.nearest(key).await?.map_or_else(World::default, |moment| moment.world.clone());
        if world.position < key.position {
            let fold = Fold::new(world, formula.clone(), quarantine.positions, None);
            let mut conn = deps.read_long().await?;
            // One snapshot is not needed: what stands in the log stays, and what is erased meanwhile is an error.
            let folded = as_of::folded(&mut conn, fold, key.position, &mut |_| {}).await;
            let failed = |error: ReplayError| if error.is_erased() { later(error) } else { error.into() };
            world = folded.map_err(failed)?.world;
        }
        let view = world.view();
        let scores = view.scores(&formula);
        let resident = Resident::of(&view, scores, &formula, key.passed_over, &self.held.names(), None);
        Ok(DeepResident { resident: Arc::new(resident), world })
    }

    /// The latest moment at hand that is no later, and passed over the same.
    async fn nearest(&self, key: MomentKey) -> Result<Option<Arc<DeepResident>>> {
        let held = self.held.now().filter(|held| held.position <= key.position && held.passed_over == key.passed_over);
        if held.is_some() {
            let deep = self.held.deep().await?;
            // It may have moved on meanwhile.
            if deep.resident.position <= key.position && deep.resident.passed_over == key.passed_over {
                return Ok(Some(deep));
            }
        }
        let state = self.locked();
        let usable = state.kept.iter().map(|(_, moment)| moment).filter(|moment| {
            moment.resident.position <= key.position && moment.resident.passed_over == key.passed_over
        });
        Ok(usable.max_by_key(|moment| moment.resident.position).cloned())
    }
}

/// Not now.
fn later(reason: impl Into<Cause>) -> Error {
    Error::Unavailable { retry_after: Some(AGAIN), cause: reason.into() }
}
