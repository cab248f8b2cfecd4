//! The schema's history, carried inside the program.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// Every migration, in order. Their checksums are kept in the database, so an edited file is noticed.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// Brings the database to the newest schema. Does nothing when it is there; two at once wait for each other.
///
/// Where nothing is missing, the right to read what was applied is enough.
///
/// # Errors
/// When the database cannot be reached, or its history is not a beginning of ours.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    if is_current(pool).await { Ok(()) } else { MIGRATOR.run(pool).await }
}

/// Whether exactly our migrations are applied. An error is a no: the migrator then says what is wrong.
async fn is_current(pool: &PgPool) -> bool {
    let applied = sqlx::query_file!("sql/applied_migrations.sql").fetch_all(pool).await;
    let Ok(applied) = applied else { return false };
    let applied = applied.iter().map(|row| (row.version, row.checksum.as_slice()));
    applied.eq(MIGRATOR.iter().map(|migration| (migration.version, &*migration.checksum)))
}
