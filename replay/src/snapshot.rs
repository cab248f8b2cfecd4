//! One answer, one snapshot: whatever others append, project, erase or promote meanwhile.

use std::borrow::Cow;

use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;

/// Begins a transaction that sees the database as it is now, whatever others do meanwhile: what is read of several
/// tables belongs together. It may be silent while a fold thinks, for ten minutes, whatever the limit of the connection
/// is: it holds up nobody but the vacuum, and a reader that was stopped is to end some day.
pub const SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '600s'";

/// Times that a read is begun anew when builds are dropped under it.
const TRIES: u32 = 20;

/// SQLSTATE of a table that is not there: a build that the snapshot still knows was dropped before it was opened.
const UNDEFINED_TABLE: &str = "42P01";
/// SQLSTATE of a reader that held one table of a build while whoever drops the build held another; or of the other.
const DEADLOCK: &str = "40P01";

/// An error that may have come from the database.
pub trait OfDatabase {
    /// What the database, or the way to it, said.
    fn database(&self) -> Option<&sqlx::Error>;
}

impl OfDatabase for ReplayError {
    fn database(&self) -> Option<&sqlx::Error> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}

/// Reads in one snapshot, and ends it. Where a build is dropped between the look at the register and the look at its
/// tables, the read begins anew, in a new snapshot: the register then names those that took its place.
///
/// # Errors
/// What `read` fails with, or when the database refuses.
pub async fn read<T, E>(
    conn: &mut PgConnection,
    mut read: impl AsyncFnMut(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E>
where
    E: OfDatabase + From<sqlx::Error>,
{
    let mut tries = 1;
    loop {
        let mut transaction = conn.begin_with(SNAPSHOT).await?;
        match read(&mut transaction).await {
            Err(error) if tries < TRIES && is_replaced(&error) => {
                transaction.rollback().await?;
                tries += 1;
            }
            answer => {
                let answer = answer?;
                transaction.commit().await?;
                return Ok(answer);
            }
        }
    }
}

/// Whether a build was dropped under its reader.
pub(crate) fn is_replaced(error: &impl OfDatabase) -> bool {
    is_deadlock(error) || code(error).as_deref() == Some(UNDEFINED_TABLE)
}

/// Whether the server ended one of several who waited for each other.
pub fn is_deadlock(error: &impl OfDatabase) -> bool {
    code(error).as_deref() == Some(DEADLOCK)
}

fn code(error: &impl OfDatabase) -> Option<Cow<'_, str>> {
    error.database()?.as_database_error()?.code()
}
