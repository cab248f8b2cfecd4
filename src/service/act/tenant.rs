//! A tenant begins: an empty log of its own, beside the others of the database.

use domain::TenantName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::{Deps, Error, Result};

/// SQLSTATE of a name that is taken.
const TAKEN: &str = "23505";

/// A tenant that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeTenant {
    /// Its name.
    pub name: String,
    /// Its number: whoever may use the schema `tenant_<number>` may be it.
    pub number: i32,
}

/// Makes a tenant with an empty log.
///
/// # Errors
/// [`Error::Conflict`] when there is one of this name; when this login is not the owner of the database; as
/// [`Deps::log`].
pub async fn create(deps: &Deps, name: &TenantName) -> Result<MadeTenant> {
    let log = deps.log().await?;
    match sqlx::query_file_scalar!("sql/make_tenant.sql", name.as_str()).fetch_one(log.pool()).await {
        Ok(number) => Ok(MadeTenant { name: name.to_string(), number }),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(TAKEN) => {
            Err(Error::conflict(format!("there is a tenant `{name}` already")))
        }
        Err(error) => Err(Error::from(error).of(format!("cannot make the tenant `{name}`"))),
    }
}
