//! A backup: what cannot be made again, of one moment, in one folder of a [`Place`](crate::place::Place). The log and
//! its side tables, and the raw documents; builds are folded anew, and keys are kept apart.
//!
//! ```text
//! PLACE/20261129T105922Z-5f1c09ab/
//!   log.event/000001.zst     rows as COPY writes them, in files of a bounded size
//!   documents/000001.zst     raw documents, each after a line of its digest and size
//!   manifest.json            written last: without it there is no backup
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`manifest`] | what a backup says of itself: head, root, and the digest of every file |
//! | [`writer`], [`files`] | a backup that is being made; its files, bounded in size and in memory |
//! | [`reader`] | a backup that is there: checked, its rows and documents |
//! | [`tables`] | rows out of a database, and into an empty one |
//! | [`shelf`] | the backups of a place: listed, and removed by age |

use sqlx::PgConnection;
use thiserror::Error;

use crate::artifact::ArtifactError;
use crate::migrate::MigrateError;
use crate::place::PlaceError;

pub mod files;
pub mod manifest;
pub mod reader;
pub mod shelf;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;
pub mod writer;

/// Why a backup is not made, or not put back.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The place of backups cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// There is no such backup.
    #[error("no backup {0} in this place")]
    NotFound(String),
    /// There is none at all.
    #[error("no complete backup in this place")]
    None,
    /// A text that is no id of a backup.
    #[error("`{0}` is no id of a backup: expected one as a listing shows it, 20261129T105922Z-5f1c09ab")]
    Id(String),
    /// What is there is not what was written.
    #[error("backup {id} is damaged: {file}: {found}")]
    Damaged {
        /// The backup.
        id: String,
        /// The file at fault.
        file: String,
        /// What is wrong with it.
        found: String,
    },
    /// A newer program wrote it.
    #[error("backup {id} is of schema {schema}, and this program knows {known}: a newer program can put it back")]
    Newer {
        /// The backup.
        id: String,
        /// Version of its tables.
        schema: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database holds a log already.
    #[error("there are rows in {0}")]
    NotEmpty(String),
    /// The database has newer tables than the backup, and nothing in them.
    #[error(
        "this database has tables of schema {here}, and the backup is of {schema}: it is put back into a database in \
         which nothing was made yet"
    )]
    OtherSchema {
        /// The database's.
        here: i64,
        /// The backup's.
        schema: i64,
    },
    /// Raw documents cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The schema could not be made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Packing or unpacking failed.
    #[error("zstd: {0}")]
    Packing(#[from] std::io::Error),
    /// The manifest has no canonical form.
    #[error(transparent)]
    Canonical(#[from] domain::canonical::CanonicalError),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
}

/// Events that have no position yet.
///
/// # Errors
/// When the database fails.
pub async fn pending(conn: &mut PgConnection) -> Result<u64, BackupError> {
    let waiting = sqlx::query_file_scalar!("sql/backup_pending.sql").fetch_one(conn).await?;
    Ok(domain::number::fit(waiting, "events that wait"))
}
