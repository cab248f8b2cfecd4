//! Which tenants there are.

use domain::TenantId;
use domain::recorded::Position;
use replay::{SNAPSHOT, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;

use crate::service::{Deps, Result};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedTenant {
    /// Its name.
    pub name: String,
    /// Events of its log with a position.
    pub head: Position,
}

/// The tenants that this user may be, by name.
///
/// # Errors
/// As [`Deps::read`].
pub async fn tenants(deps: &Deps) -> Result<Vec<ListedTenant>> {
    let mut conn = deps.read().await?;
    let mut snapshot = conn.begin_with(SNAPSHOT).await?;
    let found = sqlx::query_file!("sql/own_tenants.sql").fetch_all(&mut *snapshot).await?;
    let mut listed = Vec::new();
    for tenant in found {
        let Some(id) = TenantId::new(tenant.tenant_id) else { continue };
        let (_, number) = id.setting();
        sqlx::query_file!("sql/be_tenant.sql", number).fetch_one(&mut *snapshot).await?;
        listed.push(ListedTenant { name: tenant.name, head: log::head(&mut snapshot).await?.position });
    }
    snapshot.rollback().await?;
    Ok(listed)
}
