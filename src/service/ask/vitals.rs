//! Sizes of the machine's things: memory of the process, room on the disk, the database.

use std::path::Path;

use projections::store::query;

use crate::service::{Deps, Result};

/// Bytes of a page of memory, as Linux counts them.
const PAGE: u64 = 4_096;

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskRoom {
    /// Free for this user.
    pub free: u64,
    /// Taken. What is neither is kept for the system.
    pub used: u64,
    /// All of it.
    pub whole: u64,
}

/// Memory of this process, in bytes; none where the system does not say.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}

/// Room on the disk of a folder.
#[must_use]
pub fn disk(folder: &Path) -> Option<DiskRoom> {
    let room = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks * room.f_frsize;
    let used = room.f_blocks.saturating_sub(room.f_bfree);
    Some(DiskRoom { free: bytes(room.f_bavail), used: bytes(used), whole: bytes(room.f_blocks) })
}

/// Size of the database, in bytes.
///
/// # Errors
/// When the database fails.
pub async fn database_bytes(deps: &Deps) -> Result<u64> {
    Ok(query::database_bytes(&mut *deps.read().await?).await?)
}
