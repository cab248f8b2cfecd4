//! Which tenant is meant: a name becomes the number that sessions of the database say.

use domain::{TenantId, TenantName};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use super::acting;
use super::error::{Error, Result};

/// SQLSTATE of what a database has not that has no tenants, or hides from this user: a table, a schema, a right.
const UNSEEN: [&str; 3] = ["42P01", "3F000", "42501"];

/// There is no such tenant, or it is not this user's, which is not told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this user has no tenant `{0}` here")]
pub struct NoTenant(pub TenantName);

/// The number of a tenant. That of `public` is known; another is asked for on a connection of its own, while the caller
/// blocks.
///
/// # Errors
/// [`NoTenant`]; when there is no way to the database.
pub(super) fn find(options: &PgConnectOptions, name: &TenantName) -> Result<TenantId> {
    if name.is_public() {
        return Ok(TenantId::PUBLIC);
    }
    // On a thread with a runtime of its own: whoever calls may be within one.
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(Error::unavailable)?.block_on(ask(options, name))
        });
        asked.join().unwrap_or_else(|_| Err(Error::unavailable("looking for the tenant has failed")))
    })
}

async fn ask(options: &PgConnectOptions, name: &TenantName) -> Result<TenantId> {
    let mut conn = acting::looking(options, TenantId::PUBLIC).await?;
    let number = number(&mut conn, name).await;
    conn.close().await?;
    number
}

/// The number of a tenant, whichever one the connection is of.
pub(super) async fn number(conn: &mut PgConnection, name: &TenantName) -> Result<TenantId> {
    let found = sqlx::query_file_scalar!("sql/tenant_number.sql", name.as_str()).fetch_optional(conn).await;
    let number = match found {
        Ok(number) => number.and_then(TenantId::new),
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| UNSEEN.contains(&&*code)) => None,
        Err(error) => return Err(error.into()),
    };
    number.ok_or_else(|| Error::unavailable(NoTenant(name.clone())))
}
