//! When each request of a load is due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// Requests at a rate, taken by whichever connection is free.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    rate: u64,
    requests: u64,
    next: AtomicU64,
}

impl Pace {
    /// So many a second from a time on, for so many seconds.
    pub(super) fn new(begun: Instant, rate: u32, seconds: u32) -> Self {
        let rate = u64::from(rate);
        Self { begun, rate, requests: rate * u64::from(seconds), next: AtomicU64::new(0) }
    }

    /// The next one, once it is due, and when that was; none once all are taken.
    pub(super) async fn next(&self) -> Option<(u64, Instant)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.requests {
            return None;
        }
        let due = self.begun + Duration::from_nanos(number * NANOS / self.rate);
        sleep_until(due).await;
        Some((number, due))
    }
}
