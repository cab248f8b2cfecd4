//! The atlas of another tenant, beside one that is open.

use std::sync::Arc;

use domain::TenantName;

use super::{Deps, Settings};
use crate::service::error::Result;
use crate::service::pools::Sizes;
use crate::service::tenant;
use crate::service::ways::Ways;

/// Most connections of such an atlas, for each kind of work.
const CONNECTIONS: Sizes = Sizes { reads: 2, projection: 2, intake: 2 };

/// How many connections of a pool there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolGauge {
    /// What they are for.
    pub name: &'static str,
    /// Open ones.
    pub open: u32,
    /// Those that nobody uses.
    pub idle: u32,
    /// Most of them.
    pub most: u32,
}

impl Deps {
    /// How many connections there are, by what they are for.
    #[must_use]
    pub fn pools(&self) -> [PoolGauge; 3] {
        self.ways.pools().map(|(name, pool)| PoolGauge {
            name,
            open: pool.size(),
            idle: domain::number::fit(pool.num_idle(), "idle connections"),
            most: pool.options().get_max_connections(),
        })
    }

    /// Whose the log is.
    pub(crate) fn tenant_name(&self) -> &TenantName {
        &self.settings.tenant
    }

    /// The atlas of another tenant of the same database. Its pools are small, and open nothing before they are used.
    ///
    /// # Errors
    /// When this user has no such tenant, or there is no way to the database.
    pub(crate) async fn of_tenant(&self, name: &TenantName) -> Result<Self> {
        // Anybody may ask for any name: no more connections are opened for that than there are for answers.
        let tenant = tenant::number(&mut *self.read().await?, name).await?;
        let options = self.ways.options().await?;
        let settings = Settings { tenant: name.clone(), ..self.settings.clone() };
        Ok(Self {
            data_dir: settings.data_dir()?,
            ways: Ways::new(options.clone(), tenant, true, CONNECTIONS, Arc::clone(&self.watch)),
            tenant,
            watch: Arc::clone(&self.watch),
            ready: Arc::default(),
            migrated: Arc::default(),
            _embedded: self._embedded.clone(),
            settings,
        })
    }
}
