//! `bench root`: leaf hashes to root.

use std::hint::black_box;
use std::time::Instant;

use domain::digest::Digest;
use domain::merkle::Frontier;

use super::measure::{Figures, compare};
use crate::service::Result;

/// Events of the log.
const EVENTS: u64 = 1_000_000;

/// Leaf hashes to root, against SHA-256 of the same bytes.
///
/// # Errors
/// None so far.
pub async fn run() -> Result<Figures> {
    let leaves: Vec<Digest> = (0..EVENTS).map(|n| Digest::of(&n.to_be_bytes())).collect();
    let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
    let mut ours = async || {
        let started = Instant::now();
        let mut frontier = Frontier::default();
        for leaf in &leaves {
            frontier.push(*leaf);
        }
        black_box(frontier.root());
        Ok(started.elapsed())
    };
    let mut reference = async || {
        let started = Instant::now();
        black_box(Digest::of(black_box(&bytes)));
        Ok(started.elapsed())
    };
    compare("root", EVENTS, &mut ours, &mut reference).await
}
