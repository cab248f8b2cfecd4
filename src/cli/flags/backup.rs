//! Flags of `backup`.

use clap::{Args, Subcommand};

/// What can be done with backups.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make one of the database as it is at one moment, and of the raw documents; keys are kept apart
    Create(BackupPlace),
    /// The backups of a place, the oldest first
    List(BackupPlace),
    /// Put one into an empty database and its documents into the data folder, and prove that it is what it was
    Restore {
        /// Which, as `backup list` shows it; else the newest complete one
        id: Option<String>,
        /// Only try it, in a private database that is gone afterwards
        #[arg(long)]
        drill: bool,
        #[command(flatten)]
        place: BackupPlace,
    },
    /// Remove old ones; the newest complete one stays
    Prune {
        /// Those of today and of so many days before stay (UTC)
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=36_500))]
        keep_days: u16,
        /// Show which would go; nothing changes
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: BackupPlace,
    },
}

/// Where backups are.
#[derive(Args, Clone, Debug)]
pub(crate) struct BackupPlace {
    /// A folder, or s3://BUCKET[/PREFIX]; else the folder `backups` in the data folder
    #[arg(long, value_name = "URL", visible_alias = "from")]
    pub(crate) to: Option<String>,
}
