//! Sums over independent items, shared out to threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Adds up what `add` finds in each item, a vector of `width` sums. Every thread takes the next item that nobody has
/// begun, with working memory of its own from `memory`; since only whole numbers are added, any number of threads comes
/// to the same sums.
pub(super) fn sums<Item: Sync, Memory>(
    items: &[Item],
    threads: usize,
    width: usize,
    memory: impl Fn() -> Memory + Sync,
    add: impl Fn(&Item, &mut Memory, &mut [u32]) + Sync,
) -> Vec<u32> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut memory = memory();
        let mut sums = vec![0; width];
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            add(item, &mut memory, &mut sums);
        }
        sums
    };
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(items.len())).map(|_| scope.spawn(work)).collect();
        let mut totals = work();
        for helper in helpers {
            let sums = helper.join().unwrap_or_else(|panic| resume_unwind(panic));
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        totals
    })
}
