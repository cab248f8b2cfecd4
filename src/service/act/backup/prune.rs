//! Old backups go.

use ingest::backup::shelf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::act::ingest::now;
use crate::service::ask::backup::{ListedBackup, listed, shelf_of};
use crate::service::{Result, Settings};

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrunedBackups {
    /// The backups that went, or would go.
    pub removed: Vec<ListedBackup>,
    /// Size of their files.
    pub bytes: u64,
    /// How many stay.
    pub kept: u64,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// Removes the backups that are older than so many days of the calendar (UTC), those that an interruption has left
/// among them. The newest complete one stays.
///
/// # Errors
/// When the place cannot be read or refuses.
pub async fn prune(settings: &Settings, at: Option<&str>, keep_days: u16, dry_run: bool) -> Result<PrunedBackups> {
    let Some(place) = shelf_of(settings, at)? else {
        return Ok(PrunedBackups { removed: Vec::new(), bytes: 0, kept: 0, dry_run });
    };
    let backups = shelf::list(&place).await?;
    let outdated = shelf::outdated(&backups, now()?, keep_days);
    for backup in outdated.iter().filter(|_| !dry_run) {
        shelf::remove(&place, &backup.id).await?;
    }
    Ok(PrunedBackups {
        bytes: outdated.iter().map(|backup| backup.bytes).sum(),
        kept: (backups.len() - outdated.len()) as u64,
        removed: outdated.into_iter().map(listed).collect(),
        dry_run,
    })
}
