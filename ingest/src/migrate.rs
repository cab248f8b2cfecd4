//! The schema's history, carried inside the program.

use futures_util::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, Migrator};
use sqlx::{Connection as _, PgConnection, PgPool};
use thiserror::Error;

/// Every migration, in order. Their checksums are kept in the database, so an edited file is noticed.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// The encoding a database must have. In any other one texts would come back changed, or not at all: the log hashes
/// bytes of UTF-8, and its keys are compared by them.
pub const ENCODING: &str = "UTF8";
/// How long a statement of a migration may run: without end. An index on a large log takes its time.
pub(crate) const MIGRATION_TIMEOUT: &str = "0";

/// Why the schema is not up to date.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// The database was created with an encoding that cannot hold the log. It cannot be changed.
    #[error(
        "the database's encoding is {0}, and the log needs {ENCODING}: create another database, for example by \
         `CREATE DATABASE atlas ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0`"
    )]
    Encoding(String),
    /// The history in the database is not a beginning of ours, or a migration failed.
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
}

/// Brings the database to the newest schema. Does nothing when it is there; two at once wait for each other.
///
/// Where nothing is missing, the right to read what was applied is enough.
///
/// # Errors
/// When the database cannot be reached, its encoding is not [`ENCODING`], or its history is not a beginning of ours.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    migrate_telling(pool, &mut |_| ()).await
}

/// The same; `told` is told of each migration that a database with a schema lacks, before it runs.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_telling(pool: &PgPool, told: &mut (dyn FnMut(&Migration) + Send)) -> Result<(), MigrateError> {
    // Closed in the end, for its limits are not those of the pool.
    let mut conn = pool.acquire().await?.detach();
    let migrated = on(&mut conn, told).await;
    let closed = conn.close().await;
    migrated?;
    Ok(closed?)
}

async fn on(conn: &mut PgConnection, told: &mut (dyn FnMut(&Migration) + Send)) -> Result<(), MigrateError> {
    let found = encoding(conn).await?;
    if found != ENCODING {
        return Err(MigrateError::Encoding(found));
    }
    if is_current(conn).await {
        return Ok(());
    }
    sqlx::query_file!("sql/set_statement_timeout.sql", MIGRATION_TIMEOUT).fetch_one(&mut *conn).await?;
    if let Some(found) = version(conn).await? {
        for migration in MIGRATOR.iter().filter(|migration| migration.version > found) {
            told(migration);
            let mut step = Migrator::new(Beginning(migration.version)).await?;
            // Another may be ahead by now.
            step.set_ignore_missing(true).run_direct(&mut *conn).await?;
        }
    }
    // Not `run`: the compiler does not see that what it makes of a connection may be sent between threads.
    Ok(MIGRATOR.run_direct(conn).await?)
}

/// The migrations up to a version.
#[derive(Debug)]
struct Beginning(i64);

impl MigrationSource<'static> for Beginning {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        let migrations = MIGRATOR.iter().filter(|migration| migration.version <= self.0).cloned().collect();
        Box::pin(async { Ok(migrations) })
    }
}

/// Version of the newest schema.
pub(crate) fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Version of a database's schema; `None` where it has none.
pub(crate) async fn version(conn: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    if !sqlx::query_file_scalar!("sql/has_migrations.sql").fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let applied = sqlx::query_file!("sql/applied_migrations.sql").fetch_all(conn).await?;
    Ok(applied.iter().map(|row| row.version).max())
}

/// Brings a database to a version of the schema, in the transaction that the connection is in.
pub(crate) async fn up_to(conn: &mut PgConnection, version: i64) -> Result<(), MigrateError> {
    let found = encoding(conn).await?;
    if found != ENCODING {
        return Err(MigrateError::Encoding(found));
    }
    Ok(Migrator::new(Beginning(version)).await?.run_direct(conn).await?)
}

/// The encoding a database was created with.
///
/// # Errors
/// When the database fails.
pub async fn encoding(conn: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_file_scalar!("sql/encoding.sql").fetch_one(conn).await
}

/// Whether exactly our migrations are applied. An error is a no: the migrator then says what is wrong.
async fn is_current(conn: &mut PgConnection) -> bool {
    let applied = sqlx::query_file!("sql/applied_migrations.sql").fetch_all(conn).await;
    let Ok(applied) = applied else { return false };
    let applied = applied.iter().map(|row| (row.version, row.checksum.as_slice()));
    applied.eq(MIGRATOR.iter().map(|migration| (migration.version, &*migration.checksum)))
}
