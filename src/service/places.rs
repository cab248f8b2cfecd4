//! Places that tenants, or their clients, share: for bytes on their way, for folds, for what computes for long. Whoever
//! is alone gets nearly all of them, yet never so many that another one finds none.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use tokio::sync::Notify;

/// How many times what it leaves free one may hold.
const SHARE: usize = 3;

/// Who holds places: a tenant, or one of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceHolder {
    tenant: TenantId,
    client: Option<IpAddr>,
}

impl From<TenantId> for PlaceHolder {
    fn from(tenant: TenantId) -> Self {
        Self { tenant, client: None }
    }
}

impl From<(TenantId, IpAddr)> for PlaceHolder {
    fn from((tenant, client): (TenantId, IpAddr)) -> Self {
        Self { tenant, client: Some(client) }
    }
}

/// Places.
#[derive(Debug)]
pub struct SharedPlaces {
    whole: usize,
    /// How many each holds; those with none are not among them.
    held: Mutex<BTreeMap<PlaceHolder, usize>>,
    freed: Notify,
}

/// Places that are held until they are dropped.
#[derive(Debug)]
pub struct HeldPlaces {
    of: Arc<SharedPlaces>,
    holder: PlaceHolder,
    count: usize,
}

/// The places that are shared, as one who may hold some sees it.
#[derive(Clone, Debug)]
pub struct OwnPlaces {
    of: Arc<SharedPlaces>,
    holder: PlaceHolder,
}

impl SharedPlaces {
    /// So many for whoever is alone, and a third of that beyond, which nobody can have who is.
    #[must_use]
    pub fn new(alone: usize) -> Arc<Self> {
        let whole = alone + alone.div_ceil(SHARE);
        Arc::new(Self { whole, held: Mutex::default(), freed: Notify::new() })
    }

    /// As a tenant sees them, or one of its clients.
    #[must_use]
    pub fn of(self: &Arc<Self>, holder: impl Into<PlaceHolder>) -> OwnPlaces {
        OwnPlaces { of: Arc::clone(self), holder: holder.into() }
    }

    /// Gives one so many more, where it then holds at most thrice what it leaves free. One that has none gets the
    /// last one too.
    fn take(&self, holder: PlaceHolder, count: usize) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.whole - held.values().sum::<usize>();
        let has = held.get(&holder).copied().unwrap_or(0);
        let Some(left) = free.checked_sub(count) else { return false };
        if count > 0 && has + count > (left * SHARE).max(1) {
            return false;
        }
        if count > 0 {
            held.insert(holder, has + count);
        }
        true
    }

    fn give_back(&self, holder: PlaceHolder, count: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = held.get_mut(&holder) {
            *has -= count;
            if *has == 0 {
                held.remove(&holder);
            }
        }
        drop(held);
        self.freed.notify_waiters();
    }
}

impl OwnPlaces {
    /// So many, unless that is too many now.
    #[must_use]
    pub fn take(&self, count: usize) -> Option<HeldPlaces> {
        let taken = self.of.take(self.holder, count);
        taken.then(|| HeldPlaces { of: Arc::clone(&self.of), holder: self.holder, count })
    }

    /// One, as soon as it can be had.
    pub async fn wait(&self) -> HeldPlaces {
        loop {
            // Registered before it looks: what is given back between is not missed.
            let freed = self.of.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            match self.take(1) {
                Some(held) => return held,
                None => freed.await,
            }
        }
    }

    /// How many it could take at once.
    #[must_use]
    pub fn free(&self) -> usize {
        let held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.of.whole - held.values().sum::<usize>();
        let has = held.get(&self.holder).copied().unwrap_or(0);
        // The most `n` for which `has + n` is at most thrice `free - n`, and the last one of whom has none.
        let most = (free * SHARE).saturating_sub(has) / (SHARE + 1);
        if has == 0 { most.max(free.min(1)) } else { most }
    }
}

impl HeldPlaces {
    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether it holds so many in all by now; it takes those that lack, unless that is too many.
    pub fn grow(&mut self, count: usize) -> bool {
        let more = count.saturating_sub(self.count);
        let grown = more == 0 || self.of.take(self.holder, more);
        if grown {
            self.count += more;
        }
        grown
    }
}

impl Drop for HeldPlaces {
    fn drop(&mut self) {
        self.of.give_back(self.holder, self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: i32) -> TenantId {
        TenantId::new(number).unwrap()
    }

    #[test]
    fn whoever_is_alone_has_nearly_all_and_never_the_last() {
        let places = SharedPlaces::new(2);
        let client = |last| (tenant(2), IpAddr::from([192, 0, 2, last]));
        let (greedy, late, later) = (places.of(tenant(1)), places.of(client(1)), places.of(client(2)));
        assert_eq!((greedy.free(), greedy.take(3).is_some()), (2, false));
        let held = [greedy.take(1).unwrap(), greedy.take(1).unwrap()];
        assert_eq!((greedy.free(), greedy.take(1).is_some()), (0, false));
        assert_eq!(late.free(), 1);
        let other = late.take(1).unwrap();
        assert!(late.take(1).is_none() && later.take(1).is_none(), "all are taken");
        drop((held, other));
        assert_eq!(greedy.free(), 2);
    }

    #[test]
    fn whoever_comes_finds_room_however_much_others_hold() {
        let places = SharedPlaces::new(12_000);
        assert_eq!(places.of(tenant(1)).free(), 12_000);
        let mut held = Vec::new();
        for number in 1..=4 {
            let tenant = places.of(tenant(number));
            let mut one = tenant.take(0).unwrap();
            while tenant.free() > 0 && one.grow(one.count() + 1) {}
            let (most, all) = (one.count(), places.whole);
            assert!(most >= [12_000, 3_000, 750, 187][held.len()] && !one.grow(most + 1), "{most} of {all}");
            held.push(one);
        }
        // What is there is enough.
        assert!(held[3].grow(1));
        drop(held);
        assert_eq!(places.of(tenant(4)).free(), 12_000);
    }

    #[tokio::test]
    async fn whoever_waits_gets_what_is_given_back() {
        let places = SharedPlaces::new(1);
        let one = places.of(tenant(1));
        let held = one.take(1).unwrap();
        let waiting = tokio::spawn({
            let one = one.clone();
            async move { one.wait().await.count() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the other one is for others");
        assert_eq!(places.of(tenant(2)).wait().await.count(), 1);
        drop(held);
        assert_eq!(waiting.await.unwrap(), 1);
    }
}
