//! The schema is brought up to date, and logins get the roles that they belong to.

use ingest::roles::ABOVE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::{Deps, Error, Result};

/// A database with this program's schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Migrated {
    /// Always true: what could not be done is an error.
    pub migrated: bool,
    /// The roles that there are now; null where none were asked for.
    pub roles: Option<Vec<String>>,
}

/// Brings the schema up to date; with `roles` makes the database roles and grants them their rights as well.
///
/// # Errors
/// As [`Deps::log`], and when this login may not make roles.
pub async fn migrate(deps: &Deps, roles: bool) -> Result<Migrated> {
    let log = deps.log().await?;
    if !roles {
        return Ok(Migrated { migrated: true, roles: None });
    }
    let granted = ingest::roles::grant(log.pool()).await;
    let granted = granted.map_err(|error| Error::unavailable(error).of("cannot make the roles"))?;
    let skipped: Vec<&str> = ABOVE.into_iter().filter(|role| !granted.contains(role)).collect();
    if !skipped.is_empty() {
        deps.warn(format!(
            "{} not made: that takes a login which may make roles with BYPASSRLS",
            skipped.join(" and ")
        ));
    }
    Ok(Migrated { migrated: true, roles: Some(granted.into_iter().map(str::to_owned).collect()) })
}
