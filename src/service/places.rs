//! Places that tenants share: for bytes on their way, for folds, for what computes for long. A tenant alone gets nearly
//! all of them, yet never so many that another one finds none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use tokio::sync::Notify;

/// How many times what it leaves free a tenant may hold.
const SHARE: usize = 3;

/// Places.
#[derive(Debug)]
pub struct SharedPlaces {
    whole: usize,
    /// How many each tenant holds; those with none are not among them.
    held: Mutex<BTreeMap<TenantId, usize>>,
    freed: Notify,
}

/// Places that are held until they are dropped.
#[derive(Debug)]
pub struct HeldPlaces {
    of: Arc<SharedPlaces>,
    tenant: TenantId,
    count: usize,
}

/// The places that tenants share, as one of them sees it.
#[derive(Clone, Debug)]
pub struct TenantPlaces {
    of: Arc<SharedPlaces>,
    tenant: TenantId,
}

impl SharedPlaces {
    /// So many for a tenant that is alone, and a third of that beyond, which it cannot have.
    #[must_use]
    pub fn new(alone: usize) -> Arc<Self> {
        let whole = alone + alone.div_ceil(SHARE);
        Arc::new(Self { whole, held: Mutex::default(), freed: Notify::new() })
    }

    /// As a tenant sees them.
    #[must_use]
    pub fn of(self: &Arc<Self>, tenant: TenantId) -> TenantPlaces {
        TenantPlaces { of: Arc::clone(self), tenant }
    }

    /// Gives a tenant so many more, where it then holds at most thrice what it leaves free. One that has none gets the
    /// last one too.
    fn take(&self, tenant: TenantId, count: usize) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.whole - held.values().sum::<usize>();
        let has = held.get(&tenant).copied().unwrap_or(0);
        let Some(left) = free.checked_sub(count) else { return false };
        if count > 0 && has + count > (left * SHARE).max(1) {
            return false;
        }
        if count > 0 {
            held.insert(tenant, has + count);
        }
        true
    }

    fn give_back(&self, tenant: TenantId, count: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = held.get_mut(&tenant) {
            *has -= count;
            if *has == 0 {
                held.remove(&tenant);
            }
        }
        drop(held);
        self.freed.notify_waiters();
    }
}

impl TenantPlaces {
    /// So many, unless that is too many now.
    #[must_use]
    pub fn take(&self, count: usize) -> Option<HeldPlaces> {
        let taken = self.of.take(self.tenant, count);
        taken.then(|| HeldPlaces { of: Arc::clone(&self.of), tenant: self.tenant, count })
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

    /// How many this tenant could take at once.
    #[must_use]
    pub fn free(&self) -> usize {
        let held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.of.whole - held.values().sum::<usize>();
        let has = held.get(&self.tenant).copied().unwrap_or(0);
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
        let grown = more == 0 || self.of.take(self.tenant, more);
        if grown {
            self.count += more;
        }
        grown
    }
}

impl Drop for HeldPlaces {
    fn drop(&mut self) {
        self.of.give_back(self.tenant, self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: i32) -> TenantId {
        TenantId::new(number).unwrap()
    }

    #[test]
    fn one_tenant_has_nearly_all_and_never_the_last() {
        let places = SharedPlaces::new(2);
        let (greedy, late, later) = (places.of(tenant(1)), places.of(tenant(2)), places.of(tenant(3)));
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
