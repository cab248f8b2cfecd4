//! What lists need of a snapshot, made when it is first asked for and kept as long as the snapshot is.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most orders of one kind that are kept; others are made each time that they are asked for.
const KEPT: usize = 64;

/// Values that are made once, one of a type.
#[derive(Debug, Default)]
pub(in crate::service::ask) struct MadeOnce(Mutex<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl MadeOnce {
    /// The one of this type. Who comes while it is made makes it too, and gets the one that was there first: nobody
    /// waits for another.
    pub(in crate::service::ask) fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let held = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = held().get(&TypeId::of::<T>()).cloned();
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return known;
        }
        let made = Arc::new(make());
        let first = Arc::clone(held().entry(TypeId::of::<T>()).or_insert_with(|| Arc::clone(&made) as _));
        first.downcast().unwrap_or(made)
    }
}

/// Numbers in orders, by what they are sorted by: a page of a whole list is a piece of one.
#[derive(Debug)]
pub(in crate::service::ask) struct KeptOrders<K>(Mutex<BTreeMap<Vec<K>, Arc<[u32]>>>);

impl<K> Default for KeptOrders<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Ord> KeptOrders<K> {
    /// The order by these keys, made where it is not there.
    pub(in crate::service::ask) fn get(&self, keys: &[K], make: impl FnOnce() -> Vec<u32>) -> Arc<[u32]> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept().get(keys).cloned();
        known.unwrap_or_else(|| {
            let order: Arc<[u32]> = make().into();
            let mut kept = kept();
            if kept.len() < KEPT {
                kept.insert(keys.to_vec(), Arc::clone(&order));
            }
            order
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once() {
        let values = MadeOnce::default();
        assert_eq!((*values.get(|| 1_u8), *values.get(|| 2_u8), *values.get(|| 3_u16)), (1, 1, 3));
    }

    #[test]
    fn an_order_is_made_once_and_only_so_many_are_kept() {
        let orders = KeptOrders::<usize>::default();
        let mut made = 0;
        let mut get = |key: usize| {
            orders.get(&[key], || {
                made += 1;
                vec![0]
            });
            made
        };
        assert_eq!([get(0), get(0), get(1), get(1), get(0)], [1, 1, 2, 2, 2]);
        let before = (2..1_000).map(&mut get).last();
        assert_eq!((before, get(0), get(999)), (Some(1_000), 1_000, 1_001), "the last was not kept");
    }
}
