//! The atlases that are served: the one that the program was started for, and those of other tenants, each opened when
//! it is first asked for. They share nothing but places, of which none gets all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{TenantId, TenantName};

use crate::service::act::ingest::desk::Desk;
use crate::service::ask::held::HeldSnapshot;
use crate::service::ask::moment::{FOLDS, Moments};
use crate::service::ask::submissions::DocumentOrder;
use crate::service::error::find;
use crate::service::places::{OwnPlaces, SharedPlaces};
use crate::service::run::{Stop, keeper};
use crate::service::tenant::NoTenant;
use crate::service::{Deps, Error, Result};

/// Most atlases of other tenants that are open at once; the one that was not asked for the longest is closed.
pub const OTHERS: usize = 16;
/// What computes for long at once, of a tenant that is alone.
const WORKS: usize = 2;
/// Files that are made at once for a client that is alone, each for as long as it takes.
const FILES: usize = 2;
/// Its streams of events at once.
const STREAMS: usize = 192;
/// How long a tenant's first question waits for its snapshot.
const FIRST: Duration = Duration::from_secs(20);
/// When it is worth asking again, where the snapshot takes longer.
const AGAIN: Duration = Duration::from_secs(2);

/// An atlas that answers.
pub struct ServedAtlas {
    /// The atlas.
    pub deps: Deps,
    /// Its snapshot of the moment.
    pub held: Arc<HeldSnapshot>,
    /// Its other moments.
    pub moments: Moments,
    /// In which order its documents came in.
    pub documents: DocumentOrder,
    /// What it may do at once of what takes long.
    pub places: AtlasPlaces,
    /// Asks streams of events to end.
    pub closing: Stop,
    /// Where documents are handed in; none where none are taken.
    pub desk: Option<Desk>,
}

/// Places of one tenant for what takes long.
pub struct AtlasPlaces {
    /// For folds of other points.
    pub folds: OwnPlaces,
    /// For what computes.
    pub work: OwnPlaces,
    /// For files that are made, to be shared among clients.
    pub files: Arc<SharedPlaces>,
    /// For streams of events, likewise.
    pub streams: Arc<SharedPlaces>,
}

/// The same of all tenants together.
struct AllPlaces {
    folds: Arc<SharedPlaces>,
    work: Arc<SharedPlaces>,
    files: Arc<SharedPlaces>,
    streams: Arc<SharedPlaces>,
}

impl Default for AllPlaces {
    fn default() -> Self {
        let [folds, work, files, streams] = [FOLDS, WORKS, FILES, STREAMS].map(SharedPlaces::new);
        Self { folds, work, files, streams }
    }
}

impl AllPlaces {
    fn of(&self, tenant: TenantId) -> AtlasPlaces {
        let (files, streams) = (Arc::clone(&self.files), Arc::clone(&self.streams));
        AtlasPlaces { folds: self.folds.of(tenant), work: self.work.of(tenant), files, streams }
    }
}

impl ServedAtlas {
    fn of(deps: Deps, places: &AllPlaces, desk: Option<Desk>) -> Self {
        let (held, places) = (Arc::<HeldSnapshot>::default(), places.of(deps.tenant()));
        let moments = Moments::new(Arc::clone(&held), places.folds.clone());
        Self { moments, documents: DocumentOrder::default(), deps, held, places, closing: Stop::default(), desk }
    }
}

/// One of another tenant.
struct OtherAtlas {
    atlas: Arc<ServedAtlas>,
    stop: Stop,
    /// Which question was the last.
    asked: AtomicU64,
}

impl OtherAtlas {
    /// Its snapshot is kept no longer, and its connections go once they are given back.
    fn close(&self) {
        self.stop.ask();
        self.atlas.closing.ask();
        let deps = self.atlas.deps.clone();
        tokio::spawn(async move { deps.close().await });
    }
}

/// Every atlas that is served.
pub struct Atlases {
    own: Arc<ServedAtlas>,
    others: Mutex<BTreeMap<String, Arc<OtherAtlas>>>,
    questions: AtomicU64,
    places: AllPlaces,
    /// Clients of tenants of which each has a turn at something of which it has one at once.
    turns: Arc<Mutex<BTreeSet<(TenantId, IpAddr)>>>,
}

/// A client's turn, over when it is dropped.
#[derive(Debug)]
pub struct ClientTurn {
    turns: Arc<Mutex<BTreeSet<(TenantId, IpAddr)>>>,
    client: (TenantId, IpAddr),
}

impl Drop for ClientTurn {
    fn drop(&mut self) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.client);
    }
}

impl Atlases {
    /// With the one that the program was started for, whose snapshot the caller keeps, and where documents for it are
    /// handed in; those for others are, where there is such a place.
    #[must_use]
    pub fn new(deps: Deps, desk: Option<Desk>) -> Self {
        let places = AllPlaces::default();
        let own = Arc::new(ServedAtlas::of(deps, &places, desk));
        Self { own, others: Mutex::default(), questions: AtomicU64::default(), places, turns: Arc::default() }
    }

    /// The turn of a client of a tenant; `None` while it has one.
    #[must_use]
    pub fn turn(&self, tenant: TenantId, client: IpAddr) -> Option<ClientTurn> {
        let client = (tenant, client);
        let is_new = self.turns.lock().unwrap_or_else(PoisonError::into_inner).insert(client);
        is_new.then(|| ClientTurn { turns: Arc::clone(&self.turns), client })
    }

    /// Asks every stream of events to end.
    pub fn hush(&self) {
        self.own.closing.ask();
        self.locked().values().for_each(|other| other.atlas.closing.ask());
    }

    /// The one that the program was started for.
    #[must_use]
    pub fn own(&self) -> &Arc<ServedAtlas> {
        &self.own
    }

    /// The one of a tenant; `None` where this user has no such tenant, or the text names none.
    ///
    /// # Errors
    /// When there is no way to the database, or its snapshot is not there yet.
    pub async fn of(&self, tenant: &str) -> Result<Option<Arc<ServedAtlas>>> {
        if self.own.deps.tenant_name().as_str() == tenant {
            return Ok(Some(Arc::clone(&self.own)));
        }
        let Ok(name) = TenantName::new(tenant) else { return Ok(None) };
        let known = self.locked().get(tenant).filter(|other| !other.stop.is_asked()).cloned();
        let other = match known {
            Some(other) => other,
            // What is no tenant takes nobody's place.
            None => match self.own.deps.of_tenant(&name).await {
                Ok(deps) => self.enter(tenant, &deps),
                Err(error) if find::<NoTenant>(error.cause()).is_some() => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        other.asked.store(self.questions.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let first = tokio::time::timeout(FIRST, other.atlas.held.first()).await;
        first.map_err(|_| Error::Unavailable {
            retry_after: Some(AGAIN),
            cause: "the atlas is not loaded yet".into(),
        })?;
        Ok(Some(Arc::clone(&other.atlas)))
    }

    /// Every one that is open, by tenant.
    #[must_use]
    pub fn open(&self) -> Vec<(String, Arc<ServedAtlas>)> {
        let others = self.locked();
        let others = others.iter().map(|(tenant, other)| (tenant.clone(), Arc::clone(&other.atlas)));
        let own = (self.own.deps.tenant_name().to_string(), Arc::clone(&self.own));
        std::iter::once(own).chain(others).collect()
    }

    /// Whether the one of a tenant is open.
    #[must_use]
    pub fn is_open(&self, tenant: &str) -> bool {
        self.own.deps.tenant_name().as_str() == tenant || self.locked().contains_key(tenant)
    }

    /// Closes those of other tenants.
    pub fn close(&self) {
        std::mem::take(&mut *self.locked()).values().for_each(|other| other.close());
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Arc<OtherAtlas>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one more, in the place of the one that was not asked for the longest where all are taken.
    fn enter(&self, tenant: &str, deps: &Deps) -> Arc<OtherAtlas> {
        let mut others = self.locked();
        if let Some(other) = others.get(tenant).filter(|other| !other.stop.is_asked()) {
            // Somebody was faster.
            return Arc::clone(other);
        }
        if others.len() >= OTHERS {
            let oldest = others.iter().min_by_key(|(_, other)| other.asked.load(Ordering::Relaxed));
            let oldest = oldest.map(|(name, _)| name.clone());
            if let Some(other) = oldest.and_then(|name| others.remove(&name)) {
                other.close();
            }
        }
        let desk = self.own.desk.as_ref().map(|desk| desk.beside(deps));
        let other = Arc::new(OtherAtlas {
            atlas: Arc::new(ServedAtlas::of(deps.clone(), &self.places, desk)),
            stop: Stop::default(),
            asked: AtomicU64::new(self.questions.load(Ordering::Relaxed)),
        });
        tokio::spawn(keep(Arc::clone(&other.atlas), other.stop.clone()));
        others.insert(tenant.to_owned(), Arc::clone(&other));
        other
    }
}

/// Keeps a snapshot; where that fails, the next question opens the atlas anew.
async fn keep(atlas: Arc<ServedAtlas>, stop: Stop) {
    if let Err(error) = keeper::run(atlas.deps.clone(), Arc::clone(&atlas.held), stop.clone()).await {
        tracing::warn!(%error, tenant = %atlas.deps.tenant_name(), "its snapshot is kept no longer");
        stop.ask();
    }
}
