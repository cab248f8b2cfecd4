//! Least privilege: group roles of the database server, one for each thing that a process may be there to do.
//!
//! A role is no user: it cannot log in. The operator makes users and grants them the roles their work needs.

use sqlx::{Connection as _, PgPool};

/// Appends facts.
pub const APPENDER: &str = "atlas_appender";
/// Gives appended facts their positions.
pub const SEQUENCER: &str = "atlas_sequencer";
/// Folds the log into builds, and owns them.
pub const PROJECTOR: &str = "atlas_projector";
/// Reads what is live.
pub const READER: &str = "atlas_reader";
/// Reads the log.
pub const AUDITOR: &str = "atlas_auditor";

/// Reads every table of every tenant.
pub const AUDITOR_ALL: &str = "atlas_auditor_all";
/// Reads everything, for a dump of the whole database.
pub const BACKUP: &str = "atlas_backup";

/// Every role that policies hold for.
pub const ALL: [&str; 5] = [APPENDER, SEQUENCER, PROJECTOR, READER, AUDITOR];
/// The roles above policies (`BYPASSRLS`, which a member gets by `SET ROLE` alone). Not everybody may make them.
pub const ABOVE: [&str; 2] = [AUDITOR_ALL, BACKUP];

/// What is granted to whom, and why. Roles are made, and given rights of the whole database, with the rights of whoever
/// logged in, where that is a superuser.
const GRANTS: &str = include_str!("roles.sql");
/// Advisory lock under which grants are made: two at once would trip over each other's rows. A number of our own.
pub const GRANTS_LOCK: i64 = 0x7067_6174_6c61_7302;

/// Makes the roles where they are missing and grants each exactly what it needs in this database, which must be
/// migrated. Doing it again changes nothing; doing it after a migration covers what the migration brought.
///
/// Answers the roles of [`ALL`] and [`ABOVE`] that there are now: those of [`ABOVE`] are left out where the user may
/// not make them.
///
/// # Errors
/// When the database refuses, for example because the user may not make roles.
pub async fn grant(pool: &PgPool) -> Result<Vec<&'static str>, sqlx::Error> {
    let mut conn = pool.acquire().await?;
    let mut transaction = conn.begin().await?;
    sqlx::query_file!("sql/lock_grants.sql", GRANTS_LOCK).execute(&mut *transaction).await?;
    sqlx::query_file!("sql/as_superuser.sql").fetch_optional(&mut *transaction).await?;
    sqlx::raw_sql(GRANTS).execute(&mut *transaction).await?;
    let mut roles = ALL.to_vec();
    for role in ABOVE {
        if sqlx::query_file_scalar!("sql/is_above_policies.sql", role).fetch_one(&mut *transaction).await? {
            roles.push(role);
        }
    }
    transaction.commit().await?;
    Ok(roles)
}
